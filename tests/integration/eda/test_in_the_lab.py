"""Two directors in the lab, followed over SSH: what happens to them becomes events, and the rulebook drains."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.extensions.eda.plugins.event_source import state
from tests.integration.eda.rulebook import running
from tests.support.cluster import ROOT, Cluster, booted, wait_until

SERVICE, SERVER = "tcp 10.0.0.5:8080", "192.168.0.12:80"
ENTRY = "TCP 10.0.0.5:8080"
SECONDS = 120.0

pytestmark = pytest.mark.late


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with booted("eda", ROOT / "inventories" / "nat_ha") as found:
        run = found.playbook("site")
        assert run.status == 0, run.output
        yield found


@pytest.fixture
def reached(cluster: Cluster, tmp_path: Path) -> dict[str, Any]:
    """How the source gets to the directors: its arguments, with the lab's ssh in the test's folder."""
    argv = [sys.executable, "-m", "ansible", "inventory", "-i", str(cluster.lab.twin()), "--list"]
    listing = json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)
    variables = {name: listing["_meta"]["hostvars"][name] for name in ("lb1", "lb2")}
    one = variables["lb1"]
    (tmp_path / "ssh").symlink_to(one["ansible_ssh_executable"])
    hosts = [
        {"name": name, "address": mine["ansible_host"], "user": mine["ansible_user"], "port": mine["ansible_port"]}
        for name, mine in variables.items()
    ]
    words = ["-i", one["ansible_ssh_private_key_file"], *shlex.split(one["ansible_ssh_common_args"])]
    return {"hosts": hosts, "ssh_args": words}


def wait_for_pool(cluster: Cluster, director: str, right: Callable[[dict[str, int]], bool], *, what: str) -> None:
    """Wait for the real servers and weights that the director has in its table."""
    wait_until(lambda: right(cluster.table(director).get(ENTRY, {})), seconds=SECONDS, what=f"{what} on {director}")


def wait_for_both(cluster: Cluster) -> None:
    """lb1 serves, and both real servers are in its pool."""
    wait_until(lambda: cluster.holders("10.0.0.5") == ["lb1"], seconds=SECONDS, what="lb1 to be master")
    for name in ("lb1", "lb2"):
        wait_for_pool(cluster, name, lambda pool: len(pool) == 2, what="both real servers")


def events_of(args: dict[str, Any], work: Callable[[Callable[..., Awaitable[None]]], Awaitable[None]]) -> None:
    """Follow while ``work`` is done, which is handed a function that waits for an event with such values."""
    seen: list[dict[str, Any]] = []

    async def run() -> None:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        task = asyncio.create_task(state.main(queue, args))

        async def until(**values: Any) -> None:
            wanted = {name.rstrip("_"): value for name, value in values.items()}
            try:
                async with asyncio.timeout(SECONDS):
                    while not any(wanted.items() <= event.items() for event in seen):
                        seen.append(await queue.get())
            except TimeoutError:
                raise AssertionError(f"no event {wanted} within {SECONDS} s: {seen}") from None

        try:
            await work(until)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def test_what_happens_becomes_events(cluster: Cluster, reached: dict[str, Any], tmp_path: Path) -> None:
    wait_for_both(cluster)

    async def work(until: Callable[..., Awaitable[None]]) -> None:
        for host, word in (("lb1", "MASTER"), ("lb2", "BACKUP")):
            await until(type="vrrp_state", host=host, instance="VI_1", from_=None, to=word)
        await until(type="virtual_service", host="lb1", service=SERVICE, change="added")
        server = {"type": "real_server", "service": SERVICE, "real_server": SERVER, "address": "192.168.0.12"}
        await asyncio.to_thread(cluster.run, "rs1", "systemctl", "stop", "nginx")
        for host, active in (("lb1", True), ("lb2", False)):
            await until(**server, host=host, change="removed", from_=20, to=None, active=active)
        await asyncio.to_thread(cluster.run, "rs1", "systemctl", "start", "nginx")
        for host in ("lb1", "lb2"):
            await until(**server, host=host, change="added", from_=None, to=20)
        await asyncio.to_thread(cluster.lab.power, "lb1", "off")
        await until(type="vrrp_state", host="lb2", instance="VI_1", from_="BACKUP", to="MASTER")
        await until(type="director", host="lb1", change="lost")
        await asyncio.to_thread(cluster.lab.power, "lb1", "on")
        await until(type="director", host="lb1", change="back")
        await until(type="vrrp_state", host="lb2", instance="VI_1", from_="MASTER", to="BACKUP")

    path = os.environ["PATH"]
    os.environ["PATH"] = f"{tmp_path}:{path}"
    try:
        events_of({**reached, "initial": True}, work)
    finally:
        os.environ["PATH"] = path


def test_a_real_server_that_comes_and_goes_is_drained(
    cluster: Cluster, reached: dict[str, Any], tmp_path: Path
) -> None:
    wait_for_both(cluster)
    variables = {"lvs_eda_hosts": reached["hosts"], "lvs_eda_ssh_args": reached["ssh_args"]}
    told = f"lb1: {SERVER} left {SERVICE} three times within ten minutes, and is going to be drained"
    with running(tmp_path, cluster.lab.twin(), variables) as output:
        # What happens before the directors are followed is no event, so three times may be too few.
        for _time in range(10):
            if told in output.text:
                break
            cluster.run("rs1", "systemctl", "stop", "nginx")
            wait_until(lambda: SERVER not in cluster.table("lb1")[ENTRY], seconds=SECONDS, what="rs1 to leave the pool")
            cluster.run("rs1", "systemctl", "start", "nginx")
            wait_until(lambda: SERVER in cluster.table("lb1")[ENTRY], seconds=SECONDS, what="rs1 to come back")
        output.until(told, SECONDS)
        for name in ("lb1", "lb2"):
            wait_for_pool(cluster, name, lambda pool: pool.get(SERVER) == 0, what="rs1 to have weight 0")
    assert cluster.serve("client", "10.0.0.5", 8080, 20) == {"rs2": 20}
