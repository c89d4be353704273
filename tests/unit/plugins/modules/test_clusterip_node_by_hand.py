"""What a person moved, with clusterip_node in namespaces of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.modules.clusterip_host import MAC, PROGRAM, WANTED, Node
from tests.unit.plugins.modules.test_clusterip_node import good, settled


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Node]:
    with Node(tmp_path / "host") as found:
        yield found


def test_buckets_that_a_person_chose_are_those_of_a_boot_until_he_takes_that_back(host: Node) -> None:
    good(host.node(**WANTED))
    before = host.all()
    moved = good(host.node(**WANTED, buckets=[2, 4], at_boot=True))
    assert (moved["changed"], moved["by_hand"]) == (True, {"taken": [4], "given": [1]})
    settled(host, **WANTED)
    host.run("sh", "-ec", f"nft flush ruleset; ip maddr del {MAC} dev eth0")
    host.run(PROGRAM, "load")
    result = good(host.node(**WANTED))
    assert (result["buckets"], result["by_hand"]) == ([2, 4], {"taken": [4], "given": [1]})
    # What somebody moves only until the next boot is no such choice.
    assert good(host.node(**WANTED, buckets=[3]))["by_hand"] == {"taken": [4], "given": [1]}
    # A node that joins has 2 now, and the rest stays.
    joined = good(host.node(**{**WANTED, "local_nodes": [1]}, buckets=[4]))
    assert joined["by_hand"] == {"taken": [4], "given": [1]}
    # One was moved until the next boot, another one for longer.
    both: dict[str, Any] = {"buckets": [1, 2, 3], "at_boot": True, "buckets_at_boot": [1, 3]}
    result = good(host.node(**WANTED, **both))
    assert (result["buckets"], result["by_hand"]) == ([1, 2, 3], {"taken": [3], "given": [2]})
    settled(host, **WANTED, **both)
    assert good(host.node(**WANTED, buckets=[1, 2], at_boot=True))["by_hand"] == {"taken": [], "given": []}
    assert host.all() == before
    assert host.node(**WANTED, at_boot=True)["msg"] == "at_boot: say in buckets which ones"
    assert host.node(**WANTED, buckets_at_boot=[1])["msg"] == "buckets_at_boot: say at_boot, too"
    wrong = host.node(**WANTED, buckets=[1], at_boot=True, buckets_at_boot=[5])
    assert "buckets_at_boot: 5 not in 1..4 (total_nodes)" in wrong["msg"]


def test_choices_that_vrrp_knows_of_are_told(host: Node) -> None:
    host.run("sh", "-ec", "mkdir -p /var/lib/lvs-cluster/buckets; echo -127 > /var/lib/lvs-cluster/buckets/3")
    assert good(host.node(**{**WANTED, "local_nodes": []}))["by_hand"] == {"taken": [], "given": [3]}


def test_what_a_killed_run_let_go_is_told(host: Node) -> None:
    nodes = {**WANTED, "local_nodes": []}
    assert good(host.node(**nodes))["left"] == []
    host.run("sh", "-ec", "mkdir -p /var/lib/lvs-cluster/buckets; echo -254 > /var/lib/lvs-cluster/buckets/3")
    found = good(host.node(**nodes))
    assert (found["left"], found["by_hand"]) == ([3], {"taken": [], "given": []})
