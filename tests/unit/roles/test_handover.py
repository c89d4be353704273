"""The script that gives keepalived virtual servers on a master alone, on a throw-away host with a real address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment

from tests.unit.plugins.netns import REPOSITORY, Host

VIP, COPY = "10.0.0.5", "/run/lvs-cluster/keepalived.conf"
TEMPLATE = REPOSITORY / "roles/director/templates/handover.sh.j2"
GROUP = "virtual_server_group shops {\n    10.0.0.5 80\n}\n"
SERVER = "virtual_server group shops {\n    real_server 10.0.0.2 80 {\n        alpha\n    }\n}\n"
REST = "global_defs {\n    router_id lb1\n}\n\nvrrp_instance VI_1 {\n    interface eth0\n}\n\n"
TOLD = ["systemctl kill --kill-who=main --signal=HUP keepalived.service"]


class Node:
    """A host with the VIP on lo like a real server, and the script; `master` gives it the VIP on its network."""

    def __init__(self, host: Host) -> None:
        self.host, self.script = host, host.folder / "handover"
        host.run("mount", "-t", "tmpfs", "none", "/run")
        host.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
        host.run("ip", "link", "set", "eth0", "up")
        host.run("ip", "address", "add", f"{VIP}/32", "dev", "lo", "scope", "host")
        whole = host.folder / "keepalived.conf"
        whole.write_text(REST + GROUP + "\n" + SERVER)
        environment = Environment(autoescape=False)
        environment.filters["quote"] = str
        text = environment.from_string(TEMPLATE.read_text()).render(director_config_file=whole)
        # The host's own systemctl takes notes, and must come before the machine's.
        changed = text.replace("\nPATH=", f"\nPATH={host.programs}:")
        assert changed != text
        self.script.write_text(changed)

    def master(self, holds: bool) -> None:
        self.host.run("ip", "address", "add" if holds else "delete", f"{VIP}/24", "dev", "eth0")

    def call(self, *words: str) -> str:
        """The copy after a call."""
        self.host.run("sh", str(self.script), VIP, *words)
        return self.host.run("cat", COPY)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with Host(tmp_path) as host:
        yield Node(host)


def test_virtual_servers_come_and_go_with_the_address(node: Node) -> None:
    assert node.call("write") == REST + "\n"
    assert node.host.calls() == []
    node.master(True)
    assert node.call("INSTANCE", "VI_1", "MASTER", "100") == REST + GROUP + "\n" + SERVER
    assert node.host.calls() == TOLD
    node.master(False)
    assert node.call("INSTANCE", "VI_1", "BACKUP", "100") == REST + "\n"
    assert node.host.calls() == TOLD


def test_what_is_true_counts_and_keepalived_is_told_once(node: Node) -> None:
    """A call that comes late, and a state that is told twice."""
    node.master(True)
    for state in ("MASTER", "BACKUP", "MASTER"):
        assert SERVER in node.call("INSTANCE", "VI_1", state, "100")
    assert node.host.calls() == TOLD


def test_what_a_keepalived_that_died_has_left_goes_after_the_next_has_started(node: Node) -> None:
    node.master(True)
    node.call("INSTANCE", "VI_1", "MASTER", "100")
    node.master(False)  # by systemd
    node.host.calls()
    assert SERVER in node.call("start")
    assert node.host.calls() == []
    assert SERVER not in node.call()
    assert node.host.calls() == TOLD
    assert SERVER not in node.call("start")


def test_a_keepalived_that_ends_is_told_nothing(node: Node) -> None:
    node.master(True)
    node.call("write")
    node.master(False)
    assert SERVER not in node.call("INSTANCE", "VI_1", "STOP", "100")
    assert node.host.calls() == []


def test_the_copy_holds_a_password_and_is_roots_alone(node: Node) -> None:
    node.call("write")
    assert node.host.run("stat", "--format", "%a", COPY, "/run/lvs-cluster").split() == ["600", "755"]
    assert "keepalived.conf.next" not in node.host.run("ls", "/run/lvs-cluster")


def test_without_the_whole_file_the_copy_stays(node: Node) -> None:
    before = node.call("write")
    node.host.run("rm", str(node.host.folder / "keepalived.conf"))
    with pytest.raises(AssertionError, match="No such file"):
        node.call("write")
    assert node.host.run("cat", COPY) == before
