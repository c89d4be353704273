"""The plan of a golden case against tables that differ from it by one thing each."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._verify.drift import drift
from tests.unit.plugins.module_utils._verify.seen import NOW, plans_of, status

LABEL = "www (tcp 200.200.200.200:80)"
WEB9, WEB10 = "web9 (192.168.1.9:80)", "web10 (192.168.1.10:80)"
FILE10 = "www_200.200.200.200_tcp_80_192.168.1.10_80"
SORRY = {"address": "192.168.1.2", "port": 80}
OPERATOR: dict[str, Any] = {"weight": 0, "since": "2026-11-26T19:00:00Z", "until": "", "by": "anna"}

Change = Callable[[dict[str, Any]], object]


def director() -> dict[str, Any]:
    found: dict[str, Any] = plans_of("nat_ha_sync")["director1"]["director"]
    return found


def found(change: Change, plan: dict[str, Any] | None = None, **more: Any) -> tuple[list[str], list[str]]:
    """Faults and notes of a table that was as planned until ``change`` had its service."""
    given = plan or director()
    seen = status(given, "MASTER", **more)
    change(seen["services"][0])
    checks = drift("lb1", "shop", given, seen)
    return [text for one in checks for text in one.faults], [text for one in checks for text in one.notes]


def nothing(_service: dict[str, Any]) -> None:
    pass


def servers(service: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["address"].rpartition(".")[2]: one for one in service["destinations"]}


def only(*names: str) -> Change:
    def change(service: dict[str, Any]) -> None:
        service["destinations"] = [one for name, one in servers(service).items() if name in names]

    return change


@pytest.mark.parametrize("case", ["nat_ha", "nat_ha_sync", "dr_ipv6", "fwmark_dr", "self_balanced", "tun", "mixed"])
def test_a_table_that_is_as_planned_has_no_fault(case: str) -> None:
    plans = {name: plan for name, plan in plans_of(case).items() if plan["director"]}
    for name, plan in plans.items():
        seen = status(plan["director"], "MASTER")
        for planned, service in zip(plan["director"]["services"], seen["services"], strict=True):
            for key in ("scheduler_flags", "persistence_netmask", "persistence_engine", "one_packet"):
                service[key] = {**planned, **planned.get("options", {})}.get(key, service[key])
            for server, one in zip(planned["real_servers"], service["destinations"], strict=True):
                one.update({f"tunnel_{key}": value for key, value in server.get("tunnel", {}).items()})
                options = {**server, **server.get("options", {})}
                one.update({key: options[key] for key in ("upper_threshold", "lower_threshold") if key in options})
        checks = drift(name, "shop", plan["director"], seen)
        assert [text for one in checks for text in (*one.faults, *one.notes)] == [], name
        assert len(checks) == len(plan["director"]["services"])


def set_to(**values: Any) -> Change:
    return lambda service: service.update(values)


def server_set_to(name: str, **values: Any) -> Change:
    return lambda service: servers(service)[name].update(values)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (set_to(scheduler="rr"), "the scheduler is rr, and the plan says wrr"),
        (set_to(scheduler_flags=["flag-1"]), "the scheduler's flags is flag-1, and the plan says none"),
        (set_to(one_packet=True), "one_packet is on, and the plan says off"),
        (set_to(persistence_timeout=300), "the persistence timeout is 300, and the plan says 0"),
        (set_to(persistence_engine="sip"), "the persistence engine is sip, and the plan says none"),
        (only("9", "99"), f"{WEB10} is not in the table: down or taken out by its health check, or removed by hand"),
        (
            only(),
            "none of its 3 real servers is in the table: down by their health checks, or removed by hand",
        ),
        (
            lambda service: service["destinations"].append({**servers(service)["9"], "address": "192.168.1.77"}),
            "192.168.1.77:80 is in the table and not in the plan: added by hand",
        ),
        (server_set_to("9", weight=7), f"the weight of {WEB9} is 7, and the plan says 1: changed by hand"),
        (server_set_to("9", forwarding="dr"), f"the forwarding method of {WEB9} is dr, and the plan says nat"),
        (server_set_to("9", upper_threshold=50), f"the upper threshold of {WEB9} is 50, and the plan says 0"),
    ],
)
def test_what_a_person_did_with_ipvsadm_is_named(change: Change, fault: str) -> None:
    assert found(change) == ([f"lb1: {LABEL}: {fault}"], [])


def test_a_service_that_is_missing_and_one_that_nobody_planned() -> None:
    given = director()
    seen = status(given, "MASTER")
    seen["services"][0]["port"] = 81
    faults = [text for check in drift("lb1", "shop", given, seen) for text in check.faults]
    assert faults == [
        "lb1: tcp 200.200.200.200:80 is not in the kernel's table",
        "lb1: tcp 200.200.200.200:81 is in the kernel's table and not in the plan: added by hand, or by something else",
    ]
    # One may be written in keepalived's own words.
    given["options"] = {"virtual_server 200.200.200.200 81": {}}
    check = drift("lb1", "shop", given, seen)[-1]
    assert (check.faults, len(check.notes)) == ((), 1)


def test_a_netmask_that_tells_every_client_apart_is_none() -> None:
    given = director()
    given["services"][0].update(persistence_timeout=50, persistence_netmask="255.255.255.255")
    assert found(nothing, given) == ([], [])
    given["services"][0]["persistence_netmask"] = "255.255.255.0"
    assert found(nothing, given)[0] == [
        f"lb1: {LABEL}: the persistence netmask is none, and the plan says 255.255.255.0"
    ]
    assert found(set_to(persistence_netmask="255.255.255.0"), given) == ([], [])


def test_a_server_that_is_down_and_stays_with_weight_0() -> None:
    given = director()
    given["services"][0]["real_servers"][0]["options"] = {"inhibit_on_failure": None}
    assert found(server_set_to("9", weight=0), given)[0] == [
        f"lb1: {LABEL}: {WEB9} has weight 0, and the plan says 1: its health check failed (inhibit_on_failure)"
    ]
    given["services"][0]["real_servers"][0] |= {"options": {}, "health_checks": [{"type": "misc", "dynamic": True}]}
    faults, notes = found(server_set_to("9", weight=0), given)
    assert (faults, len(notes)) == ([], 1)


@pytest.mark.parametrize(
    "moving",
    [
        {"health_checks": [{"type": "misc", "dynamic": True}]},
        {"health_checks": [{"type": "tcp"}, {"type": "file", "track_file": "load", "weight": 1}]},
        {"options": {"MISC_CHECK": {"misc_path": "/opt/load", "misc_dynamic": True}}},
    ],
)
def test_a_weight_that_a_health_check_moves(moving: dict[str, Any]) -> None:
    given = director()
    given["services"][0]["real_servers"][0] |= moving
    faults, notes = found(server_set_to("9", weight=7), given)
    assert (faults, notes) == ([], [f"lb1: {LABEL}: {WEB9} has weight 7 by its health check; the plan says 1"])
    given["services"][0]["real_servers"][0]["health_checks"] = [{"type": "file", "track_file": "load"}]
    given["services"][0]["real_servers"][0]["options"] = {}
    assert found(server_set_to("9", weight=7), given)[0] == [
        f"lb1: {LABEL}: the weight of {WEB9} is 7, and the plan says 1: changed by hand"
    ]


def test_a_drained_server_that_is_down_is_a_note() -> None:
    """It reboots, which is what it was drained for."""
    text = f"lb1: {LABEL}: {WEB10} is drained since 2026-11-26T19:00:00Z by anna, and not in the table"
    assert found(only("9", "99"), overrides=override("drained")) == ([], [f"{text}: its health check fails"])
    [fault] = found(only("9", "99"), overrides=override("weighted", weight=5))[0]
    assert f"{WEB10} is not in the table: down" in fault
    all_drained = [{**override("drained")[0], "server": FILE10.replace(".10_80", f".{one}_80")} for one in (9, 10, 99)]
    faults, notes = found(only(), overrides=all_drained)
    assert (faults, len(notes)) == ([], 3)
    assert "none of its 3 real servers is in the table" in found(only(), overrides=all_drained[:2])[0][0]


def override(state: str, **values: Any) -> list[dict[str, Any]]:
    return [{"server": FILE10, "state": state, **OPERATOR, **values}]


@pytest.mark.parametrize(
    ("weight", "overrides", "faults", "notes"),
    [
        (0, override("drained"), [], [f"{WEB10} is drained since 2026-11-26T19:00:00Z by anna"]),
        (0, override("held"), [], [f"{WEB10} is held back until lvs.cluster.site has prepared it"]),
        (
            5,
            override("weighted", weight=5, until="2026-11-26T20:00:01Z"),
            [],
            [f"{WEB10} is set to weight 5 since 2026-11-26T19:00:00Z until 2026-11-26T20:00:01Z by anna"],
        ),
        (
            5,
            override("weighted", weight=5, until=NOW),
            [f"{WEB10} has a temporary weight of 5 that was to end at {NOW} and has not"],
            [],
        ),
        (
            2,
            override("drained"),
            [f"{WEB10} is drained since 2026-11-26T19:00:00Z by anna, and its weight in the table is 2"],
            [],
        ),
        (
            1,
            override("drained", since="", by=""),
            [],
            [f"{WEB10} has weight 1 by what a person wrote into its weight file"],
        ),
        (0, [], [f"the weight of {WEB10} is 0, and the plan says 2: changed by hand"], []),
    ],
)  # fmt: skip
def test_what_an_operator_set_explains_a_weight(
    weight: int, overrides: list[dict[str, Any]], faults: list[str], notes: list[str]
) -> None:
    before = f"lb1: {LABEL}: "
    wanted = [before + text for text in faults], [before + text for text in notes]
    assert found(server_set_to("10", weight=weight), overrides=overrides) == wanted


def test_a_static_director_names_service_and_destination_of_an_override() -> None:
    plan = plans_of("static_words")
    given = next(one["director"] for one in plan.values() if one["director"])
    first = given["services"][0]
    seen = status(given, "MASTER")
    seen["services"] = seen["services"][:1]
    given["services"] = [first]
    seen["services"][0]["destinations"][0]["weight"] = 0
    server = first["real_servers"][0]
    name = f"{first['protocol']} {first['address']}:{first['port']} -> {server['address']}:{server['port']}"
    seen["overrides"] = [{**OPERATOR, "server": name, "state": "drained"}]
    (check,) = drift("lb1", "shop", given, seen)
    assert any("is drained since" in text for text in check.notes)
    seen["overrides"] = []
    (check,) = drift("lb1", "shop", given, seen)
    assert any("is 0, and the plan says" in text for text in check.faults)


def to_sorry(service: dict[str, Any], weight: int = 1) -> None:
    service["destinations"] = [{**servers(service)["9"], "address": SORRY["address"], "weight": weight}]


def test_a_sorry_server_alone_in_the_table_is_named_as_such() -> None:
    given = director()
    given["services"][0]["sorry_server"] = SORRY
    before = f"lb1: {LABEL}: its sorry server 192.168.1.2:80"
    assert found(to_sorry, given) == (
        [f"{before} serves, because all its real servers are down, taken out or drained"],
        [],
    )
    files = [server["weight_file"] for server in given["services"][0]["real_servers"]]
    drained = [{**OPERATOR, "server": name, "state": "drained"} for name in files]
    assert found(to_sorry, given, overrides=drained) == (
        [],
        [f"{before} serves, because all its real servers are drained or held back"],
    )

    def beside(service: dict[str, Any], weight: int = 1) -> None:
        kept = copy.deepcopy(service["destinations"])
        to_sorry(service, weight)
        service["destinations"] += kept

    assert found(beside, given) == ([f"{before} is in the table beside real servers that serve"], [])
    # sorry_server_inhibit
    assert found(lambda service: beside(service, 0), given) == ([], [])


def test_with_handover_only_the_master_has_a_table() -> None:
    given = plans_of("self_balanced")["web1"]["director"]
    given |= {"colocated": "handover", "witness": "192.168.0.254"}
    master = status(given, "MASTER")
    backup = status(given, "BACKUP", services=[], addresses=["192.168.0.254/32 dev lo"])
    for seen in (master, backup):
        assert [text for one in drift("web1", "shop", given, seen) for text in one.faults] == []
    backup["services"] = master["services"][:1]
    assert [text for one in drift("web1", "shop", given, backup) for text in one.faults] == [
        "web1: tcp 192.168.0.254:80 is in the kernel's table, and with handover only the master has it"
    ]
    master["services"] = []
    assert "web1: tcp 192.168.0.254:80 is not in the kernel's table" in [
        text for one in drift("web1", "shop", given, master) for text in one.faults
    ]
    # backup_only: every host has the table, always.
    given["colocated"] = "backup_only"
    assert [text for one in drift("web1", "shop", given, backup) for text in one.faults] != []
