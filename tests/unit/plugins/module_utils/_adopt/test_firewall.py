# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks and translations of rules that others wrote."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import Findings
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.host import native_rules
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.marks import add_matches
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.masquerade import masquerades
from tests.unit.plugins.module_utils._adopt.facts import firewall


def matched(rules: list[str], family: str = "ipv4", mark: int = 1) -> tuple[Any, str]:
    chains = "".join(f":{name} - [0:0]\n" for name in ("PREROUTING", "MARKS", "LOOP"))
    text = f"*mangle\n{chains}" + "".join(f"-A {rule}\n" for rule in rules) + "COMMIT\n"
    service: dict[str, Any] = {"fwmark": mark, "scheduler": "rr", **({"family": "ipv6"} if family == "ipv6" else {})}
    findings = Findings()
    add_matches([service], {"firewall": firewall(text, family, "legacy")}, findings.of("lb1"))
    return service.get("match"), "\n".join(one["text"] for one in findings.listed("left"))


WEB = {"address": "10.0.0.6", "protocol": "tcp"}


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        (["PREROUTING -d 10.0.0.6/32 -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x1/0xffffffff"],
         [{**WEB, "port": 80}]),
        (["PREROUTING -d 10.0.0.6/32 -p tcp -m multiport --dports 80,443,8000:8010 -j MARK --set-xmark 0x1/0x1"],
         [{**WEB, "ports": [80, 443, "8000-8010"]}]),
        (["PREROUTING -d 10.0.0.6/32 -j MARKS", "MARKS -p tcp -m tcp --dport 80 -j MARK --set-mark 1",
          "MARKS -p tcp -m tcp --dport 443 -j MARK --set-mark 0x1"], [{**WEB, "ports": [80, 443]}]),
        (["PREROUTING -d 10.0.0.6/32 -p tcp -j MARK --set-mark 1"], [{**WEB, "ports": ["1-65535"]}]),
        (["PREROUTING -d 10.0.0.6/32 -m conntrack --ctstate NEW -j MARK --set-mark 1"],
         [{**WEB, "ports": ["1-65535"]}, {**WEB, "protocol": "udp", "ports": ["1-65535"]}]),
        (["PREROUTING -j LOOP", "LOOP -j LOOP", "LOOP -d 10.0.0.6/32 -p tcp -m tcp --dport 80 -j MARK --set-mark 1"],
         None),
    ],
)  # fmt: skip
def test_marks(rules: list[str], wanted: Any) -> None:
    found, left = matched(rules)
    if wanted is not None:
        assert found == wanted
        assert "marks packets as this collection's own chain" in left
    else:
        assert found == [{**WEB, "port": 80}]  # a chain that leads to itself ends


def test_marks_of_ipv6() -> None:
    rule = "PREROUTING -d fd00:10::7/128 -p tcp -m multiport --dports 80,443 -j MARK --set-xmark 0x1/0xffffffff"
    assert matched([rule], "ipv6")[0] == [{"address": "fd00:10::7", "protocol": "tcp", "ports": [80, 443]}]
    assert matched([rule], "ipv4")[0] is not None


@pytest.mark.parametrize(
    "rule",
    [
        "PREROUTING -p tcp -m tcp --dport 80 -j MARK --set-mark 1",
        "PREROUTING -d 10.0.0.0/28 -p tcp -m tcp --dport 80 -j MARK --set-mark 1",
        "PREROUTING -s 10.9.0.0/16 -d 10.0.0.6/32 -p tcp -m tcp --dport 80 -j MARK --set-mark 1",
        "PREROUTING -d 10.0.0.6/32 -m set --match-set x src -j MARK --set-mark 1",
        "PREROUTING -d 10.0.0.6/32 -p icmp -j MARK --set-mark 1",
        "PREROUTING ! -d 10.0.0.6/32 -j MARK --set-mark 1",
    ],
)
def test_a_mark_that_match_can_not_describe_is_left(rule: str) -> None:
    found, left = matched([rule])
    assert found is None
    assert "iptables (legacy) -t mangle: -A PREROUTING" in left
    assert "that match can't describe" in left
    # It alone sets the mark.
    assert "take it out" not in left
    assert "firewall mark 1: it has no match, because of what is said of the rules that set it" in left


ALL = "-d 10.0.0.6/32 -p tcp -j MARK --set-mark 1"
SSH = "-d 10.0.0.6/32 -p tcp -m tcp --dport 22"


@pytest.mark.parametrize(
    "rules",
    [
        [f"PREROUTING {ALL}", f"PREROUTING {SSH} -j MARK --set-mark 0"],
        [f"PREROUTING {ALL}", f"PREROUTING {SSH} -j ACCEPT"],
        [f"PREROUTING {ALL}", "PREROUTING -p tcp -j RETURN"],
        ["PREROUTING -d 10.0.0.6/32 -j MARKS", f"MARKS {SSH} -j RETURN", f"MARKS {ALL}"],
        ["PREROUTING -j MARKS", "MARKS -s 10.0.0.0/8 -j RETURN", "MARKS -j LOOP", f"LOOP {ALL}"],
        ["PREROUTING -j MARKS", f"MARKS {ALL}", "MARKS -d 10.0.0.0/24 -j ACCEPT"],
    ],
)
def test_a_mark_with_exceptions_is_left(rules: list[str]) -> None:
    """This collection's chain stands at the end of the hook, and would mark what they except."""
    found, left = matched(rules)
    assert found is None
    assert "and match can't say what else becomes of its packets" in left
    assert "take it out" not in left


@pytest.mark.parametrize(
    "rules",
    [
        # Of other packets, or before them in the hook's own chain, which our own chain does not see either.
        [f"PREROUTING {SSH} -j ACCEPT", f"PREROUTING {ALL}"],
        [f"PREROUTING {ALL}", "PREROUTING -d 10.0.0.7/32 -j ACCEPT", "PREROUTING -p udp -j RETURN"],
        [f"PREROUTING {ALL}", "PREROUTING -d 10.0.0.7/32 -p tcp -j MARK --set-mark 2"],
        ["PREROUTING -j MARKS", "MARKS ! -d 10.0.0.6/32 -j RETURN", f"MARKS {ALL}", "MARKS -j RETURN"],
        ["PREROUTING -j MARKS", "MARKS -p udp -j RETURN", f"MARKS {ALL}"],
        ["PREROUTING -j LOOP", "LOOP -j RETURN", f"PREROUTING {ALL}"],
    ],
)
def test_what_is_no_exception(rules: list[str]) -> None:
    assert matched(rules)[0] == [{**WEB, "ports": ["1-65535"]}]


def test_another_mark_and_no_rule_at_all() -> None:
    found, left = matched(["PREROUTING -d 10.0.0.6/32 -p tcp -m tcp --dport 80 -j MARK --set-mark 2"])
    assert found is None
    assert "firewall mark 1: no rule of iptables was found" in left


MOVING = [("10.0.0.5", "eth0"), ("10.0.0.7", "eth0")]
OWN = {"eth0": ["10.0.0.3/24"], "eth1": ["192.168.0.2/24"]}
SOURCE = {"source": "192.168.0.0/24", "interface": "eth0"}


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("-s 192.168.0.0/24 -o eth0 -j MASQUERADE", [{**SOURCE, "to": "interface"}]),
        ("-o eth0 -j MASQUERADE", [{**SOURCE, "to": "interface"}]),
        ("-s 192.168.0.0/24 -o eth0 -j SNAT --to-source 10.0.0.5", [{**SOURCE, "to": "vip"}]),
        ("-s 192.168.0.0/24 -o eth0 -j SNAT --to-source 10.0.0.3", [{**SOURCE, "to": "interface"}]),
        ("-s 192.168.0.0/24 -o eth0 -j SNAT --to-source 10.0.0.7", []),
        ("-s 192.168.0.0/24 -j MASQUERADE", []),
        ("-s 192.168.0.0/24 ! -d 10.9.0.0/16 -o eth0 -j MASQUERADE", []),
        ("-s 192.168.0.0/24 -o eth0 -p tcp -m tcp --dport 25 -j MASQUERADE", []),
    ],
)
def test_masquerade(rule: str, wanted: list[dict[str, str]]) -> None:
    findings = Findings()
    facts = {"firewall": firewall(f"*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING {rule}\nCOMMIT\n")}
    assert masquerades(facts, MOVING, ["192.168.0.12"], OWN, findings.of("lb1")) == wanted
    [left] = findings.listed("left")
    assert ("has no form in lvs_masquerade" in left["text"]) == (not wanted)


def test_a_masquerade_with_exceptions_is_left() -> None:
    def found(first: str) -> tuple[Any, str]:
        findings = Findings()
        rules = (
            f"-A POSTROUTING -o eth0 -j MYNAT\n-A MYNAT {first} -j RETURN\n-A MYNAT -s 192.168.0.0/24 -j MASQUERADE\n"
        )
        facts = {"firewall": firewall(f"*nat\n:POSTROUTING ACCEPT [0:0]\n:MYNAT - [0:0]\n{rules}COMMIT\n")}
        entries = masquerades(facts, MOVING, ["192.168.0.12"], OWN, findings.of("lb1"))
        return entries, "\n".join(one["text"] for one in findings.listed("left"))

    entries, left = found("-d 172.16.0.0/12")
    assert entries == []
    assert "is not for what -A MYNAT -d 172.16.0.0/12 -j RETURN sends back" in left
    assert found("-s 192.168.1.0/24")[0] == [{**SOURCE, "to": "interface"}]


def test_rules_of_nft_are_named_and_those_of_iptables_are_not() -> None:
    text = """# Warning: table ip mangle is managed by iptables-nft, do not touch!
table ip mangle {
\tchain LVS {
\t\tcounter packets 0 bytes 0 meta mark set 0x1
\t}
}
table inet lb {
\tchain prerouting {
\t\ttype filter hook prerouting priority mangle; policy accept;
\t\tip daddr 10.0.0.6 tcp dport 80 meta mark set 0x00000001
\t}
}
"""
    assert native_rules(text) == [
        {"table": "inet lb", "chain": "prerouting", "text": "ip daddr 10.0.0.6 tcp dport 80 meta mark set 0x00000001"}
    ]


def test_chains_in_capitals_are_iptables_own_where_it_has_shown_them() -> None:
    text = "table ip nat {\n\tchain POSTROUTING {\n\t\tip saddr 192.168.0.0/24 masquerade\n\t}\n}\n"
    assert native_rules(text, {"ip nat"}) == []
    [rule] = native_rules(text, {"ip mangle", "ip6 nat"})
    assert (rule["table"], rule["chain"]) == ("ip nat", "POSTROUTING")
