# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets that a person moves: plans of a real inventory, what nodes said, and what they are told."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.filter.bucket_moves import FilterModule
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.moves import Asked, parse_buckets, plan_moves
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan

VIP, OTHER = "10.0.0.9", "10.0.0.10"
NODES = ("n1", "n2", "n3")


def hosts(*, vips: tuple[str, ...] = (VIP,), **shared: Any) -> dict[str, Any]:
    ips = [{"address": f"{vip}/24", "interface": "eth0", "ports": [80]} for vip in vips]
    variables = {
        name: {
            "lvs_cluster": "shop",
            "lvs_cluster_ips": ips,
            "lvs_node_number": number,
            "lvs_interfaces": {"eth0": f"10.0.0.{10 + number}/24"},
            **shared,
        }
        for number, name in enumerate(NODES, 1)
    }
    variables["other"] = {}
    answer = plan({"hosts": variables, "groups": {"clusterip_nodes": list(NODES), "lab_only": ["other"]}})
    assert answer["faults"] == []
    found: dict[str, Any] = answer["hosts"]
    return found


PLANS = {name: one["clusterip_node"] for name, one in hosts().items() if one["clusterip_node"]}
PLAIN = {
    name: one["clusterip_node"] for name, one in hosts(clusterip_node_failover=False).items() if one["clusterip_node"]
}
OWN: dict[str, list[int]] = {name: one["preferred"] for name, one in PLANS.items()}


def node(
    serves: list[int] | None, *, healthy: bool = True, active: bool = True, **by_hand: list[int]
) -> dict[str, Any]:
    choices = {"taken": [], "given": [], **by_hand}
    result = {"buckets_before": serves, "by_hand": choices, "shared": False}
    return {"cluster_ips": {VIP: result}, "failover": {"active": active, "healthy": healthy and active}}


def at_home(**other: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {**{name: node(OWN[name]) for name in NODES}, **other}


def asked(plans: dict[str, Any], seen: dict[str, Any], state: str, buckets: Any, host: str = "n1", **more: Any) -> Any:
    return plan_moves(plans, seen, Asked(host, state, buckets, **more))


def heir(bucket: int, *gone: str) -> str:
    """Who has a bucket when these are gone."""
    instances = {name: one["vrrp"]["instances"][bucket - 1]["priority"] for name, one in PLANS.items()}
    return max((name for name in NODES if name not in gone), key=lambda name: instances[name])


# --- what was asked -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wanted"),
    [(3, [3]), ("3", [3]), ("3, 1,3", [1, 3]), ([4, "2"], [2, 4]), ("ALL", list(range(1, 13)))],
)
def test_buckets_are_said_in_any_way(given: Any, wanted: list[int]) -> None:
    assert parse_buckets(given, 12) == (wanted, [])


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (0, "0"),
        (13, "13"),
        ("x,3,-1", "x, -1"),
        ([], "nothing"),
        (None, "None"),
        (True, "True"),
        ("²", "²"),
        ("٣", "٣"),
    ],
)
def test_what_is_no_bucket(given: Any, named: str) -> None:
    assert parse_buckets(given, 12) == (
        [],
        [f"lvs_bucket: {named} is no bucket: write numbers from 1 to 12, or all"],
    )


def test_all_faults_at_once_and_before_a_node_is_asked() -> None:
    found = plan_moves(PLANS, None, Asked("n1", "gone", "99", "10.9.9.9"))
    assert found["faults"] == [
        "lvs_bucket: 99 is no bucket: write numbers from 1 to 12, or all",
        "lvs_bucket_state: gone is none of taken, given and home",
        "lvs_cluster_ip: 10.9.9.9 is no cluster IP of n1: 10.0.0.9",
    ]
    assert plan_moves(PLANS, None, Asked("n1", "home"))["faults"] == []
    for host in ("other", ""):
        (fault,) = plan_moves(PLANS, None, Asked(host, "taken", 1))["faults"]
        assert fault.startswith(f"lvs_host: {host or '(nothing)'} is no cluster node that stays; nodes are: n1, n2, n3")


def test_several_vips_are_told_apart_only_without_failover() -> None:
    vips = (VIP, OTHER)
    for failover in (True, False):
        plans = {
            name: one["clusterip_node"] for name, one in hosts(vips=vips, clusterip_node_failover=failover).items()
        }
        del plans["other"]
        faults = plan_moves(plans, None, Asked("n1", "taken", 1))["faults"]
        assert [fault.partition(",")[0] for fault in faults] == ([] if failover else ["lvs_cluster_ip: n1 has several"])
        assert plan_moves(plans, None, Asked("n1", "taken", 1, OTHER))["faults"] == []


# --- with VRRP ------------------------------------------------------------------------------------------------------


def test_a_bucket_is_given_by_priority_alone() -> None:
    bucket = OWN["n1"][0]
    to = heir(bucket, "n1")
    found = asked(PLANS, at_home(), "given", bucket)
    assert found["faults"] == found["notes"] == []
    assert (found["first"], found["then"]) == ({"n1": {"given": [bucket]}}, {})
    assert found["await"] == {to: {"serving": [bucket]}, "n1": {"without": [bucket]}}
    assert found["moves"] == [{"bucket": bucket, "address": "", "from": ["n1"], "to": to}]
    assert found["lines"] == [f"bucket {bucket}: from n1 to {to}"]


def test_what_is_not_served_is_not_given() -> None:
    bucket = OWN["n2"][0]
    found = asked(PLANS, at_home(), "given", bucket)
    assert (found["first"], found["moves"], found["faults"]) == ({}, [], [])
    assert found["notes"] == [f"n1 does not serve bucket {bucket}, so it can't give that away"]


def test_all_given_is_maintenance_and_counts_for_what_others_serve_too() -> None:
    found = asked(PLANS, at_home(), "given", "all")
    assert found["first"] == {"n1": {"given": list(range(1, 13))}}
    assert [one["bucket"] for one in found["moves"]] == OWN["n1"]
    assert {one["to"] for one in found["moves"]} == {"n2", "n3"}
    rest = {name: sorted(OWN[name] + [o["bucket"] for o in found["moves"] if o["to"] == name]) for name in ("n2", "n3")}
    seen = {"n1": node([], given=list(range(1, 13))), **{name: node(mine) for name, mine in rest.items()}}
    again = asked(PLANS, seen, "given", "all")
    assert (again["first"], again["then"], again["await"], again["moves"]) == ({}, {}, {}, [])


def test_who_gave_a_bucket_or_is_bad_takes_none() -> None:
    bucket = OWN["n1"][0]
    second = heir(bucket, "n1")
    third = heir(bucket, "n1", second)
    for unable in (node(OWN[second], given=[bucket]), node(OWN[second], healthy=False), node(None)):
        assert asked(PLANS, at_home(**{second: unable}), "given", bucket)["moves"][0]["to"] == third


def test_the_last_one_keeps_its_buckets() -> None:
    bucket = OWN["n1"][0]
    seen = {"n1": node(OWN["n1"]), "n2": node(OWN["n2"], healthy=False)}
    (fault,) = asked(PLANS, seen, "given", bucket)["faults"]
    assert fault == (
        f"lvs_bucket: if n1 gives bucket {bucket}, nobody is there to take: n3 was not reached; n2: its health checks "
        "are bad. Mend that first, or say lvs_last=true to do it all the same."
    )
    found = asked(PLANS, seen, "given", bucket, last=True)
    assert (found["faults"], found["moves"], found["await"]) == ([], [], {})
    assert found["first"] == {"n1": {"given": [bucket]}}
    assert found["notes"] == [f"n1 keeps bucket {bucket} as long as no other node takes that"]


def test_where_all_have_given_a_bucket_the_order_decides_who_keeps_it() -> None:
    bucket = OWN["n1"][0]
    to = heir(bucket, "n1")
    seen = at_home(n2=node(OWN["n2"], given=[bucket]), n3=node(OWN["n3"], given=[bucket]))
    found = asked(PLANS, seen, "given", bucket, last=True)
    # It is the first in that order itself.
    assert (found["faults"], found["moves"], found["await"]) == ([], [], {})
    assert found["notes"] == [f"n1 keeps bucket {bucket} as long as no other node takes that"]
    # Another node is, which has given it before.
    holder = node([*OWN[to], bucket])
    seen = {**seen, "n1": node(OWN["n1"][1:], given=[bucket]), to: holder}
    found = asked(PLANS, seen, "given", bucket, host=to, last=True)
    assert (found["faults"], found["notes"]) == ([], [])
    assert found["moves"] == [{"bucket": bucket, "address": "", "from": [to], "to": "n1"}]
    assert found["await"] == {"n1": {"serving": [bucket]}, to: {"without": [bucket]}}
    assert "has given them away itself" in asked(PLANS, seen, "given", bucket, host=to)["faults"][0]


def test_a_bucket_is_taken_from_its_owner_and_from_who_took_it() -> None:
    bucket = OWN["n2"][0]
    found = asked(PLANS, at_home(), "taken", bucket)
    assert (found["first"], found["then"]) == ({"n1": {"taken": [bucket]}}, {})
    assert found["await"] == {"n1": {"serving": [bucket]}, "n2": {"without": [bucket]}}

    taken = {"n1": node([*OWN["n1"], bucket], taken=[bucket]), "n2": node([b for b in OWN["n2"] if b != bucket])}
    assert asked(PLANS, at_home(**taken), "taken", bucket)["notes"] == [f"n1 serves bucket {bucket} already"]
    found = asked(PLANS, at_home(**taken), "taken", bucket, host="n3")
    assert (found["first"], found["then"]) == ({"n3": {"taken": [bucket]}}, {"n1": {"home": [bucket]}})
    # Whom the inventory has first needs no choice.
    found = asked(PLANS, at_home(**taken), "taken", bucket, host="n2")
    assert (found["first"], found["then"]) == ({}, {"n1": {"home": [bucket]}})
    assert found["await"] == {"n2": {"serving": [bucket]}, "n1": {"without": [bucket]}}


def test_its_own_bucket_is_taken_already() -> None:
    found = asked(PLANS, at_home(), "taken", OWN["n1"])
    assert (found["first"], found["then"], found["moves"]) == ({}, {}, [])
    assert found["notes"] == [f"n1 serves buckets {', '.join(map(str, OWN['n1']))} already"]


def test_who_has_it_for_another_that_is_gone_can_keep_it() -> None:
    bucket = next(bucket for bucket in OWN["n2"] if heir(bucket, "n2") == "n1")
    seen = {"n1": node(sorted([*OWN["n1"], bucket])), "n3": node(OWN["n3"])}
    found = asked(PLANS, seen, "taken", bucket)
    assert (found["first"], found["moves"]) == ({"n1": {"taken": [bucket]}}, [])


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (node([], healthy=False), "its health checks are bad"),
        (node([], active=False), "its failover does not run"),
        (node(None), "its rules are not (all) there: run lvs.cluster.site"),
    ],
)
def test_who_could_not_serve_takes_nothing(bad: dict[str, Any], why: str) -> None:
    found = asked(PLANS, at_home(n1=bad), "taken", OWN["n2"][0])
    assert found["faults"] == [f"lvs_host: n1 can take no bucket: {why}"]


@pytest.mark.parametrize("state", ["taken", "given", "home"])
def test_who_is_not_reached_can_not_be_told(state: str) -> None:
    seen = {name: node(OWN[name]) for name in ("n2", "n3")}
    assert asked(PLANS, seen, state, "all")["faults"] == [
        "lvs_host: n1 was not reached, so it can't be told: see that it is up, and run again"
    ]


def test_home_forgets_the_choices_of_one_node() -> None:
    gave = OWN["n1"][0]
    took = next(bucket for bucket in OWN["n2"] if heir(bucket, "n2") == "n3")
    to = heir(gave, "n1")
    serving = {"n1": sorted({*OWN["n1"], took} - {gave}), "n2": sorted({*OWN["n2"]} - {took}), "n3": list(OWN["n3"])}
    serving[to] = sorted([*serving[to], gave])
    seen = {name: node(mine) for name, mine in serving.items()}
    seen["n1"] = node(serving["n1"], given=[gave], taken=[took])
    found = asked(PLANS, seen, "home", None)
    assert found["first"] == {"n1": {"home": sorted([gave, took])}}
    assert {(one["bucket"], one["to"]) for one in found["moves"]} == {(gave, "n1"), (took, "n2")}
    assert found["await"]["n1"] == {"serving": [gave], "without": [took]}
    # Who is not reached may come first, so nobody else is waited for.
    del seen["n2"]
    found = asked(PLANS, seen, "home", took)
    assert found["await"] == {"n1": {"without": [took]}}


def test_home_is_nothing_where_nothing_was_chosen() -> None:
    found = asked(PLANS, at_home(), "home", "")
    assert (found["first"], found["then"], found["await"], found["moves"]) == ({}, {}, {}, [])


# --- where VRRP does not preempt ------------------------------------------------------------------------------------


def test_with_manual_failback_the_holder_lets_go() -> None:
    everything = list(range(1, 13))
    seen = {"n1": node([]), "n2": node(everything), "n3": node([])}
    for one in seen.values():
        one["failover"]["preempts"] = False
    found = asked(PLANS, seen, "taken", OWN["n1"])
    assert (found["first"], found["then"]) == ({}, {"n2": {"let_go": OWN["n1"]}})
    assert found["await"] == {"n1": {"serving": OWN["n1"]}, "n2": {"without": OWN["n1"]}}
    # Whoever was faster than n1 lets go, too.
    assert found["again"] == {"n2": OWN["n1"], "n3": OWN["n1"]}
    stolen = OWN["n3"][0]
    found = asked(PLANS, seen, "taken", stolen)
    assert (found["first"], found["then"]) == ({"n1": {"taken": [stolen]}}, {"n2": {"let_go": [stolen]}})

    own = OWN["n2"][0]
    found = asked(PLANS, seen, "given", own, host="n2")
    assert (found["first"], found["then"]) == ({"n2": {"given": [own], "let_go": [own]}}, {})
    # Back to the node that the inventory has first; the others' buckets stay where they are.
    found = asked(PLANS, seen, "home", None)
    assert (found["first"], found["then"]) == ({}, {"n2": {"let_go": OWN["n1"]}})
    found = asked(PLANS, seen, "home", None, host="n2")
    assert found["first"] == {"n2": {"let_go": sorted(OWN["n1"] + OWN["n3"])}}
    assert found["again"] == {"n1": OWN["n3"], "n2": sorted(OWN["n1"] + OWN["n3"]), "n3": OWN["n1"]}
    # A node that was not reached may come first, and nobody asks for the bucket of the one that is next.
    del seen["n1"]
    found = asked(PLANS, seen, "home", None, host="n2")
    assert found["again"] == {"n2": OWN["n3"]}


def test_by_priority_nobody_lets_go() -> None:
    assert asked(PLANS, at_home(), "given", OWN["n1"][0])["again"] == {}
    assert plan_moves(PLAIN, plain_home(), Asked("n1", "given", OWN["n1"][0]))["again"] == {}


# --- without VRRP ---------------------------------------------------------------------------------------------------


def plain(serves: list[int] | None, **more: Any) -> dict[str, Any]:
    result = {"buckets_before": serves, "buckets": serves or [], "shared": False, **more}
    return {"cluster_ips": {VIP: result}, "failover": {}}


def told(*now: int, at_boot: list[int] | None = None) -> dict[str, Any]:
    """What a node is told: the same now and at boot, or else."""
    return {VIP: {"now": sorted(now), "at_boot": sorted(now) if at_boot is None else at_boot}}


def plain_home(**other: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {**{name: plain(OWN[name]) for name in NODES}, **other}


def test_first_the_others_take_and_then_it_gives() -> None:
    bucket = OWN["n1"][0]
    to = heir(bucket, "n1")
    found = asked(PLAIN, plain_home(), "given", bucket)
    assert not found["failover"]
    assert found["first"] == {to: told(*OWN[to], bucket)}
    assert found["then"] == {"n1": told(*OWN["n1"][1:])}
    assert found["lines"] == [f"bucket {bucket} of {VIP}: from n1 to {to}"]
    every = asked(PLAIN, plain_home(), "given", "all")
    assert every["then"] == {"n1": told()}
    assert sorted(b for one in every["first"].values() for b in one[VIP]["now"]) == list(range(1, 13))


def test_a_dead_nodes_buckets_are_taken() -> None:
    seen = {name: plain(OWN[name]) for name in ("n1", "n3")}
    found = asked(PLAIN, seen, "taken", OWN["n2"])
    assert (found["first"], found["then"]) == ({"n1": told(*OWN["n1"], *OWN["n2"])}, {})
    assert found["notes"] == [
        f"n2 could not be told to give buckets {', '.join(map(str, OWN['n2']))}, and may serve that from boot or after "
        "a repair: run this again as soon as it is reached and its rules are there, else clients get two answers"
    ]
    took = plain(sorted(OWN["n1"] + OWN["n2"]), by_hand={"taken": OWN["n2"], "given": []})
    found = asked(PLAIN, plain_home(n1=took), "taken", OWN["n2"])
    assert (found["first"], found["then"], found["notes"]) == ({}, {"n2": told()}, [])


def test_plain_home_goes_back_and_asks_for_what_stands_at_boot() -> None:
    took = plain(sorted(OWN["n1"] + OWN["n2"]), by_hand={"taken": OWN["n2"], "given": []})
    seen = plain_home(n1=took, n2=plain([], by_hand={"taken": [], "given": OWN["n2"]}))
    found = asked(PLAIN, seen, "home", None)
    assert found["first"] == {"n2": told(*OWN["n2"]), "n1": told(*OWN["n1"], *OWN["n2"])}
    assert found["then"] == {"n1": told(*OWN["n1"])}
    found = asked(PLAIN, plain_home(), "home", None)
    assert (found["first"], found["then"], found["moves"]) == ({"n1": told(*OWN["n1"])}, {}, [])


def test_what_moved_until_the_next_boot_only_stays_so() -> None:
    """After an echo +1 and -1 another bucket moves: at boot only that one does."""
    bucket, other = OWN["n2"][0], OWN["n3"][0]
    seen = plain_home(n1=plain(sorted([*OWN["n1"], bucket])), n2=plain(OWN["n2"][1:]))
    found = asked(PLAIN, seen, "taken", other)
    assert found["first"] == {"n1": told(*OWN["n1"], bucket, other, at_boot=sorted([*OWN["n1"], other]))}
    assert found["then"] == {"n3": told(*OWN["n3"][1:])}
    # Asked for it, it is for longer, on both nodes.
    found = asked(PLAIN, seen, "taken", bucket)
    assert found["first"] == {"n1": told(*OWN["n1"], bucket)}
    assert found["then"] == {"n2": told(*OWN["n2"][1:])}
    assert (found["moves"], found["notes"]) == ([], [f"n1 serves bucket {bucket} already"])
    # Home undoes it, and forgets what was chosen for the boot.
    seen["n1"] = plain(sorted([*OWN["n1"], bucket]), by_hand={"taken": [other], "given": OWN["n1"][:1]})
    found = asked(PLAIN, seen, "home", None)
    assert found["then"] == {"n1": told(*OWN["n1"])}
    assert found["first"]["n2"] == told(*OWN["n2"])


def test_a_node_without_rules_is_not_told_and_serves_nothing_by_that() -> None:
    found = asked(PLAIN, plain_home(n2=plain(None)), "taken", OWN["n2"])
    assert (found["first"], found["then"]) == ({"n1": told(*OWN["n1"], *OWN["n2"])}, {})
    # Until it is repaired: then it has what it had.
    (note,) = found["notes"]
    assert note.startswith(f"n2 could not be told to give buckets {', '.join(map(str, OWN['n2']))}, and may serve")


def test_the_last_one_gives_nothing_away() -> None:
    seen = {"n1": plain(OWN["n1"]), "n2": plain(None)}
    (fault,) = asked(PLAIN, seen, "given", OWN["n1"][0])["faults"]
    assert "n3 was not reached; n2: its rules are not (all) there" in fault
    found = asked(PLAIN, seen, "given", OWN["n1"][0], last=True)
    assert (found["first"], found["then"]) == ({}, {"n1": told(*OWN["n1"][1:])})
    assert found["notes"] == [f"nobody serves bucket {OWN['n1'][0]} after that"]
    assert found["lines"] == [f"bucket {OWN['n1'][0]} of {VIP}: from n1 to nobody"]


def test_a_node_that_differs_is_brought_to_nothing_by_the_way() -> None:
    seen = plain_home(n3=plain(OWN["n3"], shared=True))
    assert asked(PLAIN, seen, "taken", OWN["n2"])["faults"] == [
        "n3 differs from the inventory in what all nodes share: run lvs.cluster.site"
    ]


def test_an_inventory_that_no_run_has_brought_moves_nothing() -> None:
    """As where a node is to leave: the others would note its buckets as theirs, and serve them from boot alone."""
    more = sorted([*OWN["n1"], OWN["n3"][0]])
    seen = plain_home(n1=plain(OWN["n1"], buckets=more))
    found = asked(PLAIN, seen, "given", OWN["n2"][0], host="n2")
    assert found["faults"] == ["n1 serves other buckets than the inventory has for it: run lvs.cluster.site"]


# --- the filter -----------------------------------------------------------------------------------------------------


def test_the_filter() -> None:
    moves, plans = FilterModule().filters()["bucket_moves"], hosts()
    seen = at_home()
    serves = {name: one["cluster_ips"] for name, one in seen.items()}
    fit = {name: one["failover"] for name, one in seen.items()}
    wanted = asked(PLANS, seen, "given", OWN["n1"][0])
    assert moves(serves, plans, "n1", "given", str(OWN["n1"][0]), fit=fit) == wanted
    assert moves(None, plans, "n1", "given", "1")["nodes"] == list(NODES)
    with pytest.raises(AnsibleFilterError, match="bucket_moves"):
        moves(serves, {"n1": 3}, "n1", "given", 1)
