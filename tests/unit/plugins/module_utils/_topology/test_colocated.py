# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directors that are real servers of their own cluster; the rules that no golden case shows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plugins.module_utils._topology.colocation import (
    FORM,
    VIP,
    alone,
    faults,
    hosts,
    instance,
    inventory,
    service,
)

# --- who serves itself, and how


def test_backup_only_is_the_default_and_brings_its_sync_daemon() -> None:
    planned = hosts(inventory())
    for name in ("web1", "web2"):
        director = planned[name]["director"]
        assert director["colocated"] == "backup_only"
        assert director["sync_daemon"] == {"interface": "bond0", "instance": "VI_51"}
        assert director["sysctls"][FORM] == "1"
    written = inventory(lvs_sync_daemon={"interface": "bond0", "instance": "VI_51"}, lvs_colocated="backup_only")
    assert hosts(written) == planned


def test_a_director_of_the_cluster_that_serves_nothing_is_as_it_was() -> None:
    given = inventory()
    given["groups"]["real_servers_dr"] = ["web2", "rs3"]
    planned = hosts(given)
    assert planned["web2"]["director"]["colocated"] == "backup_only"
    director = planned["web1"]["director"]
    assert "colocated" not in director
    assert (director["sync_daemon"], FORM in director["sysctls"]) == (None, False)
    assert not [one for one in director["peer_traffic"] if one["protocol"] == "udp"]
    assert planned["web1"]["real_server_dr"] is None


def test_a_real_server_of_another_cluster_alone_is_no_colocated_director() -> None:
    given = inventory()
    given["hosts"]["web2"].update(
        lvs_cluster="other",
        lvs_vrrp_instances=[instance(52, priorities={"web2": 1}, virtual_ipaddress="192.168.0.253/24")],
        lvs_virtual_services=[service(address="192.168.0.253", real_servers=[{"host": "rs3"}])],
    )
    given["hosts"]["web1"]["lvs_virtual_services"][0]["real_servers"] = [{"host": "web2"}, {"host": "rs3"}]
    given["hosts"]["web1"]["lvs_vrrp_instances"][0]["priorities"] = {"web1": 1}
    planned = hosts(given)
    for name in ("web1", "web2"):
        assert "colocated" not in planned[name]["director"]
        assert planned[name]["director"]["sync_daemon"] is None
    held = planned["web2"]["real_server_dr"]
    assert held["addresses"] == [{"address": f"{VIP}/32", "interface": "lo"}]
    assert held["sysctls"]["net.ipv4.conf.all.arp_ignore"] == "1"


def test_a_director_that_leaves_serves_nothing() -> None:
    given = inventory(lvs_colocated="backup_only")
    given["hosts"]["web2"]["lvs_state"] = "absent"
    planned = hosts(given)
    assert planned["web1"]["director"]["colocated"] == "backup_only"
    assert "colocated" not in planned["web2"]["director"]
    assert planned["web2"]["real_server_dr"]["addresses"] == []


def test_other_real_servers_are_as_behind_any_director() -> None:
    held = hosts(inventory())["rs3"]["real_server_dr"]
    assert held["addresses"] == [{"address": f"{VIP}/32", "interface": "lo"}]
    assert held["needs"] == {"net.ipv4.conf.all.arp_ignore": 1, "net.ipv4.conf.all.arp_announce": 2}


@pytest.mark.parametrize("form", [None, "backup_only"])
@pytest.mark.parametrize(
    ("services", "told"),
    [
        ([service(real_servers=[{"host": "rs3"}])], True),
        ([], True),
        # Where something is wrong, that is told and no more.
        ([service(real_servers=[{"host": "rs3"}, 7])], False),
        ([service(real_servers="rs3")], False),
        ([service(), 7], False),
        ([service(address="x")], False),
        ([service(real_servers=[{"group": "real_servers_dr", "forwarding": "nat"}])], False),
        (None, False),
    ],
)
def test_a_form_is_for_those_that_serve(services: Any, told: bool, form: str | None) -> None:
    given = inventory(lvs_virtual_services=services, lvs_colocated=form)
    expected = (
        "lvs_colocated: no service of this host's cluster names it as real server with forwarding dr; name it, or "
        "leave lvs_colocated out"
    )
    assert (("web1, web2", expected) in faults(given)) == (told and form is not None)


def test_mark_source_is_refused() -> None:
    assert faults(inventory(lvs_colocated="mark_source")) == [
        (
            "web1, web2",
            "lvs_colocated: mark_source sends packets in a circle: a host that still knows a connection balances its "
            "packets once more, whether they are marked or not; write backup_only or handover, or leave lvs_colocated "
            "out",
        )
    ]


def test_all_have_one_form() -> None:
    given = inventory()
    given["hosts"]["web2"]["lvs_colocated"] = "handover"
    assert (
        "web1, web2",
        "lvs_colocated: the directors web1, web2 do not agree: web1 has backup_only, web2 has handover; give all "
        "directors of the cluster the same",
    ) in faults(given)


@pytest.mark.parametrize(("method", "group"), [("nat", "real_servers_nat"), ("tun", "real_servers_tun")])
def test_direct_routing_alone_leads_to_the_director_itself(method: str, group: str) -> None:
    servers = [{"group": group}, {"host": "rs3", "forwarding": "dr"}]
    given = inventory(lvs_virtual_services=[service(forwarding=method, real_servers=servers)])
    given["groups"].update({group: ["web1", "web2"], "real_servers_dr": ["rs3"]})
    own = (
        "lvs_virtual_services[0].real_servers: web1, web2 is a director of this service, and a director that serves "
        "itself needs direct routing; use forwarding dr for it and put it into real_servers_dr, or name another host"
    )
    assert [one for one in faults(given) if "gateway" not in one[1]] == [("web1, web2", own)]


def test_a_director_that_serves_is_named_by_its_host() -> None:
    servers = [{"address": "192.168.0.2"}, {"host": "web1"}]
    told = [text for _hosts, text in faults(inventory(lvs_virtual_services=[service(real_servers=servers)]))]
    assert told == [
        "lvs_virtual_services[0].real_servers: 192.168.0.2 is web2, a director of this service; "
        "name the host, {host: web2}, and put it into real_servers_dr"
    ]


def test_a_mapped_port_is_refused_as_with_any_direct_routing() -> None:
    servers = [{"host": "web1", "port": 8080}, {"host": "web2"}]
    given = inventory(lvs_virtual_services=[service(real_servers=servers)])
    assert [text.partition(":")[0] for _hosts, text in faults(given)] == [
        "lvs_virtual_services[0].real_servers[0].port"
    ]


# --- without VRRP


def test_a_static_director_serves_with_what_it_holds() -> None:
    given = alone(lvs_vrrp_instances=[])
    web1 = hosts(given)["web1"]
    assert web1["director"]["manager"] == "static"
    assert "colocated" not in web1["director"]
    assert web1["director"]["virtual_addresses"] == [{"address": f"{VIP}/32", "interface": "bond0"}]
    held = web1["real_server_dr"]
    assert (held["addresses"], held["sysctls"], held["needs"]) == ([], {}, {})
    assert [one["name"] for one in held["services"]] == ["web"]


def test_a_static_director_holds_the_vips_of_another_cluster_on_lo() -> None:
    given = alone(lvs_vrrp_instances=[])
    given["hosts"]["other"] = {
        "lvs_cluster": "other",
        "lvs_interfaces": {"eth0": "192.168.0.9/24"},
        "lvs_virtual_services": [service(name="more", address="192.168.0.253")],
    }
    given["groups"]["directors"].append("other")
    held = hosts(given)["web1"]["real_server_dr"]
    assert held["addresses"] == [{"address": "192.168.0.253/32", "interface": "lo"}]
    assert held["needs"] == {"net.ipv4.conf.all.arp_ignore": 1, "net.ipv4.conf.all.arp_announce": 2}


def test_a_director_with_health_checks_and_no_peer_needs_no_form() -> None:
    checked = [service(health_checks=[{"type": "tcp"}])]
    web1 = hosts(alone(lvs_vrrp_instances=[], lvs_virtual_services=checked, lvs_virtual_addresses=[f"{VIP}/24"]))[
        "web1"
    ]
    assert web1["director"]["manager"] == "keepalived"
    assert ("colocated" in web1["director"], web1["director"]["sync_daemon"]) == (False, None)
    assert web1["real_server_dr"]["addresses"] == []


@pytest.mark.parametrize("checks", [[], [{"type": "tcp"}]])
def test_a_form_needs_vrrp(checks: Any) -> None:
    given = alone(
        lvs_vrrp_instances=[],
        lvs_virtual_services=[service(health_checks=checks)],
        lvs_virtual_addresses=[f"{VIP}/24"],
        lvs_colocated="backup_only",
    )
    assert faults(given) == [
        (
            "web1",
            "lvs_colocated: needs keepalived with a VRRP instance, and this host has none; write a VRRP instance that "
            "moves the VIPs, or leave lvs_colocated out",
        )
    ]


def test_peers_without_vrrp_would_balance_twice() -> None:
    given = inventory(lvs_vrrp_instances=[], lvs_virtual_services=[service(health_checks=[{"type": "tcp"}])])
    given["hosts"]["web1"]["lvs_virtual_addresses"] = [f"{VIP}/24"]
    remedy = "write a VRRP instance that moves the VIPs, or name other real servers"
    problem = "has no instance, and this director would balance once more what it gets as a real server of"
    found = [one for one in faults(given) if "lvs_vrrp_instances: " in one[1]]
    assert found == [
        ("web1", f"lvs_vrrp_instances: {problem} web2; {remedy}"),
        ("web2", f"lvs_vrrp_instances: {problem} web1; {remedy}"),
    ]
    for junk in ("VI_1", [7]):
        given["hosts"]["web1"]["lvs_vrrp_instances"] = junk
        assert ("web1", f"lvs_vrrp_instances: {problem} web2; {remedy}") not in faults(given)


# --- backup_only


def test_the_sync_daemon_follows_the_instance_of_the_vip() -> None:
    first = instance(50, interface="eth1", virtual_ipaddress="10.0.0.254/24")
    given = inventory(lvs_vrrp_instances=[first, instance()])
    assert hosts(given)["web1"]["director"]["sync_daemon"] == {"interface": "bond0", "instance": "VI_51"}


def test_a_written_sync_daemon_stays_and_follows_the_only_instance() -> None:
    given = inventory(lvs_sync_daemon={"interface": "eth1", "id": 7})
    director = hosts(given)["web1"]["director"]
    assert director["sync_daemon"] == {"interface": "eth1", "instance": "VI_51", "id": 7}
    old = inventory(lvs_vrrp_instances=[instance(lvs_sync_daemon_interface="eth1")])
    assert hosts(old)["web1"]["director"]["sync_daemon"] == {"interface": "eth1", "instance": "VI_51"}


@pytest.mark.parametrize("form", [{}, {"lvs_colocated": "backup_only"}])
def test_of_several_instances_the_sync_daemon_names_one(form: dict[str, str]) -> None:
    first = instance(50, interface="eth1", virtual_ipaddress="10.0.0.254/24")
    given = inventory(lvs_vrrp_instances=[first, instance()], lvs_sync_daemon={"interface": "eth1"}, **form)
    assert faults(given) == [
        (
            "web1, web2",
            "lvs_sync_daemon.instance: is missing, and with backup_only the active director would stop balancing; name "
            "the VRRP instance that the sync daemon follows",
        )
    ]


def test_vips_move_together_with_what_the_sync_daemon_follows() -> None:
    second = instance(52, virtual_ipaddress="192.168.0.253/24")
    more = service(name="more", address="192.168.0.253", real_servers=[{"host": "rs3"}])
    given = inventory(lvs_vrrp_instances=[instance(), second], lvs_virtual_services=[service(), more])
    assert faults(given) == [
        (
            "web1, web2",
            "lvs_virtual_services[1].address: 192.168.0.253 moves with VI_52, and the sync daemon follows VI_51: a "
            "director that is master of VI_52 alone would not balance; put VI_51, VI_52 into one lvs_vrrp_sync_groups "
            "entry",
        )
    ]
    for name in ("web1", "web2"):
        given["hosts"][name]["lvs_vrrp_sync_groups"] = [{"name": "G", "group": ["VI_51", "VI_52"]}]
    assert faults(given) == []


@pytest.mark.parametrize(("value", "wrong"), [(0, True), ("0", True), (1, False), ("1", False)])
def test_the_sysctl_is_not_taken_back(value: Any, wrong: bool) -> None:
    given = inventory(lvs_sysctls={FORM: value})
    expected = (
        f"lvs_sysctls.{FORM}: is 0, and a director that serves itself and is not master must not balance; leave it out"
    )
    assert faults(given) == ([("web1, web2", expected)] if wrong else [])


def test_checks_are_not_suspended() -> None:
    found = faults(inventory(lvs_virtual_services=[service(ha_suspend=True)]))
    assert len(found) == 1
    assert found[0][0] == "web1, web2"
    assert "stops the checks of a director that is not master" in found[0][1]


def test_a_vip_moves() -> None:
    more = service(name="more", address="192.168.0.253")
    given = inventory(lvs_virtual_services=[service(), more])
    assert any("nobody answers for 192.168.0.253" in text for _hosts, text in faults(given))
    given["hosts"]["web1"]["lvs_virtual_addresses"] = ["192.168.0.253/24"]
    assert (
        "web1",
        "lvs_virtual_addresses[0]: 192.168.0.253 stays on this host, and a director that serves itself balances only "
        "while it is VRRP's master; put it into virtual_ipaddress of a VRRP instance in place of this",
    ) in faults(given)
    # What is no service's may stay where it is.
    other = inventory()
    other["hosts"]["web1"]["lvs_virtual_addresses"] = ["192.168.0.99/24"]
    assert faults(other) == []


@pytest.mark.parametrize("key", ["virtual_ipaddress", "virtual_ipaddress_excluded"])
def test_a_vip_goes_where_the_director_serves(key: str) -> None:
    entry: dict[str, Any] = {"address": f"{VIP}/24"}
    where: dict[str, Any] = {"virtual_ipaddress": ["192.168.0.250/24"], key: [entry]}
    given = inventory(lvs_vrrp_instances=[instance(**where)])
    for number, name in enumerate(("web1", "web2"), 1):
        given["hosts"][name]["lvs_interfaces"] = {
            "bond0": f"192.168.0.{number + 100}/24",
            "eth1": f"192.168.0.{number}/24",
        }
        given["hosts"][name]["lvs_address"] = f"192.168.0.{number}"
    problem = f"{VIP} goes to bond0, and 192.168.0.1, where this director serves, is on eth1"
    remedy = "write dev for it, if that is meant, or use one interface"
    assert ("web1", f"lvs_vrrp_instances[0].{key}[0]: {problem}; {remedy}") in faults(given)
    assert len(faults(given)) == 2
    for name in ("web1", "web2"):
        given["hosts"][name]["lvs_vrrp_instances"][0][key][0]["dev"] = "bond0"
    assert hosts(given)["web1"]["real_server_dr"]["addresses"][-1]["moves_to"] == ["bond0"]


def test_where_the_interface_is_not_known_nothing_is_said() -> None:
    given = inventory(lvs_vrrp_instances=[instance(interface="bond1")])
    assert faults(given) == []
    for number, name in enumerate(("web1", "web2"), 1):
        del given["hosts"][name]["lvs_interfaces"]
        given["hosts"][name]["lvs_address"] = f"192.168.0.{number}"
    assert faults(given) == []


def test_a_vip_does_not_move_to_lo() -> None:
    given = inventory(lvs_vrrp_instances=[instance(virtual_ipaddress=[{"address": f"{VIP}/32", "dev": "lo"}])])
    assert faults(given) == [
        (
            "web1, web2",
            f"lvs_vrrp_instances[0].virtual_ipaddress[0]: {VIP} goes to lo, where this director as a real server has "
            "it all the time; write the interface where clients ask for it",
        )
    ]


# --- what it holds as a real server


@pytest.mark.parametrize(
    ("changes", "interfaces", "ignore"),
    [
        ({}, ["bond0"], "3"),
        ({"virtual_ipaddress": [{"address": f"{VIP}/24", "dev": "eth1"}]}, ["eth1"], "3"),
        ({"use_vmac": True}, ["vrrp.51"], "1"),
        ({"use_vmac": "vmac0"}, ["vmac0"], "1"),
        ({"use_vmac": True, "virtual_ipaddress": [{"address": f"{VIP}/24", "dev": "bond0"}]}, ["bond0"], "1"),
    ],
)
def test_its_vips_say_where_vrrp_puts_them(changes: dict[str, Any], interfaces: list[str], ignore: str) -> None:
    given = inventory(lvs_vrrp_instances=[instance(**changes)])
    for number, name in enumerate(("web1", "web2"), 1):
        given["hosts"][name]["lvs_interfaces"]["eth1"] = f"192.168.0.{number + 100}/24"
        given["hosts"][name]["lvs_address"] = f"192.168.0.{number}"
    held = hosts(given)["web1"]["real_server_dr"]
    assert held["addresses"] == [{"address": f"{VIP}/32", "interface": "lo", "moves_to": interfaces}]
    assert held["sysctls"] == {
        "net.ipv4.conf.all.arp_ignore": ignore,
        "net.ipv4.conf.all.arp_announce": "2",
        "net.ipv4.conf.bond0.arp_ignore": ignore,
        "net.ipv4.conf.bond0.arp_announce": "2",
    }
    assert held["needs"] == {"net.ipv4.conf.all.arp_ignore": int(ignore), "net.ipv4.conf.all.arp_announce": 2}


def test_a_vmac_of_ipv6_may_have_two_names() -> None:
    six = instance(use_vmac=True, virtual_ipaddress="2001:db8::fe/64")
    given = inventory(lvs_vrrp_instances=[six], lvs_virtual_services=[service(address="2001:db8::fe")])
    for number, name in enumerate(("web1", "web2", "rs3"), 1):
        given["hosts"][name]["lvs_interfaces"] = {"bond0": f"2001:db8::{number}/64"}
    held = hosts(given)["web1"]["real_server_dr"]
    assert held["addresses"] == [
        {"address": "2001:db8::fe/128", "interface": "lo", "moves_to": ["vrrp.51", "vrrp6.51"]}
    ]
    assert (held["sysctls"], held["needs"]) == ({}, {})


def test_a_director_serves_no_other_cluster_behind_a_tunnel_either() -> None:
    given = inventory()
    given["hosts"]["other"] = {
        "lvs_cluster": "other",
        "lvs_interfaces": {"eth0": "192.168.0.9/24"},
        "lvs_virtual_services": [service(address="10.9.9.9", forwarding="tun", real_servers=[{"host": "web1"}])],
        "lvs_virtual_addresses": [{"address": "10.9.9.9", "interface": "eth0"}],
    }
    given["groups"].update(directors=["web1", "web2", "other"], real_servers_tun=["web1", "web2"])
    # Whether a service names it or not: its role would refuse it, after other hosts were changed.
    problem = "the host is in directors, too, and a director can't be a real server behind a tunnel"
    remedy = "take it out of one of the two groups, or use direct routing"
    assert faults(given) == [("web1, web2", f"groups.real_servers_tun: {problem}; {remedy}")]
