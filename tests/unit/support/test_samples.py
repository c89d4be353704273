# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A configuration of somebody else, to options and back."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, from_options
from tests.support import samples
from tests.unit.plugins.module_utils._keepalived.conf_reader import read

TEXT = """\
# comment
@high net_namespace high
@^high net_namespace other
global_defs
{
  router_id lb1 ! and another
  lvs_timeouts tcp 7200 udp 300
}
vrrp_instance VI_1 {
    use_vmac
    virtual_ipaddress { 10.0.0.5/24 dev eth0
        10.0.0.6/24 }
    notify_master "/x a b" root
    virtual_routes {
        src 10.0.0.1 to 10.0.0.0/24
        src 10.0.0.2 to 10.1.0.0/24
        10.2.0.0/24
    }
}
virtual_server 10.0.0.5 80 {
    real_server 10.1.0.1 80 { TCP_CHECK { connect_port 80 }
        TCP_CHECK {
        }
        MISC_CHECK { misc_path "/y" }
        TCP_CHECK { connect_port 81 }
    }
    quorum 1
    real_server 10.1.0.2 80 {
    }
}
"""


@pytest.mark.parametrize(("config_id", "namespace"), [("high", "high"), ("low", "other"), ("", "other")])
def test_a_configuration_comes_back(config_id: str, namespace: str) -> None:
    written = samples.round_trip(TEXT, config_id)
    assert written.startswith(f"net_namespace {namespace}\n\nglobal_defs {{\n    router_id lb1\n")
    assert samples.config_ids(TEXT) == ["high"]
    assert {"misc_path", "use_vmac", "10.2.0.0/24", "quorum"} <= samples.keywords(read(written))


def test_options_look_as_a_person_would_write_them() -> None:
    options = samples.to_options(read(samples.for_host(TEXT, "low")))
    assert options["global_defs"] == {"router_id": "lb1", "lvs_timeouts": ["tcp", "7200", "udp", "300"]}
    assert options["vrrp_instance VI_1"] == {
        "use_vmac": True,
        "virtual_ipaddress": {"10.0.0.5/24": ["dev", "eth0"], "10.0.0.6/24": True},
        "notify_master": ["/x a b", "root"],
        "virtual_routes": {
            "src": [["10.0.0.1", "to", "10.0.0.0/24"], ["10.0.0.2", "to", "10.1.0.0/24"]],
            "10.2.0.0/24": True,
        },
    }
    assert options["virtual_server 10.0.0.5 80"]["real_server 10.1.0.1 80"] == {
        "TCP_CHECK": [{"connect_port": "80"}, {}],
        "MISC_CHECK": {"misc_path": "/y"},
        "TCP_CHECK ": {"connect_port": "81"},
    }


def _nodes(source: random.Random, depth: int) -> tuple[Node, ...]:
    return tuple(
        Node(
            source.choice("abc"),
            tuple(source.choice("xyz") for _number in range(source.randint(0, 2))),
            _nodes(source, depth - 1) if depth and source.random() < 0.5 else None,
        )
        for _number in range(source.randint(0, 5))
    )


@pytest.mark.parametrize("seed", range(50))
def test_to_options_is_the_inverse_of_from_options(seed: int) -> None:
    nodes = list(_nodes(random.Random(seed), 3))
    assert from_options(samples.to_options(nodes)) == nodes


@pytest.mark.parametrize("node", [Node("a b"), Node("a", ("b c",), ()), Node("a", ("",), ()), Node("")])
def test_what_no_key_can_say(node: Node) -> None:
    with pytest.raises(ValueError, match="no empty word and no word with a space"):
        samples.to_options([node])


@pytest.mark.parametrize(
    ("changed", "what"), [([], "tree: .*became"), ([Node("a", ("2",))], r"tree: Node.*'1'.*became Node.*'2'")]
)
def test_a_lost_word_is_an_error(changed: list[Node], what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(_options: Any) -> list[Node]:
        return changed

    monkeypatch.setattr(samples, "from_options", wrong)
    with pytest.raises(AssertionError, match=what):
        samples.round_trip("a 1\n")
