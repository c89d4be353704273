"""awx_setup.yml with the modules of awx.awx as they are, against a server that answers as AWX does."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

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
    # The image has the collections.
    assert awx.linked(organization, "galaxy_credentials") == []
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


# -- what somebody has attached

GALAXY, HUB, VAULT, VRRP = "Ansible Galaxy", "our hub", "vault", "LVS VRRP password"
FEW = {
    "lvs_awx_scm_url": "https://example.com/cluster.git",
    "__awx_templates": [{"playbook": "check", "description": "Looks", "survey": {"lvs_report_dir": {}}}],
    "__awx_steps": [],
}


def with_credentials(*names: str) -> Controller:
    controller = Controller(["check.yml"])
    for name in names:
        controller.add("credentials", {"name": name, "inputs": {}})
    return controller


def attached(controller: Controller, kind: str, name: str, link: str) -> list[str]:
    names = {one["id"]: one["name"] for one in controller.items["credentials"]}
    return [names[one] for one in controller.linked(controller.named(kind, name), link)]


@pytest.mark.parametrize(
    ("given", "before", "after"),
    [
        ({}, None, [GALAXY]),
        ({}, [], [GALAXY]),
        ({"lvs_awx_galaxy_credentials": ""}, [HUB], [HUB]),
        ({"lvs_awx_image": "example.com/lvs-ee:1"}, None, []),
        ({"lvs_awx_image": "example.com/lvs-ee:1", "lvs_awx_galaxy_credentials": [HUB]}, None, [HUB]),
        ({"lvs_awx_galaxy_credentials": f"{HUB}, {GALAXY}"}, [VAULT, GALAXY], [HUB, GALAXY]),
    ],
)
def test_the_organization_can_install_collections(
    given: dict[str, object], before: list[str] | None, after: list[str]
) -> None:
    controller = with_credentials(GALAXY, HUB, VAULT)
    if before is not None:
        organization = controller.add("organizations", {"name": "LVS"})
        ids = [controller.named("credentials", name)["id"] for name in before]
        controller.links[f"{organization['url']}galaxy_credentials/"] = ids
    with serving(controller) as address:
        for number in range(2):
            one = set_up(address, {**FEW, "lvs_awx_vrrp": False, **given})
            assert one.status == 0, one.output
            assert attached(controller, "organizations", "LVS", "galaxy_credentials") == after
            assert number == 0 or one.changed == {}


def test_a_user_who_cannot_see_the_credential_of_galaxy_needs_none() -> None:
    controller = with_credentials()
    with serving(controller) as address:
        one = set_up(address, {**FEW, "lvs_awx_vrrp": False})
    assert one.status == 0, one.output
    assert attached(controller, "organizations", "LVS", "galaxy_credentials") == []


def test_a_template_keeps_the_credentials_that_it_was_given_by_hand() -> None:
    controller = with_credentials(MACHINE, VAULT)

    def credentials() -> list[str]:
        return sorted(attached(controller, "job_templates", "LVS check", "credentials"))

    with serving(controller) as address:
        one = set_up(address, {**FEW, "lvs_awx_vrrp": False})
        assert one.status == 0, one.output
        assert credentials() == []
        template = controller.named("job_templates", "LVS check")
        ids = [controller.named("credentials", name)["id"] for name in (MACHINE, VAULT)]
        controller.links[f"{template['url']}credentials/"] = ids
        again = set_up(address, {**FEW, "lvs_awx_vrrp": False})
        assert (again.status, again.changed) == (0, {}), again.output
        assert credentials() == [MACHINE, VAULT]
        # A password that comes later is one more.
        for _number in range(2):
            one = set_up(address, FEW, LVS_VRRP_PASS=PASSWORD)
            assert one.status == 0, one.output
            assert credentials() == [VRRP, MACHINE, VAULT]
        assert one.changed == {}
        # These, and no others.
        one = set_up(address, {**FEW, "lvs_awx_credentials": [VAULT]})
        assert one.status == 0, one.output
        assert credentials() == [VRRP, VAULT]


# -- what is wrong is told


def test_everything_that_is_missing_is_told_at_once() -> None:
    nothing = run("ansible-playbook", "lvs.cluster.awx_setup")
    assert nothing.status != 0
    told = " ".join(nothing.output.split())
    assert "lvs_awx_scm_url is not given" in told
    assert "CONTROLLER_HOST is not in the environment" in told
    assert "awx.awx is not installed" not in told


def test_a_missing_awx_awx_is_told(tmp_path: Path) -> None:
    for name in ("lvs.cluster", "community.general", "ansible.utils"):
        namespace, _dot, collection = name.partition(".")
        place = tmp_path / "ansible_collections" / namespace / collection
        place.parent.mkdir(parents=True)
        place.symlink_to(Path(str(import_module(f"ansible_collections.{name}").__path__[0])))
    nothing = run(
        *("ansible-playbook", "lvs.cluster.awx_setup"),
        **{"ANSIBLE_COLLECTIONS_PATH": str(tmp_path), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"},
    )
    assert nothing.status != 0
    assert "the collection awx.awx is not installed" in " ".join(nothing.output.split())


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
