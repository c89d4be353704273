"""Measure what many virtual services cost: planning and writing them on this machine, and a run that changes nothing.

`python -m tools.scale_bench` plans and writes 10 and 1,000 virtual services with 10 real servers each, and runs
site.yml on directors that have them, in one lab.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.support.cluster import Cluster
from tools.bench import INVENTORY, remote_tasks, site

SIZES = (10, 1000)
REAL_SERVERS = 10
ROUNDS = 5
FILE = "group_vars/directors/main.yml"


def services(number: int) -> list[dict[str, Any]]:
    """Virtual services on ports of one VIP, each with machines of its own as real servers, and a check for each."""
    return [
        {
            "name": f"service{at}",
            "address": "10.0.0.5",
            "port": 10000 + at,
            "health_checks": [{"type": "tcp", "connect_timeout": 2}],
            "real_servers": [{"address": f"192.168.0.{20 + one}", "port": 80} for one in range(REAL_SERVERS)],
        }
        for at in range(number)
    ]


def control_node(number: int) -> dict[str, float]:
    """Median seconds of checking the inventory and of writing one director's configuration."""
    variables = yaml.safe_load((INVENTORY / FILE).read_text())
    variables["lvs_virtual_services"] = services(number)
    variables["lvs_vrrp_instances"][0]["authentication"]["auth_pass"] = "measured"
    interfaces = {"lb1": ("10.0.0.3/24", "192.168.0.2/24"), "lb2": ("10.0.0.4/24", "192.168.0.3/24")}
    hosts = {
        name: {**variables, "lvs_interfaces": {"eth0": outside, "eth1": inside}}
        for name, (outside, inside) in interfaces.items()
    }
    inventory = {"hosts": hosts, "groups": {"all": list(hosts), "directors": list(hosts)}}
    checked, written = [], []
    for _round in range(ROUNDS):
        began = time.monotonic()
        planned = plan(inventory)
        middle = time.monotonic()
        if planned["faults"]:
            raise SystemExit(f"scale_bench: the inventory is wrong: {planned['faults'][0]}")
        render(tree(planned["hosts"]["lb1"]["director"]))
        checked.append(middle - began)
        written.append(time.monotonic() - middle)
    return {"check": round(statistics.median(checked), 2), "render": round(statistics.median(written), 2)}


def directors(number: int, folder: Path) -> dict[str, Any]:
    """Seconds and remote tasks of a run that changes nothing."""
    inventory = folder / f"nat_ha_{number}"
    shutil.copytree(INVENTORY, inventory)
    variables = yaml.safe_load((inventory / FILE).read_text())
    variables["lvs_virtual_services"] = services(number)
    (inventory / FILE).write_text(yaml.safe_dump(variables))
    cluster = Cluster(f"scale-{os.getpid()}", inventory)
    try:
        cluster.lab.up(str(inventory), "full")
        first, _report = site(cluster.lab)
        seconds, report = site(cluster.lab)
        changed = {host: stats["changed"] for host, stats in report["stats"].items() if stats["changed"]}
        if changed:
            raise SystemExit(f"scale_bench: the second run changed something: {changed}")
        return {"first": round(first, 1), "unchanged": round(seconds, 1), "remote_tasks": remote_tasks(report)}
    finally:
        cluster.lab.down()


def main() -> int:
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in SIZES:
            figures[number] = {**control_node(number), **directors(number, Path(folder))}
            print(f"{number} x {REAL_SERVERS}: {json.dumps(figures[number])}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
