# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.serving import active_connections, serving


def entry(*destinations: tuple[str, int, str, int]) -> Entry:
    """A virtual service with (address, port, forwarding method, weight) of each real server."""
    return Entry(
        Settings(),
        {
            DestinationKey("ipv6" if ":" in address else "ipv4", address, port): Destination(method, weight)
            for address, port, method, weight in destinations
        },
    )


TABLE: Table = {
    ServiceKey("ipv4", "tcp", "10.0.0.5", 80): entry(
        ("192.168.0.12", 80, "nat", 20), ("192.168.0.13", 80, "nat", 8), ("192.168.0.14", 80, "nat", 0)
    ),
    ServiceKey("ipv6", "tcp", "2001:db8::5", 80): entry(("2001:db8:1::12", 80, "nat", 1)),
    ServiceKey("ipv4", fwmark=1): entry(("192.168.0.13", 0, "dr", 2)),
    ServiceKey("ipv4", "tcp", "10.0.0.7", 80): entry(("10.0.0.7", 80, "local", 1), ("192.168.0.13", 80, "tun", 0)),
}


@pytest.mark.parametrize(
    ("file", "forwarding", "expected"),
    [
        ("web_10.0.0.5_tcp_80_192.168.0.13_80", "nat", True),
        ("renamed_10.0.0.5_tcp_80_192.168.0.13_80", "nat", True),
        ("web_10.0.0.5_tcp_80_192.168.0.13_80", "dr", False),
        ("web_10.0.0.5_tcp_80_192.168.0.13_80", None, True),
        ("web_10.0.0.5_tcp_8080_192.168.0.13_80", "nat", False),
        ("web_10.0.0.5_udp_80_192.168.0.13_80", "nat", False),
        ("web_10.0.0.7_tcp_80_10.0.0.7_80", "dr", True),
        ("web_10.0.0.7_tcp_80_192.168.0.13_80", "tun", False),
        ("six_2001-db8--5_tcp_80_2001-db8-1--12_80", "nat", True),
        ("marked_fwmark_1_192.168.0.13_80", "dr", True),
        ("web_10.0.0.5_tcp_80_192.168.0.14_80", "nat", False),
        # It may serve one service of a group, and not be prepared for another.
        ("shop_group_192.168.0.13_80", "nat", False),
    ],
)
def test_who_serves_is_told_by_file(file: str, forwarding: str | None, expected: bool) -> None:
    found = serving(TABLE, [{"file": file, "forwarding": forwarding}])
    assert found == (frozenset({file}) if expected else frozenset())


def shown(active: dict[tuple[str, int], int], **service: Any) -> dict[str, Any]:
    """A virtual service as ipvs_info returns it, with the active connections of each real server."""
    return {
        **service,
        "scheduler": "wlc",
        "destinations": [
            {"address": address, "port": port, "connections": {"active": number, "inactive": 10, "persistent": 1}}
            for (address, port), number in active.items()
        ],
    }


SERVICES = [
    shown(
        {("192.168.0.12", 80): 3, ("192.168.0.13", 80): 5},
        address="10.0.0.5", port=80, protocol="tcp", family="ipv4",
    ),
    shown({("2001:db8:1::12", 80): 7}, address="2001:db8::5", port=80, protocol="tcp", family="ipv6"),
    shown({("192.168.0.13", 0): 11}, fwmark=1, family="ipv4"),
    shown({("192.168.0.13", 80): 9}, address="10.0.0.6", port=8080, protocol="tcp", family="ipv4"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "active"),
    [
        ([], 0),
        (["web_10.0.0.5_tcp_80_192.168.0.13_80"], 5),
        (["web_10.0.0.5_tcp_80_192.168.0.12_80", "web_10.0.0.5_tcp_80_192.168.0.13_80"], 8),
        (["web_10.0.0.5_tcp_8080_192.168.0.13_80"], 0),
        (["six_2001-db8--5_tcp_80_2001-db8-1--12_80"], 7),
        (["marked_fwmark_1_192.168.0.13_0"], 11),
        (["marked_fwmark_1_192.168.0.13_80"], 11),
        (["shop_group_192.168.0.13_80"], 14),
        (["shop_group_192.168.0.13_80", "web_10.0.0.5_tcp_80_192.168.0.13_80"], 14),
        (["shop_group_192.168.0.13_8080"], 0),
        (["shop_group_2001-db8-1--12_80"], 7),
    ],
)
def test_active_connections_are_told_by_file(files: list[str], active: int) -> None:
    assert active_connections(SERVICES, files) == active
