# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extra variables of playbooks, and states of roles that an inventory must not have."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.unit.plugins.module_utils._topology.test_plan import apart, inventory


def faults(host: str = "", **variables: Any) -> list[str]:
    """What a good inventory is told with these variables of one host, or of all hosts."""
    given = apart(inventory())
    for name, own in given["hosts"].items():
        if host in ("", name):
            own.update(variables)
    return [one["text"].partition(": ")[2] for one in plan(given)["faults"]]


@pytest.mark.parametrize("value", ["true", "False", "yes", "NO", "on", "off", "1", "0", 1, 0, True, False, "", None])
@pytest.mark.parametrize("name", ["lvs_guard", "lvs_alone", "lvs_metrics", "lvs_reboot", "lvs_list"])
def test_a_switch_is_taken_as_ansible_takes_it(name: str, value: Any) -> None:
    assert faults(**{name: value}) == []


@pytest.mark.parametrize("value", ["300", 300, "0", "", None])
def test_seconds_may_be_text(value: Any) -> None:
    assert faults(lvs_timeout=value) == []


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("lvs_guard", "ture", "is 'ture', which is not known (did you mean true?); write true or false"),
        ("lvs_list", "y", "is 'y', which is not known; write true or false"),
        ("lvs_maintenance", "true ", "is 'true ', which is not known (did you mean true?); write true or false"),
        ("lvs_guard", "y", "is 'y', which is not known; write true or false"),
        ("lvs_reboot", "t", "is 't', which is not known; write true, false or auto"),
        ("lvs_metrics", 2, "is '2', which is not known; write true or false"),
        # A role's state, which the filter bool takes for false.
        ("lvs_metrics", "present", "is 'present', which is not known; write true or false"),
        ("lvs_alone", "auto", "is 'auto', which is not known; write true or false"),
        ("lvs_last", ["true"], "is a list, not text; write true or false"),
        ("lvs_reboot", "later", "is 'later', which is not known; write true, false or auto"),
        ("lvs_timeout", "5m", "is '5m', not a whole number; write whole seconds"),
        ("lvs_timeout", 1.5, "is '1.5', not a whole number; write whole seconds"),
        ("lvs_timeout", -1, "-1 is not in 0..; write whole seconds"),
        ("lvs_step_seconds", "0", "0 is not in 1..; write whole seconds, at least 1"),
        ("lvs_lock_expires", True, "is 'True', not a whole number; write whole seconds, at least 1"),
    ],
)
def test_a_slip_is_told(name: str, value: Any, fault: str) -> None:
    assert faults(**{name: value}) == [f"{name}: {fault}"]


def test_a_slip_of_all_hosts_is_told_once() -> None:
    given = apart(inventory())
    for own in given["hosts"].values():
        own["lvs_guard"] = "fasle"
    [fault] = plan(given)["faults"]
    assert fault["hosts"] == ["lb1", "lb2", "rs2", "rs10"]
    assert "did you mean false?" in fault["problem"]


@pytest.mark.parametrize(
    "name", ["director_state", "real_server_nat_state", "real_server_dr_state", "real_server_tun_state"]
)
def test_a_role_is_not_told_to_take_away_what_serves(name: str) -> None:
    text = (
        f"{name}: is absent, which takes away what directors may still use; write lvs_state: absent, which drains first"
    )
    assert faults("rs2", **{name: "absent"}) == [text]
    assert faults("rs2", **{name: "present"}) == []
    assert faults("rs2", **{name: "absent"}, lvs_state="absent") == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("lvs_servcie", "lvs_service"),
        ("lvs_timout", "lvs_timeout"),
        ("lvs_hsot", "lvs_host"),
        ("lvs_gaurd", "lvs_guard"),
        ("lvs_guard_treshold", "lvs_guard_threshold"),
        ("lvs_prob_hosts", "lvs_probe_hosts"),
    ],
)
def test_a_slip_in_the_name_of_an_extra_variable_is_told_once(name: str, meant: str) -> None:
    given = apart(inventory())
    for own in given["hosts"].values():
        own[name] = "rs1"
    # In the inventory a name is the user's own, but for what looks like the inventory's variables.
    assert plan(given)["faults"] == []
    [fault] = plan({**given, "extra": ["lvs_host", name]})["faults"]
    assert fault["text"] == (f"inventory: {name}: is an extra variable that no playbook reads; did you mean {meant}?")


@pytest.mark.parametrize(
    "name", ["lvs_shop_port", "lvs_hosts", "lvs_weight", "lvs_wieght", "lvs_x", "lvs_service_name_of_mine"]
)
def test_other_extra_variables_are_the_users_or_the_inventorys(name: str) -> None:
    assert plan({**apart(inventory()), "extra": [name]})["faults"] == []
