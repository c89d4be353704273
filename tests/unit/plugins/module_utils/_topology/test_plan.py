# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every plan: its order, its secrets, its input, its time; and the rules that no golden case shows."""

from __future__ import annotations

import copy
import json
import random
import time
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan

SECRET = "S3cret-x"


def inventory(**changes: Any) -> dict[str, Any]:
    """Two directors and two NAT real servers; ``changes`` are variables of both directors."""
    instance = {
        "name": "VI_1",
        "interface": "eth0",
        "virtual_router_id": 51,
        "priorities": {"lb1": 200, "lb2": 150},
        "virtual_ipaddress": ["10.0.0.5/24", {"address": "192.168.0.1/24", "dev": "eth1"}],
    }
    service = {
        "name": "web",
        "address": "10.0.0.5",
        "port": 80,
        "forwarding": "nat",
        "health_checks": [{"type": "tcp"}],
        "real_servers": [{"group": "real_servers_nat"}],
    }
    director = {"lvs_vrrp_instances": [instance], "lvs_virtual_services": [service], **changes}
    return {
        "hosts": {
            "lb1": {**director, "lvs_interfaces": {"eth0": "10.0.0.3/24", "eth1": "192.168.0.3/24"}},
            "lb2": {**director, "lvs_interfaces": {"eth0": "10.0.0.4/24", "eth1": "192.168.0.4/24"}},
            "rs2": {"lvs_interfaces": {"eth0": "192.168.0.12/24"}},
            "rs10": {"lvs_interfaces": {"eth0": "192.168.0.20/24"}},
        },
        "groups": {"directors": ["lb1", "lb2"], "real_servers_nat": ["rs2", "rs10"]},
    }


def apart(given: dict[str, Any]) -> dict[str, Any]:
    """The inventory with nothing shared between its hosts."""
    copied: dict[str, Any] = json.loads(json.dumps(given))
    return copied


def instance_of(given: dict[str, Any], host: str = "lb1") -> dict[str, Any]:
    found: dict[str, Any] = given["hosts"][host]["lvs_vrrp_instances"][0]
    return found


def service_of(given: dict[str, Any], host: str = "lb1") -> dict[str, Any]:
    found: dict[str, Any] = given["hosts"][host]["lvs_virtual_services"][0]
    return found


def faults(given: dict[str, Any]) -> list[tuple[str, str]]:
    """The faults as variable and problem."""
    return [(one["variable"], one["problem"]) for one in plan(given)["faults"]]


def notices(given: dict[str, Any]) -> list[tuple[str, str]]:
    answer = plan(given)
    assert answer["faults"] == []
    return [(one["variable"], one["problem"]) for one in answer["notices"]]


def shuffled(value: Any, chance: random.Random) -> Any:
    """The value with the keys of its mappings in another order (lists are the user's order and stay)."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    return [shuffled(one, chance) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(5))
def test_order_of_hosts_groups_and_keys_changes_nothing(seed: int) -> None:
    given = inventory()
    given["hosts"]["lb1"]["lvs_interfaces"]["eth2"] = ["10.9.0.1/24", "10.8.0.1/24"]
    chance = random.Random(seed)
    other = shuffled(given, chance)
    for members in other["groups"].values():
        chance.shuffle(members)
    assert plan(other) == plan(given)
    assert list(plan(other)["hosts"]) == ["lb1", "lb2", "rs2", "rs10"]


def test_without_priorities_the_order_of_the_group_decides_and_is_said() -> None:
    given = inventory()
    del instance_of(given)["priorities"]
    assert [text for _variable, text in notices(given)] == [
        "is not given, so the order in the group directors decides: lb1: 150, lb2: 140"
    ]
    given["groups"]["directors"].reverse()
    hosts = plan(given)["hosts"]
    assert [hosts[name]["director"]["vrrp_instances"][0]["priority"] for name in ("lb2", "lb1")] == [150, 140]


def test_a_group_is_expanded_in_natural_order() -> None:
    servers = plan(inventory())["hosts"]["lb1"]["director"]["services"][0]["real_servers"]
    assert [one["host"] for one in servers] == ["rs2", "rs10"]


def test_the_input_stays_as_it_is_and_the_answer_is_plain_data() -> None:
    given = inventory()
    before = copy.deepcopy(given)
    answer = plan(given)
    assert given == before
    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize(
    "authentication",
    [
        {"auth_type": "PASS", "auth_pass": SECRET + "too long"},
        {"auth_type": SECRET, "auth_pass": SECRET},
        {"auth_type": "PASS", "auth_pass": [SECRET]},
        {"auth_type": "PASS", "auth_pass": {SECRET: 1}},
        {f"PASS {SECRET}": None, "auth_type": "PASS", SECRET: 1},
        {"auth_pas": SECRET},
        f"PASS {SECRET}",
        [SECRET],
    ],
)
def test_a_fault_never_shows_a_password(authentication: Any) -> None:
    given = inventory()
    instance_of(given)["authentication"] = authentication
    answer = plan(given)
    assert answer["faults"]
    assert SECRET not in json.dumps(answer)


def test_directors_with_different_passwords_are_told_so_without_them() -> None:
    given = apart(inventory())
    instance_of(given, "lb1")["authentication"] = {"auth_pass": SECRET}
    instance_of(given, "lb2")["authentication"] = {"auth_pass": SECRET.lower()}
    answer = plan(given)
    assert [one["text"] for one in answer["faults"]] == [
        "lb1, lb2: lvs_vrrp_instances[0].authentication: the directors lb1, lb2 do not agree; "
        "give all directors of the cluster the same"
    ]


def test_sorry_servers_of_peers_may_differ() -> None:
    given = apart(inventory())
    service_of(given, "lb1")["sorry_server"] = {"address": "192.168.0.3", "port": 8080}
    service_of(given, "lb2")["sorry_server"] = {"address": "192.168.0.4"}
    hosts = plan(given)["hosts"]
    assert hosts["lb1"]["director"]["services"][0]["sorry_server"] == {"address": "192.168.0.3", "port": 8080}
    assert hosts["lb2"]["director"]["services"][0]["sorry_server"] == {"address": "192.168.0.4", "port": 80}


def test_a_vip_that_nobody_answers_for() -> None:
    given = inventory()
    service_of(given)["address"] = "10.0.0.6"
    assert faults(given) == [
        (
            "lvs_virtual_services[0].address",
            "nobody answers for 10.0.0.6: it is in no VRRP instance and not in lvs_virtual_addresses",
        )
    ]
    del given["hosts"]["lb2"]
    given["groups"]["directors"] = ["lb1"]
    del instance_of(given)["priorities"]
    given["hosts"]["lb1"]["lvs_virtual_addresses"] = "10.0.0.6/24"
    assert faults(given) == []


def test_a_director_without_the_variable_of_services_is_a_fault_and_an_empty_list_is_not() -> None:
    given = inventory(lvs_virtual_services=[])
    assert faults(given) == []
    for host in ("lb1", "lb2"):
        del given["hosts"][host]["lvs_virtual_services"]
    assert faults(given) == [("lvs_virtual_services", "is missing")]


@pytest.mark.parametrize(
    ("options", "interval", "problem"),
    [
        ({}, 0.5, "is 0.5, and VRRP 2 counts whole seconds"),
        ({"version": 3}, 0.5, None),
        ({"version": 3}, 41, "is 41, and VRRP 3 ends at 40.95 seconds"),
        ({}, "2", None),
    ],
)
def test_the_advert_interval_fits_the_version(options: dict[str, Any], interval: Any, problem: str | None) -> None:
    given = inventory()
    instance_of(given).update(options=options, advert_int=interval)
    expected = [("lvs_vrrp_instances[0].advert_int", problem)] if problem else []
    assert faults(given) == expected


def test_vrrp_3_has_no_password_and_master_seizes() -> None:
    given = inventory(lvs_keepalived_global={"options": {"vrrp_version": 3}})
    instance_of(given).update(authentication={"auth_pass": "k7-Qw9"}, state="master")
    assert [variable for variable, _problem in notices(given)] == [
        "lvs_vrrp_instances[0].authentication",
        "lvs_vrrp_instances[0].state",
    ]


def test_ipv4_and_ipv6_may_share_a_router_id_on_one_network() -> None:
    given = inventory()
    for number, host in enumerate(("lb1", "lb2"), 3):
        given["hosts"][host]["lvs_interfaces"]["eth0"] = [
            given["hosts"][host]["lvs_interfaces"]["eth0"],
            f"2001:db8::{number}/64",
        ]
    six = {**instance_of(given), "name": "VI_6", "virtual_ipaddress": ["2001:db8::5/64"]}
    given["hosts"]["lb1"]["lvs_vrrp_instances"].append(six)
    assert faults(given) == []
    six["virtual_ipaddress"] = ["10.0.0.6/24"]
    assert [variable for variable, _problem in faults(given)] == ["lvs_vrrp_instances[1].virtual_router_id"]


def test_without_lvs_interfaces_the_vips_are_left_to_the_host_and_the_way_back_is_found() -> None:
    given = inventory()
    for host in ("lb1", "lb2"):
        del given["hosts"][host]["lvs_interfaces"]
    given["hosts"]["rs2"] = {"lvs_address": "192.168.0.12"}
    hosts = plan(given)["hosts"]
    assert hosts["lb1"]["director"]["unchecked"] == ["10.0.0.5/24 dev eth0", "192.168.0.1/24 dev eth1"]
    assert hosts["rs2"]["real_server_nat"]["routes"] == [
        {
            "family": "ipv4",
            "source": "192.168.0.12",
            "network": "192.168.0.0/24",
            "gateway": "192.168.0.1",
            "interface": "",
        }
    ]


def test_of_several_addresses_nat_takes_the_one_behind_the_director_and_dr_the_one_beside_it() -> None:
    given = inventory()
    given["hosts"]["rs2"]["lvs_interfaces"]["eth1"] = "10.0.0.12/24"
    assert plan(given)["hosts"]["lb1"]["director"]["services"][0]["real_servers"][0]["address"] == "192.168.0.12"
    given["groups"]["real_servers_dr"] = ["rs2"]
    service_of(given).update(forwarding="dr", real_servers=[{"host": "rs2"}])
    assert plan(given)["hosts"]["lb1"]["director"]["services"][0]["real_servers"][0]["address"] == "10.0.0.12"


def test_a_tunnel_reaches_an_address_in_a_network_of_its_own() -> None:
    given = inventory()
    given["hosts"]["far"] = {"lvs_interfaces": {"eth0": "203.0.113.9/24"}}
    given["groups"]["real_servers_tun"] = ["far"]
    service_of(given).update(forwarding="tun", real_servers=[{"host": "far"}])
    director = plan(given)["hosts"]["lb1"]["director"]
    assert director["services"][0]["real_servers"][0]["address"] == "203.0.113.9"


def test_the_gateway_is_the_hosts_own_then_an_address_that_is_no_services_vip() -> None:
    given = inventory()
    instance_of(given)["virtual_ipaddress"].insert(0, {"address": "192.168.0.2/24", "dev": "eth1"})
    service_of(given)["address"] = "192.168.0.2"
    given["hosts"]["rs10"]["lvs_gateway"] = "192.168.0.254"
    hosts = plan(given)["hosts"]
    gateways = {name: hosts[name]["real_server_nat"]["routes"][0]["gateway"] for name in ("rs2", "rs10")}
    assert gateways == {"rs2": "192.168.0.1", "rs10": "192.168.0.254"}


def test_a_single_static_director_is_the_gateway_with_its_own_address() -> None:
    given = inventory(lvs_vrrp_instances=[])
    del given["hosts"]["lb2"]
    given["groups"]["directors"] = ["lb1"]
    service_of(given)["health_checks"] = []
    answer = plan(given)
    assert answer["hosts"]["lb1"]["director"]["manager"] == "static"
    assert answer["hosts"]["rs2"]["real_server_nat"]["routes"][0]["gateway"] == "192.168.0.3"


def test_a_vip_and_a_gateway_that_can_move_apart_are_noticed_until_a_sync_group_holds_them() -> None:
    given = inventory()
    first = instance_of(given)
    second = {**first, "name": "VI_2", "interface": "eth1", "virtual_ipaddress": ["192.168.0.1/24"]}
    first["virtual_ipaddress"] = ["10.0.0.5/24"]
    given["hosts"]["lb1"]["lvs_vrrp_instances"].append(second)
    assert [variable for variable, _problem in notices(given)] == ["lvs_virtual_services[0].address"]
    for host in ("lb1", "lb2"):
        given["hosts"][host]["lvs_vrrp_sync_groups"] = [{"name": "G", "group": ["VI_1", "VI_2"]}]
    assert notices(given) == []


def test_backup_only_needs_a_sync_daemon_that_follows_an_instance() -> None:
    form = {"net.ipv4.vs.backup_only": 1}
    given = inventory(lvs_sync_daemon={"interface": "eth1", "id": "3"}, lvs_sysctls=form)
    daemon = plan(given)["hosts"]["lb1"]["director"]["sync_daemon"]
    assert daemon == {"interface": "eth1", "instance": "VI_1", "id": 3}
    other = {**instance_of(given), "name": "VI_2", "virtual_router_id": 52, "virtual_ipaddress": ["10.0.0.6/24"]}
    given["hosts"]["lb1"]["lvs_vrrp_instances"].append(other)
    assert faults(given) == [
        ("lvs_sync_daemon.instance", "is missing, and with backup_only the active director would stop balancing")
    ]


def test_a_sync_daemon_has_both_roles_and_an_instance_is_warned_of() -> None:
    given = inventory(lvs_sync_daemon={"interface": "eth1"})
    # The id that it had while it followed the only instance.
    assert plan(given)["hosts"]["lb1"]["director"]["sync_daemon"] == {"interface": "eth1", "id": 51}
    assert notices(given) == []
    given = inventory(lvs_sync_daemon={"interface": "eth1", "instance": "VI_1"})
    assert plan(given)["hosts"]["lb1"]["director"]["sync_daemon"] == {"interface": "eth1", "instance": "VI_1"}
    assert [variable for variable, _problem in notices(given)] == ["lvs_sync_daemon.instance"]


def test_a_host_may_serve_on_two_ports_behind_nat() -> None:
    given = inventory()
    service_of(given)["real_servers"] = [{"host": "rs2", "port": 8080}, {"host": "rs2", "port": 8081}]
    servers = plan(given)["hosts"]["lb1"]["director"]["services"][0]["real_servers"]
    assert [(one["port"], one["weight_file"]) for one in servers] == [
        (8080, "web_10.0.0.5_tcp_80_192.168.0.12_8080"),
        (8081, "web_10.0.0.5_tcp_80_192.168.0.12_8081"),
    ]


def test_the_health_checks_of_a_real_server_replace_those_of_the_service() -> None:
    given = inventory()
    own = [{"type": "tcp", "connect_port": "8080"}]
    service_of(given)["real_servers"] = [{"host": "rs2", "health_checks": own}, {"host": "rs10"}]
    servers = plan(given)["hosts"]["lb1"]["director"]["services"][0]["real_servers"]
    assert [one["health_checks"] for one in servers] == [[{"type": "tcp", "connect_port": 8080}], [{"type": "tcp"}]]


def test_sysctls_cover_the_interfaces_and_give_way_to_the_users() -> None:
    given = inventory(lvs_sysctls={"net.ipv4.ip_forward": 0, "net.core.somaxconn": "4096"})
    given["hosts"]["lb1"]["lvs_interfaces"]["bond0.7"] = []
    sysctls = plan(given)["hosts"]["lb1"]["director"]["sysctls"]
    assert "net.ipv4.conf.bond0/7.send_redirects" not in sysctls
    given["hosts"]["lb1"]["lvs_interfaces"]["bond0.7"] = "10.7.0.1/24"
    sysctls = plan(given)["hosts"]["lb1"]["director"]["sysctls"]
    assert sysctls["net.ipv4.conf.bond0/7.send_redirects"] == "0"
    assert sysctls["net.ipv4.ip_forward"] == "0"
    assert sysctls["net.core.somaxconn"] == "4096"


def test_a_cluster_of_nodes_needs_no_director() -> None:
    given: dict[str, Any] = {
        "hosts": {
            "web1": {"lvs_node_number": 1, "lvs_cluster_ips": [{"address": "10.0.0.9/24", "interface": "eth0"}]},
            "client": {},
        },
        "groups": {"clusterip_nodes": ["web1"], "lab_only": ["client"]},
    }
    answer = plan(given)
    assert answer["faults"] == []
    assert {name: one["roles"] for name, one in answer["hosts"].items()} == {"web1": ["clusterip_node"], "client": []}


def test_roles_come_in_their_order() -> None:
    given = inventory()
    given["hosts"]["rs2"]["lvs_cluster_ips"] = [{"address": "192.168.0.9/24", "interface": "eth0", "ports": 80}]
    given["groups"].update(clusterip_nodes=["rs2"], real_servers_tun=["rs2"], real_servers_dr=["rs2", "lb1"])
    hosts = plan(given)["hosts"]
    assert hosts["rs2"]["roles"] == ["real_server_nat", "real_server_dr", "real_server_tun", "clusterip_node"]
    assert hosts["lb1"]["roles"] == ["director", "real_server_dr"]


def test_a_thousand_real_servers_and_ten_services_take_a_moment() -> None:
    given = inventory()
    servers: dict[str, dict[str, Any]] = {
        f"web{n}": {"lvs_interfaces": {"eth0": f"192.168.{n // 250}.{n % 250 + 5}/16"}} for n in range(1000)
    }
    given["hosts"].update(servers)
    given["groups"]["real_servers_nat"] = list(servers)
    instance_of(given)["virtual_ipaddress"][1]["address"] = "192.168.0.1/16"
    for number, host in enumerate(("lb1", "lb2"), 2):
        given["hosts"][host]["lvs_interfaces"]["eth1"] = f"192.168.0.{number}/16"
    service = service_of(given)
    entries = [{"host": name, "weight": 2} for name in servers]
    many = [{**service, "name": f"s{n}", "port": 8000 + n, "real_servers": entries} for n in range(10)]
    for host in ("lb1", "lb2"):
        given["hosts"][host]["lvs_virtual_services"] = many
    for variables in servers.values():
        variables["lvs_virtual_services"] = many
    start = time.process_time()
    answer = plan(given)
    seconds = time.process_time() - start
    assert answer["faults"] == []
    assert sum(len(one["real_servers"]) for one in answer["hosts"]["lb1"]["director"]["services"]) == 10000
    assert seconds < 3, f"{seconds:.1f} s"


def test_real_server_that_leaves_is_named_by_no_service() -> None:
    given = inventory()
    given["hosts"]["rs10"]["lvs_state"] = "absent"
    result = plan(given)
    assert result["faults"] == []
    servers = result["hosts"]["lb1"]["director"]["services"][0]["real_servers"]
    assert [server["host"] for server in servers] == ["rs2"]
    assert result["hosts"]["rs10"]["roles"] == ["real_server_nat"]
    assert result["hosts"]["rs10"]["real_server_nat"]["routes"] == []


def test_service_must_keep_a_real_server() -> None:
    given = inventory()
    for host in ("rs2", "rs10"):
        given["hosts"][host]["lvs_state"] = "absent"
    assert [fault["text"] for fault in plan(given)["faults"]] == [
        "lb1, lb2: lvs_virtual_services[0].real_servers: rs2, rs10 all leave (lvs_state: absent), and nobody would "
        "serve; keep one of them, or take the service out of lvs_virtual_services"
    ]


def test_whole_cluster_may_leave() -> None:
    given = inventory()
    for variables in given["hosts"].values():
        variables["lvs_state"] = "absent"
    assert plan(given)["faults"] == []


def problems(given: dict[str, Any]) -> list[str]:
    return [one["text"] for one in plan(given)["faults"]]


@pytest.mark.parametrize("written", [{"address": "192.168.0.50"}, {"addresses": ["192.168.0.50"]}])
def test_a_services_vip_is_no_gateway_however_it_is_written(written: dict[str, Any]) -> None:
    given = inventory()
    instance_of(given)["virtual_ipaddress"] = [
        {"address": f"192.168.0.{number}/24", "dev": "eth1"} for number in (50, 1)
    ]
    service = {
        **{key: value for key, value in given["hosts"]["lb1"]["lvs_virtual_services"][0].items() if key != "address"}
    }
    given["hosts"]["lb1"]["lvs_virtual_services"][:] = [{**service, **written}]
    planned = plan(given)
    assert [one["text"] for one in planned["faults"]] == []
    assert [route["gateway"] for route in planned["hosts"]["rs2"]["real_server_nat"]["routes"]] == ["192.168.0.1"]


@pytest.mark.parametrize(
    ("source", "switches"),
    [
        ("192.168.0.0/24", {"net.ipv4.ip_forward": "1"}),
        ("fd00::/64", {"net.ipv6.conf.all.forwarding": "1"}),
    ],
)
def test_masquerading_forwards_packets_of_its_family(source: str, switches: dict[str, str]) -> None:
    given = inventory(lvs_masquerade=[{"source": source, "interface": "eth0", "to": "interface"}])
    for director in ("lb1", "lb2"):
        given["hosts"][director]["lvs_virtual_services"] = []
    sysctls = plan(given)["hosts"]["lb1"]["director"]["sysctls"]
    assert {name: value for name, value in sysctls.items() if "forward" in name} == switches


@pytest.mark.parametrize("source", ["0.0.0.0/0", "::/0"])
def test_masquerading_is_for_a_network_and_not_for_everybody(source: str) -> None:
    given = inventory(lvs_masquerade=[{"source": source, "interface": "eth0", "to": "interface"}])
    assert problems(given) == [
        f"lb1, lb2: lvs_masquerade[0].source: is {source}, which is every address, also those of clients; "
        "name the real servers' network"
    ]


@pytest.mark.parametrize(("state", "fault"), [("absent", False), (None, False), ("Absent", True), ("PRESENT", True)])
def test_the_state_is_a_word_that_playbooks_compare(state: str | None, fault: bool) -> None:
    given = inventory()
    given["hosts"]["rs10"]["lvs_state"] = state
    told = f"rs10: lvs_state: is {state!r}; write {str(state).lower()}, in small letters"
    assert problems(given) == [told] * fault


@pytest.mark.parametrize("interface", ["lo", "dummy0"])
def test_a_single_address_may_be_outside_the_networks_of_its_interface(interface: str) -> None:
    """Routers send it to the director. What has a network is still left to the host where nobody says its networks."""
    written = [
        {"address": "203.0.113.10/32", "interface": interface},
        {"address": "10.9.0.1/24", "interface": interface},
    ]
    given = inventory()
    given["hosts"]["lb1"]["lvs_virtual_addresses"] = written
    planned = plan(given)
    assert [one["text"] for one in planned["faults"]] == []
    assert planned["hosts"]["lb1"]["director"]["unchecked"] == [f"10.9.0.1/24 dev {interface}"]
