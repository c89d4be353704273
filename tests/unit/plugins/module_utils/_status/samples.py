"""Plans from the topology's golden files, and what director_status returns on their directors, in its real shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.status import status
from ansible_collections.lvs.cluster.plugins.module_utils._status.model import report
from ansible_collections.lvs.cluster.plugins.module_utils._status.problems import judge

CASES = Path(__file__).parents[1] / "_topology" / "cases"
AT = "2026-11-26T20:31:00Z"
SETTINGS = {"scheduler_flags": [], "one_packet": False, "persistence_netmask": "", "persistence_engine": ""}


def plans_of(case: str) -> dict[str, Any]:
    plans: dict[str, Any] = json.loads((CASES / case / "expected.json").read_text())["hosts"]
    return plans


def statistics(connections: int) -> dict[str, int]:
    counters = {"conns": connections, "inpkts": 6 * connections, "outpkts": 5 * connections}
    bytes_ = {"inbytes": 400 * connections, "outbytes": 3000 * connections}
    rates = {"cps": connections // 10, "inpps": connections // 2, "outpps": connections // 3}
    return {**counters, **bytes_, **rates, "inbps": 40 * connections, "outbps": 300 * connections}


def destination(server: Mapping[str, Any], connections: int) -> dict[str, Any]:
    return {
        "address": server["address"],
        "port": server["port"],
        "forwarding": server["forwarding"],
        "weight": server["weight"],
        "upper_threshold": 0,
        "lower_threshold": 0,
        "connections": {"active": connections, "inactive": 2 * connections, "persistent": 0},
        "statistics": statistics(connections),
    }


def service(planned: Mapping[str, Any], connections: int) -> dict[str, Any]:
    """A planned service as ipvs_info returns it; each real server has its weight times the connections."""
    keys = ("fwmark", "family") if "fwmark" in planned else ("address", "port", "protocol", "family")
    destinations = [destination(server, connections * server["weight"]) for server in planned["real_servers"]]
    return {
        **{key: planned[key] for key in keys},
        **SETTINGS,
        "scheduler": planned["scheduler"],
        "persistence_timeout": planned.get("persistence_timeout", 0),
        "destinations": destinations,
        "statistics": statistics(sum(one["connections"]["active"] for one in destinations)),
    }


def keepalived(plan: Mapping[str, Any], state: str) -> dict[str, Any]:
    instances = {
        one["name"]: {
            "state": state,
            "priority": one["priority"],
            "effective_priority": one["priority"],
            "interface": one["interface"],
            "vips": [entry["address"] for entry in one["virtual_ipaddress"]],
        }
        for one in plan["director"]["vrrp_instances"]
    }
    known = {"missing": [], "problems": [], "healthy": True, "error": "", "pending": False}
    return {"installed": True, "running": True, "pid": 812, "version": "2.2.7", "instances": instances, **known}


NO_KEEPALIVED = {
    **{"installed": False, "running": False, "pid": None, "version": "", "instances": {}, "missing": []},
    **{"problems": ["keepalived does not run"], "healthy": False, "error": "", "pending": False},
}


def told(plan: Mapping[str, Any], *, state: str = "", connections: int = 0) -> dict[str, Any]:
    """What director_status returns on a director that is as its plan says; ``state`` of its VRRP instances."""
    director = plan["director"]
    addresses = [f"{entry['address']} dev {entry['interface']}" for entry in director["virtual_addresses"]]
    if state == "MASTER":
        lists = ("virtual_ipaddress", "virtual_ipaddress_excluded")
        moved = [entry for one in director["vrrp_instances"] for name in lists for entry in one.get(name) or []]
        hidden = ("fe80::5/64", "10.0.0.6/32")
        addresses += [f"{one['address']} dev {one.get('dev', 'eth0')}" for one in moved if one["address"] not in hidden]
    daemon = {"role": "master" if state == "MASTER" else "backup", "interface": "eth2", "id": 1}
    return {
        "changed": False,
        "loaded": True,
        "version": "1.2.1",
        "services": [service(one, connections) for one in director["services"]],
        "timeouts": {"tcp": 900, "tcp_fin": 120, "udp": 300},
        "sync_daemons": [daemon] if director["sync_daemon"] else [],
        "keepalived": keepalived(plan, state) if director["manager"] == "keepalived" else dict(NO_KEEPALIVED),
        "overrides": [],
        "addresses": ["10.0.0.3/24 dev eth0", *addresses],
        "lock": None,
        "now": AT,
    }


def nat_ha() -> tuple[dict[str, Any], dict[str, Any]]:
    """Plans, and two directors of which lb1 serves."""
    plans = plans_of("nat_ha")
    return plans, {"lb1": told(plans["lb1"], state="MASTER", connections=3), "lb2": told(plans["lb2"], state="BACKUP")}


def nat_ha_sync() -> tuple[dict[str, Any], dict[str, Any]]:
    plans = plans_of("nat_ha_sync")
    states = {"director1": "MASTER", "director2": "BACKUP"}
    return plans, {host: told(plans[host], state=state) for host, state in states.items()}


def fwmark_dr() -> tuple[dict[str, Any], dict[str, Any]]:
    plans = plans_of("fwmark_dr")
    return plans, {"lb1": told(plans["lb1"], connections=7)}


def cluster_nodes() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Plans of nodes, and what bucket_status says of nodes that serve as planned, but db2 has no rules."""
    plans = plans_of("cluster_nodes")
    nodes = {host: plan["clusterip_node"] for host, plan in plans.items() if plan["clusterip_node"]}
    found = {
        host: {
            one["address"]: {"backend": "nftables", "buckets_before": None if host == "db2" else node["preferred"]}
            for one in node["cluster_ips"]
        }
        for host, node in nodes.items()
    }
    return plans, status(nodes, found)


def judged(
    results: Mapping[str, Any], plans: Mapping[str, Any], cluster_ips: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The report as the filter cluster_status makes it."""
    found = report(results, plans, cluster_ips or [], AT)
    return {"at": AT, **judge(found, results, plans), **found}


def a_lock() -> dict[str, Any]:
    """As the module cluster_lock writes it."""
    holder = {
        "run": "1",
        "user": "anna",
        "controller": "desk",
        "pid": 7,
        "start": "",
        "boot": "",
        "namespace": "",
        "job": "",
    }
    times = {"since": "2026-11-26T20:00:00Z", "expires": "2026-11-26T21:00:00Z"}
    return {"version": 1, "purpose": "lvs.cluster.site", **times, "holder": holder}
