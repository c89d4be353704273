# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.wanted import Instance, Vip
from ansible_collections.lvs.cluster.plugins.module_utils._metrics import model
from ansible_collections.lvs.cluster.plugins.module_utils._metrics.exposition import Family
from ansible_collections.lvs.cluster.plugins.module_utils._metrics.model import Network

PUBLIC = Instance("VI_1", "eth0", (Vip("10.0.0.5", "eth0"), Vip("10.0.0.6", "eth1")))


def values(found: list[Family]) -> dict[str, float]:
    """name and values of labels, to value."""
    return {
        " ".join([one.name.removeprefix("lvs_cluster_"), *sample.labels.values()]): sample.value
        for one in found
        for sample in one.samples
    }


def network(*addresses: str, working: tuple[str, ...] = ("eth0",)) -> Network:
    return Network(frozenset(working), frozenset(addresses), frozenset())


@pytest.mark.parametrize(
    ("running", "here", "state", "present"),
    [
        (True, network("10.0.0.3"), "backup", 0),
        (True, network("10.0.0.5", "10.0.0.6"), "master", 2),
        (True, network("10.0.0.6"), "master", 1),
        (True, network(working=()), "fault", 0),
        (False, network("10.0.0.5", "10.0.0.6"), "stopped", 2),
    ],
)
def test_vrrp(running: bool, here: Network, state: str, present: int) -> None:
    found = values(model.keepalived(running, False, True, [PUBLIC], here))
    states = ("master", "backup", "fault", "stopped")
    assert [name for name in states if found[f"vrrp_state VI_1 eth0 {name}"]] == [state]
    assert found["vrrp_master VI_1 eth0"] == (state == "master")
    assert (found["vrrp_addresses VI_1 eth0"], found["vrrp_addresses_present VI_1 eth0"]) == (2, present)
    assert found["keepalived_running"] == running
    assert (found["configuration_pending"], found["configuration_staged"]) == (False, True)


@pytest.mark.parametrize(
    ("interface", "state", "present"),
    [
        ("lo", "master", 1),
        # A director that is a real server has it there at all times.
        ("eth0", "backup", 0),
    ],
)
def test_an_address_of_lo_counts_where_vrrp_puts_it_there(interface: str, state: str, present: int) -> None:
    instance = Instance("VI_1", "eth0", (Vip("10.0.0.5", interface),))
    here = Network(frozenset({"lo", "eth0"}), frozenset({"10.0.0.3"}), frozenset({"127.0.0.1", "10.0.0.5"}))
    found = values(model.keepalived(True, False, False, [instance], here))
    assert found[f"vrrp_state VI_1 eth0 {state}"] == 1
    assert found["vrrp_addresses_present VI_1 eth0"] == present
    elsewhere = here._replace(addresses=frozenset({"10.0.0.5"}), loopback=frozenset())
    found = values(model.keepalived(True, False, False, [instance], elsewhere))
    assert found["vrrp_master VI_1 eth0"] == (interface != "lo")


def test_the_network_of_a_director_that_is_a_real_server() -> None:
    told = [
        {"ifname": "lo", "flags": ["LOOPBACK", "UP", "LOWER_UP"], "addr_info": [{"local": "10.0.0.5"}]},
        {"ifname": "eth0", "flags": ["UP", "LOWER_UP"], "addr_info": [{"local": "10.0.0.3"}, {"local": "fe80::1"}]},
        {"ifname": "eth1", "flags": ["NO-CARRIER", "UP"], "addr_info": []},
        {},
    ]
    found = model.network_of(json.dumps(told))
    assert found == Network(frozenset({"lo", "eth0"}), frozenset({"10.0.0.3", "fe80::1"}), frozenset({"10.0.0.5"}))


def test_table_and_daemons() -> None:
    found = values(model.table(3, 12, ["backup"]))
    assert found == {
        "table_services": 3,
        "table_destinations": 12,
        "sync_daemon_running master": 0,
        "sync_daemon_running backup": 1,
    }


def test_overrides() -> None:
    entry = {"server": "web_1", "state": "drained", "weight": 0, "since": "", "until": "", "by": "ann"}
    found = values(
        model.overrides([entry, {**entry, "server": "web_2", "state": "weighted", "until": "2026-11-26T20:31:00Z"}])
    )
    assert found == {
        "servers_overridden drained": 1,
        "servers_overridden held": 0,
        "servers_overridden weighted": 1,
        "server_overridden web_1 drained": 1,
        "server_overridden web_2 weighted": 1,
        "server_override_until_timestamp_seconds web_2": 1795725060,
    }


def test_buckets() -> None:
    one = ClusterIp("10.0.0.9", 24, "eth0", "01:02:03:04:05:06", 3, "sourceip", 0, "tcp", (80,), "nftables")
    found = values(model.buckets([(one, (1, 3)), (one._replace(address="10.0.0.8", total=1), None)]))
    assert found == {
        "clusterip_rules_complete 10.0.0.9": 1,
        "clusterip_rules_complete 10.0.0.8": 0,
        "clusterip_buckets 10.0.0.9": 3,
        "clusterip_buckets 10.0.0.8": 1,
        "clusterip_buckets_served 10.0.0.9": 2,
        "clusterip_buckets_served 10.0.0.8": 0,
        "clusterip_bucket_served 10.0.0.9 1": 1,
        "clusterip_bucket_served 10.0.0.9 2": 0,
        "clusterip_bucket_served 10.0.0.9 3": 1,
        "clusterip_bucket_served 10.0.0.8 1": 0,
    }
