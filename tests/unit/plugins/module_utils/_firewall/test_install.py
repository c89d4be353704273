"""The program, its unit and the files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import program
from ansible_collections.lvs.cluster.plugins.module_utils._firewall import install, kernel

UTILS = "ansible_collections.lvs.cluster.plugins.module_utils"
CONFIG = {"chains": [{"family": "ipv4", "table": "mangle", "hook": "INPUT", "chain": "LVS-A", "rules": []}]}


def test_the_program_runs_alone(tmp_path: Path) -> None:
    file = tmp_path / "lvs-a-firewall"
    placed = install.wanted_files("lvs-a", CONFIG, sys.executable)[install.agent_path("lvs-a")]
    assert placed is not None
    file.write_bytes(placed.data)
    file.chmod(placed.mode)
    done = subprocess.run([file, "sing"], env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (64, "usage: NAME-firewall apply|follow\n")
    assert len(placed.data) < 64 * 1024


@pytest.mark.parametrize("module", ["_firewall.agent", *install.AGENT_MODULES])
def test_the_program_needs_the_standard_library_alone(module: str) -> None:
    code = f"import {UTILS}.{module}, sys; print('ansible.module_utils' in sys.modules)"
    environ = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("used", ["nftables.service", "firewalld.service"])
def test_the_unit_is_one_that_systemd_accepts(tmp_path: Path, used: str) -> None:
    unit = tmp_path / install.service("lvs-a")
    unit.write_text(install.unit_text("lvs-a", "/usr/bin/python3", (used,)))
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert unit.name not in done.stderr, done.stderr


def test_the_service_is_between_those_that_replace_tables_and_the_network() -> None:
    lines = install.unit_text("lvs-a", "/usr/bin/python3", ("nftables.service",)).splitlines()
    assert [line for line in lines if line.startswith("PartOf=")] == ["PartOf=nftables.service"]
    for word in ("After", "ReloadPropagatedFrom"):
        (found,) = [line for line in lines if line.startswith(f"{word}=") and "nftables.service" in line]
        assert {"netfilter-persistent.service", "iptables.service", "ip6tables.service"} < {
            *found.partition("=")[2].split()
        }
    assert {"DefaultDependencies=no", "Before=network-pre.target shutdown.target", "Wants=network-pre.target"} <= {
        *lines
    }
    assert f"ExecStart=/usr/bin/python3 -IS {program.FOLDER}/lvs-a-firewall apply" in lines
    assert not [line for line in lines if line.startswith("ExecStop")]


def test_with_firewalld_it_stays_and_does_not_stop_with_it() -> None:
    lines = install.unit_text("lvs-a", "/usr/bin/python3", ("firewalld.service", "ufw.service")).splitlines()
    assert [line for line in lines if line.startswith(("PartOf=", "Type=", "RemainAfterExit="))] == [
        "PartOf=ufw.service",
        "Type=notify",
    ]
    assert f"ExecStart=/usr/bin/python3 -IS {program.FOLDER}/lvs-a-firewall follow" in lines
    assert f"ExecReload=/usr/bin/python3 -IS {program.FOLDER}/lvs-a-firewall apply" in lines


def test_the_files() -> None:
    placed = install.wanted_files("lvs-a", CONFIG, "/usr/bin/python3")
    assert {path: file and file.mode for path, file in placed.items()} == {
        "/etc/lvs-cluster/lvs-a-firewall.json": 0o644,
        "/usr/local/lib/lvs-cluster/lvs-a-firewall": 0o755,
        "/etc/systemd/system/lvs-a-firewall.service": 0o644,
    }
    assert install.wanted_files("lvs-a", None, "x") == dict.fromkeys(placed)
    assert [*placed, "/var/lib/lvs-cluster/lvs-a-firewall.json"] == list(install.paths("lvs-a"))


def test_other_owners(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in (install, kernel):
        monkeypatch.setattr(module, "config_path", lambda owner: str(tmp_path / f"{owner}-firewall.json"))
    for owner in ("lvs-a", "lvs-b"):
        (tmp_path / f"{owner}-firewall.json").write_text(
            '{"chains": [{"family": "ipv4", "table": "nat", "hook": "INPUT", "chain": "LVS-X", "rules": []}]}'
        )
    (tmp_path / "return-route.json").write_text("{}")
    assert install.other_owners("lvs-a") == {("ipv4", "nat", "LVS-X"): "lvs-b"}
