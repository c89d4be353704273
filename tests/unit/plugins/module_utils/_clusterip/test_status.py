"""Who serves what, from what the nodes said."""

from __future__ import annotations

from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.status import lines_of, status

VIP = "10.0.0.9"


def plan(state: str = "present") -> dict[str, Any]:
    return {"cluster": "shop", "state": state, "cluster_ips": [{"address": VIP, "total": 4}]}


def said(buckets: list[int] | None, backend: str = "nftables") -> dict[str, Any]:
    return {VIP: {"backend": backend, "buckets_before": buckets, "changed": False}}


def test_each_bucket_has_a_node() -> None:
    found = status({"a": plan(), "b": plan()}, {"a": said([1, 3]), "b": said([2, 4])})
    (one,) = found
    assert one["nodes"]["a"] == {"backend": "nftables", "buckets": [1, 3], "taken": [], "given": []}
    assert (one["nobody"], one["twice"], one["not_reached"]) == ([], {}, [])
    assert lines_of(found) == [
        "10.0.0.9 of the cluster shop, 4 buckets",
        "  a  1 3  (nftables)",
        "  b  2 4  (nftables)",
    ]


def test_what_is_wrong_is_named() -> None:
    plans = {"a": plan(), "b": plan(), "c": plan(), "d": plan(), "gone": plan("absent")}
    found = status(plans, {"a": said([1, 2]), "b": said([2]), "c": said(None)})
    (one,) = found
    assert one["nobody"] == [3, 4]
    assert one["twice"] == {"2": ["a", "b"]}
    assert one["not_reached"] == ["d"]
    assert lines_of(found)[3:] == [
        "  c  its rules are not (all) there  (nftables)",
        "  d  not reached",
        "  served by nobody that was reached: 3 4",
        "  served twice: 2 by a and b",
    ]


def test_several_vips_each_have_an_entry() -> None:
    two = {**plan(), "cluster_ips": [{"address": VIP, "total": 1}, {"address": "10.0.0.8", "total": 1}]}
    found = status({"a": two}, {"a": said([1])})
    assert [(one["address"], one["nobody"]) for one in found] == [("10.0.0.8", [1]), (VIP, [])]


def test_no_node_no_table() -> None:
    assert status({}, {}) == []
    assert lines_of([]) == []


def test_what_was_moved_by_hand_is_said() -> None:
    first = said([1, 3, 4])
    first[VIP]["by_hand"] = {"taken": [4], "given": [2]}
    (one,) = status({"a": plan(), "b": plan()}, {"a": first, "b": said([2])})
    assert one["nodes"]["a"] == {"backend": "nftables", "buckets": [1, 3, 4], "taken": [4], "given": [2]}
    assert lines_of([one])[1:] == [
        "  a  1 3 4  (nftables)",
        "     taken by hand: 4",
        "     given by hand: 2",
        "  b  2  (nftables)",
    ]
