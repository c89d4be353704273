"""Faults of the options, all at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._firewall import options

CHAIN: dict[str, Any] = {
    "family": "ipv4",
    "table": "mangle",
    "hook": "INPUT",
    "chain": "LVS-A",
    "rules": [["-i", "lo"]],
}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"chain": "INPUT"}, "the name must be LVS-"),
        ({"chain": "LVS-" + "A" * 25}, "the name must be LVS-"),
        ({"table": "nat", "hook": "FORWARD"}, "table nat has no hook FORWARD, but PREROUTING, INPUT, OUTPUT"),
        ({"rules": ["-i lo"]}, "rule 1 must be a list of words"),
        ({"rules": [["-i", "lo"], []]}, "rule 2 must be a list of words"),
        ({"rules": [["-i", True]]}, "rule 1 has True, which is neither text nor a whole number"),
        ({"rules": [["-i", "a\nCOMMIT"]]}, "rule 1 has a word that is empty, longer than 1000 characters or not print"),
        ({"rules": [["-6", "-i", "lo"]]}, "rule 1 has -6: leave it out"),
        ({"rules": [["-h"]]}, "rule 1 has -h"),
    ],
)
def test_faults(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(BootError) as caught:
        options.parse_chains("lvs-a", [{**CHAIN, **changes}])
    assert fault in str(caught.value)


def test_all_faults_come_at_once_with_their_places() -> None:
    with pytest.raises(BootError) as caught:
        options.parse_chains("../a", [CHAIN, CHAIN, {**CHAIN, "chain": "x", "family": "ipv6", "rules": None}])
    assert str(caught.value).split("; ") == [
        "name: '../a' is no name of an owner: small letters, digits, hyphens and underscores, 41 at most",
        "chains: LVS-A (ipv4 mangle): is there twice: put its rules together",
        "chains: x (ipv6 mangle): the name must be LVS- and up to 24 capital letters, digits and hyphens",
    ]


def test_numbers_are_words() -> None:
    (chain,) = options.parse_chains("lvs-a", [{**CHAIN, "rules": [["--set-mss", 1440]]}])
    assert chain.rules == (("--set-mss", "1440"),)


def test_whose_a_chain_is() -> None:
    chains = options.parse_chains("lvs-a", [CHAIN, {**CHAIN, "chain": "LVS-B"}, {**CHAIN, "chain": "LVS-C"}])
    listings = {("ipv4", "mangle"): {"LVS-A": (), "LVS-B": (), "LVS-C": ("-i lo",), "INPUT": ()}}
    known = chains[:1]
    faults = options.foreign_faults(chains, known, listings, {})
    assert [fault.split(": ")[1] for fault in faults] == ["LVS-B (ipv4 mangle)"]
    assert "run again: iptables -t mangle -F LVS-B && iptables -t mangle -X LVS-B" in faults[0]
    owners = {chain.key: "lvs-b" for chain in chains}
    assert len(options.foreign_faults(chains, known, listings, owners)) == 3
