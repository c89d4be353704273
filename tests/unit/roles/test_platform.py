"""What each system is taken for: real facts of a host with that system's files in /etc, and the roles on it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.unit.plugins.netns import COLLECTIONS, REPOSITORY, Host

VARS = REPOSITORY / "roles/platform/vars"
FILES = sorted(path.stem for path in VARS.glob("*.yml") if path.stem != "main")
_FACTS = """
import json
from ansible_collections.lvs.cluster.plugins.module_utils._platform.system import here
from ansible.module_utils.facts.system.distribution import Distribution
class Module:
    def get_bin_path(self, name): return None
facts = Distribution(Module()).get_distribution_facts()
print(json.dumps({"facts": facts, "here": here().family}))
"""
# Gives each host its facts, as setup would.
_ACTION = """
from ansible.plugins.action import ActionBase
class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        facts = self._task.args[task_vars["inventory_hostname"]]
        return {**super().run(tmp, task_vars), "ansible_facts": facts}
"""


def release(name: str, number: str, identity: str, like: str = "", old: str = "", variant: str = "") -> dict[str, str]:
    """Its os-release, and redhat-release or its like where it has one."""
    lines = [f'NAME="{name}"', f'VERSION="{number}"', f"ID={identity}", f'ID_LIKE="{like}"', f'PRETTY_NAME="{name}"']
    files = {"os-release": "\n".join([*lines, f'VERSION_ID="{number}"' if number else "", ""])}
    if old:
        files[variant or "redhat-release"] = f"{old}\n"
    return files


def debian(number: str, full: str) -> dict[str, str]:
    return {**release("Debian GNU/Linux", number, "debian"), "debian_version": f"{full}\n"}


def likes(name: str, number: str, identity: str) -> dict[str, str]:
    return release(name, number, identity, "rhel centos fedora", f"{name} release {number} (A Name)")


SYSTEMS = {
    "debian12": (debian("12", "12.11"), "Debian"),
    "debian13": (debian("13", "13.1"), "Debian"),
    "debian_testing": (debian("", "forky/sid"), "Debian"),
    "ubuntu2204": (release("Ubuntu", "22.04", "ubuntu", "debian"), "Debian"),
    "ubuntu2404": (release("Ubuntu", "24.04", "ubuntu", "debian"), "Debian"),
    "mint": (release("Linux Mint", "21.3", "linuxmint", "ubuntu debian"), "Debian"),
    "rhel9": (
        release("Red Hat Enterprise Linux", "9.4", "rhel", "fedora", "Red Hat Enterprise Linux release 9.4"),
        "RedHat",
    ),
    "rhel10": (
        release("Red Hat Enterprise Linux", "10.0", "rhel", "centos fedora", "Red Hat Enterprise Linux release 10.0"),
        "RedHat_10",
    ),
    "rocky9": (likes("Rocky Linux", "9.4", "rocky"), "RedHat"),
    "alma10": (likes("AlmaLinux", "10.0", "almalinux"), "RedHat_10"),
    "stream9": (
        release("CentOS Stream", "9", "centos", "rhel fedora", "CentOS Stream release 9", "centos-release"),
        "RedHat",
    ),
    "oracle9": (
        release("Oracle Linux Server", "9.4", "ol", "fedora", "Oracle Linux Server release 9.4", "oracle-release"),
        "RedHat",
    ),
    "debian11": (debian("11", "11.9"), ""),
    "ubuntu2004": (release("Ubuntu", "20.04", "ubuntu", "debian"), ""),
    "rhel8": (
        release("Red Hat Enterprise Linux", "8.10", "rhel", "fedora", "Red Hat Enterprise Linux release 8.10"),
        "",
    ),
    "fedora": (release("Fedora Linux", "41", "fedora", "", "Fedora release 41 (Forty One)"), ""),
    "amazon": (release("Amazon Linux", "2023", "amzn", "fedora"), ""),
    "suse": (release("openSUSE Leap", "15.6", "opensuse-leap", "suse opensuse"), ""),
}
"""By a name: its files, and the file of names that it is to get, "" if it is refused."""


def become(host: Host, system: str) -> None:
    """Give the host the files of a system, and take away those that another one left."""
    host.run("sh", "-c", "rm -f /etc/debian_version /etc/*-release")
    for name, text in SYSTEMS[system][0].items():
        (host.folder / name).write_text(text)
        host.run("cp", str(host.folder / name), f"/etc/{name}")


def play(host: Host, plays: list[dict[str, Any]], *words: str) -> subprocess.CompletedProcess[str]:
    (host.folder / "play.yml").write_text(yaml.safe_dump(plays))
    settings = {"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_HOME": str(host.folder / "home")}
    argv = [
        "env",
        *(f"{key}={value}" for key, value in settings.items()),
        "ansible-playbook",
        *words,
        str(host.folder / "play.yml"),
    ]
    return subprocess.run(host.argv(*argv), cwd=host.folder, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with Host(tmp_path_factory.mktemp("platform")) as made:
        yield made


@pytest.fixture(scope="module")
def told(host: Host) -> dict[str, dict[str, Any]]:
    """By system: what Ansible's facts say of it, and what our modules take it for."""
    found = {}
    for name in SYSTEMS:
        become(host, name)
        found[name] = json.loads(host.run(sys.executable, "-c", _FACTS))
    return found


@pytest.fixture(scope="module")
def outcome(host: Host, told: dict[str, dict[str, Any]]) -> tuple[dict[str, dict[str, Any]], str]:
    """By system: the names that the role platform gave to a host with these facts; and what Ansible said."""
    answers, plugins = host.folder / "answers", host.folder / "action_plugins"
    for folder in (answers, plugins):
        folder.mkdir()
    (plugins / "be.py").write_text(_ACTION)
    answer = {"content": "{{ dict(__names | zip(__names | map('extract', vars))) | to_json }}"}
    tasks = [
        {"be": {name: one["facts"] for name, one in told.items()}},
        {"ansible.builtin.include_role": {"name": "lvs.cluster.platform", "tasks_from": "known.yml"}},
        {
            "ansible.builtin.copy": {**answer, "dest": f"{answers}/{{{{ inventory_hostname }}}}"},
            "delegate_to": "localhost",
            "vars": {"__names": "{{ query('ansible.builtin.varnames', '^platform_') }}"},
        },
    ]
    plays = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    done = play(host, plays, "-i", ",".join([*SYSTEMS, ""]), "-e", f"ansible_python_interpreter={sys.executable}")
    said = done.stdout + done.stderr
    return {path.name: json.loads(path.read_text()) for path in answers.iterdir()}, said


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_the_same_names(name: str) -> None:
    first, here = (yaml.safe_load((VARS / f"{file}.yml").read_text()) for file in (FILES[0], name))
    assert {key: type(value) for key, value in here.items()} == {key: type(value) for key, value in first.items()}
    assert set(here["platform_packages"]) == set(first["platform_packages"])
    assert all(isinstance(one, list) and one for one in here["platform_packages"].values())
    assert here["platform_family"] in name.split("_")


def test_debians_names_are_those_that_the_roles_use() -> None:
    packages = yaml.safe_load((VARS / "Debian.yml").read_text())["platform_packages"]
    assert {name: called for name, called in packages.items() if called != [name]} == {"tc": ["iproute2"]}


def test_a_later_release_differs_in_packages_alone() -> None:
    nine, ten = (yaml.safe_load((VARS / f"{file}.yml").read_text()) for file in ("RedHat", "RedHat_10"))
    assert {key for key in nine if nine[key] != ten[key]} == {"platform_packages"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_our_modules_and_ansible_take_a_system_for_the_same(told: dict[str, dict[str, Any]], system: str) -> None:
    family = told[system]["facts"]["os_family"]
    assert told[system]["here"] == (family if family in ("Debian", "RedHat") else "")


@pytest.mark.parametrize("system", [name for name, (_files, file) in SYSTEMS.items() if file])
def test_a_system_gets_its_names(outcome: tuple[dict[str, dict[str, Any]], str], system: str) -> None:
    names, said = outcome
    assert system in names, said
    assert names[system] == yaml.safe_load((VARS / f"{SYSTEMS[system][1]}.yml").read_text())


@pytest.mark.parametrize(
    ("system", "told_as"),
    [
        ("debian11", "Debian 11.9"),
        ("ubuntu2004", "Ubuntu 20.04"),
        ("rhel8", "RedHat 8.10"),
        ("fedora", "Fedora 41"),
        ("amazon", "Amazon 2023"),
        ("suse", "openSUSE Leap 15.6"),
    ],
)
def test_another_system_is_refused(outcome: tuple[dict[str, dict[str, Any]], str], system: str, told_as: str) -> None:
    names, said = outcome
    assert system not in names
    assert f"{system} is {told_as}, for which this collection is not made. Nothing was changed on it." in said
    assert "It is made for Debian 12, Ubuntu 22.04, and RHEL 9" in said


def test_packages_are_asked_for_by_what_the_system_calls_them(host: Host) -> None:
    become(host, "alma10")
    there = "iproute|ipvsadm|firewalld"
    host.program(
        "rpm",
        f'#!/bin/sh\nshift 3\nfor name in "$@"; do case $name in {there}) echo "$name installed";; '
        '*) echo "package $name is not installed";; esac; done\nexit 2\n',
    )
    options = {
        "packages_names": ["ipvsadm", "iptables", "arptables", "iproute2", "tc"],
        "packages_look": ["firewalld", "ufw"],
    }
    seen = {"content": "{{ [packages_missing, packages_seen] | to_json }}", "dest": "{{ playbook_dir }}/packages"}
    plays = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [
                {"ansible.builtin.include_role": {"name": "lvs.cluster.platform"}},
                {"ansible.builtin.include_role": {"name": "lvs.cluster.packages"}, "vars": options},
                {"ansible.builtin.copy": seen, "check_mode": False},
            ],
        }
    ]
    done = play(host, plays, "--check", "-e", f"ansible_python_interpreter={sys.executable}")
    assert done.returncode == 0, done.stdout + done.stderr
    missing = ["iptables-nft", "kernel-modules-extra", "iproute-tc"]
    assert json.loads((host.folder / "packages").read_text()) == [missing, ["iproute", "ipvsadm", "firewalld"]]


@pytest.mark.parametrize(
    ("system", "family", "remote"),
    [
        ("debian12", "Debian", ["host_compare"]),
        ("rocky9", "RedHat", ["host_compare", "setup", "host_compare", "keepalived_selinux"]),
    ],
)
def test_a_director_is_compared_by_the_names_of_its_system(
    host: Host, system: str, family: str, remote: list[str]
) -> None:
    """On Debian with one remote task, for others with as many as it takes to know what they are."""
    become(host, system)
    missing = 'for name in "$@"; do echo "package $name is not installed"; done\nexit 2\n'
    host.program("rpm", f"#!/bin/sh\nshift 3\n{missing}")
    host.program("dpkg-query", "#!/bin/sh\nexit 1\n")
    host.run("sh", "-c", "ip link show eth0 || ip link add eth0 type veth peer name eth1")
    answer = {
        "content": "{{ [platform_family, __director_compared.missing] | to_json }}",
        "dest": f"{host.folder}/compared",
    }
    plays = [
        {
            "hosts": "lb1",
            "gather_facts": False,
            "check_mode": True,
            "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
            "roles": [{"role": "lvs.cluster.director", "director_compare": True}],
            "post_tasks": [{"ansible.builtin.copy": answer, "check_mode": False}],
        }
    ]
    done = play(host, plays, "-i", str(REPOSITORY / "inventories/nat_ha"), "-vvv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((host.folder / "compared").read_text()) == [family, ["ipvsadm", "keepalived"]]
    sent = re.findall(r"PUT \S+ TO \S+/AnsiballZ_(\w+)\.py", done.stdout)
    assert [name for name in sent if name not in ("stat", "copy")] == remote
