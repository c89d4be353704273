"""What is read on a director besides its table."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import state
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import Notes
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.process import process
from ansible_collections.lvs.cluster.plugins.module_utils._status import host
from tests.unit.plugins.module_utils._keepalived.process_tree import JSON, Clock, Tree

TEXT = "vrrp_instance VI_1 {\n interface eth0\n}\nvirtual_server 10.0.0.5 80 {\n protocol TCP\n}\n"
INTRANET = ServiceKey("ipv4", "tcp", "10.0.0.5", 80)


class Director:
    def __init__(self, folder: Path, *, signum: tuple[int, str] = (0, f"{JSON}\n")) -> None:
        self.tree, clock = Tree(folder), Clock()
        self.file = folder / "keepalived.conf"
        self.file.write_text(TEXT)
        own = process(os.getpid())
        self.notes = Notes(str(folder / "notes"), lambda: own)
        self.host = state.Host(
            run=lambda argv: signum if argv[1] == "--signum=JSON" else (0, "Keepalived v2.2.7 (01/16,2022)\n"),
            table=lambda: [INTRANET],
            proc=str(self.tree.proc),
            root=os.getuid(),
            waiting=clock.waiting(self.tree.kill),
        )

    def look(self, *instances: str, installed: bool = True) -> dict[str, object]:
        return host.keepalived(
            self.host, instances, installed=installed, configuration=str(self.file), notes=self.notes
        )


def test_a_keepalived_that_serves(tmp_path: Path) -> None:
    director = Director(tmp_path)
    pid = director.tree.keepalived("-f", str(director.file))
    found = director.look("VI_1")
    assert found.pop("instances") == {
        "VI_1": {
            **{"state": "MASTER", "priority": 100, "effective_priority": 100, "interface": "eth0"},
            "vips": ["10.0.0.5/24"],
        }
    }
    assert found == {
        **{"installed": True, "running": True, "pid": pid, "version": "2.2.7", "missing": [], "problems": []},
        **{"healthy": True, "error": "", "pending": False},
    }
    assert director.look("VI_2")["problems"] == ["keepalived has no VRRP instance VI_2"]


def test_one_that_does_not_run(tmp_path: Path) -> None:
    found = Director(tmp_path).look("VI_1", installed=False)
    assert (found["installed"], found["running"], found["pid"], found["healthy"]) == (False, False, None, False)
    assert (found["problems"], found["error"]) == (["keepalived does not run"], "")


def test_one_that_cannot_be_asked_is_a_problem(tmp_path: Path) -> None:
    director = Director(tmp_path, signum=(1, "unknown signal"))
    pid = director.tree.keepalived("-f", str(director.file))
    found = director.look("VI_1")
    assert (found["running"], found["pid"], found["healthy"], found["instances"]) == (True, pid, False, {})
    assert "does not know the signal JSON" in str(found["error"])
    assert found["problems"] == [found["error"]]


def test_pending(tmp_path: Path) -> None:
    director = Director(tmp_path)
    director.notes.write(str(director.file), TEXT, "")
    assert director.look()["pending"] is True
    director.notes.forget()
    assert director.look()["pending"] is False


def test_addresses_that_others_can_ask() -> None:
    entries = [
        {"family": "inet", "local": "10.0.0.3", "prefixlen": 24, "scope": "global", "label": "eth0"},
        {"family": "inet6", "local": "2001:db8::5", "prefixlen": 64, "scope": "global"},
        {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link"},
        {},
    ]
    local = {"family": "inet", "local": "10.0.0.5", "prefixlen": 32, "scope": "host"}
    text = json.dumps([{"ifname": "lo", "addr_info": [local]}, {"ifname": "eth0", "addr_info": entries}, {}])
    assert host.parse_addresses(text) == ["10.0.0.3/24 dev eth0", "2001:db8::5/64 dev eth0"]
    assert host.parse_addresses("") == []
    with pytest.raises(BootError, match="ip -json address show failed with status 127: ip is not installed"):
        host.addresses(lambda _argv: (127, "", "ip is not installed"))


@pytest.mark.parametrize("text", ["", "{", "[1]", "7", "null"])
def test_a_lock_that_cannot_be_understood_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "lock.json").write_text(text)
    assert host.lock(str(tmp_path / "lock.json")) is None


def test_a_lock(tmp_path: Path) -> None:
    assert host.lock(str(tmp_path / "lock.json")) is None
    (tmp_path / "lock.json").write_text('{"holder": "anna"}')
    assert host.lock(str(tmp_path / "lock.json")) == {"holder": "anna"}
