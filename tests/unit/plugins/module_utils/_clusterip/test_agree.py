"""Which backend all nodes take."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.agree import agree

VIP, SIX = "10.0.0.9", "fd00::9"
ALL = {"nftables": "", "xt_cluster": "", "clusterip": ""}
OLD = {"nftables": "no jhash", "xt_cluster": "", "clusterip": ""}
NEW = {"nftables": "", "xt_cluster": "", "clusterip": "no target"}


def test_the_first_that_all_have_for_each_vip() -> None:
    nodes = {"a": {VIP: ALL, SIX: NEW}, "b": {VIP: OLD, SIX: NEW}, "c": {VIP: NEW}}
    assert agree(nodes, [], {}) == {"backends": {VIP: "xt_cluster", SIX: "nftables"}, "faults": []}
    assert agree({}, ["x"], {}) == {"backends": {}, "faults": []}


def test_a_node_that_has_it_already_decides() -> None:
    nodes = {"a": {VIP: ALL}, "b": {VIP: {"clusterip": ""}}}
    assert agree(nodes, [], {"b": [VIP]})["backends"] == {VIP: "clusterip"}


def test_no_backend_works_on_all() -> None:
    nodes = {"a": {VIP: {"nftables": ""}, SIX: ALL}, "b": {VIP: OLD, SIX: ALL}, "c": {VIP: dict.fromkeys(ALL, "no")}}
    assert agree(nodes, [], {"a": [VIP]}) == {
        "backends": {SIX: "nftables"},
        "faults": [
            f"{VIP}: no backend works on all nodes: a has nftables already; "
            "b has xt_cluster or clusterip (nftables: no jhash); "
            "c has none (nftables: no; xt_cluster: no; clusterip: no)"
        ],
    }


def test_nodes_that_are_not_asked() -> None:
    nodes = {"a": {VIP: NEW}, "b": {VIP: NEW}}
    result = agree(nodes, ["c", "d"], {"a": [SIX]})
    assert result == {
        "backends": {},
        "faults": [
            f"{VIP}: c, d may have another backend, and can't be asked: run with all nodes, or name the backend in "
            "lvs_cluster_ips (nftables or xt_cluster would do here)"
        ],
    }
    # That only one works here says nothing of the others.
    (fault,) = agree({"a": {VIP: {**NEW, "nftables": "no jhash"}}}, ["c"], {})["faults"]
    assert fault == (
        f"{VIP}: c may have another backend, and can't be asked: run with all nodes, or name the backend in "
        "lvs_cluster_ips (xt_cluster would do here)"
    )
    # One of this run has it already, and its backend is that of all.
    assert agree({**nodes, "b": {VIP: {"xt_cluster": ""}}}, ["c"], {"b": [VIP]}) == {
        "backends": {VIP: "xt_cluster"},
        "faults": [],
    }
    # It was named: one alone was looked at.
    assert agree({"a": {VIP: {"xt_cluster": ""}}}, ["c"], {})["backends"] == {VIP: "xt_cluster"}
