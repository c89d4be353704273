"""The part of `make bench` that runs inside a guest: the IPVS modules against ipvsadm and a bare netlink loop.

    python3 ipvs_in_guest.py FOLDER RUNS SERVICES [SERVICES…]

FOLDER holds ansible.module_utils and the collection. The last number of services is the large table, on which all is
compared; each service has 10 destinations. Prints JSON: figure -> list of seconds (or KiB), one for each run.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

FOLDER, RUNS, SIZES = sys.argv[1], int(sys.argv[2]), [int(word) for word in sys.argv[3:]]
sys.path.insert(0, FOLDER)

# Only now: the collection lies in the folder that was named on the command line.
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import netlink, plan, wire  # noqa: E402
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Table  # noqa: E402
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options  # noqa: E402
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.transport import Ipvs  # noqa: E402

DESTINATIONS = 10
BATCH = 64
ONE_MODULE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from ansible.module_utils.testing import patch_module_args
from ansible_collections.lvs.cluster.plugins.modules.ipvs_table import main
try:
    with patch_module_args(json.load(sys.stdin)):
        main()
finally:
    # Not the rusage of a child: that begins with the memory of whoever started it.
    with open("/proc/self/status") as stream:
        print(next(line.split()[1] for line in stream if line.startswith("VmHWM:")), file=sys.stderr)
"""


def services(number: int, *, changed: bool = False) -> list[dict[str, Any]]:
    """Services as a user gives them; `changed` gives 1 % of the destinations another weight."""
    count = 0
    found = []
    for service in range(number):
        destinations = []
        for last in range(DESTINATIONS):
            count += 1
            weight = 50 if changed and count % 100 == 0 else last + 1
            destinations.append({"address": f"192.168.{last}.{service % 250 + 1}", "weight": weight})
        address = f"10.{service // 62500}.{service // 250 % 250}.{service % 250 + 1}"
        found.append({"address": address, "port": 80, "scheduler": "wlc", "destinations": destinations})
    return found


def table_of(given: list[dict[str, Any]]) -> Table:
    options = Options()
    table = options.table(given)
    options.finish()
    return table


def fresh() -> None:
    """An empty table without the entries that the kernel keeps of deleted ones."""
    # Whatever a run left, a scheduler that is busy included, goes with the module.
    subprocess.run(["sh", "-c", "ipvsadm --clear; rmmod ip_vs_wlc ip_vs"], check=False, stderr=subprocess.DEVNULL)
    subprocess.run(["modprobe", "-a", "ip_vs", "ip_vs_wlc"], check=True)


def timed(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def bring(wanted: Table) -> None:
    """What the module does between its options and its result."""
    with Ipvs() as kernel:
        for batch in kernel.apply(plan.load(kernel.table(), wanted)):
            assert not batch.refused


def bare(wanted: Table) -> None:
    """The least that a program can do: encode an entry, send 64 at once, wait for their acknowledgement."""
    with Ipvs() as kernel:
        messages: list[bytes] = []

        def send() -> None:
            last = kernel._sequence
            flags = (netlink.REQUEST | netlink.ACK).to_bytes(2, sys.byteorder)
            messages[-1] = messages[-1][:6] + flags + messages[-1][8:]
            kernel._socket.send(b"".join(messages))
            messages.clear()
            for frame in kernel._receive():
                if frame.sequence == last:
                    break

        for key, entry in wanted.items():
            messages.append(kernel._frame("new_service", wire.encode_service(key, entry.settings)))
            name = wire.encode_service_key(key)
            for destination, values in entry.destinations.items():
                messages.append(kernel._frame("new_dest", name + wire.encode_destination(destination, values)))
            if len(messages) >= BATCH:
                send()
        if messages:
            send()


def ipvsadm(*words: str, stdin: str = "") -> str:
    done = subprocess.run(["ipvsadm", *words], input=stdin, capture_output=True, text=True, check=True)
    return done.stdout


def module(options: dict[str, Any]) -> tuple[float, int, dict[str, Any]]:
    """One run of ipvs_table in a Python of its own: seconds, peak memory in KiB, its result."""
    text = json.dumps(options)
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", ONE_MODULE, FOLDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    output, memory = process.communicate(text)
    seconds = time.monotonic() - start
    result: dict[str, Any] = json.loads(output)
    assert not result.get("failed"), result
    return seconds, int(memory.split()[-1]), result


def modules(figures: dict[str, list[float]], number: int) -> None:
    """The whole module, with the table in a file and in its options."""
    for name, content in (("table", services(number)), ("changed", services(number, changed=True))):
        with open(f"/run/{name}.json", "w", encoding="utf-8") as stream:
            json.dump({"services": content}, stream)

    def note(figure: str, options: dict[str, Any], operations: int) -> None:
        seconds, memory, result = module(options)
        counts = result["operations"]
        assert sum(sum(counts[kind].values()) for kind in ("services", "destinations")) == operations, counts
        figures.setdefault(figure, []).append(seconds)
        figures.setdefault(f"{figure}, peak KiB", []).append(memory)

    entries = number * (1 + DESTINATIONS)
    fresh()
    note("module, services: load", {"services": services(number)}, entries)
    note("module, services: unchanged", {"services": services(number)}, 0)
    fresh()
    note("module, src: load", {"src": "/run/table.json"}, entries)
    note("module, src: unchanged", {"src": "/run/table.json"}, 0)
    note("module, src: 1 % of the weights", {"src": "/run/changed.json"}, number * DESTINATIONS // 100)
    note("module, nothing to do", {"timeouts": {"tcp": 900}}, 0)


def profile(work: Callable[[], object]) -> list[tuple[str, int]]:
    """Where the processor's time of some work goes: function -> per cent, by samples.

    A sampler, because profilers read the clock at each call, and reading it is slow in a guest.
    """
    samples: Counter[str] = Counter()

    def sample(_signal: int, frame: FrameType | None) -> None:
        if frame is not None:
            code = frame.f_code
            samples[f"{os.path.basename(code.co_filename)}: {code.co_name}"] += 1

    signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, 0.01, 0.01)
    work()
    signal.setitimer(signal.ITIMER_PROF, 0)
    total = sum(samples.values())
    return [(name, round(100 * count / total)) for name, count in samples.most_common(8)]


def profiles(number: int) -> dict[str, list[tuple[str, int]]]:
    """Where a load and an unchanged run of the large table spend their time, options included."""
    content = services(number)

    def whole() -> None:
        for _time in range(5):
            bring(table_of(content))

    def loads() -> None:
        for _time in range(5):
            fresh()
            bring(table_of(content))

    return {"load": profile(loads), "unchanged": profile(whole)}


def main() -> None:
    figures: dict[str, list[float]] = {}

    def note(figure: str, seconds: float) -> None:
        figures.setdefault(figure, []).append(seconds)

    large = SIZES[-1]
    tables = {number: table_of(services(number)) for number in SIZES}
    saved = ""
    for _run in range(RUNS):
        for number, wanted in tables.items():
            fresh()
            note(f"load {number}", timed(partial(bring, wanted)))
            again = large // number  # a small table is read so often that its figure is as steady as the large one's
            note(f"unchanged {number}", sum(timed(partial(bring, wanted)) for _time in range(again)) / again)
        other = table_of(services(large, changed=True))
        note("1 % of the weights", timed(partial(bring, other)))
        note("unchanged again", timed(partial(bring, other)))
        note("ipvsadm -Sn", timed(lambda: ipvsadm("--save", "--numeric")))
        saved = saved or ipvsadm("--save", "--numeric")
        fresh()
        note("bare loop: load", timed(partial(bare, tables[large])))
        modules(figures, large)
        fresh()
        note("ipvsadm -R", timed(partial(ipvsadm, "--restore", stdin=saved)))
    result = {"sizes": SIZES, "runs": RUNS, "figures": figures, "profile": profiles(large)}
    fresh()
    print(json.dumps({**result, "python": sys.version.split()[0], "kernel": os.uname().release}))


if __name__ == "__main__":
    main()
