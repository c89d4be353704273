"""Jobs of the example project on a cluster in the lab, by a user without rights who reaches no VIP."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.awx.runner import PASSWORD, Job, Runner, runner
from tests.support.cluster import ROOT, Cluster, wait_until

pytestmark = pytest.mark.late

INVENTORY = ROOT / "inventories" / "nat_ha"
PLAIN = "TCP 10.0.0.5:8080"
DESTINATIONS = {"rs1": "192.168.0.12:80", "rs2": "192.168.0.13:80"}
WEIGHTS = {"rs1": 20, "rs2": 8}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    one = Cluster(f"awx-{os.getpid()}", INVENTORY)
    try:
        one.lab.up(str(INVENTORY), "full")
        yield one
    finally:
        one.lab.down()


@pytest.fixture(scope="module")
def jobs(cluster: Cluster) -> Iterator[Runner]:
    """Jobs in the lab's network, with the twin as their inventory and a copy of the key that opens its hosts."""
    with runner(lambda words: cluster.lab.namespace.enter(*words)) as one:
        twin = json.loads(cluster.lab.twin().read_text())
        for name, variables in twin["all"]["hosts"].items():
            reached(variables, one.private / "keys", name)
        folder = one.folder / "inventory"
        folder.mkdir(mode=0o700)
        (folder / "hosts.json").write_text(json.dumps(twin))
        one.use(folder)
        yield one


def reached(variables: dict[str, Any], keys: Path, name: str) -> None:
    """Let a host be reached by the user of the jobs: with keys of its own, and no program of root's."""
    keys.mkdir(mode=0o700, exist_ok=True)
    key = keys / name
    shutil.copyfile(variables["ansible_ssh_private_key_file"], key)
    key.chmod(0o600)
    variables["ansible_ssh_private_key_file"] = str(key)
    for variable in ("ansible_ssh_executable", "ansible_control_path"):
        variables.pop(variable)
    known = keys / "known_hosts"
    words = variables["ansible_ssh_common_args"].split()
    (old,) = [word.partition("=")[2] for word in words if word.startswith("UserKnownHostsFile=")]
    shutil.copyfile(old, known)
    variables["ansible_ssh_common_args"] = " ".join(words).replace(old, str(known))
    # The password comes from AWX's credential.
    variables.pop("vault_vrrp_pass", None)


def done(job: Job) -> Job:
    assert job.status == 0, job.output
    assert PASSWORD not in job.output
    return job


def weights(cluster: Cluster, director: str) -> dict[str, int]:
    table = cluster.table(director)[PLAIN]
    return {host: table[destination] for host, destination in DESTINATIONS.items()}


def test_the_user_reaches_no_vip(jobs: Runner) -> None:
    said = jobs.execute("sh", "-c", "id -u; ip route get 10.0.0.5")
    assert said.returncode != 0, said.stdout
    assert said.stdout.splitlines()[0] != "0"


def test_site_then_verify(jobs: Runner, cluster: Cluster) -> None:
    assert set(done(jobs.run("check", {})).artifacts["lvs_check"]["hosts"]) == {"client", "lb1", "lb2", "rs1", "rs2"}
    assert set(done(jobs.run("site", {"lvs_guard": "true", "lvs_guard_threshold": "0.5"})).changed) == {
        *("lb1", "lb2", "rs1", "rs2"),
    }
    wait_until(lambda: cluster.holders("10.0.0.5") == ["lb1"], seconds=60, what="lb1 as master")
    wait_until(lambda: weights(cluster, "lb1") == WEIGHTS, seconds=60, what="both real servers")
    # It is the credential's password that the directors have.
    assert PASSWORD in cluster.run("lb1", "cat", "/etc/keepalived/keepalived.conf")
    assert done(jobs.run("site", {})).changed == {}
    verified = done(jobs.run("verify", {"lvs_verify_requests": "140", "lvs_timeout": "5", "lvs_probe_hosts": ""}))
    assert verified.artifacts["lvs_verify"]["faults"] == []
    assert verified.changed == {}


def test_status(jobs: Runner) -> None:
    report = jobs.private / "report"
    status = done(jobs.run("status", {"lvs_report_dir": str(report)}))
    assert status.artifacts["lvs_status"]
    assert {path.name for path in report.iterdir()} == {"status.json", "status.html"}


def test_drain_and_undrain(jobs: Runner, cluster: Cluster) -> None:
    answers = {"lvs_host": "rs2", "lvs_service": "", "lvs_last": "false", "lvs_alone": "false"}
    drained = done(jobs.run("drain", {**answers, "lvs_timeout": "60"}))
    assert drained.artifacts["lvs_drain"]["host"] == "rs2"
    for director in ("lb1", "lb2"):
        assert weights(cluster, director) == {**WEIGHTS, "rs2": 0}
    back = {name: answers[name] for name in ("lvs_host", "lvs_service", "lvs_alone")}
    done(jobs.run("undrain", {**back, "lvs_steps": "2", "lvs_step_seconds": "1"}))
    for director in ("lb1", "lb2"):
        assert weights(cluster, director) == WEIGHTS
