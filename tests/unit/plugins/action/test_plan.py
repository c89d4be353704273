"""Which variables the plan is given, where an extra variable of a playbook has the name of one of the inventory."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.lvs.cluster.plugins.action.plan import _inventory
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.support.cluster import ROOT

INVENTORY = ROOT / "tests/unit/plugins/module_utils/_topology/cases/base/inventory.yml"


def variables(**extra: Any) -> dict[str, Any]:
    """An inventory as a task sees it: extra variables are those of every host."""
    inventory = yaml.safe_load(INVENTORY.read_text())
    groups = {**inventory["groups"], "all": list(inventory["hosts"])}
    return {"groups": groups, "hostvars": {name: {**one, **extra} for name, one in inventory["hosts"].items()}}


def test_an_extra_variable_is_left_out() -> None:
    given = variables(lvs_weight="70000", lvs_host="rs1", ansible_host="10.0.0.1")
    found = _inventory(given, {"lvs_weight"})
    assert {name for one in found["hosts"].values() for name in one if name == "lvs_weight"} == set()
    assert found["hosts"]["rs2"]["lvs_host"] == "rs1"
    assert [name for name in found["hosts"]["rs2"] if name.startswith("ansible_")] == []


@pytest.mark.parametrize(("without", "faulty"), [((), True), (("lvs_weight",), False), (("lvs_route",), True)])
def test_without_that_it_would_be_the_inventorys(without: tuple[str, ...], faulty: bool) -> None:
    texts = [fault["text"] for fault in plan(_inventory(variables(lvs_weight="70000"), without))["faults"]]
    assert any("lvs_weight: 70000 is not in 0..65535" in text for text in texts) is faulty


def test_the_role_hands_it_on() -> None:
    assert 'without: "{{ plan_without }}"' in (ROOT / "roles/plan/tasks/plan.yml").read_text()
