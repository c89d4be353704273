"""What tcpdump prints of VRRP, as the tests read it, and how long they let a takeover last."""

from __future__ import annotations

import pytest

from tests.support.adverts import Advert, longest_gap, read
from tests.support.cluster import ROOT

PRINTED = """\
1764128000.250000 IP 10.0.0.3 > 224.0.0.18: VRRPv2, Advertisement, vrid 51, prio 200, authtype simple, intvl 1s
1764128001.250000 IP6 fe80::3 > ff02::12: ip-proto-112 32
1764128002.500000 IP 10.0.0.4 > 10.0.0.3: VRRPv3, Advertisement, vrid 7, prio 0, intvl 50cs, length 16
1764128003.500000 IP6 fe80::dcad:beff:fe00:1 > ff02::12: VRRPv3, Advertisement, vrid 9, prio 150, intvl 100cs, length 24
"""


def test_lines_with_adverts_are_read() -> None:
    assert read(PRINTED) == [
        Advert(1764128000.25, "10.0.0.3", 51, 200),
        Advert(1764128002.5, "10.0.0.4", 7, 0),
        Advert(1764128003.5, "fe80::dcad:beff:fe00:1", 9, 150),
    ]


@pytest.mark.parametrize(("inventory", "backup", "skew"), [("nat_ha_sync", "lb2", 106), ("self_balanced", "web2", 156)])
def test_a_takeover_may_last_a_second_longer_than_vrrp_itself(inventory: str, backup: str, skew: int) -> None:
    assert longest_gap(ROOT / "inventories" / inventory, backup) == 3 + skew / 256 + 1
