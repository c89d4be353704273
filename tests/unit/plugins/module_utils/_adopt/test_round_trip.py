# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this collection has set up is adopted as the inventory that it was set up from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.adoption import Adopted, adopt
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.unit.plugins.module_utils._adopt.facts import as_inventory, inventory, set_up, texts

PARTS = ("director", "real_server_nat", "real_server_dr")


def adopted(name: str, folder: Path) -> tuple[dict[str, Any], Adopted]:
    wanted = inventory(name)
    before = plan(wanted)
    assert before["faults"] == []
    hosts = [one for one in wanted["hosts"] if one not in wanted["groups"].get("lab_only", [])]
    facts = {one: set_up(one, wanted, before["hosts"], folder) for one in hosts}
    return before["hosts"], adopt(facts, wanted["groups"]["directors"])


def without_names(value: Any) -> Any:
    """A plan without what follows from the names of services, which the kernel's table doesn't have."""
    if isinstance(value, dict):
        return {key: without_names(one) for key, one in value.items() if key not in ("name", "weight_file")}
    return [without_names(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", ["nat_ha", "nat_ha_sync", "director_full", "self_balanced"])
def test_keepalived(name: str, tmp_path: Path) -> None:
    before, result = adopted(name, tmp_path)
    assert texts(result, "faults") == []
    assert texts(result, "notes") == []
    assert all("was installed by this collection" in text for text in texts(result, "left"))
    after = plan(as_inventory(result))["hosts"]
    for host, one in after.items():
        assert {part: one[part] for part in PARTS} == {part: before[host][part] for part in PARTS}


@pytest.mark.parametrize("name", ["fwmark_dr", "dr_ipv6", "tun"])
def test_static(name: str, tmp_path: Path) -> None:
    before, result = adopted(name, tmp_path)
    assert texts(result, "faults") == []
    assert texts(result, "left") == []
    after = plan(as_inventory(result))["hosts"]
    for host, one in after.items():
        assert without_names({part: one[part] for part in PARTS}) == without_names(
            {part: before[host][part] for part in PARTS}
        )


def test_nothing_of_ours_is_described(tmp_path: Path) -> None:
    """Weight files and the files that steer a failover come from the plan alone."""
    _before, result = adopted("nat_ha", tmp_path)
    assert "lvs_track_files" not in result.shared["directors"]
    assert "lvs_failover" not in str(result.shared)
    assert "FILE_CHECK" not in str(result.shared)
