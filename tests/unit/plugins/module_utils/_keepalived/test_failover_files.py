# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import failover_files as files
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import shared, weight_files, weights
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import TreeError

ONE, GROUP = "lvs_failover_instance_VI_1", "lvs_failover_group_VG1"


def director(*priorities: int, group: bool = False, **more: Any) -> dict[str, Any]:
    names = [f"VI_{number}" for number in range(1, len(priorities) + 1)]
    instances = [
        {
            "name": name,
            "state": "BACKUP",
            "interface": "eth0",
            "virtual_router_id": number,
            "advert_int": 1,
            "version": 2,
            "priority": priority,
            "virtual_ipaddress": [{"address": f"10.0.0.{number}/24", "dev": "eth0"}],
        }
        for number, (name, priority) in enumerate(zip(names, priorities, strict=True), 1)
    ]
    groups = [{"name": "VG1", "group": names}] if group else []
    return {"global": {}, "vrrp_instances": instances, "vrrp_sync_groups": groups, **more}


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        (director(200), [(ONE, "", ("VI_1",))]),
        (director(200, 100), [(ONE, "", ("VI_1",)), ("lvs_failover_instance_VI_2", "", ("VI_2",))]),
        (director(200, 100, group=True), [(GROUP, "VG1", ("VI_1", "VI_2"))]),
        (director(255, 100), [("lvs_failover_instance_VI_2", "", ("VI_2",))]),
        (director(255, 100, group=True), []),
        ({}, []),
    ],
)
def test_units(plan: dict[str, Any], found: list[Any]) -> None:
    assert files.units(plan) == found


def test_a_group_follows_the_file_in_place_of_its_instances() -> None:
    """An instance's own weight would be ignored in a group."""
    text = render(tree(director(200, 100, group=True)))
    declaration = f"track_file {GROUP} {{\n    file /var/lib/lvs-cluster/{GROUP}\n}}"
    assert text.index(declaration) < text.index("vrrp_sync_group VG1 {")
    assert text.count(f"    track_file {{\n        {GROUP} weight 1\n    }}") == 1
    assert "lvs_failover_instance" not in text


def test_it_stands_beside_a_file_of_the_inventory() -> None:
    plan = director(200, track_files=[{"name": "closed", "file": "/run/closed"}])
    plan["vrrp_instances"][0]["track_file"] = [{"name": "closed", "weight": -50}]
    assert f"    track_file {{\n        closed weight -50\n        {ONE} weight 1\n    }}" in render(tree(plan))
    assert "track_file" not in plan["vrrp_instances"][0] or len(plan["vrrp_instances"][0]["track_file"]) == 1


def test_nothing_that_an_owner_could_not_have_is_written() -> None:
    assert "track_file" not in render(tree(director(255)))


def test_a_name_of_ours_is_refused_in_the_inventory() -> None:
    with pytest.raises(TreeError, match="are for the failover"):
        tree(director(200, track_files=[{"name": ONE, "file": "/run/x"}]))


def test_a_running_cluster_gets_it_director_by_director() -> None:
    """Adverts do not tell it, so no peer must change at the same moment, and a reload is enough."""
    new = render(tree(director(200, 100, group=True)))
    old = new.replace(f"    track_file {{\n        {GROUP} weight 1\n    }}\n", "")
    assert old != new
    assert shared.differing(old, new, "lb1") == ()
    assert shared.needs_restart(old, new, "lb1") == ""


@pytest.mark.parametrize(
    ("text", "number"), [("51\n# x\n", 51), (" -254", -254), ("+3", 3), ("", 0), ("x 3", 0), (files.text_for(7), 7)]
)
def test_number_of(text: str, number: int) -> None:
    assert files.number_of(text) == number


@pytest.mark.parametrize("name", ["weights", "sysctls.json", "lvs_failover_x_VI_1", "lvs_failover_group_a/b", "../x"])
def test_other_names_are_not_ours(name: str) -> None:
    assert files.name_fault(name)


def test_write_and_read(tmp_path: Path) -> None:
    directory = str(tmp_path)
    (tmp_path / "sysctls.json").write_text("{}")
    after = files.numbers({}, {ONE: 51, GROUP: 0})
    assert after == {ONE: 51}
    files.write(directory, {}, after)
    assert files.read(directory) == after
    assert (tmp_path / ONE).stat().st_mode & 0o777 == 0o644
    files.write(directory, after, files.numbers(after, {ONE: 0, GROUP: 2}))
    assert files.read(directory) == {GROUP: 2}
    assert sorted(path.name for path in tmp_path.iterdir()) == [GROUP, "sysctls.json"]
    assert files.read(str(tmp_path / "none")) == {}


def test_the_weights_leave_it_alone(tmp_path: Path) -> None:
    """A number stays when all weight files go, and its directory with it."""
    directory = tmp_path / "lvs-cluster"
    weight_files.make_directory(str(directory / "weights"))
    files.write(str(directory), {}, {ONE: 51})
    wanted = weights.plan(weight_files.read_directory(str(directory / "weights")), [], unnamed=weights.PURGE)
    weight_files.apply(str(directory / "weights"), wanted)
    weight_files.remove_directory(str(directory / "weights"))
    assert files.read(str(directory)) == {ONE: 51}
