"""The filter peer_chains, and the rules for firewalld."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.filter.peer_chains import peer_chains
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.peers import RichRule, rich_rules

VRRP: dict[str, Any] = {"family": "ipv4", "interface": "eth0", "source": "10.0.0.4", "protocol": "vrrp"}
SYNC: dict[str, Any] = {"family": "ipv4", "interface": "eth1", "source": None, "protocol": "udp", "port": 8848}
SIX: dict[str, Any] = {"family": "ipv6", "interface": "eth0", "source": "2001:DB8::4", "protocol": 47, "port": None}
NETWORK = {**VRRP, "interface": None, "source": "10.9.0.7/24", "protocol": "ipip"}


def test_a_chain_for_each_family_where_ufw_runs() -> None:
    four, six = peer_chains([VRRP, SIX, SYNC, VRRP, NETWORK])
    assert {**four, "rules": [" ".join(rule) for rule in four["rules"]]} == {
        "family": "ipv4",
        "table": "filter",
        "hook": "INPUT",
        "chain": "LVS-PEERS",
        "first": True,
        "when_active": ["ufw"],
        "rules": [
            "-s 10.0.0.4/32 -i eth0 -p 112 -j ACCEPT",
            "-i eth1 -p udp -m udp --dport 8848 -j ACCEPT",
            "-s 10.9.0.0/24 -p 4 -j ACCEPT",
        ],
    }
    assert six["family"] == "ipv6"
    assert six["rules"] == [["-s", "2001:db8::4/128", "-i", "eth0", "-p", "47", "-j", "ACCEPT"]]
    assert peer_chains([]) == []


def test_rules_as_firewalld_lists_them() -> None:
    # Listed so by firewalld 1.3.3.
    assert rich_rules([VRRP, SYNC, SIX, NETWORK, VRRP]) == [
        RichRule("eth0", 'rule family="ipv4" source address="10.0.0.4" protocol value="112" accept'),
        RichRule("eth1", 'rule family="ipv4" port port="8848" protocol="udp" accept'),
        RichRule("eth0", 'rule family="ipv6" source address="2001:db8::4" protocol value="47" accept'),
        RichRule(None, 'rule family="ipv4" source address="10.9.0.0/24" protocol value="4" accept'),
    ]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"protocol": "udp"}, "protocol udp needs a port in 1 to 65535, not None"),
        ({"protocol": "udp", "port": 70000}, "protocol udp needs a port in 1 to 65535, not 70000"),
        ({"port": 1}, "protocol vrrp has no port 1"),
        (
            {"protocol": "ospf"},
            "protocol ospf is none of tcp, udp, ipip, ipv6, gre, ah, vrrp, and no number in 1 to 255",
        ),
        ({"protocol": "256"}, "protocol 256 is none of"),
        ({"source": "2001:db8::4"}, "source 2001:db8::4 is not of family ipv4"),
        ({"family": "inet"}, "family inet is neither ipv4 nor ipv6"),
    ],
)
def test_faults(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        peer_chains([{**VRRP, **changes}])
    assert f"lvs.cluster.peer_chains: {fault}" in str(caught.value)


def test_input_of_another_kind() -> None:
    with pytest.raises(AnsibleFilterError, match="peer_chains: the input lacks the key 'family'"):
        peer_chains([{}])
    with pytest.raises(AnsibleFilterError, match="peer_chains: "):
        peer_chains([3])  # type: ignore[list-item]
