"""What a run says beside firewalld."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.roles.playing import ROLE, run_play


@pytest.mark.parametrize(
    ("seen", "forwarding", "sysctls", "said"),
    [
        (["firewalld"], "nat", {}, True),
        # Of a service whose own method is another one.
        (["firewalld"], "dr nat", {}, True),
        (["firewalld"], "nat", {"net.ipv4.vs.conntrack": 0}, True),
        (["firewalld"], "nat", {"net.ipv4.vs.conntrack": "1"}, False),
        (["firewalld"], "nat", {"net.ipv4.vs.conntrack": 1}, False),
        (["firewalld"], "dr", {}, False),
        (["ufw"], "nat", {}, False),
    ],
)
def test_who_is_told_that_answers_are_dropped(
    tmp_path: Path, seen: list[str], forwarding: str, sysctls: dict[str, Any], said: bool
) -> None:
    task = yaml.safe_load((ROLE / "tasks/peers.yml").read_text())[-1]
    services = [
        {"name": "web", "forwarding": "dr", "real_servers": [{"forwarding": one} for one in forwarding.split()]}
    ]
    director = {"manager": "keepalived", "services": services, "sysctls": sysctls}
    variables = {"__plan": {"hosts": {"lb1": {"director": director}}}, "packages_seen": seen}
    output = run_play(tmp_path, {"vars": variables, "tasks": [task]}, {"lb1": {}})
    assert ("net.ipv4.vs.conntrack: 1" in output) is said
