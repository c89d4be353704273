from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._preflight import misplaced

LINKS = [
    {"ifname": "eth0", "addr_info": [{"local": "10.0.0.3", "prefixlen": 24}, {"local": "fe80::1", "prefixlen": 64}]},
    {"ifname": "eth1", "addr_info": [{"local": "192.168.0.1", "prefixlen": 24}]},
]


@pytest.mark.parametrize(
    ("unchecked", "faults"),
    [
        ("10.0.0.5/24 dev eth0", []),
        ("10.0.1.5/24 dev eth0", ["10.0.1.5/24 is in no network of its interface eth0 (10.0.0.3/24, fe80::1/64)"]),
        # The VIP itself is there because this director is master: that makes it no more right.
        ("192.168.0.1/24 dev eth1", ["192.168.0.1/24 is in no network of its interface eth1 (192.168.0.1/24)"]),
        ("10.0.0.5/24 dev bond0", ["no interface bond0 for the VIP 10.0.0.5/24; it has eth0, eth1"]),
    ],
)
def test_vips_are_judged_by_the_host(unchecked: str, faults: list[str]) -> None:
    found = misplaced([unchecked], LINKS)
    assert len(found) == len(faults)
    for words, text in zip(faults, found, strict=True):
        assert words in text
