"""Which variables the plan is given, with extra variables, expressions, and what is encrypted."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible import template
from ansible.parsing.dataloader import DataLoader

from ansible_collections.lvs.cluster.plugins.action.plan import _decrypted, _inventory
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.support.cluster import ROOT

INVENTORY = ROOT / "tests/unit/plugins/module_utils/_topology/cases/base/inventory.yml"


class HostVars(dict[str, dict[str, Any]]):
    """The variables of all hosts, as a task has them: its own access to a host's would template them."""

    def raw_get(self, host: str) -> dict[str, Any]:
        return self[host]


class Encrypted:
    """An inline ``!vault`` value before ansible-core 2.19."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return "s3cret"


def variables(**extra: Any) -> dict[str, Any]:
    """An inventory as a task sees it: extra variables are those of every host."""
    inventory = yaml.safe_load(INVENTORY.read_text())
    groups = {**inventory["groups"], "all": list(inventory["hosts"])}
    return {
        "groups": groups,
        "hostvars": HostVars({name: {**one, **extra} for name, one in inventory["hosts"].items()}),
    }


def trusted(value: Any) -> Any:
    """The value as an inventory's file has it."""
    if isinstance(value, dict):
        return {key: trusted(one) for key, one in value.items()}
    if isinstance(value, list):
        return [trusted(one) for one in value]
    # Before ansible-core 2.19 every text was trusted.
    return getattr(template, "trust_as_template", str)(value)


def read(given: dict[str, Any], without: Any = ()) -> dict[str, Any]:
    return _inventory(given, without, DataLoader())


def test_an_extra_variable_is_left_out() -> None:
    given = variables(lvs_weight="70000", lvs_host="rs1", ansible_host="10.0.0.1")
    found = read(given, {"lvs_weight"})
    assert {name for one in found["hosts"].values() for name in one if name == "lvs_weight"} == set()
    assert found["hosts"]["rs2"]["lvs_host"] == "rs1"
    assert [name for name in found["hosts"]["rs2"] if name.startswith("ansible_")] == []


@pytest.mark.parametrize(("without", "faulty"), [((), True), (("lvs_weight",), False), (("lvs_route",), True)])
def test_without_that_it_would_be_the_inventorys(without: tuple[str, ...], faulty: bool) -> None:
    texts = [fault["text"] for fault in plan(read(variables(lvs_weight="70000"), without))["faults"]]
    assert any("lvs_weight: 70000 is not in 0..65535" in text for text in texts) is faulty


@pytest.mark.parametrize("value", ["{{ nobody }}", "{{ lvs_helper }}", ["{{ nobody.x }}"], {"a": "{{ nobody }}"}])
def test_an_expression_without_a_value_is_a_fault(value: Any) -> None:
    given = variables(lvs_route=trusted(value), lvs_helper=trusted("{{ nobody }}"))
    assert "nobody" in read(given)["hosts"]["rs2"]["lvs_route"]["__lvs_error__"]
    texts = [fault["text"] for fault in plan(read(given))["faults"]]
    assert any("lvs_route: cannot be worked out: " in text and "nobody" in text for text in texts)


def test_an_expression_has_the_variables_of_its_host() -> None:
    given = variables(lvs_route=trusted("{{ way }}"), way=trusted("{{ 'pol' ~ 'icy' }}"))
    del given["hostvars"]["rs2"]["way"]
    found = read(given)["hosts"]
    assert found["lb1"]["lvs_route"] == "policy"
    assert "way" in found["rs2"]["lvs_route"]["__lvs_error__"]


def test_what_is_encrypted_is_text() -> None:
    given = {"auth": [{"auth_pass": Encrypted()}, 5], "plain": "x", "tuple": (Encrypted(), None)}
    assert _decrypted(given) == {"auth": [{"auth_pass": "s3cret"}, 5], "plain": "x", "tuple": ["s3cret", None]}


def test_the_role_hands_it_on() -> None:
    assert 'without: "{{ plan_without }}"' in (ROOT / "roles/plan/tasks/plan.yml").read_text()
