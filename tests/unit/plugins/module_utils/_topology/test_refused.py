# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived refuses (keepalived -t) is a fault of the plan already."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.unit.plugins.module_utils._topology.test_odd import Plan, both, faults, service
from tests.unit.plugins.module_utils._topology.test_plan import apart, inventory


def instances(**words: Any) -> Plan:
    """Both directors with another instance beside the first one, to which the words go."""
    given = apart(inventory())
    for name in ("lb1", "lb2"):
        first = given["hosts"][name]["lvs_vrrp_instances"][0]
        second = {**first, "name": "VI_2", "virtual_router_id": 52, "virtual_ipaddress": ["10.0.0.8/24"]}
        first.update(copy.deepcopy(words))
        given["hosts"][name]["lvs_vrrp_instances"].append({**second, "use_vmac": "vip2"})
    return given


@pytest.mark.parametrize(
    ("kind", "state", "wrong"), [("AH", "MASTER", True), ("PASS", "MASTER", False), ("AH", "", False)]
)
def test_a_state_of_master_and_an_authentication_header(kind: str, state: str, wrong: bool) -> None:
    authentication = {"auth_type": kind, "auth_pass": "abc"}
    given = instances(authentication=authentication, **({"state": state} if state else {}))
    text = (
        "lb1, lb2: lvs_vrrp_instances[0].state: is MASTER, and keepalived takes no such state with auth_type AH; leave "
        "state out"
    )
    assert faults(given) == ([text] if wrong else [])


@pytest.mark.parametrize(
    ("name", "place", "problem"),
    [
        ("eth0", 0, "eth0 is an interface of the director"),
        ("eth1", 0, "eth1 is an interface of the director"),
        ("vip2", 1, "vip2 is the VMAC of VI_1, too"),
    ],
)
def test_the_interface_of_a_vmac_has_a_name_of_its_own(name: str, place: int, problem: str) -> None:
    assert faults(instances(use_vmac=name)) == [
        f"lb1, lb2: lvs_vrrp_instances[{place}].use_vmac: {problem}; write a name of its own, or true"
    ]
    assert faults(instances(use_vmac="vip1")) == []


@pytest.mark.parametrize(("label", "wrong"), [("eth0:12345678901", True), ("ü" * 8, True), ("eth0:1234567890", False)])
def test_the_bytes_of_a_label(label: str, wrong: bool) -> None:
    address = {"address": "10.0.0.5/24", "label": label}
    texts = [text for text in faults(instances(virtual_ipaddress=[address])) if "label" in text]
    spot = "lb1, lb2: lvs_vrrp_instances[0].virtual_ipaddress[0].label"
    assert texts == ([f"{spot}: is longer than 15 bytes; write a label of at most 15 bytes, without spaces"] * wrong)


@pytest.mark.parametrize(
    ("server", "good"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1 25", True),
        ("mail.example.org smtp", True),
        ("::1", True),
        ("2001:db8::7 2525", True),
        ("127.0.0.1:25", False),
        ("mail.example.org:25", False),
        ("127.0.0.1 25 26", False),
    ],
)
def test_the_port_of_a_mail_server_stands_behind_a_space(server: str, good: bool) -> None:
    texts = faults(both(apart(inventory()), lvs_keepalived_global={"smtp_server": server}))
    assert texts == [
        f"lb1, lb2: lvs_keepalived_global.smtp_server: is '{server}', which cannot be used; write an address or a "
        "name, and the port behind a space if it isn't 25"
    ] * (not good)


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ({"bind_to": "2001:db8::9"}, True),
        ({"bind_to": "10.0.0.3", "connect_ip": "2001:db8::9"}, True),
        ({"bind_to": "2001:db8::8", "connect_ip": "2001:db8::9"}, False),
        ({"bind_to": "192.168.0.2"}, False),
    ],
)
def test_a_check_from_an_address_of_another_family(words: Plan, wrong: bool) -> None:
    text = (
        "lb1, lb2: lvs_virtual_services[0].real_servers[0]: rs2, rs10 would be checked from "
        f"{words['bind_to']} (bind_to), an address of another family; write under bind_to an address of the "
        "family that the check connects to"
    )
    assert faults(service(health_checks=[{"type": "tcp", **words}])) == [text] * wrong


def test_the_longest_that_a_check_may_wait() -> None:
    assert faults(service(health_checks=[{"type": "tcp", "connect_timeout": 4294}])) == []
    (text,) = faults(service(health_checks=[{"type": "tcp", "connect_timeout": 4295}]))
    assert text.endswith("connect_timeout: 4295 is not in 0.001..4294; write seconds from 0.001 to 4294")
