# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.lvs.cluster.plugins.filter.bucket_checks import FilterModule
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.clusterip_failover import CHECK
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan

checks = FilterModule().filters()["bucket_checks"]


def planned(*cluster_ips: dict[str, Any]) -> dict[str, Any]:
    """The cluster node's plan of a host with these cluster IPs."""
    host = {
        "lvs_cluster": "shop",
        "lvs_node_number": 1,
        "lvs_interfaces": {"eth0": "10.0.0.101/24"},
        "lvs_cluster_ips": list(cluster_ips),
    }
    answer = plan({"hosts": {"n1": host}, "groups": {"clusterip_nodes": ["n1"]}})
    assert [one["text"] for one in answer["faults"]] == []
    found: dict[str, Any] = answer["hosts"]["n1"]["clusterip_node"]
    return found


def test_the_checks_of_an_inventory_are_what_the_module_takes() -> None:
    node = planned(
        {
            "address": "10.0.0.9/24",
            "interface": "eth0",
            "ports": [80, 443],
            "health_checks": [
                {"type": "http", "port": 80, "path": "/alive", "status_code": [200, 204]},
                {"type": "tcp", "port": 443, "connect_timeout": 5},
            ],
        },
        {"address": "10.0.0.10/24", "interface": "eth0", "ports": 53, "protocol": "udp", "health_checks": []},
    )
    found = checks(node)
    assert [(check["type"], check["address"], check["port"]) for check in found] == [
        ("http", "10.0.0.9", 80),
        ("tcp", "10.0.0.9", 443),
    ]
    assert (found[0]["path"], found[0]["status"], found[1]["timeout"]) == ("/alive", [200, 204], 5)
    assert "path" not in found[1]
    for check in found:
        assert ArgumentSpecValidator(CHECK).validate(check).error_messages == []


def test_a_node_without_any() -> None:
    assert checks({"cluster_ips": []}) == []


@pytest.mark.parametrize(
    ("node", "message"),
    [({}, "lacks the key 'cluster_ips'"), ({"cluster_ips": [{}]}, "lacks the key"), (None, ""), (["x"], "")],
)
def test_faults_name_the_filter(node: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=rf"lvs\.cluster\.bucket_checks: .*{message}"):
        checks(node)
