# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived.conf can't hold is a fault of the plan, with the variable and without the value."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.action.plan import planned
from tests.unit.plugins.module_utils._topology.test_plan import apart, inventory

QUOTE = "a double quote cannot be written: keepalived has no escape for it; write it in another way"


def faults(given: dict[str, Any]) -> list[str]:
    answer = planned(given)
    assert bool(answer["hosts"]) != bool(answer["faults"])
    return [one["text"] for one in answer["faults"]]


def changed(where: str, value: Any) -> dict[str, Any]:
    """The inventory with this in place of a variable of both directors, or of a word of their instance or service."""
    given = apart(inventory())
    variable, _dot, word = where.partition(".")
    for name in ("lb1", "lb2"):
        host = given["hosts"][name]
        if word:
            host[variable][0][word] = value
        else:
            host[variable] = value
    return given


@pytest.mark.parametrize(
    ("where", "value", "text"),
    [
        (
            "lvs_vrrp_instances.authentication",
            {"auth_pass": 'a"S3cret'},
            "lvs_vrrp_instances: keepalived.conf can't hold it, at vrrp_instance VI_1 > authentication > auth_pass "
            f"(value 1): {QUOTE}",
        ),
        (
            "lvs_virtual_services.options",
            {"virtualhost": 'w"w'},
            "lvs_virtual_services: keepalived.conf can't hold it, at virtual_server 10.0.0.5 80 > virtualhost "
            f"(value 1): {QUOTE}",
        ),
        (
            "lvs_keepalived_options",
            {"some_block": {"word": 'a"b'}},
            f"lvs_keepalived_options: keepalived.conf can't hold it, at some_block > word (value 1): {QUOTE}",
        ),
        (
            "lvs_keepalived_global",
            {"router_id": 'a"b'},
            f"lvs_keepalived_global: keepalived.conf can't hold it, at global_defs > router_id (value 1): {QUOTE}",
        ),
    ],
)
def test_a_text_that_cannot_be_written(where: str, value: Any, text: str) -> None:
    assert faults(changed(where, value)) == [f"lb1, lb2: {text}"]


@pytest.mark.parametrize("password", ["a\\", "b\n", 'c"'])
def test_a_password_is_not_shown(password: str) -> None:
    (text,) = faults(changed("lvs_vrrp_instances.authentication", {"auth_pass": password}))
    assert "auth_pass" in text
    assert password not in text.replace("auth_pass (value 1): a double quote", "")


def test_what_can_be_written_has_no_fault() -> None:
    assert faults(changed("lvs_vrrp_instances.authentication", {"auth_pass": "a b#c!"})) == []


def test_a_static_director_has_no_such_file() -> None:
    given = apart(inventory())
    given["groups"]["directors"] = ["lb1"]
    host = given["hosts"]["lb1"]
    del host["lvs_vrrp_instances"], given["hosts"]["lb2"]
    host["lvs_virtual_addresses"] = [{"address": "10.0.0.5/32", "interface": "eth0"}]
    host["lvs_virtual_services"][0]["health_checks"] = []
    host["lvs_masquerade"] = []
    assert planned(given)["faults"] == []
