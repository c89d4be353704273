# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written is what Prometheus' own parser reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.lvs.cluster.plugins.module_utils._metrics.exposition import Family, family, text
from tests.unit.plugins.properties import STABLE

# What is no Unicode text becomes a mark for it, and is tested by itself.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))
VALUES = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)


def read(found: list[Family]) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    return {
        one.name: {tuple(sample.labels.items()): sample.value for sample in one.samples}
        for one in text_string_to_metric_families(text(found))
    }


def test_a_metric() -> None:
    one = family("table_services", "Virtual services.", [({}, True)])
    two = family("vrrp_master", "Master?", [({"instance": "VI_1", "interface": "eth0"}, 0), ({"instance": "B"}, 1.5)])
    assert text([one, two, family("none", "Nothing.", [])]) == (
        "# HELP lvs_cluster_table_services Virtual services.\n"
        "# TYPE lvs_cluster_table_services gauge\n"
        "lvs_cluster_table_services 1\n"
        "# HELP lvs_cluster_vrrp_master Master?\n"
        "# TYPE lvs_cluster_vrrp_master gauge\n"
        'lvs_cluster_vrrp_master{instance="VI_1",interface="eth0"} 0\n'
        'lvs_cluster_vrrp_master{instance="B"} 1.5\n'
    )


@STABLE
@given(st.dictionaries(TEXTS, VALUES, min_size=1))
def test_any_label_and_any_number_is_read_back(values: dict[str, float]) -> None:
    one = family("x", "Help.", [({"name": label, "fixed": "y"}, value) for label, value in values.items()])
    wanted = {(("name", label), ("fixed", "y")): float(value) for label, value in values.items()}
    assert read([one]) == {"lvs_cluster_x": wanted}


@pytest.mark.parametrize("words", ["back\\slash", "two\nlines", 'a "quote"', "\\n"])
def test_help(words: str) -> None:
    (found,) = text_string_to_metric_families(text([family("x", words, [({}, 1)])]))
    assert found.documentation == words
    assert found.type == "gauge"


def test_a_name_that_is_no_text() -> None:
    one = family("x", "Help.", [({"server": b"caf\xe9".decode("utf-8", "surrogateescape")}, 1)])
    assert text([one]).encode().decode().endswith('{server="caf\ufffd"} 1\n')
