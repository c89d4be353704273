"""The filters mark_chains and mss_chains."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lvs.cluster.plugins.filter.mark_chains import mark_chains
from ansible_collections.lvs.cluster.plugins.filter.mss_chains import mss_chains
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.marks import multiport
from tests.unit.plugins.properties import STABLE

RULE = {"mark": 1, "family": "ipv4", "address": "10.0.0.6", "protocol": "tcp", "ports": [[80, 80], [8000, 8010]]}
SIX = {"mark": 2, "family": "ipv6", "address": "2001:DB8:0::6", "protocol": "udp", "ports": [[53, 53]]}


def texts(chain: dict[str, Any]) -> list[str]:
    return [" ".join(rule) for rule in chain["rules"]]


def test_our_bits_before_routing_and_exactly_the_mark_for_ipvs() -> None:
    chains = mark_chains({"mask": 0xFF, "rules": [RULE, SIX]})
    assert [(one["family"], one["table"], one["hook"], one["chain"]) for one in chains] == [
        ("ipv4", "mangle", "PREROUTING", "LVS-MARK"),
        ("ipv4", "mangle", "INPUT", "LVS-MARK-IN"),
        ("ipv6", "mangle", "PREROUTING", "LVS-MARK"),
        ("ipv6", "mangle", "INPUT", "LVS-MARK-IN"),
    ]
    assert texts(chains[0]) == [
        "-m connmark ! --mark 0x0/0xff -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff",
        "-d 10.0.0.6/32 -p tcp -m multiport --dports 80,8000:8010 -j MARK --set-xmark 0x1/0xff",
        "-m mark ! --mark 0x0/0xff -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff",
    ]
    assert texts(chains[3]) == [
        "-d 2001:db8::6/128 -p udp -m multiport --dports 53 -m mark --mark 0x2/0xff -j MARK --set-xmark 0x2/0xffffffff"
    ]


def test_a_mask_of_all_bits_needs_no_second_chain() -> None:
    (chain,) = mark_chains({"mask": 0xFFFFFFFF, "rules": [RULE]})
    assert texts(chain)[0] == (
        "-m connmark ! --mark 0x0 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff"
    )


def test_nothing_to_do() -> None:
    assert mark_chains({"mask": 0, "rules": []}) == []
    assert mss_chains([]) == []


@pytest.mark.parametrize(
    ("changes", "mask", "fault"),
    [
        ({"mark": 4}, 3, "mark 0x4 is zero or has bits outside the mask 0x3"),
        ({"mark": 0}, 3, "mark 0x0 is zero"),
        ({}, 0, "mask 0x0 must be in"),
        ({}, 1 << 32, "mask 0x100000000 must be in"),
        ({"address": "2001:db8::6"}, 3, "address 2001:db8::6 is not of family ipv4"),
        ({"address": "vip"}, 3, "'vip' does not appear to be"),
        ({"ports": []}, 3, "mark 0x1 has a match without ports"),
        ({"ports": [[2, 1]]}, 3, "ports 2 to 1 are no range of ports"),
    ],
)
def test_faults(changes: dict[str, Any], mask: int, fault: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        mark_chains({"mask": mask, "rules": [{**RULE, **changes}]})
    assert f"lvs.cluster.mark_chains: {fault}" in str(caught.value)


def test_input_of_another_kind() -> None:
    with pytest.raises(AnsibleFilterError, match="mark_chains: the input lacks the key 'mask'"):
        mark_chains({})
    with pytest.raises(AnsibleFilterError, match="mss_chains: "):
        mss_chains([3])  # type: ignore[list-item]


@STABLE
@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 300)).map(lambda one: (one[0], min(65535, sum(one))))))
def test_groups_of_ports_hold_what_was_given_in_rules_that_iptables_takes(ranges: list[tuple[int, int]]) -> None:
    groups = multiport(ranges)
    slots: list[int] = []
    covered: list[int] = []
    for group in groups:
        words = group.split(",")
        slots.append(sum(2 if ":" in word else 1 for word in words))
        for word in words:
            first, _colon, last = word.partition(":")
            covered += range(int(first), int(last or first) + 1)
    assert all(used <= 15 for used in slots)
    assert all(used >= 14 for used in slots[:-1])  # one that is not full had no room for a range
    assert len(covered) == len(set(covered))
    assert set(covered) == {port for first, last in ranges for port in range(first, last + 1)}
    assert multiport(reversed(ranges)) == groups


def test_segments_small_enough_for_the_tunnel() -> None:
    entries = [
        {"family": "ipv6", "address": "2001:db8::6", "mss": 1400},
        {"family": "ipv4", "address": "10.0.0.6", "mss": 1440},
    ]
    four, six = mss_chains(entries)
    assert (four["table"], four["hook"], four["chain"], six["family"]) == ("mangle", "OUTPUT", "LVS-MSS", "ipv6")
    assert texts(four) == ["-s 10.0.0.6/32 -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1440"]
