"""awx_setup.yml with the modules of awx.awx as they are, against a server that answers as AWX does."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests.integration.awx.controller import TOKEN, Controller, serving
from tests.support.cluster import ROOT, Run

# Each run asks the server some two hundred times, by a module of its own: make awx has the time.
pytestmark = pytest.mark.late

PASSWORD = "sEcr3t-9"
PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml") if path.stem != "awx_setup")
MACHINE = "reach the hosts"
GIVEN = {
    "lvs_awx_scm_url": "https://example.com/cluster.git",
    "lvs_awx_image": "example.com/lvs-ee:1",
    "lvs_awx_credentials": MACHINE,
}


def run(*words: str, **environment: str) -> Run:
    """Run a program of Ansible with nothing of AWX in its environment but what is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONTROLLER_", "TOWER_", "LVS_"))}
    done = subprocess.run(
        words, env={**kept, "ANSIBLE_NOCOLOR": "1", "no_proxy": "*", **environment}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return Run(done.returncode, done.stdout)


def set_up(address: str, given: Mapping[str, object], **environment: str) -> Run:
    return run(
        *("ansible-playbook", "-vvv", "lvs.cluster.awx_setup", "--extra-vars", json.dumps(given)),
        **{"CONTROLLER_HOST": address, "CONTROLLER_OAUTH_TOKEN": TOKEN, **environment},
    )


@dataclass(frozen=True)
class Done:
    """Two runs, and what AWX has after them."""

    controller: Controller
    address: str
    first: Run
    second: Run
    writes: int


@pytest.fixture(scope="module")
def done() -> Iterator[Done]:
    controller = Controller([f"{name}.yml" for name in PLAYBOOKS])
    controller.add("credentials", {"name": MACHINE, "inputs": {}})
    with serving(controller) as address:
        first = set_up(address, GIVEN, LVS_VRRP_PASS=PASSWORD)
        writes = controller.writes
        # The password need not be said again.
        second = set_up(address, GIVEN)
        yield Done(controller, address, first, second, writes)


def test_it_makes_all_of_it_and_again_nothing(done: Done) -> None:
    assert done.first.status == 0, done.first.output
    assert done.second.status == 0, done.second.output
    assert done.second.changed == {}
    assert "changed: [localhost]" not in done.second.output
    assert len(done.controller.items["job_templates"]) == len(PLAYBOOKS)


def test_no_secret_is_shown(done: Done) -> None:
    assert done.controller.secrets == [PASSWORD]
    for one in (done.first, done.second):
        assert PASSWORD not in one.output
        assert TOKEN not in one.output


def test_project_and_inventory_belong_together(done: Done) -> None:
    awx = done.controller
    (organization,) = awx.items["organizations"]
    project = awx.named("projects", "LVS")
    assert (project["scm_type"], project["scm_url"]) == ("git", GIVEN["lvs_awx_scm_url"])
    environment = awx.named("execution_environments", "LVS")
    assert environment["image"] == GIVEN["lvs_awx_image"]
    assert (project["organization"], project["default_environment"]) == (organization["id"], environment["id"])
    source = awx.named("inventory_sources", "LVS")
    assert (source["source"], source["source_project"]) == ("scm", project["id"])
    assert (ROOT / "examples" / "awx" / source["source_path"]).is_file()
    assert source["inventory"] == awx.named("inventories", "LVS")["id"]
    assert (source["overwrite"], source["overwrite_vars"], source["update_on_launch"]) == (True, True, True)


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_job_template(done: Done, playbook: str) -> None:
    awx = done.controller
    template = awx.named("job_templates", f"LVS {playbook}")
    assert template["playbook"] == f"{playbook}.yml"
    assert template["project"] == awx.named("projects", "LVS")["id"]
    assert template["inventory"] == awx.named("inventories", "LVS")["id"]
    assert template["execution_environment"] == awx.named("execution_environments", "LVS")["id"]
    assert (template["job_slice_count"], template["allow_simultaneous"]) == (1, False)
    assert (template["become_enabled"], template["use_fact_cache"], template["survey_enabled"]) == (False, False, True)
    names = {awx.named("credentials", name)["id"] for name in (MACHINE, "LVS VRRP password")}
    assert set(awx.linked(template, "credentials")) == names
    assert awx.survey(f"LVS {playbook}")["spec"]


def test_workflow_waits_for_a_person_before_it_changes_anything(done: Done) -> None:
    awx = done.controller
    workflow = awx.named("workflow_job_templates", "LVS")
    assert workflow["allow_simultaneous"] is False
    nodes = {node["id"]: node for node in awx.items["workflow_job_template_nodes"]}
    assert {node["workflow_job_template"] for node in nodes.values()} == {workflow["id"]}
    after = {
        node["identifier"]: [nodes[one]["identifier"] for one in awx.linked(node, "success_nodes")]
        for node in nodes.values()
    }
    assert after == {"check": ["approve"], "approve": ["site"], "site": ["verify"], "verify": []}
    for step in ("check", "site", "verify"):
        node = awx.named("workflow_job_template_nodes", step, "identifier")
        assert node["unified_job_template"] == awx.named("job_templates", f"LVS {step}")["id"]
    (approval,) = awx.items["workflow_approval_templates"]
    assert awx.named("workflow_job_template_nodes", "approve", "identifier")["unified_job_template"] == approval["id"]


def test_password_reaches_the_inventory_s_variable(done: Done) -> None:
    (of,) = done.controller.items["credential_types"]
    assert of["injectors"] == {"extra_vars": {"vault_vrrp_pass": "{{ vrrp_pass }}"}}
    assert [(field["id"], field["secret"]) for field in of["inputs"]["fields"]] == [("vrrp_pass", True)]
    text = (ROOT / "examples" / "awx" / "inventories" / "cluster" / "group_vars" / "directors.yml").read_text()
    assert "{{ vault_vrrp_pass }}" in text


# -- what is wrong is told


def test_everything_that_is_missing_is_told_at_once() -> None:
    nothing = run("ansible-playbook", "lvs.cluster.awx_setup")
    assert nothing.status != 0
    told = " ".join(nothing.output.split())
    assert "lvs_awx_scm_url is not given" in told
    assert "CONTROLLER_HOST is not in the environment" in told
    assert "awx.awx is not installed" not in told


def test_a_password_that_nobody_knows_is_told_before_anything_is_made() -> None:
    controller = Controller([f"{name}.yml" for name in PLAYBOOKS])
    with serving(controller) as address:
        one = set_up(address, {"lvs_awx_scm_url": "https://example.com/x.git"})
    assert one.status != 0
    told = " ".join(one.output.split())
    assert "LVS_VRRP_PASS is not in the environment, and AWX has no credential LVS VRRP password" in told
    assert "set lvs_awx_vrrp to false" in told
    assert controller.writes == 0


def test_a_project_that_lacks_a_playbook_is_told() -> None:
    controller = Controller(["check.yml"])
    with serving(controller) as address:
        one = set_up(address, {"lvs_awx_scm_url": "https://example.com/x.git", "lvs_awx_vrrp": False})
    assert one.status != 0
    assert "Playbook not found for project: absent.yml" in one.output
    assert controller.items["credential_types"] == []


# -- the test's own teeth: the modules are the real ones


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("name=x organisation=LVS", "Unsupported parameters"),
        ("name=x job_type=dry", "value of job_type must be one of: run, check"),
        ("name=x job_slice_count=one", "job_slice_count"),
        ("job_type=run", "missing required arguments: name"),
    ],
)
def test_a_wrong_option_is_refused(done: Done, arguments: str, text: str) -> None:
    module = ("ansible", "localhost", "-m", "awx.awx.job_template", "-a", arguments)
    one = run(*module, CONTROLLER_HOST=done.address, CONTROLLER_OAUTH_TOKEN=TOKEN)
    assert one.status != 0
    assert text in one.output
