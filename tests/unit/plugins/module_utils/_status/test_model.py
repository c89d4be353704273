"""Plans and what the directors said, merged."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.unit.plugins.module_utils._status.samples import (
    NO_KEEPALIVED,
    a_lock,
    cluster_nodes,
    fwmark_dr,
    judged,
    nat_ha,
    nat_ha_sync,
    plans_of,
    told,
)

INTRANET = "intranet (tcp 10.0.0.5:80)"


def servers_of(report: dict[str, Any], name: str = "intranet") -> dict[str, dict[str, Any]]:
    (service,) = [one for one in report["services"] if one["name"] == name]
    return {server["name"]: server for server in service["real_servers"]}


def destinations(results: dict[str, Any], host: str = "lb1", service: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = results[host]["services"][service]["destinations"]
    return found


def test_a_healthy_pair() -> None:
    plans, results = nat_ha()
    report = judged(results, plans)
    assert (report["problems"], report["notes"]) == ([], [])
    assert [(one["name"], one["service"], one["source"], one["serving"]) for one in report["services"]] == [
        ("intranet", "tcp 10.0.0.5:80", "lb1", True),
        ("plain", "tcp 10.0.0.5:8080", "lb1", True),
    ]
    intranet = report["services"][0]
    assert (intranet["scheduler"], intranet["persistence_timeout"], intranet["active"]) == ("wlc", 50, 84)
    rs1 = servers_of(report)["rs1"]
    assert (rs1["weight"], rs1["planned"], rs1["active"], rs1["inactive"], rs1["state"]) == (20, 20, 60, 120, "up")
    assert (rs1["cps"], rs1["inpps"], rs1["outpps"]) == (6, 30, 20)
    assert rs1["elsewhere"] == {"lb2": {"weight": 20, "active": 0, "inactive": 0, "persistent": 0}}
    lb1, lb2 = report["directors"]
    assert (lb1["vips"], lb1["active"]) == (["10.0.0.5", "192.168.0.1"], 168)
    assert (lb2["vips"], lb2["active"]) == ([], 0)
    assert report["totals"] == {
        **{"services": 2, "real_servers": 2, "directors": 2, "cluster_ips": 0, "nodes": 0},
        **{"active": 168, "inactive": 336, "cps": 16, "inpps": 84, "outpps": 56, "inbps": 6720, "outbps": 50400},
    }


@pytest.mark.parametrize("master", ["lb1", "lb2"])
def test_the_master_tells_whatever_the_order(master: str) -> None:
    plans = plans_of("nat_ha")
    states = {host: "MASTER" if host == master else "BACKUP" for host in ("lb1", "lb2")}
    results = {
        host: told(plans[host], state=state, connections=1 if host == master else 5) for host, state in states.items()
    }
    report = judged(results, plans)
    assert {service["source"] for service in report["services"]} == {master}
    assert servers_of(report)["rs1"]["active"] == 20


def test_of_two_masters_the_one_with_the_vip_tells() -> None:
    plans, results = nat_ha()
    results["lb1"]["addresses"] = []
    results["lb2"] = told(plans["lb2"], state="MASTER")
    report = judged(results, plans)
    assert report["services"][0]["source"] == "lb2"
    assert report["problems"] == [
        "split brain: VI_1 is MASTER on lb1 and lb2",
        "lb1: is MASTER of VI_1 and has not 10.0.0.5, 192.168.0.1",
    ]


def test_no_master() -> None:
    plans, results = nat_ha()
    results["lb1"] = told(plans["lb1"], state="FAULT")
    report = judged(results, plans)
    assert report["problems"] == [
        "lb1: VI_1 is FAULT (interface eth0)",
        "VI_1 has no MASTER: it is FAULT on lb1, BACKUP on lb2",
    ]
    assert report["services"][0]["serving"] is False
    assert f"{INTRANET}: no director was found that clients reach; the figures are those of lb1" in report["notes"]


def test_a_backup_that_has_the_vip() -> None:
    plans, results = nat_ha()
    results["lb2"]["addresses"].append("10.0.0.5/24 dev eth0")
    assert judged(results, plans)["problems"] == ["lb2: is BACKUP of VI_1 and has 10.0.0.5"]


def test_a_vip_on_lo_is_none_that_anybody_is_told_of() -> None:
    """On a director that serves itself it stands there at all times; an IPv6 address has no other scope there."""
    plans, results = nat_ha()
    results["lb2"]["addresses"].append("10.0.0.5/32 dev lo")
    assert judged(results, plans)["problems"] == []


def test_a_director_that_was_not_reached_may_be_the_master() -> None:
    plans, results = nat_ha()
    results["lb1"] = {"unreachable": True, "msg": "no route to host", "changed": False}
    report = judged(results, plans)
    assert report["problems"] == ["lb1: what this director does is not known: no route to host"]
    assert report["services"][0]["source"] == "lb2"
    assert (report["directors"][0]["told"], report["directors"][0]["reached"]) == (False, False)


def test_a_director_that_was_not_asked_is_no_problem() -> None:
    plans, results = nat_ha()
    report = judged({"lb1": results["lb1"]}, plans)
    assert (report["problems"], report["notes"]) == ([], ["lb2: was not asked"])
    assert report["totals"]["directors"] == 2


def test_nobody_told_anything() -> None:
    plans = plans_of("nat_ha")
    report = judged({}, plans)
    assert report["problems"] == []
    assert f"{INTRANET}: no director told of it" in report["notes"]
    assert {server["state"] for server in servers_of(report).values()} == {"unknown"}


def test_a_director_whose_task_failed_is_told_with_its_message() -> None:
    plans, results = nat_ha()
    results["lb2"] = {"changed": False, "failed": False, "msg": "use become: true"}
    report = judged(results, plans)
    assert report["problems"] == ["lb2: what this director does is not known: use become: true"]
    assert report["directors"][1]["reached"] is True


def test_a_keepalived_that_cannot_be_asked() -> None:
    plans, results = nat_ha()
    results["lb1"]["keepalived"].update(instances={}, error="it does not answer", problems=["it does not answer"])
    report = judged(results, plans)
    assert report["problems"] == ["lb1: what keepalived does there is not known: it does not answer"]
    # It has the VIP.
    assert (report["services"][0]["source"], report["services"][0]["serving"]) == ("lb1", True)


def test_a_keepalived_that_does_not_run() -> None:
    plans, results = nat_ha()
    results["lb2"]["keepalived"] = dict(NO_KEEPALIVED)
    results["lb2"].update(loaded=False, services=[], version="", timeouts={})
    assert judged(results, plans)["problems"] == ["lb2: keepalived does not run"]


def test_pending_configuration_and_a_lock() -> None:
    plans, results = nat_ha()
    results["lb2"]["keepalived"]["pending"] = True
    results["lb1"]["lock"] = a_lock()
    report = judged(results, plans)
    assert report["problems"] == [
        "lb2: keepalived has not loaded the configuration that stands there: run lvs.cluster.site"
    ]
    assert report["notes"] == [
        "lb1: the cluster is being changed: lvs.cluster.site by anna on desk since 2026-11-26T20:00:00Z"
    ]


def test_no_sync_daemon_where_there_should_be_one() -> None:
    plans, results = nat_ha_sync()
    assert judged(results, plans)["problems"] == []
    results["director2"]["sync_daemons"] = []
    assert judged(results, plans)["problems"] == [
        "director2: no sync daemon runs, so a takeover breaks the connections"
    ]


# --- real servers


def test_a_server_that_a_check_took_out() -> None:
    plans, results = nat_ha()
    del destinations(results)[1]
    report = judged(results, plans)
    assert (servers_of(report)["rs2"]["state"], servers_of(report)["rs2"]["weight"]) == ("down", None)
    assert report["problems"] == [f"{INTRANET}: rs2 (192.168.0.13:80) is down, says lb1"]


def test_inhibited_is_down() -> None:
    plans, results = nat_ha()
    for host in ("lb1", "lb2"):
        plans[host]["director"]["services"][0]["inhibit_on_failure"] = True
    destinations(results)[1]["weight"] = 0
    assert servers_of(judged(results, plans))["rs2"]["state"] == "down"


def test_one_that_only_the_backup_calls_down() -> None:
    plans, results = nat_ha()
    del destinations(results, "lb2")[0]
    report = judged(results, plans)
    assert (report["problems"], report["notes"]) == ([], [f"{INTRANET}: rs1 (192.168.0.12:80) is down, says lb2"])


@pytest.mark.parametrize(("state", "weight"), [("drained", 0), ("held", 0), ("weighted", 5)])
@pytest.mark.parametrize("form", ["weight file", "record"])
def test_what_an_operator_set(state: str, weight: int, form: str) -> None:
    plans, results = nat_ha()
    file = plans["lb1"]["director"]["services"][0]["real_servers"][0]["weight_file"]
    name = file if form == "weight file" else "tcp 10.0.0.5:80 -> 192.168.0.12:80"
    one = {"server": name, "state": state, "weight": weight, "since": "then", "until": "", "by": "anna"}
    for host in ("lb1", "lb2"):
        results[host]["overrides"] = [one]
        destinations(results, host)[0]["weight"] = weight
    report = judged(results, plans)
    assert (servers_of(report)["rs1"]["state"], servers_of(report)["rs1"]["override"]) == (state, one)
    word = "set to weight 5" if state == "weighted" else state
    assert (report["problems"], report["notes"]) == ([], [f"{INTRANET}: rs1 is {word} since then by anna"])
    results["lb2"]["overrides"] = []
    assert judged(results, plans)["notes"][0].endswith("by anna, on lb1 only")


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("rolling", "drained for rolling"),
        ("maintenance", "drained for maintenance"),
        ("drain", "drained"),
        ("", "drained"),
    ],
)
def test_what_it_was_drained_for(why: str, words: str) -> None:
    plans, results = nat_ha()
    file = plans["lb1"]["director"]["services"][0]["real_servers"][0]["weight_file"]
    one = {"server": file, "state": "drained", "weight": 0, "since": "then", "until": "", "by": "anna", "why": why}
    for host in ("lb1", "lb2"):
        results[host]["overrides"] = [one]
        destinations(results, host)[0]["weight"] = 0
    assert judged(results, plans)["notes"] == [f"{INTRANET}: rs1 is {words} since then by anna"]


def test_a_weight_that_nobody_told_of() -> None:
    plans, results = nat_ha()
    destinations(results)[0]["weight"] = 3
    destinations(results)[1]["weight"] = 0
    report = judged(results, plans)
    assert {name: server["state"] for name, server in servers_of(report).items()} == {
        **{"rs1": "differs", "rs2": "no weight"}
    }
    assert f"{INTRANET}: rs1 (192.168.0.12:80) has weight 3, and 20 in the plan" in report["notes"]
    assert f"{INTRANET}: rs2 (192.168.0.13:80) has weight 0, and 8 in the plan" in report["notes"]


def test_the_sorry_server_answers() -> None:
    plans, results = nat_ha()
    sorry = plans["lb1"]["director"]["services"][0]["sorry_server"]
    stranger = copy.deepcopy(destinations(results)[0])
    destinations(results)[:] = [{**stranger, "address": sorry["address"], "port": sorry["port"], "weight": 1}]
    report = judged(results, plans)
    assert servers_of(report)[sorry["address"]]["state"] == "sorry"
    assert report["problems"][0] == f"{INTRANET} is answered by its sorry server on lb1"
    assert len(report["problems"]) == 3
    destinations(results).append({**stranger, "address": "192.168.0.99"})
    report = judged(results, plans)
    assert servers_of(report)["192.168.0.99"]["state"] == "unplanned"
    assert report["totals"]["real_servers"] == 2


def test_maintenance_is_no_failure_of_the_servers() -> None:
    """keepalived takes servers out for the sorry server where their weights are 0; one that had a weight is down."""
    plans, results = nat_ha()
    service = plans["lb1"]["director"]["services"][0]
    sorry, stranger = service["sorry_server"], copy.deepcopy(destinations(results)[0])
    told = {"until": "", "since": "then", "by": "anna", "why": "maintenance"}
    for host in ("lb1", "lb2"):
        destinations(results, host)[:] = [
            {**stranger, "address": sorry["address"], "port": sorry["port"], "weight": 1},
        ]
        results[host]["overrides"] = [
            {"server": server["weight_file"], "state": state, "weight": weight, **told}
            for server, state, weight in zip(service["real_servers"], ("drained", "weighted"), (0, 5), strict=True)
        ]
    report = judged(results, plans)
    assert [servers_of(report)[name]["state"] for name in ("rs1", "rs2")] == ["drained", "down"]
    assert report["problems"] == [
        f"{INTRANET} is answered by its sorry server on lb1",
        f"{INTRANET}: rs2 (192.168.0.13:80) is down, says lb1",
    ]


def test_nobody_has_a_weight() -> None:
    plans, results = nat_ha()
    for one in destinations(results):
        one["weight"] = 0
    assert f"{INTRANET} has no real server with a weight on lb1" in judged(results, plans)["problems"]


def test_services_that_are_missing_or_not_planned() -> None:
    plans, results = nat_ha()
    (gone, *_rest) = results["lb1"]["services"]
    results["lb1"]["services"][0] = {**gone, "port": 81}
    report = judged(results, plans)
    assert report["problems"] == [f"{INTRANET} is not in the kernel's table of lb1"]
    assert report["notes"] == ["lb1: in the table and in no plan: tcp 10.0.0.5:81"]


def test_another_scheduler() -> None:
    plans, results = nat_ha()
    results["lb1"]["services"][0]["scheduler"] = "rr"
    assert judged(results, plans)["notes"] == [f"{INTRANET}: has the scheduler rr, and wlc in the plan"]


# --- other setups


def test_a_static_director_with_marks() -> None:
    plans, results = fwmark_dr()
    report = judged(results, plans)
    assert (report["problems"], report["notes"]) == ([], [])
    (service,) = report["services"]
    assert (service["service"], service["match"]) == ("fwmark 1", ["tcp 10.0.0.6 ports 80, 443"])
    assert (service["addresses"], service["source"], service["serving"]) == (["10.0.0.6"], "lb1", True)
    assert [one["endpoint"] for one in service["real_servers"]] == ["10.0.0.12:0", "10.0.0.13:0"]
    results["lb1"].update(loaded=False, services=[], addresses=[])
    assert judged(results, plans)["problems"] == [
        "lb1: has not the VIP 10.0.0.6 of its plan",
        "marked (fwmark 1) is not in the kernel's table of lb1",
    ]


@pytest.mark.parametrize("case", ["self_balanced", "mixed", "dr_ipv6", "tun", "vrrp_full", "static_words", "base"])
def test_every_setup_that_is_as_planned_has_no_problem(case: str) -> None:
    plans = plans_of(case)
    led: set[str] = set()
    results = {}
    for host, plan in plans.items():
        if plan["director"]:
            results[host] = told(plan, state="BACKUP" if led & set(plan["director"]["peers"]) else "MASTER")
            led.add(host)
    report = judged(results, plans)
    assert report["problems"] == []
    assert all(service["in_table"] and service["serving"] for service in report["services"])
    assert not {server["state"] for one in report["services"] for server in one["real_servers"]} - {"up", "no weight"}


def test_cluster_ips() -> None:
    plans, cluster_ips = cluster_nodes()
    report = judged({}, plans, cluster_ips)
    assert report["cluster_ips"] == cluster_ips
    assert (report["totals"]["cluster_ips"], report["totals"]["nodes"]) == (4, 6)
    assert report["problems"] == [
        "10.1.0.9 of the cluster plain: the rules of db2 are not (all) there",
        "10.1.0.9 of the cluster plain: served by nobody that was reached: 3 4 5",
    ]
    cluster_ips[1].update(twice={"2": ["web1", "web2"]}, not_reached=["web10"])
    assert judged({}, plans, cluster_ips)["problems"][2:] == [
        "10.0.0.10 of the cluster shop: web10 was not reached",
        "10.0.0.10 of the cluster shop: served twice: 2 by web1 and web2",
    ]
    cluster_ips[1].update(unread={"web10": "Read its buckets: no nft"})
    assert judged({}, plans, cluster_ips)["problems"][2] == (
        "10.0.0.10 of the cluster shop: what web10 serves is not known: Read its buckets: no nft"
    )


def test_nodes_of_a_cluster_ip_that_are_not_alike() -> None:
    plans, cluster_ips = cluster_nodes()
    before = judged({}, plans, cluster_ips)
    web1, web2 = (cluster_ips[1]["nodes"][name] for name in ("web1", "web2"))
    web1["shared"] = True
    cluster_ips[1].update(
        backends={"nftables": ["web1"], "xt_cluster": ["web2"]}, beyond={"web2": [13]}, idle=["web10"], resting=["web2"]
    )
    after = judged({}, plans, cluster_ips)
    assert [text.partition(" shop: ")[2] for text in after["problems"][len(before["problems"]) :]] == [
        "web1 differs from the inventory in what all nodes share, so it may have other clients: run lvs.cluster.site",
        "the nodes have different backends, which do not share clients alike: nftables: web1; xt_cluster: web2",
        "web2 serves buckets that are not planned, 13 of 12",
        "web10 serves no bucket: see its failover and its health checks",
    ]
    assert after["notes"] == [*before["notes"], "10.0.0.10 of the cluster shop: web2 serves no bucket"]
    assert web2["shared"] is False


def test_no_password() -> None:
    plans, results = nat_ha()
    passwords = {
        one["authentication"]["auth_pass"] for host in results for one in plans[host]["director"]["vrrp_instances"]
    }
    assert passwords
    text = json.dumps(judged(results, plans))
    assert not [password for password in passwords if password in text]


def test_a_port_that_is_for_checks_alone_is_none_in_the_table() -> None:
    """With a mark and direct routing; its sorry server, which must have a port, is known all the same."""
    plans, results = fwmark_dr()
    before = judged(results, plans)
    for service in plans["lb1"]["director"]["services"]:
        service["sorry_server"] = {"address": "10.0.0.99", "port": 80}
        for server in service["real_servers"]:
            server["port"] = 80
    after = judged(results, plans)
    assert (after["problems"], after["notes"]) == (before["problems"], before["notes"])
    there = destinations(results, "lb1")
    there.append({**there[0], "address": "10.0.0.99", "port": 0})
    states = [one["state"] for one in judged(results, plans)["services"][0]["real_servers"]]
    assert states.count("sorry") == 1
    assert "unplanned" not in states
