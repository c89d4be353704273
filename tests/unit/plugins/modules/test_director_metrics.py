# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""director_metrics and its program, on a throw-away host with a process in keepalived's place."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.plugins.module_utils._metrics.test_program import samples
from tests.unit.plugins.modules.rollout import Director, a_director

FOLDER = "/var/lib/prometheus/node-exporter"
FILE = f"{FOLDER}/lvs_cluster.prom"
PROGRAM, SETTINGS = "/usr/local/lib/lvs-cluster/lvs-cluster-metrics", "/etc/lvs-cluster/metrics.json"
SERVICES = """
track_file web_1 {
    file /var/lib/lvs-cluster/weights/web_1
}
virtual_server 10.0.0.5 80 {
    lvs_sched wrr
    lvs_method NAT
    real_server 192.168.0.12 80 {
        weight 20
        FILE_CHECK {
            track_file web_1
            weight 1
        }
    }
}
"""


@pytest.fixture
def director(tmp_path: Path) -> Iterator[Director]:
    with a_director(tmp_path / "host") as found:
        yield found


def figures(director: Director) -> dict[str, float]:
    director.host.run("python3", "-IS", PROGRAM, SETTINGS)
    return samples(director.host.run("cat", FILE))


def test_check_run_check_run_and_back(director: Director) -> None:
    host = director.host
    checked = host.module("director_metrics", check=True)
    assert checked["changed"]
    assert host.new_files() == []
    done = host.module("director_metrics")
    assert (done["changed"], done["file"], done["diff"]) == (True, FILE, checked["diff"])
    assert host.new_files() == sorted(
        [PROGRAM, SETTINGS, *(f"/etc/systemd/system/lvs-cluster-metrics.{kind}" for kind in ("service", "timer"))]
    )
    assert host.calls()[-3:] == [
        "systemctl daemon-reload",
        "systemctl enable --quiet lvs-cluster-metrics.timer",
        "systemctl restart lvs-cluster-metrics.timer",
    ]
    assert not host.module("director_metrics", check=True)["changed"]
    assert not host.module("director_metrics")["changed"]
    figures(director)
    assert stat.S_IMODE(int(host.run("stat", "-c", "%f", FILE), 16)) == 0o644
    assert host.module("director_metrics", state="absent", check=True)["changed"]
    host.calls()
    assert host.module("director_metrics", state="absent")["changed"]
    assert "systemctl disable --now --quiet lvs-cluster-metrics.timer" in host.calls()
    # The folder was made here.
    assert host.run("ls", "/var/lib", "/usr/local/lib").split() == ["/usr/local/lib:", "/var/lib:"]
    assert host.new_files() == []
    assert not host.module("director_metrics", state="absent")["changed"]


def test_a_folder_of_somebody_else_stays(director: Director) -> None:
    host = director.host
    host.run("mkdir", "-p", FOLDER)
    host.module("director_metrics")
    figures(director)
    host.run("mkdir", "/var/lib/other")
    assert host.module("director_metrics", folder="/var/lib/other")["changed"]
    assert host.run("ls", FOLDER) == ""
    assert not host.module("director_metrics", folder="/var/lib/other")["changed"]
    host.module("director_metrics", state="absent")
    assert host.run("ls", "/var/lib").split() == ["other", "prometheus"]


@pytest.mark.parametrize("folder", ["relative", "/with blank", "/ends/", "/a/../b", "/per%cent"])
def test_a_folder_that_no_unit_can_name(director: Director, folder: str) -> None:
    said = director.host.module("director_metrics", folder=folder)
    assert said["failed"]
    assert director.host.new_files() == []


@pytest.mark.parametrize("folder", ["/tmp/figures", "/var/tmp", "/home/x", "/root/figures", "/run/user/1/figures"])
def test_a_folder_that_the_service_cannot_see(director: Director, folder: str) -> None:
    said = director.host.module("director_metrics", folder=folder)
    assert f"folder: {folder} is in /" in said["msg"]
    assert "name a folder elsewhere" in said["msg"]
    assert director.host.new_files() == []


def test_a_folder_whose_name_only_begins_like_that(director: Director) -> None:
    assert director.host.module("director_metrics", folder="/homes/figures", check=True)["changed"]


def test_the_figures_of_a_director_with_keepalived(director: Director) -> None:
    host = director.host
    director.dest.write_text(director.dest.read_text() + SERVICES)
    host.run("mkdir", "-p", "/var/lib/lvs-cluster/weights")
    weight = "/var/lib/lvs-cluster/weights/web_1"
    host.run("sh", "-c", f"echo -2147483648 > {weight}")
    host.module("director_metrics", config_file=str(director.dest))
    found = figures(director)
    assert (found["keepalived_running"], found["vrrp_state VI_1 eth0 stopped"]) == (0, 1)
    assert found["configuration_staged"] == 1
    assert (found["drift_entries service missing"], found["drift_entries service extra"]) == (1, 0)
    assert found["servers_overridden drained"] == 1
    assert found["server_overridden web_1 drained"] == 1

    director.start()
    found = figures(director)
    assert (found["keepalived_running"], found["vrrp_state VI_1 eth0 backup"]) == (1, 1)
    assert (found["vrrp_master VI_1 eth0"], found["vrrp_addresses VI_1 eth0"]) == (0, 2)
    for address in ("10.0.0.5/24", "10.0.0.6/24"):
        host.run("ip", "address", "add", address, "dev", "eth0")
    found = figures(director)
    assert (found["vrrp_master VI_1 eth0"], found["vrrp_addresses_present VI_1 eth0"]) == (1, 2)
    host.run("ip", "address", "flush", "dev", "eth0")
    host.run("ip", "link", "set", "eth0", "down")
    assert figures(director)["vrrp_state VI_1 eth0 fault"] == 1

    director.config(director.dest.read_text() + "# one line more\n")
    found = figures(director)
    assert (found["configuration_pending"], found["configuration_staged"]) == (1, 0)
    assert all(value == 1 for name, value in found.items() if name.startswith("exporter_collector_success"))
    # Passwords are in the configuration.
    text = host.run("cat", FILE)
    assert "sesame" not in text
    assert "simsim" not in text


def test_the_figures_of_a_host_without_anything(director: Director) -> None:
    director.host.module("director_metrics")
    found = figures(director)
    assert {name.split()[0] for name in found} == {
        *("table_services", "table_destinations", "sync_daemon_running"),
        *("exporter_collector_success", "exporter_last_run_timestamp_seconds"),
        "exporter_last_success_timestamp_seconds",
    }
    assert found["exporter_last_success_timestamp_seconds"] == found["exporter_last_run_timestamp_seconds"] > 0


def test_a_configuration_that_cannot_be_read(director: Director) -> None:
    director.dest.write_text(director.dest.read_text() + "include /elsewhere/{a,b}\n")
    director.host.module("director_metrics", config_file=str(director.dest))
    found = figures(director)
    assert (found["exporter_collector_success keepalived"], found["exporter_collector_success table"]) == (0, 1)
    assert "keepalived_running" not in found
    assert found["exporter_last_success_timestamp_seconds"] == 0
