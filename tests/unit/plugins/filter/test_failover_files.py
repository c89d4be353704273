from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.filter.failover_files import FilterModule

INSTANCES = [{"name": "VI_1", "priority": 200}, {"name": "VI_2", "priority": 200}]


@pytest.mark.parametrize(
    ("director", "names"),
    [
        ({"vrrp_instances": [], "vrrp_sync_groups": []}, []),
        ({"vrrp_instances": INSTANCES[:1]}, ["lvs_failover_instance_VI_1"]),
        (
            {"vrrp_instances": INSTANCES, "vrrp_sync_groups": [{"name": "VG1", "group": ["VI_2"]}]},
            ["lvs_failover_group_VG1", "lvs_failover_instance_VI_1"],
        ),
    ],
)
def test_names(director: dict[str, object], names: list[str]) -> None:
    assert FilterModule().filters()["failover_files"](director) == names
