"""Who serves what, from what the nodes said."""

from __future__ import annotations

from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.status import differences, lines_of, status

VIP = "10.0.0.9"
SERVES = {"backend": "nftables", "buckets": [1, 3], "taken": [], "given": [], "left": [], "shared": False}


def plan(state: str = "present", preferred: list[int] | None = None, **more: Any) -> dict[str, Any]:
    sharing = {"preferred": preferred or [1, 2], "failover": True, "failback": "auto", **more}
    return {"cluster": "shop", "state": state, "cluster_ips": [{"address": VIP, "total": 4}], **sharing}


def said(buckets: list[int] | None, backend: str = "nftables", **more: Any) -> dict[str, Any]:
    return {VIP: {"backend": backend, "buckets_before": buckets, "changed": False, "shared": False, **more}}


def test_each_bucket_has_a_node() -> None:
    found = status({"a": plan(), "b": plan()}, {"a": said([1, 3]), "b": said([2, 4])})
    (one,) = found
    assert one["nodes"]["a"] == SERVES
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
    assert one["nodes"]["a"] == {**SERVES, "buckets": [1, 3, 4], "taken": [4], "given": [2]}
    assert lines_of([one])[1:] == [
        "  a  1 3 4  (nftables)",
        "     taken by hand: 4",
        "     given by hand: 2",
        "  b  2  (nftables)",
    ]


def test_a_bucket_that_a_killed_run_left_in_fault() -> None:
    (one,) = status({"a": plan(), "b": plan()}, {"a": said([1, 3], left=[2, 4]), "b": said([2, 4])})
    assert (one["nobody"], one["twice"]) == ([], {})
    (text,) = differences(one)
    assert text.startswith("a has let go 2 4, and can't serve that until it takes it back: ")
    assert text.endswith("run it with lvs_host=a lvs_bucket_state=home")
    assert lines_of([one])[-1] == f"  {text}"


def test_nodes_that_hash_otherwise_than_the_rest() -> None:
    plans = {"a": plan(), "b": plan(preferred=[3]), "c": plan(preferred=[4])}
    found = {"a": said([1, 2]), "b": said([3], "clusterip", shared=True), "c": said([4, 7, 8])}
    (one,) = status(plans, found)
    assert (one["nobody"], one["twice"], one["not_reached"]) == ([], {}, [])
    assert differences(one) == [
        "b differs from the inventory in what all nodes share, so it may have other clients: run lvs.cluster.site",
        "the nodes have different backends, which do not share clients alike: clusterip: b; nftables: a, c",
        "c serves buckets that are not planned, 7 8 of 4",
    ]
    assert lines_of([one])[-3:] == [f"  {text}" for text in differences(one)]
    # A node without rules hashes nothing.
    (one,) = status(plans, {**found, "b": said(None, "clusterip"), "c": said([4])})
    assert differences(one) == []


def test_a_node_that_serves_nothing() -> None:
    text = "b serves no bucket: see its failover and its health checks"
    plans, found = {"a": plan(), "b": plan(preferred=[3, 4])}, {"a": said([1, 2, 3, 4]), "b": said([])}
    (one,) = status(plans, found)
    assert (one["idle"], one["resting"], differences(one)) == (["b"], [], [text])
    # One of its buckets was moved by hand, the other one went by itself.
    (one,) = status(plans, {**found, "b": said([], by_hand={"taken": [], "given": [3]})})
    assert differences(one) == [text]


def test_a_node_whose_buckets_were_moved_away() -> None:
    plans, found = {"a": plan(), "b": plan(preferred=[3, 4])}, {"a": said([1, 2, 3, 4]), "b": said([])}
    gave = {**found, "b": said([], by_hand={"taken": [], "given": [1, 2, 3, 4]})}
    lost = {**found, "a": said([1, 2, 3, 4], by_hand={"taken": [3, 4], "given": []})}
    both = {**lost, "b": said([], by_hand={"taken": [], "given": [4]})}
    for seen in (gave, lost, both):
        (one,) = status(plans, seen)
        assert (one["idle"], one["resting"], differences(one)) == ([], [], [])


def test_a_node_that_may_be_without_buckets() -> None:
    found = {"a": said([1, 2, 3, 4]), "b": said([])}
    for more in ({"failback": "manual"}, {"failover": False}):
        (one,) = status({"a": plan(**more), "b": plan(preferred=[3, 4], **more)}, found)
        assert (one["idle"], one["resting"], differences(one)) == ([], ["b"], [])


def test_a_cluster_that_leaves_has_no_entry() -> None:
    assert status({"a": plan("absent"), "b": plan("absent")}, {}) == []


def test_where_reading_failed_is_told_apart() -> None:
    (one,) = status({"a": plan(), "b": plan(), "c": plan()}, {"a": said([1, 2])}, {"b": "no nft", "x": "unknown"})
    assert (one["not_reached"], one["unread"]) == (["b", "c"], {"b": "no nft"})
    assert lines_of([one])[2:4] == ["  b  not read", "  c  not reached"]
