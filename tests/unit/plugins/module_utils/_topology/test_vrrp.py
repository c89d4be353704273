# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VRRP and what keepalived does beside it, one rule at a time; the golden cases hold the whole plans."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from ansible_collections.lvs.cluster.plugins.module_utils._topology.colocated import Colocation
from ansible_collections.lvs.cluster.plugins.module_utils._topology.director import plan_director
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Findings, Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import load
from ansible_collections.lvs.cluster.plugins.module_utils._topology.scripts import plan_scripts
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import Service
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import Owners

Plan = dict[str, Any]


def inventory(**variables: Any) -> Plan:
    """Two directors and a real server; ``variables`` are the directors'."""
    shared: dict[str, Any] = {
        "lvs_vrrp_instances": [
            {
                "name": "VI_1",
                "interface": "eth0",
                "virtual_router_id": 51,
                "priorities": {"lb1": 200, "lb2": 150},
                "virtual_ipaddress": ["10.0.0.5/16", {"address": "192.168.0.1/24", "dev": "eth1"}],
            }
        ],
        "lvs_virtual_services": [],
        **variables,
    }
    return {
        "hosts": {
            "lb1": {"lvs_interfaces": {"eth0": "10.0.0.3/16", "eth1": "192.168.0.3/24"}, **copy.deepcopy(shared)},
            "lb2": {"lvs_interfaces": {"eth0": "10.0.0.4/16", "eth1": "192.168.0.4/24"}, **copy.deepcopy(shared)},
            "rs1": {"lvs_interfaces": {"eth0": "192.168.0.12/24"}},
        },
        "groups": {"directors": ["lb1", "lb2"]},
    }


def changed(given: Plan, **words: Any) -> Plan:
    """The inventory with words added to the instance on both directors."""
    for host in ("lb1", "lb2"):
        given["hosts"][host]["lvs_vrrp_instances"][0].update(copy.deepcopy(words))
    return given


def director(given: Plan, host: str = "lb1") -> Plan:
    """A director's plan; a fault is told."""
    answer = plan(given)
    assert [one["text"] for one in answer["faults"]] == []
    found: Plan = answer["hosts"][host]["director"]
    return found


def instance(given: Plan, host: str = "lb1") -> Plan:
    found: Plan = director(given, host)["vrrp_instances"][0]
    return found


def told(given: Plan, kind: str = "faults") -> list[tuple[str, str]]:
    return [(one["variable"], one["problem"]) for one in plan(given)[kind]]


# --- addresses


@pytest.mark.parametrize(("family", "limit"), [("ipv4", 255), ("ipv6", 89)])
def test_addresses_that_an_advert_cannot_carry_are_excluded_and_said(family: str, limit: int) -> None:
    count = limit + 3
    many = [
        f"10.0.{n // 200 + 1}.{n % 200 + 1}/16" if family == "ipv4" else f"2001:db8::5:{n:x}/64" for n in range(count)
    ]
    given = inventory()
    for host in ("lb1", "lb2"):
        given["hosts"][host]["lvs_interfaces"] = {"eth0": ["10.0.0.3/16", f"2001:db8::{host[2]}/64"]}
    given["hosts"]["lb2"]["lvs_interfaces"]["eth0"][0] = "10.0.0.4/16"
    changed(given, virtual_ipaddress=many, virtual_ipaddress_excluded=["10.0.9.9/16"])
    found = instance(given)
    assert [one["address"] for one in found["virtual_ipaddress"]] == many[:limit]
    assert [one["address"] for one in found["virtual_ipaddress_excluded"]] == [*many[limit:], "10.0.9.9/16"]
    assert told(given, "notices") == [
        (
            "lvs_vrrp_instances[0].virtual_ipaddress",
            f"has {count} addresses, and an advert carries {limit}: "
            "the others were taken as virtual_ipaddress_excluded",
        )
    ]
    # In another order other addresses are carried, and a backup drops such adverts.
    given["hosts"]["lb2"]["lvs_vrrp_instances"][0]["virtual_ipaddress"].reverse()
    variables = {variable for variable, _problem in told(given)}
    assert variables == {"lvs_vrrp_instances[0].virtual_ipaddress", "lvs_vrrp_instances[0].virtual_ipaddress_excluded"}


def test_as_many_addresses_as_an_advert_carries_stay_in_it() -> None:
    given = changed(inventory(), virtual_ipaddress=[f"10.0.1.{n}/16" for n in range(1, 256)])
    assert "virtual_ipaddress_excluded" not in instance(given)
    assert told(given, "notices") == []


def test_peers_that_differ_in_the_tenth_address_are_told_so() -> None:
    given = changed(inventory(), virtual_ipaddress=[f"10.0.1.{n}/16" for n in range(1, 12)])
    given["hosts"]["lb2"]["lvs_vrrp_instances"][0]["virtual_ipaddress"][10] = "10.0.1.99/16"
    assert told(given) == [
        (
            "lvs_vrrp_instances[0].virtual_ipaddress",
            "the directors lb1, lb2 do not agree: lb1 has 10.0.1.11, lb2 has 10.0.1.99",
        )
    ]


def test_an_excluded_address_answers_for_a_service_and_is_a_way_back() -> None:
    service = {"name": "web", "address": "10.0.0.6", "port": 80, "forwarding": "nat", "health_checks": []}
    given = inventory(lvs_virtual_services=[{**service, "real_servers": [{"host": "rs1"}]}])
    excluded = ["10.0.0.6/16", {"address": "192.168.0.1/24", "dev": "eth1"}]
    changed(given, virtual_ipaddress=["10.0.0.5/16"], virtual_ipaddress_excluded=excluded)
    given["groups"]["real_servers_nat"] = ["rs1"]
    answer = plan(given)
    assert answer["faults"] == []
    assert answer["hosts"]["rs1"]["real_server_nat"]["routes"][0]["gateway"] == "192.168.0.1"


# --- version


@pytest.mark.parametrize(
    ("words", "shared", "expected"),
    [
        ({}, {}, 2),
        ({}, {"vrrp_version": "3"}, 3),
        ({"version": "2"}, {"vrrp_version": 3}, 2),
        ({"options": {"version": 3}}, {}, 3),
        ({"virtual_ipaddress": ["fe80::5/64"]}, {}, 3),
        ({"virtual_ipaddress": ["fe80::5/64"]}, {"vrrp_version": 2}, 3),
        ({"virtual_ipaddress_excluded": ["fe80::5/64"]}, {}, 2),
    ],
)
def test_the_version_is_always_said(words: Plan, shared: Plan, expected: int) -> None:
    given = changed(inventory(lvs_keepalived_global={"options": shared}), **words)
    assert instance(given)["version"] == expected
    assert "version" not in instance(given).get("options", {})


def test_a_password_has_no_place_in_vrrp_3() -> None:
    given = changed(inventory(), version=3, authentication={"auth_pass": "k7-Qw9"})
    assert "authentication" not in instance(given)
    assert told(given, "notices") == [("lvs_vrrp_instances[0].authentication", "has no effect in VRRP 3")]
    assert instance(changed(given, version=2))["authentication"] == {"auth_pass": "k7-Qw9", "auth_type": "PASS"}


@pytest.mark.parametrize(
    ("interval", "good"), [(0.01, True), (0.07, True), (1.15, True), (40.95, True), (0.015, False)]
)
def test_vrrp_3_counts_hundredths(interval: float, good: bool) -> None:
    given = changed(inventory(), version=3, advert_int=interval)
    assert (told(given) == []) == good


# --- who takes the addresses back, and when

SYNC = {"lvs_sync_daemon": {"interface": "eth1"}}


@pytest.mark.parametrize(
    ("variables", "words", "expected"),
    [
        ({}, {}, {}),
        (SYNC, {}, {"preempt_delay": 60}),
        ({}, {"lvs_sync_daemon_interface": "eth1"}, {"preempt_delay": 60}),
        (SYNC, {"preempt_delay": 0}, {}),
        (SYNC, {"options": {"preempt_delay": 0}}, {}),
        (SYNC, {"preempt_delay": 5}, {"preempt_delay": 5}),
        (SYNC, {"nopreempt": True}, {"nopreempt": True}),
        (SYNC, {"nopreempt": True, "preempt_delay": 0}, {"nopreempt": True}),
        (SYNC, {"options": {"nopreempt": True}}, {"nopreempt": True}),
        (SYNC, {"nopreempt": False}, {"preempt_delay": 60}),
        # keepalived refuses it beside these.
        (SYNC, {"state": "MASTER"}, {}),
        (SYNC, {"options": {"strict_mode": True}}, {}),
        ({**SYNC, "lvs_keepalived_global": {"options": {"vrrp_strict": True}}}, {}, {}),
        ({**SYNC, "lvs_keepalived_global": {"options": {"vrrp_strict": False}}}, {}, {"preempt_delay": 60}),
    ],
)
def test_beside_a_sync_daemon_a_director_waits(variables: Plan, words: Plan, expected: Plan) -> None:
    found = instance(changed(inventory(**variables), **words))
    assert {key: found[key] for key in ("nopreempt", "preempt_delay") if key in found} == expected


def test_words_of_options_are_moved_with_a_notice() -> None:
    given = changed(inventory(), options={"nopreempt": True, "garp_master_delay": "3", "accept": True})
    found = instance(given)
    assert (found["nopreempt"], found["garp_master_delay"], found["options"]) == (True, 3, {"accept": True})
    assert told(given, "notices") == [
        ("lvs_vrrp_instances[0].options.garp_master_delay", "was taken as the key garp_master_delay"),
        ("lvs_vrrp_instances[0].options.nopreempt", "was taken as the key nopreempt"),
    ]


# --- the sync daemon's sysctls


def test_a_sync_daemon_brings_its_sysctls_which_give_way_to_the_users() -> None:
    given = inventory(**SYNC, lvs_sysctls={"net.ipv4.vs.sloppy_tcp": 0})
    found = director(given)["sysctls"]
    assert found["net.ipv4.vs.sync_threshold"] == "3 0"
    assert found["net.ipv4.vs.sync_refresh_period"] == "10"
    assert found["net.ipv4.vs.sloppy_tcp"] == "0"
    assert not any(key.startswith("net.ipv4.vs.") for key in director(inventory())["sysctls"])


# --- unicast


def test_unicast_takes_each_directors_first_address_on_its_own_interface() -> None:
    given = changed(inventory(), unicast=True)
    given["hosts"]["lb2"]["lvs_interfaces"] = {
        "ens3": ["2001:db8::4/64", "10.0.0.4/16", "10.0.0.9/16"],
        "eth1": "192.168.0.4/24",
    }
    given["hosts"]["lb2"]["lvs_vrrp_instances"][0]["interface"] = "ens3"
    assert instance(given)["unicast"] == {"source": "10.0.0.3", "peers": ["10.0.0.4"]}
    assert instance(given, "lb2")["unicast"] == {"source": "10.0.0.4", "peers": ["10.0.0.3"]}
    assert director(given)["peer_traffic"] == [
        {"family": "ipv4", "interface": "eth0", "source": "10.0.0.4", "protocol": "vrrp"}
    ]


def test_written_peers_go_before_derived_ones_and_false_is_multicast() -> None:
    given = changed(inventory(), unicast={"peers": {"lb1": "10.9.9.1", "lb2": "10.9.9.2"}})
    assert instance(given)["unicast"] == {"source": "10.9.9.1", "peers": ["10.9.9.2"]}
    assert "unicast" not in instance(changed(given, unicast=False))


def test_a_director_alone_has_nobody_to_send_to() -> None:
    given = changed(inventory(), unicast=True, priorities={"lb1": 200})
    given["groups"]["directors"] = ["lb1"]
    del given["hosts"]["lb2"]
    assert told(given) == [
        ("lvs_vrrp_instances[0].unicast", "is for a director with peers, and there is no other director here")
    ]


def test_peers_may_write_unicast_in_two_ways_that_mean_the_same() -> None:
    given = changed(inventory(), unicast=True)
    given["hosts"]["lb2"]["lvs_vrrp_instances"][0]["unicast"] = {"peers": {"lb1": "10.0.0.3"}}
    assert told(given) == []
    given["hosts"]["lb2"]["lvs_vrrp_instances"][0]["unicast"] = {"peers": {"lb1": "10.0.0.33"}}
    instance = "lvs_vrrp_instances[0].unicast"
    assert {variable for variable, _problem in told(given)} == {instance, f"{instance}.peers.lb1"}


# --- scripts


def test_a_script_in_words_of_its_own_block_counts_as_used() -> None:
    given = inventory(lvs_vrrp_scripts=[{"name": "gw", "script": "/bin/true"}])
    assert [variable for variable, _problem in told(given)] == ["lvs_vrrp_scripts[0].name"]
    assert told(changed(given, options={"track_script": {"gw": True}})) == []


def found_scripts(given: Plan, *services: Plan) -> tuple[Plan, list[str]]:
    findings = Findings()
    host = load(given, findings).hosts["lb1"]
    place = Place(findings, "lb1", "lvs_virtual_services[0]")
    found = plan_scripts(host, [Service(place, {"real_servers": [], **service}) for service in services])
    return found, [one["text"] for one in Findings.ordered(findings.faults)]


def test_scripts_of_services_real_servers_and_checks_are_found() -> None:
    check = {"type": "misc", "script": "files/check.sh", "user": "probe"}
    server = {"notify": {"up": {"script": "files/up.sh"}, "down": {"script": "/bin/true"}}, "health_checks": [check]}
    service = {
        "quorum_up": {"script": "a/q_up"},
        "quorum_down": {"script": "b/q_down"},
        "real_servers": [server, server],
    }
    found, faults = found_scripts(inventory(), service)
    assert faults == []
    assert found == {
        "scripts": ["a/q_up", "b/q_down", "files/check.sh", "files/up.sh"],
        "script_user": "keepalived_script",
        "script_users": ["keepalived_script", "probe"],
    }


def test_a_script_for_all_states_is_one_as_the_others() -> None:
    """keepalived has a word for it that is the key of all here, so it can't stand under options."""
    every = {"script": "files/every.sh", "args": ["web"]}
    given = changed(inventory(), notify={"master": "files/master.sh", "any": every})
    for host in ("lb1", "lb2"):
        one = given["hosts"][host]["lvs_vrrp_instances"][0]
        second = {**one, "name": "VI_2", "virtual_router_id": 52, "virtual_ipaddress": ["10.0.0.6/24"], "notify": {}}
        given["hosts"][host]["lvs_vrrp_instances"].append(second)
        group = {"name": "G1", "group": [one["name"], "VI_2"], "notify": {"any": "files/group.sh"}}
        given["hosts"][host]["lvs_vrrp_sync_groups"] = [group]
    found = director(given)
    assert found["vrrp_instances"][0]["notify"] == {"master": {"script": "files/master.sh"}, "any": every}
    assert found["vrrp_sync_groups"][0]["notify"] == {"any": {"script": "files/group.sh"}}
    assert found["scripts"] == ["files/every.sh", "files/group.sh", "files/master.sh"]


@pytest.mark.parametrize("beside", [{}, {"master": "/usr/local/sbin/master"}])
def test_a_script_for_all_states_is_no_option(beside: Plan) -> None:
    given = changed(inventory(), notify=beside, options={"notify": "/usr/local/sbin/every"})
    assert told(given) == [("lvs_vrrp_instances[0].options.notify", "is what notify.any writes")]
    given = changed(inventory())
    given["hosts"]["lb1"]["lvs_vrrp_sync_groups"] = [{"name": "G1", "group": [], "options": {"notify": "/x"}}]
    assert ("lvs_vrrp_sync_groups[0].options.notify", "is what notify.any writes") in told(given)


def test_a_script_behind_a_link_is_noticed() -> None:
    given = changed(inventory(), notify={"master": "/sbin/ip", "backup": "/usr/sbin/ip"})
    assert told(given, "notices") == []
    for host in ("lb1", "lb2"):
        given["hosts"][host]["lvs_keepalived_global"] = {"script_user": "root"}
    assert told(given, "notices") == [
        (
            "lvs_vrrp_instances[0].notify.master.script",
            "/sbin/ip is behind a link where /bin is /usr/bin, and keepalived 2.3.3 runs no such path as root",
        )
    ]


def test_a_script_of_the_defaults_is_told_as_theirs() -> None:
    shared = {"health_checks": [{"type": "misc", "script": "files/ä"}], "quorum_up": "files/ü"}
    servers = [{"address": "192.168.0.12"}, {"address": "192.168.0.13"}]
    web = {"name": "web", "address": "10.0.0.5", "port": 80, "forwarding": "nat", "real_servers": servers}
    faults = told(inventory(lvs_virtual_service_defaults=shared, lvs_virtual_services=[web]))
    assert [variable for variable, _problem in faults] == [
        "lvs_virtual_service_defaults.health_checks[0]",
        "lvs_virtual_service_defaults.quorum_up",
    ]


def test_scripts_of_one_name_are_a_fault_of_the_later_one() -> None:
    given = changed(inventory(), notify={"master": "files/change"})
    _found, faults = found_scripts(given, {"quorum_up": {"script": "other/change"}})
    assert faults == [
        "lb1: lvs_virtual_services[0].quorum_up: other/change and files/change would be one file on the director, "
        "where scripts have one directory; give one of them another name"
    ]


@pytest.mark.parametrize(
    ("variables", "words", "expected"),
    [
        ({}, {}, {"script_users": []}),
        ({}, {"notify": {"master": {"script": "/bin/true", "user": "root"}}}, {"script_users": ["root"]}),
        (
            {"lvs_keepalived_global": {"script_user": "lvs lvs"}},
            {"notify": {"master": "/bin/true"}},
            {"script_user": "lvs", "script_users": ["lvs"]},
        ),
        ({"lvs_keepalived_global": {"script_user": "lvs"}}, {}, {"script_users": []}),
        ({}, {"notify": {"any": "/bin/true"}}, {"script_user": "keepalived_script"}),
        ({}, {"options": {"notify_master": "/bin/true"}}, {"script_user": "keepalived_script"}),
        ({}, {"options": {"notify_priority_changes": True}}, {"script_users": []}),
        (
            {"lvs_keepalived_options": {"vrrp_script x": [{"script": "/bin/true"}]}},
            {},
            {"script_user": "keepalived_script"},
        ),
        ({"lvs_keepalived_global": {"options": {"startup_script": "/x"}}}, {}, {"script_user": "keepalived_script"}),
    ],
)
def test_the_user_of_scripts_that_name_none(variables: Plan, words: Plan, expected: Plan) -> None:
    found = director(changed(inventory(**variables), **words))
    assert {key: found[key] for key in expected} == expected
    assert ("script_user" in found) == ("script_user" in expected)


# --- BFD


def test_bfd_between_two_directors_finds_both_ends() -> None:
    given = inventory(lvs_bfd_instances=[{"name": "peer", "interface": "eth1", "options": {"weight": 1}}])
    found = director(given)
    assert found["bfd_instances"] == [
        {"name": "peer", "neighbor_ip": "192.168.0.4", "source_ip": "192.168.0.3", "options": {"weight": 1}}
    ]
    assert {"family": "ipv4", "interface": "eth1", "source": "192.168.0.4", "protocol": "udp", "port": 3784} in found[
        "peer_traffic"
    ]
    given["hosts"]["lb2"]["lvs_interfaces"]["eth1"] = "2001:db8::4/64"
    changed(given, virtual_ipaddress=["10.0.0.5/16"])
    assert {variable for variable, _problem in told(given)} == {"lvs_bfd_instances[0].interface"}


# --- masquerading


def test_a_static_director_masquerades_to_an_address_that_stays() -> None:
    given = inventory(
        lvs_vrrp_instances=[],
        lvs_virtual_addresses=["10.0.0.8/16"],
        lvs_masquerade=[{"source": "192.168.0.0/24", "interface": "eth0"}],
    )
    given["groups"]["directors"] = ["lb1"]
    del given["hosts"]["lb2"]
    found = director(given)
    assert (found["manager"], found["masquerade"][0]["address"]) == ("static", "10.0.0.8")


# --- what peers send


def test_a_peer_without_interfaces_is_let_in_from_anywhere_and_others_with_it() -> None:
    given = inventory(lvs_sync_daemon={"interface": "eth1", "port": 9000})
    for one in given["hosts"].values():
        one.pop("lvs_virtual_services", None)
    for name in ("lb1", "lb2"):
        given["hosts"][name]["lvs_virtual_services"] = []
        given["hosts"][name]["lvs_vrrp_instances"][0]["priorities"] = {"lb1": 200, "lb2": 150, "lb3": 100}
    given["hosts"]["lb3"] = {**given["hosts"]["lb2"], "lvs_interfaces": {"eth1": "192.168.0.5/24"}}
    given["groups"]["directors"].append("lb3")
    assert director(given)["peer_traffic"] == [
        {"family": "ipv4", "interface": "eth0", "source": None, "protocol": "vrrp"},
        {"family": "ipv4", "interface": "eth1", "source": "192.168.0.4", "protocol": "udp", "port": 9000},
        {"family": "ipv4", "interface": "eth1", "source": "192.168.0.5", "protocol": "udp", "port": 9000},
    ]


@pytest.mark.parametrize(("version", "protocol"), [(2, "ah"), (3, "vrrp")])
def test_an_advert_with_authentication_header_has_its_number(version: int, protocol: str) -> None:
    given = changed(inventory(), version=version, authentication={"auth_type": "AH", "auth_pass": "x"})
    assert [one["protocol"] for one in director(given)["peer_traffic"]] == [protocol]


def test_a_real_server_behind_a_tunnel_lets_in_what_the_director_may_send() -> None:
    service = {"name": "web", "address": "10.0.0.5", "port": 80, "forwarding": "tun", "health_checks": []}
    given = inventory(lvs_virtual_services=[{**service, "real_servers": [{"host": "rs1"}]}])
    given["groups"]["real_servers_tun"] = ["rs1"]

    def sources() -> list[str | None]:
        answer = plan(given)
        assert answer["faults"] == []
        return [one["source"] for one in answer["hosts"]["rs1"]["real_server_tun"]["peer_traffic"]]

    assert sources() == ["192.168.0.3", "192.168.0.4"]
    # Behind a router any of the directors' addresses may be the sender's.
    given["hosts"]["rs1"]["lvs_interfaces"] = {"eth0": "203.0.113.9/24"}
    assert sources() == ["10.0.0.3", "10.0.0.4", "192.168.0.3", "192.168.0.4"]
    del given["hosts"]["lb1"]["lvs_interfaces"]
    assert sources() == [None]


def test_the_plan_of_a_director_has_all_keys_whatever_is_given() -> None:
    findings = Findings()
    known = load(inventory(), findings)
    host = known.hosts["lb1"]
    cluster = known.clusters["default"]
    colocation = Colocation(known, cluster, {}, {})
    found = plan_director(host, cluster, [], "keepalived", Owners(known.hosts.values()), colocation)
    empty = {"vrrp_scripts", "track_processes", "track_files", "bfd_instances", "options", "scripts", "masquerade"}
    assert {key: found[key] for key in empty} == {**{key: [] for key in empty}, "options": {}}
