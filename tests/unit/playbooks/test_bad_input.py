"""Bad input stops a run before the first host is touched, with everything that is wrong in one go. No lab is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.playbooks.nowhere import play


def site(tmp_path: Path, *words: str, **hosts: dict[str, Any]) -> tuple[int, str]:
    """Run site.yml on the example with other variables for some hosts; exit status and output."""
    return play(tmp_path, "site", "nat_ha", *words, hosts=hosts)


def test_good_input_goes_on_to_the_hosts(tmp_path: Path) -> None:
    """The other tests' proof that no host was touched is worth something: here one is tried."""
    status, output = site(tmp_path)
    assert status != 0
    assert "UNREACHABLE" in output


def test_all_faults_are_told_at_once_before_any_host_is_touched(tmp_path: Path) -> None:
    status, output = site(
        tmp_path,
        lb1={
            "lvs_virtual_services": [
                {"name": "web", "address": "10.0.0.500", "port": 80, "real_servers": [{"host": "rs1", "weight": -1}]},
                {"name": "mail", "address": "10.0.0.5", "port": 25, "colour": "red", "real_servers": [{"host": "rs7"}]},
            ],
            "lvs_vrrp_instances": [
                {
                    "name": "VI_1",
                    "interface": "eth0",
                    "virtual_router_id": 300,
                    "authentication": {"auth_type": "PASS", "auth_pass": "far-too-long"},
                    "virtual_ipaddress": ["10.9.9.5/24"],
                }
            ],
        },
    )
    assert status != 0
    assert "UNREACHABLE" not in output
    for words in (
        "lb1: lvs_virtual_services[0].address: is '10.0.0.500', not an IPv4 or IPv6 address; ",
        "lb1: lvs_virtual_services[0].real_servers[0].weight: -1 is not in 0..65535; ",
        "lb1: lvs_virtual_services[1].colour: is an unknown key; ",
        "lb1: lvs_virtual_services[1].real_servers[0].host: the inventory has no host rs7",
        "lb1: lvs_vrrp_instances[0].virtual_router_id: 300 is not in 1..255; ",
        "lb1: lvs_vrrp_instances[0].authentication.auth_pass: is longer than 8 bytes; ",
        "lb1: lvs_vrrp_instances[0].virtual_ipaddress[0]: the VIP 10.9.9.5/24 is in no network of its interface eth0",
    ):
        assert f"\n{words}" in output, f"{words}\n{output}"
    assert "far-too-long" not in output


def test_limit_does_not_hide_the_fault_of_another_host(tmp_path: Path) -> None:
    status, output = site(tmp_path, "--limit", "rs2", rs1={"lvs_weight": -1})
    assert status != 0
    assert "rs1: lvs_weight: -1 is not in 0..65535; " in output
    assert "UNREACHABLE" not in output


def test_undefined_variable_is_told_like_any_fault(tmp_path: Path) -> None:
    status, output = site(tmp_path, rs1={"lvs_weight": "{{ no_such_variable }}"})
    assert status != 0
    fault = next(line for line in output.splitlines() if line.startswith("rs1: lvs_weight: "))
    # ansible-core before 2.19 leaves the text as it is.
    assert "'no_such_variable' is undefined" in fault or "'{{ no_such_variable }}'" in fault
    assert "UNREACHABLE" not in output


@pytest.mark.parametrize(
    ("playbook", "name", "value", "fault"),
    [
        ("site", "lvs_guard", "ture", "is 'ture', which is not known (did you mean true?); write true or false"),
        ("rolling", "lvs_timeout", "5m", "is '5m', not a whole number; write whole seconds"),
        (
            "metrics",
            "lvs_metrics",
            "flase",
            "is 'flase', which is not known (did you mean false?); write true or false",
        ),
    ],
)
def test_a_slip_in_an_extra_variable(tmp_path: Path, playbook: str, name: str, value: str, fault: str) -> None:
    status, output = play(tmp_path, playbook, "nat_ha", "-e", f"{name}={value}")
    assert status != 0
    assert f"client, lb1, lb2, rs1, rs2: {name}: {fault}" in output
    assert "UNREACHABLE" not in output


def test_a_slip_in_a_variable_of_a_play(tmp_path: Path) -> None:
    """No other host's variables tell of it."""
    (tmp_path / "own.yml").write_text(
        "- import_playbook: lvs.cluster.upgrade\n  vars: {lvs_reboot: maybe, lvs_alone: 'true'}\n"
    )
    status, output = play(tmp_path, "own.yml", "nat_ha")
    assert status != 0
    assert "lvs_reboot: is 'maybe', which is not known; write true, false or auto" in output
    assert "lvs_alone" not in output
    assert "UNREACHABLE" not in output
