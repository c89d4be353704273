# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.health import Check, Rhythm
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.settings import (
    Places,
    as_they_stand,
    read,
    read_cluster_ips,
)

FAILOVER: dict[str, Any] = {
    "buckets": 12,
    "keepalived": "/usr/sbin/keepalived",
    "config": "/etc/lvs-cluster/clusterip/keepalived.conf",
    "checks": [
        {"type": "tcp", "address": "10.0.0.9", "port": 53, "timeout": 1.5},
        {"type": "http", "address": "10.0.0.9", "port": 80, "path": "/up", "status": [200, 204], "timeout": 2.0},
    ],
    "interval": 1.0,
    "fall": 2,
    "rise": 3,
}
CLUSTER_IP = {"address": "10.0.0.9", "prefix": 24, "interface": "eth0", "total": 12, "backend": "nftables"}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    write(tmp_path, "failover.json", FAILOVER)
    write(tmp_path, "10.0.0.9.json", {"cluster_ip": CLUSTER_IP, "local": []})
    return Places(str(tmp_path), "/run/lvs-clusterip")


def write(folder: Path, name: str, data: Any) -> None:
    (folder / name).write_text(json.dumps(data))


def test_all_of_it(places: Places) -> None:
    found = read(places)
    assert (found.buckets, found.keepalived, found.config) == (12, FAILOVER["keepalived"], FAILOVER["config"])
    assert found.checks == (
        Check("tcp", "10.0.0.9", 53, timeout=1.5),
        Check("http", "10.0.0.9", 80, "/up", (200, 204), 2.0),
    )
    assert found.rhythm == Rhythm(1.0, 2, 3)
    assert [cluster_ip.address for cluster_ip in found.cluster_ips] == ["10.0.0.9"]


def test_other_files_beside(places: Places, tmp_path: Path) -> None:
    (tmp_path / "keepalived.conf").write_text("global_defs {\n}\n")
    (tmp_path / ".lvs-x.json").write_text("half a file")
    assert len(read(places).cluster_ips) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fall": None}, "failover.json"),
        ({"interval": 0}, "must be more than 0"),
        ({"rise": 0}, "must be more than 0"),
        ({"checks": [{"type": "udp", "address": "10.0.0.9", "port": 53}]}, "'udp' is no type"),
        ({"checks": [{"type": "tcp", "address": "10.0.0.9"}]}, "lacks 'port'"),
        ({"checks": [{"type": "tcp", "address": "10.0.0.9", "port": 1, "timeout": 0}]}, "timeout"),
        ({"checks": "tcp"}, "failover.json"),
    ],
)
def test_faults(places: Places, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    write(tmp_path, "failover.json", {**FAILOVER, **change})
    with pytest.raises(BootError, match=said):
        read(places)


def test_no_settings(tmp_path: Path) -> None:
    with pytest.raises(BootError, match="run the playbook again"):
        read(Places(str(tmp_path)))


def test_what_can_be_read_is_read(places: Places, tmp_path: Path) -> None:
    """A release goes on with it; a run wants all."""
    write(tmp_path, "10.0.0.8.json", {"cluster_ip": {**CLUSTER_IP, "address": "10.0.0.8", "total": "many"}})
    (tmp_path / "10.0.0.7.json").write_text("half a file")
    found, faults = read_cluster_ips(places)
    assert [cluster_ip.address for cluster_ip in found] == ["10.0.0.9"]
    assert len(faults) == 2
    assert all(str(tmp_path) in fault for fault in faults)
    with pytest.raises(BootError, match=r"10\.0\.0\.7\.json.*10\.0\.0\.8\.json"):
        read(places)
    assert read_cluster_ips(Places(str(tmp_path / "none"))) == ((), ())


def test_what_the_service_knows_is_taken_as_its_files_have_it_now(places: Places, tmp_path: Path) -> None:
    """A run that was killed before it told the service took one away, made another hash otherwise and added a third."""
    write(tmp_path, "10.0.0.8.json", {"cluster_ip": {**CLUSTER_IP, "address": "10.0.0.8"}, "local": []})
    known = read(places).cluster_ips
    assert as_they_stand(places, known) == known
    (tmp_path / "10.0.0.8.json").unlink()
    write(tmp_path, "10.0.0.9.json", {"cluster_ip": {**CLUSTER_IP, "hash_seed": 7}, "local": []})
    write(tmp_path, "10.0.0.7.json", {"cluster_ip": {**CLUSTER_IP, "address": "10.0.0.7"}, "local": []})
    assert [(one.address, one.hash_seed) for one in as_they_stand(places, known)] == [("10.0.0.9", 7)]
    (tmp_path / "10.0.0.6.json").write_text("half a file")
    assert as_they_stand(places, known) == known
