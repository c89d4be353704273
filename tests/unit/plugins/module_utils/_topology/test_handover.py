# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directors that are real servers of their own cluster and have virtual services only while they are master."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plugins.module_utils._topology.colocation import FORM, VIP, faults, hosts, instance, inventory, service

SECOND = "192.168.0.253/24"


def handover(**changes: Any) -> dict[str, Any]:
    return inventory(**{"lvs_colocated": "handover", **changes})


def test_handover_has_no_sync_daemon_and_believes_in_nobody_unchecked() -> None:
    director = hosts(handover())["web1"]["director"]
    assert (director["colocated"], director["witness"], director["sync_daemon"]) == ("handover", VIP, None)
    assert (director["services"][0]["alpha"], director["services"][0]["warmup"]) == (True, 0)
    assert (director["sysctls"]["net.ipv4.vs.expire_nodest_conn"], director["sysctls"][FORM]) == ("1", "1")
    assert hosts(handover(lvs_virtual_services=[service(warmup=3)]))["web1"]["director"]["services"][0]["warmup"] == 3


def test_witness_is_an_address_that_the_director_serves() -> None:
    both = [f"{other}/24" for other in ("192.168.0.250", "192.168.0.254")]
    given = handover(lvs_vrrp_instances=[instance(virtual_ipaddress=both)])
    assert hosts(given)["web1"]["director"]["witness"] == VIP


@pytest.mark.parametrize(
    "changes",
    [
        {"lvs_sync_daemon": {"interface": "bond0", "instance": "VI_51"}},
        {"lvs_vrrp_instances": [instance(lvs_sync_daemon_interface="bond0")]},
    ],
    ids=["variable", "old word"],
)
def test_handover_with_a_sync_daemon(changes: dict[str, Any]) -> None:
    assert faults(handover(**changes)) == [
        (
            "web1, web2",
            "lvs_colocated: is handover, and there is a sync daemon: a director that is not master has no services to "
            "which the connections that it learns could belong; leave lvs_sync_daemon out, or write backup_only",
        )
    ]


def test_handover_beside_another_script_for_all_states() -> None:
    """keepalived ignores the second one of an instance; a sync group has one of its own."""
    assert faults(handover(lvs_vrrp_instances=[instance(notify={"any": "/usr/local/sbin/every"})])) == [
        (
            "web1, web2",
            "lvs_vrrp_instances[0].notify.any: is a second script for all states, and keepalived takes one: with "
            "handover that is this collection's; write master, backup, fault and stop, or any of a sync group",
        )
    ]
    assert faults(handover(lvs_vrrp_instances=[instance(notify={"master": "/usr/local/sbin/master"})])) == []


@pytest.mark.parametrize("where", ["lvs_virtual_services[0]", "lvs_virtual_services[0].real_servers"])
def test_handover_without_alpha(where: str) -> None:
    servers = [{"group": "real_servers_dr", "alpha": False}]
    one = service(real_servers=servers) if where.endswith("servers") else service(alpha=False)
    assert faults(handover(lvs_virtual_services=[one])) == [
        (
            "web1, web2",
            f"{where}.alpha: is false, and with handover a new master would send connections to who died meanwhile; "
            "leave it out",
        )
    ]


def test_handover_of_two_instances_that_move_apart() -> None:
    second = instance(52, virtual_ipaddress="192.168.0.253/24")
    services = [service(), service(name="other", address="192.168.0.253")]
    given = {"lvs_vrrp_instances": [instance(), second], "lvs_virtual_services": services}
    assert faults(handover(**given)) == [
        (
            "web1, web2",
            "lvs_virtual_services[1].address: 192.168.0.253 moves with VI_52, and another VIP with VI_51: with "
            "handover a director has all of its services, or none; put VI_51, VI_52 into one lvs_vrrp_sync_groups "
            "entry, or write backup_only",
        )
    ]
    together = [{"name": "G1", "group": ["VI_51", "VI_52"]}]
    assert hosts(handover(**given, lvs_vrrp_sync_groups=together))["web1"]["director"]["witness"] == VIP


def test_of_an_instance_without_a_name_nothing_more_is_said() -> None:
    """Its name would be None in each text."""
    nameless = {key: one for key, one in instance().items() if key != "name"}
    for form in ("handover", "backup_only"):
        given = inventory(lvs_colocated=form, lvs_vrrp_instances=[nameless, instance(52, virtual_ipaddress=SECOND)])
        for name in ("web1", "web2"):
            given["hosts"][name]["lvs_virtual_services"].append(service(name="two", address=SECOND.partition("/")[0]))
        assert "None" not in str(faults(given))
        assert any("lvs_vrrp_instances[0].name: is missing" in text for _hosts, text in faults(given))
