# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two configurations and a table: what keepalived has left undone between the two."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import plan
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import read_text
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.reloaded import Services, undone
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.wanted import has_sync_daemon, virtual_services

REAL = "real_server 192.168.0.12 80 {\n weight 20\n uthreshold 1000\n lthreshold 800\n}\n"
OTHER = "real_server 192.168.0.13 80 {\n weight 8\n}\n"
SORRY = "sorry_server 192.168.0.1 80\nsorry_server_inhibit\n"
PAGES, SECOND = (ServiceKey("ipv4", "tcp", address, 80) for address in ("10.0.0.5", "10.0.0.6"))


def services(*inside: str, addresses: tuple[str, ...] = ("10.0.0.5",)) -> Services:
    group = "".join(f"{address} 80\n" for address in addresses)
    text = f"virtual_server_group G {{\n{group}}}\nvirtual_server group G {{\nlvs_method NAT\n{''.join(inside)}}}\n"
    return virtual_services(read_text(text, "lb1"), lambda _path: 0)


def table(asked: Services, *extra: str, weight: int | None = None) -> Table:
    """The table as keepalived would have made it, with destinations that somebody added and a weight of the others."""
    return {
        key: Entry(
            Settings(virtual.scheduler),
            {
                **{
                    DestinationKey("ipv4", *place): Destination(
                        weight=real.weight if weight is None else weight,
                        upper_threshold=real.upper,
                        lower_threshold=real.lower,
                    )
                    for place, real in virtual.reals.items()
                },
                **{DestinationKey("ipv4", address, 80): Destination(weight=0) for address in extra},
            },
        )
        for key, virtual in asked.items()
    }


def left(before: Services, after: Services, live: Table) -> list[str]:
    return [f"{one.verb} {one}" for one in undone(before, after, live)]


def test_a_table_that_has_followed_is_left_alone() -> None:
    before, after = services(REAL), services(REAL.replace("20", "7"), OTHER)
    assert left(before, after, table(after)) == []
    assert left(before, before, table(before)) == []


def test_what_went_goes_and_nothing_that_somebody_added() -> None:
    """As after a crash of 2.3.3's checker, and after 2.2.7 where a group lost an address."""
    before = services(REAL, OTHER, SORRY, addresses=("10.0.0.5", "10.0.0.6"))
    after = services(REAL)
    live = table(before, "192.168.0.1", "192.168.0.99")
    live[ServiceKey("ipv4", "tcp", "10.0.0.7", 80)] = Entry(Settings(), {})
    operations = undone(before, after, live)
    assert [f"{one.verb} {one}" for one in operations] == [
        "delete virtual service tcp 10.0.0.6:80",
        "delete destination 192.168.0.1:80 of virtual service tcp 10.0.0.5:80",
        "delete destination 192.168.0.13:80 of virtual service tcp 10.0.0.5:80",
    ]
    done = plan.apply(live, operations)
    assert [name.address for name in done[PAGES].destinations] == ["192.168.0.12", "192.168.0.99"]
    assert [key.address for key in done] == ["10.0.0.5", "10.0.0.7"]


def test_a_sorry_server_that_is_a_real_server_now_stays() -> None:
    before = services(OTHER, "sorry_server 192.168.0.12 80\n")
    after = services(OTHER, REAL)
    assert left(before, after, table(after)) == []


@pytest.mark.parametrize("weight", [20, 7, 0])
def test_thresholds_follow_and_keep_the_weight(weight: int) -> None:
    """That of a person, of a health check, of the file: whatever it is by now."""
    before, after = services(REAL), services(REAL.replace("1000", "200").replace("800", "150"))
    live = table(before, weight=weight)
    (operation,) = undone(before, after, live)
    assert operation.values == Destination(weight=weight, upper_threshold=200, lower_threshold=150)
    (operation,) = undone(before, services(REAL.replace("uthreshold 1000\n lthreshold 800\n", "")), live)
    assert operation.values == Destination(weight=weight)


def test_a_weight_follows_where_it_is_the_one_of_before() -> None:
    before, after = services(REAL), services(REAL.replace("weight 20", "weight 7"))
    (operation,) = undone(before, after, table(before))
    assert operation.values == Destination(weight=7, upper_threshold=1000, lower_threshold=800)
    # Its health check has it at 0.
    assert left(before, after, table(before, weight=0)) == []


def test_what_is_not_in_the_table_is_not_put_there() -> None:
    """A real server that is down, and all of them on a backup that has virtual services as master alone."""
    before, after = services(REAL), services(REAL, OTHER)
    assert left(before, after, table(before)) == []
    assert left(before, after, {}) == []
    assert left({}, after, table(before)) == []


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("global_defs {\n lvs_sync_daemon eth1 id 1\n}\n", True),
        ("vrrp_instance VI_1 {\n lvs_sync_daemon_interface eth1\n}\n", True),
        ("global_defs {\n router_id lb1\n}\nvrrp_instance VI_1 {\n}\n", False),
    ],
)
def test_whether_there_are_sync_daemons(text: str, has: bool) -> None:
    assert has_sync_daemon(read_text(text, "lb1")) is has
