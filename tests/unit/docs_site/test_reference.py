from __future__ import annotations

import pytest

from tools import docs_reference

# As antsibull-docs writes it, shortened.
GENERATED = """\
.. Document meta

:orphan:

.. Title

lvs.cluster.plan module -- Turn the inventory's lvs\\_\\* variables into the plan of each host
++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++

.. Collection note

.. note::
    This module is part of the `lvs.cluster collection <https://example.org/lvs/cluster/>`_ (version 0.1.0).

    To install it, use: :code:`ansible\\-galaxy collection install lvs.cluster`.

.. version_added

New in lvs.cluster 0.1.0

.. contents::
   :local:
   :depth: 1

Synopsis
--------

Common return values are documented :ref:`here <common_return_values>`, see :ref:`ansible_configuration_settings`.

* :ref:`ansible.builtin.systemd\\_service <ansible_collections.ansible.builtin.systemd_service_module>`
* :ref:`lvs.cluster.ipvs\\_dest <ansible_collections.lvs.cluster.ipvs_dest_module>`

Collection links
~~~~~~~~~~~~~~~~

.. ansible-links::

  - title: "Repository (Sources)"
    url: ""
    external: true


.. Parsing errors
"""

ADAPTED = """\
.. Document meta


.. Title

lvs.cluster.plan module -- Turn the inventory's lvs\\_\\* variables into the plan of each host
++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++

.. version_added

New in lvs.cluster 0.1.0


Synopsis
--------

Common return values are documented `here <DOCS/reference_appendices/common_return_values.html>`__, see \
`ansible_configuration_settings <DOCS/reference_appendices/config.html>`__.

* `ansible.builtin.systemd\\_service <DOCS/collections/ansible/builtin/systemd_service_module.html>`__
* :ref:`lvs.cluster.ipvs\\_dest <ansible_collections.lvs.cluster.ipvs_dest_module>`

.. Parsing errors
""".replace("DOCS", docs_reference.ANSIBLE_DOCS)


def test_a_page_says_only_what_is_so() -> None:
    assert docs_reference.adapted(GENERATED) == ADAPTED


def test_links_that_there_are_stay() -> None:
    text = GENERATED.replace(
        "external: true\n", 'external: true\n  - title: "Issues"\n    url: "https://example.org"\n'
    )
    assert 'links::\n\n  - title: "Issues"\n    url: "https://example.org"\n' in docs_reference.adapted(text)


@pytest.fixture(scope="module")
def index() -> str:
    names = ("plan_module", "director_role", "unguarded_filter", "page_digest_lookup")
    words = {name: name.rsplit("_", 1) for name in names}
    return docs_reference.index(
        {stem: f"lvs.cluster.{name} {kind} -- About {name}\n++++\n" for stem, (name, kind) in words.items()}
    )


@pytest.mark.parametrize(
    ("name", "stem", "heading"),
    [
        ("director", "director_role", "Roles"),
        ("plan", "plan_module", "Modules"),
        ("page_digest", "page_digest_lookup", "Lookups"),
        ("unguarded", "unguarded_filter", "Filters"),
    ],
)
def test_index_has_each_page_below_its_kind(index: str, name: str, stem: str, heading: str) -> None:
    section = index.partition(f"{heading}\n---")[2].partition("\n---")[0]
    assert f"* :doc:`{name} <{stem}>`: About {name}\n" in section
    assert f"   {name} <{stem}>\n" in section
    assert index.count(stem) == 2
