"""One lab for all tests of the IPVS modules."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.cluster import Cluster, booted
from tests.support.guest_modules import GuestModules, command

CLEAR = """
[ -e /proc/net/ip_vs ] || exit
ipvsadm --clear
for role in master backup; do ipvsadm --stop-daemon $role 2>/dev/null; done
rm -rf /var/lib/lvs-cluster /run/table.json
"""
RELEASE = os.environ.get("LVS_TEST_RELEASE", "bookworm")


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    content = yaml.safe_load((Path(__file__).parent / "inventory.yml").read_text())
    content["lab_only"]["vars"] = {"lab_release": RELEASE}
    file = tmp_path_factory.mktemp("ipvs") / "inventory.json"
    file.write_text(json.dumps(content))
    with booted("ipvs", file) as cluster:
        cluster.run("box", "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        yield cluster


@pytest.fixture(scope="package")
def loaded(cluster: Cluster) -> Iterator[GuestModules]:
    """The modules on the guest `box`."""
    modules = GuestModules(cluster, "box")
    yield modules
    modules.close()


@pytest.fixture
def box(loaded: GuestModules) -> Iterator[GuestModules]:
    """The same, with an empty table before and after."""
    loaded.run(command("sh", "-c", CLEAR))
    yield loaded
    loaded.run(command("sh", "-c", CLEAR))
