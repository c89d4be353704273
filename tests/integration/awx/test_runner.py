"""Every playbook of the example project as a job that reaches no host: it reads its answers and stops cleanly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.awx.runner import EXAMPLE, PASSWORD, USER, Job, Runner, answered, files, runner
from tests.support.cluster import ROOT
from tests.unit.awx.test_surveys import PLAYBOOKS, survey

# Addresses that no route leads to, and nothing that a host could be asked by.
UNREACHED = {"ansible_host": "198.51.100.1", "ansible_python_interpreter": "/nonexistent/python3"}
CLUSTER = EXAMPLE / "inventories" / "cluster"

# What a person answers beyond the defaults.
ANSWERS: dict[str, dict[str, str]] = {
    "absent": {"lvs_confirm": "default"},
    "adopt": {"lvs_report_dir": "REPORT"},
    "buckets": {"lvs_host": "web1", "lvs_bucket": "1", "lvs_bucket_state": "taken"},
    "check": {"lvs_report_dir": "REPORT"},
    "connections": {"lvs_client": "10.0.0.100"},
    "drain": {"lvs_host": "rs1"},
    "failover": {"lvs_host": "lb2"},
    "maintenance": {"lvs_service": "web", "lvs_last": "true"},
    "metrics": {"lvs_metrics": "true"},
    "rollback": {},
    "rolling": {"lvs_service": "web", "lvs_command": "true"},
    "site": {},
    "status": {},
    "undrain": {"lvs_host": "rs1"},
    "upgrade": {},
    "verify": {},
    "weight": {"lvs_host": "rs1", "lvs_weight": "5"},
}
# How these end where no host answers, with what status; the others stop at a host that they need.
ENDS: dict[str, tuple[int, str]] = {
    "adopt": (2, "Nothing was written. Mend these, or take them out of the inventory"),
    "check": (0, "lb1: director, cluster default"),
    "connections": (2, "lb1 could not be asked: Task failed: Failed to connect to the host via ssh"),
    "status": (0, "lb1: what this director does is not known: Task failed: Failed to connect to the host via ssh"),
    "verify": (2, "rs1: it could not be compared with its plan: it was not reached"),
}


@pytest.fixture(scope="module")
def job() -> Iterator[Runner]:
    with runner() as one:
        yield one


def launch(job: Runner, playbook: str, answers: dict[str, Any]) -> Job:
    if playbook == "buckets":
        job.use(ROOT / "inventories" / "clusterip", UNREACHED)
    else:
        job.use(CLUSTER, UNREACHED)
    report = str(job.private / f"report-{job.jobs}")
    return job.run(playbook, {name: report if value == "REPORT" else value for name, value in answers.items()})


def reached_the_plan(done: Job, playbook: str) -> None:
    """It has read its answers and tried hosts, if it needs any, and told what stopped it."""
    assert "Traceback" not in done.output, done.output
    assert "is undefined" not in done.output, done.output
    assert PASSWORD not in done.output
    if playbook in ENDS:
        status, words = ENDS[playbook]
        assert words in done.text, done.output
        assert done.status == status
    else:
        assert done.status != 0
        assert "UNREACHABLE!" in done.output, done.output
    if playbook not in ("check", "metrics"):
        assert re.search(r"unreachable|could not be|Network is", done.output), done.output
    # The first play looks at the inventory alone; who stops there has not taken the answers.
    first = done.output.partition("PLAY [")[2].partition("PLAY [")[0]
    assert "FAILED!" not in first, done.output


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_answers_are_text(job: Runner, playbook: str) -> None:
    before = files(job.collections)
    reached_the_plan(launch(job, playbook, answered(playbook, **ANSWERS[playbook])), playbook)
    assert files(job.collections) == before


@pytest.mark.late
@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_an_answer_that_is_left_empty_is_none(job: Runner, playbook: str) -> None:
    empty = dict.fromkeys(survey(playbook), "")
    reached_the_plan(launch(job, playbook, {**empty, **ANSWERS[playbook]}), playbook)


@pytest.mark.parametrize(
    ("playbook", "answers", "text"),
    [
        ("drain", {"lvs_host": "rs9"}, "lvs_host: rs9 is no host of this inventory"),
        (
            "drain",
            {"lvs_host": "rs1", "lvs_servcie": "plain"},
            "lvs_servcie: is an extra variable that no playbook reads",
        ),
        ("undrain", {"lvs_host": "rs1", "lvs_steps": "many"}, "lvs_steps, if it is, as a number from 1 to 100"),
        ("weight", {"lvs_host": "rs1", "lvs_weight": "heavy"}, "lvs_weight as a whole number from 0"),
        ("connections", {"lvs_client": "somebody"}, "somebody"),
        ("failover", {"lvs_host": "rs1"}, "rs1"),
        ("upgrade", {"lvs_reboot": "maybe"}, "lvs_reboot: is 'maybe', which is not known; write true, false or auto"),
        ("absent", {"lvs_confirm": "other"}, "lvs_confirm"),
        ("rolling", {"lvs_service": "web"}, "Say what to do"),
    ],
)
def test_a_wrong_answer_is_one_clear_error(job: Runner, playbook: str, answers: dict[str, str], text: str) -> None:
    done = launch(job, playbook, answers)
    assert done.status == 2
    assert text in done.text
    assert len(re.findall(r"^fatal: ", done.output, flags=re.MULTILINE)) == 1, done.output
    assert "UNREACHABLE" not in done.output


def test_check_is_complete(job: Runner) -> None:
    done = launch(job, "check", {"lvs_report_dir": "REPORT"})
    assert done.status == 0, done.output
    assert set(done.artifacts["lvs_check"]["hosts"]) == {"client", "lb1", "lb2", "rs1", "rs2"}
    report = job.private / f"report-{job.jobs - 1}"
    assert {path.name for path in report.iterdir()} == {"check.txt", "check.mmd", "check.svg", "check.json"}
    assert {path.stat().st_uid for path in report.iterdir()} == {report.stat().st_uid} != {0}


def test_every_playbook_is_a_job_in_the_lab() -> None:
    """That it goes well there is shown by the tests that this reads, which boot guests."""
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test*_in_the_lab.py"))
    assert sorted(set(re.findall(r'done\(jobs\.run\("(\w+)"', text))) == PLAYBOOKS


def test_every_playbook_of_the_project_is_understood(job: Runner) -> None:
    job.use(CLUSTER)
    names = [f"{name}.yml" for name in PLAYBOOKS]
    project = str(job.private / "project")
    command = ["ansible-playbook", "-i", f"{job.private}/inventory/hosts.yml", "--syntax-check", *names]
    done = job.execute("sh", "-c", 'cd "$1"; shift; exec "$@"', "sh", project, *command)
    assert done.returncode == 0, done.stdout
    assert re.findall(r"^playbook: (.*)$", done.stdout, flags=re.MULTILINE) == names


# -- the sandbox's own teeth


def test_the_job_can_write_nothing_of_the_collection_and_reach_nobody(job: Runner) -> None:
    inside = job.collections / "ansible_collections" / "lvs" / "cluster"
    script = "id -u; grep -c 0 /proc/net/route; grep CapBnd /proc/self/status; touch $1/x; touch /root/x"
    done = job.execute("sh", "-c", script, "sh", str(inside))
    assert done.stdout.splitlines()[:2] == [str(USER), "0"]
    assert re.search(r"CapBnd:\s+0+$", done.stdout, flags=re.MULTILINE)
    assert "Read-only file system" in done.stdout
    assert done.stdout.count("cannot touch") == 2, done.stdout
    assert not (Path("/root") / "x").exists()
