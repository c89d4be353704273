"""What a run says beside firewalld and ufw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.roles.playing import ROLE, run_play

CONNTRACK, ROUTE = "lvs_sysctls: {net.ipv4.vs.conntrack: 1}", "ufw route allow in on INSIDE out on OUTSIDE"


def told(tmp_path: Path, forwarding: str, sysctls: dict[str, Any], masquerade: list[str], **found: Any) -> str:
    task = yaml.safe_load((ROLE / "tasks/peers.yml").read_text())[-1]
    services = [
        {
            "name": "web",
            "family": "ipv4",
            "forwarding": "dr",
            "real_servers": [{"forwarding": one} for one in forwarding.split()],
        }
    ]
    director = {
        "manager": "keepalived",
        "services": services,
        "sysctls": sysctls,
        "masquerade": [{"family": family} for family in masquerade],
    }
    variables = {"__plan": {"hosts": {"lb1": {"director": director}}}, **found}
    return " ".join(run_play(tmp_path, {"vars": variables, "tasks": [task]}, {"lb1": {}}).split())


@pytest.mark.parametrize(
    ("forwarding", "sysctls", "said"),
    [
        ("nat", {}, True),
        # Of a service whose own method is another one.
        ("dr nat", {}, True),
        ("nat", {"net.ipv4.vs.conntrack": 0}, True),
        ("nat", {"net.ipv4.vs.conntrack": "1"}, False),
        ("nat", {"net.ipv4.vs.conntrack": 1}, False),
        ("dr", {}, False),
    ],
)
@pytest.mark.parametrize("firewall", ["firewalld", "ufw"])
def test_who_is_told_that_answers_are_dropped(
    tmp_path: Path, firewall: str, forwarding: str, sysctls: dict[str, Any], said: bool
) -> None:
    ufw = {"active": ["ufw"]} if firewall == "ufw" else {"skipped": True}
    output = told(tmp_path, forwarding, sysctls, [], packages_seen=[firewall], __director_ufw=ufw)
    assert (CONNTRACK in output) is said
    assert (ROUTE in output) is (said and firewall == "ufw")
    assert f"lb1: {'where firewalld runs' if firewall == 'firewalld' else 'ufw is active'}" in output or not said


@pytest.mark.parametrize(
    ("active", "masquerade", "said"),
    [
        (["ufw"], ["ipv6"], True),
        # Its chain lets the real servers' networks out before ufw sees them.
        (["ufw"], ["ipv4"], False),
        # Installed, and not enabled.
        ([], [], False),
    ],
)
def test_where_ufw_drops_nothing_nothing_is_said(
    tmp_path: Path, active: list[str], masquerade: list[str], said: bool
) -> None:
    output = told(tmp_path, "nat", {}, masquerade, packages_seen=["ufw"], __director_ufw={"active": active})
    assert (ROUTE in output) is said
