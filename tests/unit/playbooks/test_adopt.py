# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""adopt.yml on hosts that are network and mount namespaces of this machine, made anew at each look.

They have no IPVS table, so the playbook is told to write what its proof rejects. The lab adopts clusters that serve.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "tests" / "unit" / "plugins" / "module_utils" / "_adopt" / "samples"
PASSWORD = "k@l"

_HOST = """#!/bin/sh
exec unshare --net --mount sh -c '
mount --make-rprivate /
mount -t tmpfs none /etc/keepalived
cp {samples}/setup2.vrrp.conf /etc/keepalived/vrrp.conf
cp {samples}/setup2.{name}.conf /etc/keepalived/keepalived.conf 2>/dev/null || rm -r /etc/keepalived/*
sed -i "s/@{name} //; /@lb/d" /etc/keepalived/vrrp.conf 2>/dev/null
for device in eth0 eth1; do ip link add $device type veth peer name far-$device && ip link set $device up; done
{addresses}
exec {python} "$@"
' sh "$@"
"""
ADDRESSES = {
    "lb1": {"10.0.0.3/24": "eth0", "192.168.0.2/24": "eth1"},
    "lb2": {"10.0.0.4/24": "eth0", "192.168.0.3/24": "eth1"},
    "rs1": {"192.168.0.12/24": "eth0"},
    "rs2": {"192.168.0.13/24": "eth0"},
}


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs root and unshare")
    Path("/etc/keepalived").mkdir(exist_ok=True)
    hosts = {}
    for name, addresses in ADDRESSES.items():
        lines = "\n".join(f"ip address add {text} dev {device}" for text, device in addresses.items())
        program = tmp_path / f"{name}.sh"
        program.write_text(_HOST.format(samples=SAMPLES, name=name, addresses=lines, python=sys.executable))
        program.chmod(0o755)
        hosts[name] = {"ansible_connection": "local", "ansible_python_interpreter": str(program)}
    away = {"client": {"ansible_host": "192.0.2.1"}}
    groups = {"balancers": {"hosts": {"lb1": {}, "lb2": {}}}, "lab_only": {"hosts": away}}
    path = tmp_path / "hosts.yml"
    # What the inventory says of all hosts is not for the control node, where the new one is written.
    elsewhere = {"ansible_python_interpreter": "/nonexistent/python3"}
    path.write_text(yaml.safe_dump({"all": {"hosts": hosts, "children": groups, "vars": elsewhere}}))
    return path


def run(inventory: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "ansible", "playbook", "-i", str(inventory), str(ROOT / "playbooks" / "adopt.yml")]
    extra = [word for argument in arguments for word in (("-e", argument) if "=" in argument else (argument,))]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    done = subprocess.run(
        [*command, *extra],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=inventory.parent,
        env=environment,
    )
    # Older ones than 2.19 show messages as JSON.
    return done.returncode, (done.stdout + done.stderr).replace("\\n", "\n")


def test_from_running_hosts_to_an_inventory(inventory: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    # It is taken from where the playbook was called.
    wanted = ["lvs_adopt_directors=lb1,lb2", "lvs_report_dir=new"]
    code, output = run(inventory, *wanted)
    assert code != 0
    assert "lb1, lb2: the IPVS table: lacks tcp 10.0.0.5 port 80" in output
    assert not folder.exists()

    code, output = run(inventory, *wanted, "lvs_adopt_faulty=true", "--diff", "-vvv")
    assert code == 0, output
    assert PASSWORD not in output
    vault = folder / "group_vars" / "directors" / "vault.yml"
    assert stat.S_IMODE(vault.stat().st_mode) == 0o600
    assert yaml.safe_load(vault.read_text()) == {"vault_vrrp_pass": PASSWORD}
    hosts = (folder / "hosts.yml").read_text()
    assert "ansible_python_interpreter" not in hosts
    assert yaml.safe_load(hosts)["all"]["children"]["real_servers_nat"]["hosts"]["rs1"] == {
        "lvs_interfaces": {"eth0": "192.168.0.12/24"},
    }
    shared = (folder / "group_vars" / "directors" / "main.yml").read_text()
    assert "priorities: {lb1: 200, lb2: 150}" in shared

    vault.write_text("mine")
    code, output = run(inventory, *wanted, "lvs_adopt_faulty=true")
    assert code != 0
    assert f"{folder}/hosts.yml" in output
    assert "lvs_overwrite=true" in output
    assert vault.read_text() == "mine"

    # Variables of hosts come before those of groups, so what an earlier run wrote there would override the new ones.
    for host, text in (
        ("lb9", "# Written by lvs.cluster.adopt from what runs.\n{}\n"),
        ("rs1", "ansible_user: otto\n"),
    ):
        (folder / "host_vars" / host).mkdir(parents=True)
        (folder / "host_vars" / host / "main.yml").write_text(text)
    code, output = run(inventory, *wanted, "lvs_adopt_faulty=true", "lvs_overwrite=true")
    assert code != 0
    assert f"{folder}/host_vars/lb9/main.yml" in output
    assert f"{folder}/host_vars/rs1/main.yml" not in output
    assert vault.read_text() == "mine"
    (folder / "host_vars" / "lb9" / "main.yml").unlink()
    code, output = run(inventory, *wanted, "lvs_adopt_faulty=true", "lvs_overwrite=true")
    assert code == 0, output
    assert yaml.safe_load(vault.read_text()) == {"vault_vrrp_pass": PASSWORD}


def test_half_of_a_cluster_is_not_written(inventory: Path, tmp_path: Path) -> None:
    content = yaml.safe_load(inventory.read_text())
    content["all"]["hosts"]["rs1"] = {"ansible_host": "127.0.0.1", "ansible_port": 1}
    content["all"]["hosts"]["rs2"]["ansible_python_interpreter"] = "/nowhere/python"
    inventory.write_text(yaml.safe_dump(content))
    code, output = run(inventory, "lvs_adopt_directors=lb1,lb2", f"lvs_report_dir={tmp_path}/new")
    assert code != 0
    assert "Nothing was written." in output
    assert "\nrs1: " in output
    assert "\nrs2: " in output
    assert not (tmp_path / "new").exists()


def test_what_must_be_said(inventory: Path) -> None:
    code, output = run(inventory, "lvs_adopt_directors=lb1,lb9", "lvs_report_dir=/nowhere")
    assert code != 0
    assert "Name the folder for the new inventory in lvs_report_dir" in output
    assert "directors lb1, lb9" in output
