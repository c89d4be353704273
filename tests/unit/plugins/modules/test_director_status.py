"""director_status as a program, in network and mount namespaces of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.director_status import ARGUMENTS
from ansible_collections.lvs.cluster.plugins.modules import director_status
from tests.unit.plugins.netns import Host

WEIGHTS = "/var/lib/lvs-cluster/weights"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path / "host") as found:
        found.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "other")
        found.run("ip", "address", "add", "10.0.0.3/24", "dev", "eth0")
        found.run("ip", "address", "add", "10.0.0.5/32", "dev", "lo", "scope", "host")
        found.run("ip", "link", "set", "eth0", "up")
        yield found


def test_a_host_that_has_nothing(host: Host) -> None:
    results = [host.module("director_status", check=check, instances=["VI_1"]) for check in (False, True)]
    for result in results:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", result.pop("now"))
        keepalived = result.pop("keepalived")
        assert keepalived.pop("installed") in (True, False)
        assert keepalived == {
            **{"running": False, "pid": None, "version": "", "instances": {}, "missing": [], "pending": False},
            **{"problems": ["keepalived does not run"], "healthy": False, "error": ""},
        }
        result.pop("invocation", None)  # ansible-core 2.21 adds it no more
        # No kernel module is loaded for a look.
        if not Path("/proc/net/ip_vs").exists():
            assert (result.pop("loaded"), result.pop("version"), result.pop("timeouts")) == (False, "", {})
        assert {key: one for key, one in result.items() if key not in ("loaded", "version", "timeouts")} == {
            **{"changed": False, "services": [], "sync_daemons": [], "overrides": [], "lock": None},
            "addresses": ["10.0.0.3/24 dev eth0"],
        }
    assert host.new_files() == []


def test_what_operators_left(host: Host) -> None:
    host.program("keepalived", "#!/bin/sh\nexit 1\n")
    host.run("mkdir", "-p", WEIGHTS)
    host.run("sh", "-c", f"echo -2147483647 > {WEIGHTS}/web_10.0.0.5_tcp_80_10.0.0.12_80")
    host.run("sh", "-c", f"echo 0 > {WEIGHTS}/web_10.0.0.5_tcp_80_10.0.0.13_80")
    host.run("sh", "-c", 'echo \'{"holder": "anna"}\' > /var/lib/lvs-cluster/lock.json')
    result = host.module("director_status")
    assert result["keepalived"]["installed"] is True
    assert [(one["server"], one["state"], one["weight"]) for one in result["overrides"]] == [
        ("web_10.0.0.5_tcp_80_10.0.0.12_80", "drained", 0)
    ]
    assert result["lock"] == {"holder": "anna"}


def test_what_is_there_and_can_not_be_read_is_a_failure(host: Host) -> None:
    host.run("mkdir", "-p", WEIGHTS)
    host.run("ln", "-s", "/nowhere", f"{WEIGHTS}/web")
    assert host.module("director_status")["msg"] == f"{WEIGHTS}/web is not a regular file: remove it"
    host.run("rm", f"{WEIGHTS}/web")
    host.run("sh", "-c", "echo '[' > /var/lib/lvs-cluster/lvs-director-overrides.json")
    assert "lvs-director-overrides.json" in host.module("director_status")["msg"]


def test_documented_options_are_those_that_it_takes() -> None:
    documented = yaml.safe_load(director_status.DOCUMENTATION)["options"]
    shown = {
        name: {key: one for key, one in option.items() if key != "description"} for name, option in documented.items()
    }
    assert shown == ARGUMENTS
    for returned in yaml.safe_load(director_status.RETURN).values():
        assert returned["returned"] == "always"
