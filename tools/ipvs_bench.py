"""The figures of the IPVS modules: runs tools/ipvs_in_guest.py in a guest of its own and judges what it measured.

Ratios count, not seconds: machines differ and have moods, so everything is compared within one run.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.support.cluster import ROOT, Cluster
from tests.support.guest_modules import FOLDER, GuestModules

RUNS = 5
SIZES = (91, 910, 5000)  # services with 10 destinations each: 1,001, 10,010 and 55,000 entries
LARGE = SIZES[-1]
ENTRIES = {size: size * 11 for size in SIZES}
HOST = "box"
MEMORY_LIMIT_MIB = 250


def measure() -> dict[str, Any]:
    """What the guest measured: {"figures": {name: [seconds]}, "profile": …, "python": …, "kernel": …}."""
    with tempfile.TemporaryDirectory() as folder:
        inventory = Path(folder) / "inventory.json"
        hosts = {HOST: {"lvs_interfaces": {"eth0": "10.9.0.1/24"}}}
        inventory.write_text(json.dumps({"lab_only": {"hosts": hosts}}))
        cluster = Cluster(f"ipvs-bench-{os.getpid()}", inventory)
        try:
            cluster.lab.up(str(inventory), "full")
            GuestModules(cluster, HOST).close()
            program = f"{FOLDER}/ipvs_in_guest.py"
            cluster.run(HOST, "tee", program, stdin=(ROOT / "tools" / "ipvs_in_guest.py").read_text())
            words = ("python3", program, FOLDER, str(RUNS), *map(str, SIZES))
            measured: dict[str, Any] = json.loads(cluster.run(HOST, *words, seconds=3600))
            return measured
        finally:
            cluster.lab.down()


def median(measured: dict[str, Any], name: str) -> float:
    return float(statistics.median(measured["figures"][name]))


def judge(measured: dict[str, Any]) -> list[tuple[str, float, float]]:
    """What the modules promise: name, the ratio as measured (of medians), and the most that it may be."""

    def ratio(one: str, other: str) -> float:
        return median(measured, one) / median(measured, other)

    def an_entry(what: str, size: int) -> float:
        return median(measured, f"{what} {size}") / ENTRIES[size]

    load, unchanged = f"load {LARGE}", f"unchanged {LARGE}"
    memory = max(max(values) for name, values in measured["figures"].items() if name.endswith("peak KiB"))
    growth = [
        (f"{what}: cost of an entry, {ENTRIES[size]} against {ENTRIES[smaller]} entries",
         an_entry(what, size) / an_entry(what, smaller), 1.25)
        for what in ("load", "unchanged") for smaller, size in pairwise(SIZES)
    ]  # fmt: skip
    return [
        ("load / ipvsadm -R", ratio(load, "ipvsadm -R"), 1 / 8),
        ("load / bare loop", ratio(load, "bare loop: load"), 1.6),
        ("unchanged / ipvsadm -Sn", ratio(unchanged, "ipvsadm -Sn"), 0.6),
        ("1 % of the weights / unchanged", ratio("1 % of the weights", "unchanged again"), 1.3),
        ("module, src: load / ipvsadm -R", ratio("module, src: load", "ipvsadm -R"), 1 / 3),
        ("module, services: load / ipvsadm -R", ratio("module, services: load", "ipvsadm -R"), 1 / 3),
        ("module, src: unchanged / ipvsadm -Sn", ratio("module, src: unchanged", "ipvsadm -Sn"), 2.2),
        ("module, services: unchanged / ipvsadm -Sn", ratio("module, services: unchanged", "ipvsadm -Sn"), 2.2),
        ("module, src: 1 % of the weights / unchanged",
         ratio("module, src: 1 % of the weights", "module, src: unchanged"), 1.3),
        ("peak memory, MiB", memory / 1024, MEMORY_LIMIT_MIB),
        *growth,
    ]  # fmt: skip


def report(measured: dict[str, Any]) -> str:
    """Figures, ratios and profile as text."""
    lines = [f"Python {measured['python']}, kernel {measured['kernel']}, median of {RUNS} runs", ""]
    for name in measured["figures"]:
        lines.append(f"{name:<48} {median(measured, name):12.4f}")
    lines += ["", f"{'':<64}   measured   at most"]
    for name, value, limit in judge(measured):
        lines.append(f"{name:<64} {value:10.3f} {limit:9.3f}  {'ok' if value <= limit else 'MISSED'}")
    for name, rows in measured["profile"].items():
        lines += ["", f"{name}, per cent of the samples:", *(f"{share:>6} {where}" for where, share in rows)]
    return "\n".join(lines)


def main() -> int:
    """Print what was measured; 1 if a promise was missed."""
    measured = measure()
    file = ROOT / "build" / "ipvs_bench.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(measured) + "\n")
    print(report(measured))
    return int(any(value > limit for _name, value, limit in judge(measured)))


if __name__ == "__main__":
    sys.exit(main())
