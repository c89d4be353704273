"""What directors, real servers and nodes say, as a whole: VRRP, addresses, sync daemons, configuration, buckets."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._verify.checks import ASPECTS
from ansible_collections.lvs.cluster.plugins.module_utils._verify.prepared import unprepared
from ansible_collections.lvs.cluster.plugins.module_utils._verify.report import report
from tests.unit.plugins.module_utils._verify.seen import plans_of, status

VIP = "200.200.200.200"


@pytest.fixture
def plans() -> dict[str, Any]:
    return plans_of("nat_ha_sync")


@pytest.fixture
def directors(plans: dict[str, Any]) -> dict[str, Any]:
    """Both as they should be: the first is master."""
    states = {"director1": "MASTER", "director2": "BACKUP"}
    return {name: {"status": status(plans[name]["director"], state)} for name, state in states.items()}


def faults(plans: dict[str, Any], **seen: Any) -> list[str]:
    found: list[str] = report(seen, plans)["faults"]
    return found


def test_two_directors_that_are_as_planned(plans: dict[str, Any], directors: dict[str, Any]) -> None:
    found = report({"directors": directors}, plans)
    assert (found["faults"], found["notes"]) == ([], [])
    told = {check["aspect"] for check in found["checks"]}
    assert told == {"vrrp", "addresses", "sync daemons", "table", "configuration", "neighbours"}
    assert [ASPECTS.index(check["aspect"]) for check in found["checks"]] == sorted(
        ASPECTS.index(check["aspect"]) for check in found["checks"]
    )


def test_two_masters(plans: dict[str, Any], directors: dict[str, Any]) -> None:
    directors["director2"] = {"status": status(plans["director2"]["director"], "MASTER")}
    assert faults(plans, directors=directors) == [
        "split brain: VI_GATEWAY is MASTER on director1 and director2",
        "split brain: VI_PUBLIC is MASTER on director1 and director2",
    ]


def test_a_director_that_was_not_reached_and_one_that_failed(plans: dict[str, Any], directors: dict[str, Any]) -> None:
    directors["director2"] = {"status": {"unreachable": True, "msg": "ssh: no route"}}
    assert faults(plans, directors=directors) == [
        "director2: what keepalived does there is not known: it was not reached"
    ]
    directors["director2"] = {"status": {"failed": True, "msg": "the table can't be read"}, "stopped": "x"}
    assert faults(plans, directors=directors) == [
        "director2: what keepalived does there is not known: the table can't be read"
    ]
    static = {
        name: {**plan, "director": {**plan["director"], "manager": "static"}}
        for name, plan in plans.items()
        if plan["director"]
    }
    assert "director1: what this director has is not known: it was not asked" in faults(
        static, directors={"director1": {}}
    )


def test_a_keepalived_that_does_not_say_what_it_does(plans: dict[str, Any], directors: dict[str, Any]) -> None:
    keepalived = directors["director1"]["status"]["keepalived"]
    keepalived |= {"error": "it gave no answer", "instances": {}}
    assert "director1: what keepalived does there is not known: it gave no answer" in faults(plans, directors=directors)


def test_a_service_that_is_missing_is_told_once(plans: dict[str, Any], directors: dict[str, Any]) -> None:
    seen = directors["director1"]["status"]
    seen["keepalived"]["missing"] = ["tcp 200.200.200.200:80"]
    seen["services"] = []
    assert faults(plans, directors=directors) == ["director1: tcp 200.200.200.200:80 is not in the kernel's table"]


def test_a_vip_that_is_not_where_it_should_be(plans: dict[str, Any], directors: dict[str, Any]) -> None:
    directors["director1"]["status"]["addresses"].remove(f"{VIP}/24 dev eth0")
    directors["director2"]["status"]["addresses"] = [f"{VIP}/24 dev eth0", "192.168.1.3/24 dev eth1"]
    assert faults(plans, directors=directors) == [
        "director1: VI_PUBLIC is MASTER here, and 200.200.200.200 is on no interface: removed by hand",
        "director2: 200.200.200.200 is on eth0, and VI_PUBLIC is BACKUP here: two hosts may answer",
    ]


def test_a_real_server_that_is_a_director_has_the_vip_on_lo() -> None:
    plans = plans_of("self_balanced")
    seen = {"web1": {"status": status(plans["web1"]["director"], "BACKUP")}}
    seen["web1"]["status"]["addresses"] = ["192.168.0.254/32 dev lo"]
    seen["web1"]["status"]["sync_daemons"][0]["id"] = 51
    assert [text for text in faults(plans, directors=seen) if "192.168.0.254" in text] == []
    seen["web1"]["status"]["addresses"] = ["192.168.0.254/24 dev bond0"]
    assert "web1: 192.168.0.254 is on bond0, and VI_4 is BACKUP here: two hosts may answer" in faults(
        plans, directors=seen
    )


def test_addresses_that_stay_on_a_static_director() -> None:
    plans = plans_of("fwmark_dr")
    seen = status(plans["lb1"]["director"], "MASTER", addresses=["10.0.0.6/24 dev eth0"])
    assert faults(plans, directors={"lb1": {"status": seen}}) == []
    seen["addresses"] = ["10.0.0.6/24 dev eth1"]
    assert faults(plans, directors={"lb1": {"status": seen}}) == [
        "lb1: 10.0.0.6/24 is not on eth0: clients can't reach it"
    ]


def daemon(role: str, **words: Any) -> dict[str, Any]:
    return {"role": role, "interface": "eth1", "id": 1, **words}


@pytest.mark.parametrize(
    ("daemons", "fault"),
    [
        ([daemon("backup")], "no sync daemon with the role master runs: connections are lost at a takeover"),
        (
            [daemon("master", interface="eth0"), daemon("backup")],
            "the sync daemon with the role master has interface eth0, and the plan says eth1",
        ),
        (
            [daemon("master"), daemon("backup", id=7)],
            "the sync daemon with the role backup has id 7, and the plan says 1",
        ),
    ],
)
def test_sync_daemons(plans: dict[str, Any], directors: dict[str, Any], daemons: Any, fault: str) -> None:
    directors["director1"]["status"]["sync_daemons"] = daemons
    assert faults(plans, directors=directors) == [f"director1: {fault}"]


def test_sync_daemons_that_follow_an_instance(plans: dict[str, Any], directors: dict[str, Any]) -> None:
    for name, seen in directors.items():
        plans[name]["director"]["sync_daemon"]["instance"] = "VI_PUBLIC"
        seen["status"]["sync_daemons"] = [daemon("master" if name == "director1" else "backup")]
    assert faults(plans, directors=directors) == []
    directors["director1"]["status"]["sync_daemons"].append(daemon("backup"))
    assert faults(plans, directors=directors) == [
        "director1: a sync daemon with the role backup runs, and VI_PUBLIC is MASTER here"
    ]


def test_a_sync_daemon_that_nobody_planned(plans: dict[str, Any], directors: dict[str, Any]) -> None:
    for name in directors:
        plans[name]["director"]["sync_daemon"] = None
    directors["director1"]["status"]["sync_daemons"] = []
    assert faults(plans, directors=directors) == [
        "director2: a sync daemon with the role backup runs, and the plan has none",
        "director2: a sync daemon with the role master runs, and the plan has none",
    ]


def test_a_configuration_that_is_not_the_plans(plans: dict[str, Any], directors: dict[str, Any]) -> None:
    conf = "/etc/keepalived/keepalived.conf"
    directors["director1"]["compared"] = {
        "changed": True,
        "parts": {
            "keepalived_config": {"changed": True, "pending": True},
            "kernel_settings": {"changed": True},
            "virtual_addresses": {"changed": True, "steps": ["ip address add 10.0.0.6/32 dev eth0"]},
            "firewall_chains": {"changed": False},
        },
        "diff": [
            {
                "before": {"sysctls": {"a": "0", "b": "0"}},
                "after": {"sysctls": {"a": "1", "b": "0"}, "modules": ["ip_vs"]},
            },
            {"before_header": conf, "after_header": conf, "before": "a\n    weight 1\n", "after": "a\n    weight 2\n"},
        ],
    }
    directors["director1"]["scripts"] = {"changed": True}
    directors["director1"]["status"]["keepalived"]["pending"] = True
    directors["director2"]["stopped"] = "Compare it: keepalived refuses the file"
    assert faults(plans, directors=directors) == [
        f"director1: {conf} is not as the plan says: - weight 1; + weight 2",
        "director1: keepalived has not loaded the configuration that stands in its file",
        "director1: is not as its plan says (kernel_settings, virtual_addresses); a run of lvs.cluster.site would do "
        'this: ip address add 10.0.0.6/32 dev eth0; sysctls a: 0 -> 1; modules: nothing -> ["ip_vs"]',
        "director1: the scripts that keepalived calls are not those of the inventory",
        "director2: it could not be compared with its plan: Compare it: keepalived refuses the file",
    ]


def test_a_long_difference_is_cut(plans: dict[str, Any], directors: dict[str, Any]) -> None:
    after = "".join(f"line {number}\n" for number in range(20))
    diff = {"before_header": "/etc/keepalived/keepalived.conf", "before": "", "after": after}
    directors["director1"]["compared"] = {"parts": {"keepalived_config": {"changed": True}}, "diff": [diff]}
    (fault,) = faults(plans, directors=directors)
    assert fault.endswith("+ line 4; + line 5; and 14 lines more")


def test_a_static_table_that_differs_is_told_by_what_differs_in_it() -> None:
    plans = plans_of("fwmark_dr")
    seen = status(plans["lb1"]["director"], "MASTER", addresses=["10.0.0.6/24 dev eth0"])
    looked = {"status": seen, "compared": {"parts": {"director_table": {"changed": True}}, "diff": []}}
    # What is kept for the next boot differs.
    assert faults(plans, directors={"lb1": looked}) == [
        "lb1: is not as its plan says (director_table); a run of lvs.cluster.site would mend it"
    ]
    seen["services"][0]["scheduler"] = "rr"
    assert faults(plans, directors={"lb1": looked}) == [
        "lb1: marked (fwmark 1): the scheduler is rr, and the plan says wrr"
    ]


def test_a_host_that_differs_is_named_with_the_steps(plans: dict[str, Any]) -> None:
    missing = {"changed": True, "steps": ["ip address add 10.0.0.6/32 dev lo"]}
    kernel = {"changed": True, "diff": {"before": {"sysctls": {"a": "0"}}, "after": {"sysctls": {"a": "1"}}}}
    differing = unprepared([{"changed": False}, {}, missing, kernel], "web9")
    assert differing == [
        "web9: is not as its plan says; a run of lvs.cluster.site would do this: ip address add 10.0.0.6/32 dev lo",
        "web9: is not as its plan says; a run of lvs.cluster.site would do this: "
        '{"sysctls": {"a": "0"}} -> {"sysctls": {"a": "1"}}',
    ]
    assert faults(plans, real_servers={"web9": differing, "web10": []}) == differing


@pytest.fixture
def nodes() -> dict[str, Any]:
    """Three nodes of a cluster that serve each its own buckets of each cluster IP."""
    found: dict[str, Any] = {}
    for name, plan in plans_of("cluster_nodes").items():
        node = plan["clusterip_node"]
        if node and node["cluster"] == "shop" and node["state"] == "present":
            found[name] = {
                "serves": {
                    one["address"]: {"backend": "nftables", "buckets_before": list(node["preferred"])}
                    for one in node["cluster_ips"]
                }
            }
    return found


def test_every_bucket_is_served_once(nodes: dict[str, Any]) -> None:
    plans = {name: plan for name, plan in plans_of("cluster_nodes").items() if name in nodes}
    assert faults(plans, nodes=nodes) == []
    where = "10.0.0.9 of the cluster shop"
    ten, one = (nodes[name]["serves"]["10.0.0.9"]["buckets_before"] for name in ("web10", "web1"))
    nodes["web1"]["serves"]["10.0.0.9"]["by_hand"] = {"taken": [7], "given": []}
    assert report({"nodes": nodes}, plans)["notes"] == [f"{where}: web1 has buckets taken by hand: 7"]
    ten.remove(3)
    one.append(7)
    assert faults(plans, nodes=nodes) == [
        f"{where}: nobody serves the buckets 3: their clients get no answer",
        f"{where}: web1 and web10 serve bucket 7: its clients get 2 answers",
    ]
    nodes["web2"]["serves"]["10.0.0.9"]["buckets_before"] = None
    assert f"{where}: the rules of web2 are not (all) there, so it serves nobody" in faults(plans, nodes=nodes)


def test_a_node_that_hashes_otherwise_or_serves_nothing(nodes: dict[str, Any]) -> None:
    """All buckets are served once, and yet clients get two answers or none."""
    plans = {name: plan for name, plan in plans_of("cluster_nodes").items() if name in nodes}
    where = "10.0.0.9 of the cluster shop"
    seen = {name: nodes[name]["serves"]["10.0.0.9"] for name in nodes}
    seen["web10"].update(backend="clusterip", shared=True)
    seen["web1"]["buckets_before"] += [*seen["web2"]["buckets_before"], 13]
    seen["web2"]["buckets_before"] = []
    wrong = [
        f"{where}: web10 differs from the inventory in what all nodes share, so it may have other clients: run "
        "lvs.cluster.site",
        f"{where}: the nodes have different backends, which do not share clients alike: clusterip: web10; nftables: "
        "web1, web2",
        f"{where}: web1 serves buckets that are not planned, 13 of 12",
    ]
    # The inventory has failback: manual.
    assert faults(plans, nodes=nodes) == wrong
    assert report({"nodes": nodes}, plans)["notes"] == [f"{where}: web2 serves no bucket"]
    for plan in plans.values():
        plan["clusterip_node"]["failback"] = "auto"
    found = report({"nodes": nodes}, plans)
    assert found["faults"] == [*wrong, f"{where}: web2 serves no bucket: see its failover and its health checks"]
    assert found["notes"] == []


def test_of_buckets_that_a_node_out_of_reach_may_serve_nothing_is_said(nodes: dict[str, Any]) -> None:
    plans = {name: plan for name, plan in plans_of("cluster_nodes").items() if name in nodes}
    nodes["web10"] = {"stopped": "Read its buckets: no nft"}
    assert faults(plans, nodes=nodes) == ["web10: which buckets it serves is not known: Read its buckets: no nft"]
    # Left out by --limit.
    del nodes["web10"]
    assert faults(plans, nodes=nodes) == []
