"""Measure what the issue's figures ask for on this machine, and print them as a table and as JSON.

Everything is measured in one run on one lab of bare guests, because machines differ and have moods: compare figures of
one run only.
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

from lab.lab import Lab
from tests.support.cluster import ROOT, Cluster, wait_until
from tests.support.stream import Stream

INVENTORY = ROOT / "inventories" / "nat_ha"
REPORT = ROOT / "build" / "bench.json"
BOOTS = 3
POWER_CUTS = 3
VIP, PORT, MASTER, PEER, CLIENT = "10.0.0.5", 8080, "lb1", "lb2", "client"

# Actions that Ansible carries out on the control node. All others cost a connection and a Python start on the host.
LOCAL = {
    *("add_host", "assert", "debug", "fail", "group_by", "include_role", "include_tasks", "meta", "set_fact"),
    *("include_vars", "validate_argument_spec", "lvs.cluster.plan"),
}


def remote_tasks(report: dict[str, Any]) -> dict[str, int]:
    """Tasks that were carried out on each host, from the report of Ansible's JSON callback."""
    counts: dict[str, int] = {}
    for play in report["plays"]:
        for task in play["tasks"]:
            for host, result in task["hosts"].items():
                action = str(result.get("action", "")).removeprefix("ansible.builtin.")
                local = action in LOCAL or result.get("skipped", False)
                counts[host] = counts.get(host, 0) + (not local)
    return counts


def site(lab: Lab) -> tuple[float, dict[str, Any]]:
    """Seconds and report of one run of site.yml."""
    words = [sys.executable, "-m", "lab", "run", "--name", lab.name, "--", "ansible-playbook", "lvs.cluster.site"]
    environment = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
    began = time.monotonic()
    done = subprocess.run(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return time.monotonic() - began, json.loads(done.stdout[done.stdout.index("{") :])


def boots(lab: Lab) -> list[float]:
    """Seconds of `lab up`, from nothing to five guests that answer, with the images in the cache."""
    seconds = []
    lab.up(str(INVENTORY), "bare")
    for _number in range(BOOTS):
        lab.down()
        began = time.monotonic()
        lab.up(str(INVENTORY), "bare")
        seconds.append(time.monotonic() - began)
    return seconds


def gaps(cluster: Cluster) -> list[float]:
    """Seconds without an answer that new connections see when the active director's power is cut."""
    seconds = []
    for _number in range(POWER_CUTS):
        wait_until(lambda: cluster.holders(VIP) == [MASTER], seconds=30, what=f"{MASTER} to be master")
        with Stream(cluster.lab, CLIENT, VIP, PORT, timeout=0.3) as stream:
            cluster.lab.power(MASTER, "off")
            wait_until(lambda: cluster.holders(VIP, (PEER,)) == [PEER], seconds=15, what=f"{PEER} to be master")
            cluster.serve(CLIENT, VIP, PORT, 10)
        seconds.append(stream.gap)
        cluster.lab.power(MASTER, "on")
    return seconds


def measure() -> dict[str, Any]:
    """All figures, by name."""
    cluster = Cluster(f"bench-{os.getpid()}", INVENTORY)
    try:
        up = boots(cluster.lab)
        first, _report = site(cluster.lab)
        second, report = site(cluster.lab)
        changed = {host: stats["changed"] for host, stats in report["stats"].items() if stats["changed"]}
        if changed:
            raise SystemExit(f"bench: the second run of site.yml changed something: {changed}")
        return {
            "lab_up_seconds": [round(value, 1) for value in up],
            "site_first_run_seconds": round(first, 1),
            "site_unchanged_seconds": round(second, 1),
            "site_unchanged_remote_tasks": remote_tasks(report),
            "power_cut_gap_seconds": [round(value, 2) for value in gaps(cluster)],
        }
    finally:
        cluster.lab.down()


def table(figures: dict[str, Any]) -> str:
    """The figures as lines; the median where there are several."""
    lines = []
    for name, value in figures.items():
        if isinstance(value, list):
            shown = f"{statistics.median(value):.2f}  (median of {', '.join(map(str, value))})"
        elif isinstance(value, dict):
            shown = ", ".join(f"{host} {number}" for host, number in value.items())
        else:
            shown = str(value)
        lines.append(f"{name:<28} {shown}")
    return "\n".join(lines)


def main() -> int:
    figures = measure()
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(figures, indent=1) + "\n")
    print(table(figures))
    print(json.dumps(figures))
    print(f"written to {Path(REPORT).relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
