"""What a run would take out of service, and from where on that is too much."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import guard
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    Table,
)

WEB = ServiceKey("ipv4", "tcp", "10.0.0.5", 80)
TLS = ServiceKey("ipv4", "tcp", "10.0.0.5", 443)
DNS = ServiceKey("ipv4", "udp", "10.0.0.5", 53)
OTHER = ServiceKey("ipv4", "tcp", "10.0.0.9", 80)
HALF = Fraction(1, 2)


def server(name: str) -> DestinationKey:
    """``1`` is 10.0.0.11:80, ``1:8080`` another port."""
    number, _colon, port = name.partition(":")
    return DestinationKey("ipv4", f"10.0.0.1{number}", int(port or 80))


def pool(**weights: int) -> Entry:
    """``_1=5``: the server 1 with weight 5; ``_1_8080`` on another port."""
    return Entry(
        Settings(), {server(name[1:].replace("_", ":")): Destination("nat", weight) for name, weight in weights.items()}
    )


def find(
    live: Table, wanted: Table, *, spared: guard.Spared | None = None, threshold: Fraction = HALF, ours: Any = None
) -> list[str]:
    keys = frozenset(live) if ours is None else frozenset(ours)
    return guard.faults(guard.find(live, wanted, keys, spared or guard.Spared()), threshold)


def lost(live: Mapping[str, int], wanted: Mapping[str, int], **more: Any) -> bool:
    """Whether a pool's change is stopped."""
    return bool(find({WEB: pool(**live)}, {WEB: pool(**wanted)}, **more))


THREE = {"_1": 1, "_2": 1, "_3": 1}


def test_two_of_three_servers() -> None:
    (fault,) = find({WEB: pool(**THREE)}, {WEB: pool(_1=1)})
    assert fault == (
        "tcp 10.0.0.5:80 would lose 10.0.0.12:80, 10.0.0.13:80: 2 of 3 servers that serve there now, 67 % of the weight"
    )


@pytest.mark.parametrize(
    ("live", "wanted", "stopped"),
    [
        (THREE, THREE, False),
        (THREE, {"_1": 1, "_2": 1}, False),
        # Exactly half is allowed.
        ({"_1": 1, "_2": 1}, {"_1": 1}, False),
        ({"_1": 2, "_2": 1}, {"_2": 1}, True),
        ({"_1": 2, "_2": 1}, {"_1": 2}, False),
        # All of it, also where others come.
        ({"_1": 1}, {}, True),
        (THREE, {}, True),
        (THREE, {"_4": 1, "_5": 1, "_6": 1}, True),
        # Weight 0 is as good as gone; less weight is not.
        (THREE, {"_1": 1, "_2": 0, "_3": 0}, True),
        ({"_1": 100, "_2": 100}, {"_1": 1, "_2": 1}, False),
        # What does not serve now is on neither side.
        ({"_1": 1, "_2": 0, "_3": 0}, {"_1": 1}, False),
        ({"_1": 1, "_2": 0, "_3": 0}, {"_2": 1, "_3": 1}, True),
        ({"_1": 0}, {}, False),
        ({}, {}, False),
        # It comes back on another port; two on one address are two.
        (THREE, {"_1_8080": 1, "_2_8080": 1, "_3_8080": 1}, False),
        (THREE, {"_1_8080": 1, "_2_8080": 0, "_3_8080": 0}, True),
        ({"_1": 1, "_1_8080": 1, "_1_8081": 1}, {"_1": 1}, True),
        ({"_1": 1, "_1_8080": 1, "_1_8081": 1}, {"_1_90": 1}, True),
        ({"_1": 1, "_2": 1, "_3": 1}, {"_1": 0, "_2": 0, "_3": 1, "_1_8080": 1}, True),
    ],
)
def test_pools(live: dict[str, int], wanted: dict[str, int], stopped: bool) -> None:
    assert lost(live, wanted) is stopped


@pytest.mark.parametrize(
    ("threshold", "stopped"), [("0", True), ("0.66", True), ("0.67", False), ("2/3", False), ("1", False)]
)
def test_the_threshold_is_exact(threshold: str, stopped: bool) -> None:
    assert lost(THREE, {"_1": 1}, threshold=guard.read_threshold(threshold)) is stopped


def test_one_allows_everything_and_nothing_allows_nothing() -> None:
    assert not find({WEB: pool(_1=1)}, {}, threshold=Fraction(1))
    assert not lost({"_1": 1}, {}, threshold=Fraction(1))
    assert lost(
        {f"_{number}": 1 for number in range(9)}, {f"_{number}": 1 for number in range(8)}, threshold=Fraction(0)
    )
    assert not lost(THREE, THREE, threshold=Fraction(0))


@pytest.mark.parametrize("value", ["-0.1", "1.1", "half", "", "nan", "inf", "1/0"])
def test_a_threshold_that_is_none(value: str) -> None:
    with pytest.raises(ValueError, match=r"threshold: '.*' is no number from 0 to 1"):
        guard.read_threshold(value)


def test_the_only_server() -> None:
    (fault,) = find({WEB: pool(_1=1)}, {WEB: pool()})
    assert (
        fault == "tcp 10.0.0.5:80 would lose 10.0.0.11:80: the only server that serves there now, 100 % of the weight"
    )


def test_real_servers_that_leave_by_the_inventory_count_on_neither_side() -> None:
    spared = guard.Spared(frozenset(["10.0.0.11", "10.0.0.12"]))
    assert not lost(THREE, {"_3": 1}, spared=spared)
    assert lost(THREE, {}, spared=spared)
    assert lost({**THREE, "_4": 1}, {"_4": 0, "_3": 1, "_5": 1}, threshold=Fraction("0.4"), spared=spared)


def test_the_sorry_server_is_no_server_of_the_pool() -> None:
    spared = guard.Spared(sorry={WEB: server("9")})
    assert not lost({"_9": 1}, {"_1": 1, "_2": 1}, spared=spared)
    assert lost({"_9": 1}, {"_1": 1, "_2": 1})
    # One that is a real server there, too, is one of the pool.
    assert lost({"_9": 2, "_1": 1}, {"_9": 0, "_1": 1}, spared=spared)
    # That of another service counts.
    assert lost({"_9": 1}, {}, spared=guard.Spared(sorry={TLS: server("9")}))


# -- virtual services


@pytest.mark.parametrize(
    ("live", "wanted", "fault"),
    [
        ([WEB], [], "tcp 10.0.0.5:80 would go: its last virtual service"),
        ([WEB, TLS], [WEB], ""),
        ([WEB, TLS], [], "tcp 10.0.0.5:80, tcp 10.0.0.5:443 would go: all of its 2 virtual services"),
        ([WEB, TLS, DNS], [WEB], "tcp 10.0.0.5:443, udp 10.0.0.5:53 would go: 2 of 3 virtual services"),
        ([WEB, TLS, DNS], [WEB, TLS], ""),
        ([], [WEB], ""),
        ([], [], ""),
    ],
)
def test_services_that_go(live: list[ServiceKey], wanted: list[ServiceKey], fault: str) -> None:
    pools = [pool(_1=1), pool(_2=1), pool(_3=1)]
    there = dict(zip((WEB, TLS, DNS), pools, strict=True))
    assert find({key: there[key] for key in live}, {key: there[key] for key in wanted}) == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("live", "wanted", "stopped"),
    [
        ({WEB: THREE}, {OTHER: THREE}, False),
        # More servers, or those that a health check took out, are no other pool.
        ({WEB: THREE}, {OTHER: {**THREE, "_4": 1}}, False),
        ({WEB: {"_1": 1, "_2": 0}}, {OTHER: THREE}, False),
        ({WEB: THREE}, {OTHER: {"_1_8080": 1, "_2_8080": 1, "_3_8080": 2}}, False),
        # Another pool, one with fewer servers, one where they would not serve.
        ({WEB: THREE}, {OTHER: {"_4": 1}}, True),
        ({WEB: THREE}, {OTHER: {"_1": 1}}, True),
        ({WEB: THREE}, {OTHER: {"_1": 1, "_2": 1, "_3": 0}}, True),
        ({WEB: {}}, {OTHER: THREE}, True),
        # One new service stands for one old one.
        ({WEB: THREE, TLS: THREE}, {OTHER: THREE}, False),
        ({WEB: THREE, TLS: THREE, DNS: THREE}, {OTHER: THREE}, True),
        ({WEB: THREE, TLS: THREE, DNS: THREE}, {OTHER: THREE, DNS: THREE}, False),
        # One that was there before stands for none.
        ({WEB: THREE, TLS: THREE, DNS: {"_1": 1}}, {DNS: THREE}, True),
    ],
)
def test_a_renamed_service_stays(
    live: dict[ServiceKey, dict[str, int]], wanted: dict[ServiceKey, dict[str, int]], stopped: bool
) -> None:
    found = find({key: pool(**one) for key, one in live.items()}, {key: pool(**one) for key, one in wanted.items()})
    assert bool(found) is stopped


def test_the_largest_pool_chooses_first_and_takes_what_fits_best() -> None:
    live = {WEB: pool(_1=1), TLS: pool(**THREE)}
    keys = [ServiceKey("ipv4", "tcp", "10.0.0.6", port) for port in (80, 443)]
    assert not find(live, {keys[0]: pool(**THREE, _4=1), keys[1]: pool(_1=1)})
    assert not find(live, {keys[0]: pool(_1=1), keys[1]: pool(**THREE)})


def test_the_services_of_others_are_left_alone() -> None:
    live = {WEB: pool(**THREE), OTHER: pool(**THREE)}
    assert not find(live, {WEB: pool(**THREE)}, ours=[WEB])
    assert find(live, {}, ours=[WEB]) == ["tcp 10.0.0.5:80 would go: its last virtual service"]
    # One that is wanted is ours from now on.
    assert find(live, {WEB: pool(**THREE), OTHER: pool(_1=1)}, ours=[WEB])


def test_a_long_list_is_cut() -> None:
    names = {f"_{number}": 1 for number in range(30)}
    (fault,) = find({WEB: pool(**names)}, {WEB: pool()})
    assert "and 20 more: all 30 servers" in fault


# -- what is asked


def test_the_services_are_read_with_either_managers_words() -> None:
    services = [
        {
            "address": "10.0.0.5", "port": "80", "protocol": "tcp", "family": "ipv4", "scheduler": "wlc", "quorum": 1,
            "destinations": [
                {"address": "10.0.0.11", "port": 80, "weight": 3, "forwarding": "nat", "inhibit_on_failure": True},
            ],
        },
        {"fwmark": 1, "destinations": [{"address": "10.0.0.12", "port": 0, "weight": 1, "forwarding": "dr"}]},
        # To keepalived alone this is no contradiction.
        {"address": "10.0.0.7", "port": 0, "protocol": "udp", "destinations": []},
    ]  # fmt: skip
    wanted = guard.read_services(services, [{"address": "192.168.0.1", "port": 80, "inhibit": True}, {}])
    assert wanted.table[WEB].destinations == {server("1"): Destination("nat", 3)}
    assert wanted.table[ServiceKey("ipv4", fwmark=1)].destinations == {
        DestinationKey("ipv4", "10.0.0.12", 0): Destination("dr", 1)
    }
    assert wanted.sorry == {WEB: DestinationKey("ipv4", "192.168.0.1", 80)}


def test_every_fault_of_the_services_is_told() -> None:
    services = [{"address": "10.0.0.256", "port": 80}, 7, {"address": "10.0.0.5", "port": 80, "destinations": [8]}]
    with pytest.raises(IpvsError) as caught:
        guard.read_services(services, [{}, {}, {"address": "nobody"}])
    for part in ("services[0].address", "services[1]: 7", "services[2].destinations[0]", "sorry_servers[2].address"):
        assert part in str(caught.value), part


@pytest.mark.parametrize(("own", "port"), [({}, 0), ({"forwarding": "nat"}, 8080)])
def test_a_sorry_server_on_a_mark_is_known_by_the_kernels_port(own: dict[str, str], port: int) -> None:
    """Else it would be taken for a real server that is lost, while it serves."""
    service = {"fwmark": 1, "family": "ipv4", "destinations": [{"address": "10.0.0.11", "port": 0, "forwarding": "dr"}]}
    wanted = guard.read_services([service], [{"address": "10.0.0.99", "port": 8080, **own}])
    assert wanted.sorry == {ServiceKey("ipv4", fwmark=1): DestinationKey("ipv4", "10.0.0.99", port)}
