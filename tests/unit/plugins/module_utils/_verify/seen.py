"""Plans and what was seen, for the tests of this folder: two directors with keepalived that agree with their plans."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

CASES = Path(__file__).resolve().parents[1] / "_topology" / "cases"
NOW = "2026-11-26T20:00:00Z"


def plans_of(case: str) -> dict[str, Any]:
    """The plans of a golden case of topology, so that the keys that are read are those that plans have."""
    found: dict[str, Any] = json.loads((CASES / case / "expected.json").read_text())["hosts"]
    return found


def live(director: dict[str, Any]) -> list[dict[str, Any]]:
    """The table that this plan asks for, as ipvs_info tells it."""
    services = []
    for service in director["services"]:
        key = {name: service[name] for name in ("address", "port", "protocol", "fwmark", "family") if name in service}
        destinations = [
            {
                "address": server["address"],
                "port": server["port"],
                "forwarding": server["forwarding"],
                "weight": server["weight"],
                "upper_threshold": 0,
                "lower_threshold": 0,
                "connections": {"active": 0, "inactive": 0, "persistent": 0},
            }
            for server in service["real_servers"]
        ]
        services.append(
            {
                **key,
                "scheduler": service["scheduler"],
                "scheduler_flags": [],
                "one_packet": False,
                "persistence_timeout": service.get("persistence_timeout", 0),
                "persistence_netmask": "",
                "persistence_engine": "",
                "destinations": destinations,
            }
        )
    return services


def status(director: dict[str, Any], state: str, **more: Any) -> dict[str, Any]:
    """What director_status returns of a director that is as its plan says, with all its instances in this state."""
    instances = {one["name"]: {"state": state} for one in director["vrrp_instances"]}
    vips = [entry["address"] for one in director["vrrp_instances"] for entry in one["virtual_ipaddress"]]
    daemon = director["sync_daemon"]
    keepalived = {
        "installed": True,
        "running": True,
        "instances": instances,
        "missing": [],
        "error": "",
        "pending": False,
    }
    found = {
        "changed": False,
        "loaded": True,
        "services": live(director),
        "sync_daemons": [],
        "keepalived": keepalived,
        "overrides": [],
        "addresses": [f"{address} dev eth0" for address in vips] if state == "MASTER" else [],
        "now": NOW,
    }
    if daemon:
        roles = (state.lower(),) if "instance" in daemon else ("master", "backup")
        known = {"interface": daemon["interface"], "id": daemon.get("id", 1)}
        found["sync_daemons"] = [{"role": role, **known} for role in roles]
    return copy.deepcopy({**found, **more})
