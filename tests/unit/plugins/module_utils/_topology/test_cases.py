# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden cases: cases/NAME/inventory.yml gives expected.json, or, when the inventory is bad, faults.txt.

LVS_REGENERATE_GOLDEN=1 writes the expected files anew and fails, so that the difference is read before it counts.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan

CASES = Path(__file__).parent / "cases"
REGENERATE = os.environ.get("LVS_REGENERATE_GOLDEN") == "1"


def load_case(name: str) -> dict[str, Any]:
    """A case's inventory: ``like`` names a case to start from, ``vars`` are variables of a group's hosts."""
    case = yaml.safe_load((CASES / name / "inventory.yml").read_text())
    inventory: dict[str, Any] = load_case(case["like"]) if "like" in case else {"hosts": {}, "groups": {}}
    inventory["groups"].update(case.get("groups", {}))
    for host, variables in case.get("hosts", {}).items():
        inventory["hosts"].setdefault(host, {})
        for group, shared in case.get("vars", {}).items():
            if host in inventory["groups"][group]:
                inventory["hosts"][host].update(shared)
        inventory["hosts"][host].update(variables)
    if "like" in case:
        for group, shared in case.get("vars", {}).items():
            for host in inventory["groups"][group]:
                own = case.get("hosts", {}).get(host, {})
                inventory["hosts"][host].update({key: one for key, one in shared.items() if key not in own})
    return inventory


def render(answer: dict[str, Any]) -> str:
    """The answer as its golden file holds it."""
    if answer["faults"]:
        return "".join(f"{one['text']}\n" for one in answer["faults"])
    return json.dumps(answer, indent=2) + "\n"


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir()))
def test_case(name: str) -> None:
    answer = plan(load_case(name))
    golden = CASES / name / ("faults.txt" if name.startswith("bad_") else "expected.json")
    assert bool(answer["faults"]) == name.startswith("bad_"), render(answer)
    assert bool(answer["hosts"]) != bool(answer["faults"])
    if REGENERATE:
        golden.write_text(render(answer))
        pytest.fail("written anew: read the difference and run without LVS_REGENERATE_GOLDEN")
    assert render(answer) == golden.read_text()
