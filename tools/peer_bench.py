"""Measure an unchanged run of ours beside one of another keepalived role, in one lab, one after the other.

`python -m tools.peer_bench FOLDER` with a checkout of the role (evrardjp's variables are written for it). The other
role sees the same two directors, the same VRRP instance and the same virtual services.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from lab.lab import Lab
from tests.support.cluster import ROOT, Cluster
from tools.bench import INVENTORY, remote_tasks

RUNS = 5


def peer_variables() -> dict[str, Any]:
    """inventories/nat_ha's directors in the words of evrardjp's role."""
    ours = yaml.safe_load((INVENTORY / "group_vars/directors/main.yml").read_text())
    real_servers = [
        {
            "ip": address,
            "port": 80,
            "weight": weight,
            "tcp_checks": [{"connect_timeout": 2, "connect_port": 80}],
        }
        for address, weight in (("192.168.0.12", 20), ("192.168.0.13", 8))
    ]
    return {
        "keepalived_use_latest_stable": False,
        # The guests have the package and reach no mirror: their package lists are as new as they get.
        "cache_timeout": 10**9,
        "keepalived_instances": {
            "external": {
                "interface": "eth0",
                "state": "{{ 'MASTER' if inventory_hostname == 'lb1' else 'BACKUP' }}",
                "virtual_router_id": 51,
                "priority": "{{ 200 if inventory_hostname == 'lb1' else 150 }}",
                "vips": ["10.0.0.5/24", "192.168.0.1/24 dev eth1"],
            }
        },
        "keepalived_virtual_servers": [
            {
                "ip": service["address"],
                "port": service["port"],
                "delay_loop": service["delay_loop"],
                "protocol": "TCP",
                "lvs_sched": "wlc",
                "lvs_method": "NAT",
                "real_servers": real_servers,
            }
            for service in ours["lvs_virtual_services"]
        ],
    }


def run(lab: Lab, *words: str) -> tuple[float, dict[str, Any]]:
    """Seconds and report of one playbook run on the directors."""
    command = [sys.executable, "-m", "lab", "run", "--name", lab.name, "--", "ansible-playbook", *words]
    environment = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
    began = time.monotonic()
    done = subprocess.run(
        [*command, "--limit", "directors"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"peer_bench: {' '.join(words)} ended with {done.returncode}:\n{done.stdout}")
    return time.monotonic() - began, json.loads(done.stdout[done.stdout.index("{") :])


def series(lab: Lab, *words: str) -> dict[str, Any]:
    """The seconds and tasks of runs that change nothing, after one that may."""
    run(lab, *words)
    seconds = []
    for _number in range(RUNS):
        took, report = run(lab, *words)
        changed = {host: stats["changed"] for host, stats in report["stats"].items() if stats["changed"]}
        if changed:
            raise SystemExit(f"peer_bench: a run that should change nothing changed {changed}")
        seconds.append(round(took, 1))
    return {"seconds": seconds, "median": statistics.median(seconds), "remote_tasks": remote_tasks(report)}


def main() -> int:
    role = Path(sys.argv[1]).resolve()
    cluster = Cluster(f"peer-bench-{os.getpid()}", INVENTORY)
    folder = cluster.lab.folder
    try:
        cluster.lab.up(str(INVENTORY), "full")
        ours = series(cluster.lab, "lvs.cluster.site")
        play = folder / "peer.yml"
        play.write_text(
            yaml.safe_dump([{"hosts": "directors", "become": True, "vars": peer_variables(), "roles": [str(role)]}])
        )
        theirs = series(cluster.lab, str(play))
    finally:
        cluster.lab.down()
    print(json.dumps({"ours": ours, "theirs": theirs, "ratio": round(ours["median"] / theirs["median"], 2)}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
