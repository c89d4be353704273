from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.filter.cluster_picture import cluster_picture
from ansible_collections.lvs.cluster.plugins.filter.cluster_tables import cluster_tables
from ansible_collections.lvs.cluster.plugins.module_utils._picture import tables
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.unit.plugins.module_utils._picture.cases import NAMES, large
from tests.unit.plugins.module_utils._topology.test_cases import load_case

SECRET = "pa55-w0rd"


def poisoned(value: Any, key: str = "") -> Any:
    """The value with a secret wherever an inventory may hold one: passwords, arguments of scripts, options."""
    if key in ("args", "options", "auth_pass"):
        return [SECRET] if key == "args" else {"header": SECRET} if key == "options" else SECRET
    if isinstance(value, dict):
        return {one: poisoned(inside, one) for one, inside in value.items()}
    return [poisoned(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_is_in_any_output(name: str) -> None:
    inventory = load_case(name)
    plans = poisoned(plan(inventory)["hosts"])
    interfaces = {host: one.get("lvs_interfaces") for host, one in inventory["hosts"].items()}
    outputs = json.dumps([cluster_picture(plans, interfaces), cluster_tables(plans, interfaces)])
    assert SECRET not in outputs


def test_the_secret_was_there() -> None:
    assert json.dumps(poisoned(plan(load_case("vrrp_full"))["hosts"])).count(SECRET) > 10


def test_filters_need_no_interfaces() -> None:
    plans = plan(load_case("nat_ha"))["hosts"]
    told = cluster_tables(plans)
    assert told["lines"] == told["shown"]
    assert told["capped"] == {"hosts": told["hosts"], "note": ""}
    # What the plans imply: the real servers' addresses and the networks of the VIPs.
    drawn = cluster_picture(plans)["svg"]
    assert ">rs1 eth0 192.168.0.12<" in drawn
    assert ">10.0.0.0/24<" in drawn


def test_hosts_that_leave_are_told() -> None:
    plans = plan(load_case("nat_ha"))["hosts"]
    assert cluster_tables(plans, None, ["lb2"])["hosts"]["lb2"]["state"] == "absent"
    assert "lb2: director, cluster default, leaves it" in cluster_tables(plans, None, ["lb2"])["lines"]
    assert "leaves the cluster" in cluster_picture(plans, None, ["lb2"])["svg"]
    assert "leaves the cluster" not in cluster_picture(plans)["svg"]


def test_long_lists_are_cut_for_people_and_whole_for_programs() -> None:
    plans = large(1000, 10)
    lines = tables.lines(plans)
    assert sum("and 976 more" in line for line in lines) == 2
    assert len(lines) < 700
    assert len(tables.rows(plans)["lb1"]["director"]["services"]) == 1000


def test_what_is_too_long_for_statistics_is_left_out_with_a_note() -> None:
    capped = tables.capped(tables.rows(large(1000, 10)))
    assert len(json.dumps(capped)) < 50_000
    assert capped["note"].startswith("12 of 12 hosts are left out")
    shown = tables.shown([f"line {number}" for number in range(10)], most=30)
    assert shown == ["line 0", "line 1", "line 2", "line 3", "", "6 more lines are in check.txt, with lvs_report_dir."]
