# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services with several addresses, groups of virtual servers, and what of a service only keepalived does."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.planned import services as table
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_checks import CHECKS
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_services import SERVICE_SETTINGS


def inventory(*services: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A director that needs no keepalived, with two NAT real servers; ``changes`` are variables of the director."""
    servers = [{"host": "rs1"}, {"host": "rs2"}]
    base = {"name": "web", "address": "10.0.0.6", "port": 80, "forwarding": "nat", "real_servers": servers}
    director = {
        "lvs_interfaces": {"eth0": ["10.0.0.3/24", "2001:db8::3/64"], "eth1": ["192.168.0.3/24", "fd00::3/64"]},
        "lvs_virtual_services": [{**base, **one} for one in services or ({},)],
        "lvs_virtual_addresses": ["10.0.0.6/24", "10.0.0.7/24", "2001:db8::6/64"],
        **changes,
    }
    return {
        "hosts": {
            "lb1": director,
            "rs1": {"lvs_interfaces": {"eth0": ["192.168.0.11/24", "fd00::11/64"]}},
            "rs2": {"lvs_interfaces": {"eth0": ["192.168.0.12/24", "fd00::12/64"]}},
        },
        "groups": {"directors": ["lb1"], "real_servers_nat": ["rs1", "rs2"]},
    }


def with_peer(given: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The inventory with lb2 beside lb1 and a VRRP instance; ``changes`` are of lb2's first service."""
    addresses = ["10.0.0.6/24", {"address": "192.168.0.1/24", "dev": "eth1"}]
    instance = {"name": "V", "interface": "eth0", "virtual_router_id": 4, "virtual_ipaddress": addresses}
    lb1 = given["hosts"]["lb1"]
    del lb1["lvs_virtual_addresses"]
    lb1["lvs_vrrp_instances"] = [{**instance, "priorities": {"lb1": 2, "lb2": 1}}]
    service = {**lb1["lvs_virtual_services"][0], "health_checks": [], **changes}
    interfaces = {"eth0": "10.0.0.4/24", "eth1": "192.168.0.4/24"}
    given["hosts"]["lb2"] = {**lb1, "lvs_interfaces": interfaces, "lvs_virtual_services": [service]}
    given["groups"]["directors"] = ["lb1", "lb2"]
    return given


def faults(given: dict[str, Any]) -> list[tuple[str, str]]:
    """The faults as variable and problem."""
    return [(one["variable"], one["problem"]) for one in plan(given)["faults"]]


def director(given: dict[str, Any]) -> dict[str, Any]:
    answer = plan(given)
    assert answer["faults"] == []
    part: dict[str, Any] = answer["hosts"]["lb1"]["director"]
    return part


# --- several addresses, and groups


def test_each_address_and_port_is_a_service_with_real_servers_of_its_family() -> None:
    service = {"address": None, "addresses": ["10.0.0.6", "2001:db8::6"], "port": None, "ports": "80-81"}
    found = director(inventory(service))["services"]
    assert [(one["address"], one["port"], [server["address"] for server in one["real_servers"]]) for one in found] == [
        ("10.0.0.6", 80, ["192.168.0.11", "192.168.0.12"]),
        ("10.0.0.6", 81, ["192.168.0.11", "192.168.0.12"]),
        ("2001:db8::6", 80, ["fd00::11", "fd00::12"]),
        ("2001:db8::6", 81, ["fd00::11", "fd00::12"]),
    ]


def test_a_fault_of_an_address_names_its_place_in_the_list() -> None:
    given = inventory({"address": None, "addresses": ["10.0.0.6", "192.168.0.11"]})
    given["hosts"]["lb1"]["lvs_virtual_addresses"].append("192.168.0.11/24")
    assert ("lvs_virtual_services[0].addresses[1]", "192.168.0.11 is rs1's own address on eth0 (lvs_interfaces)") in (
        faults(given)
    )


def test_an_address_that_is_there_twice_is_a_fault() -> None:
    ((variable, problem),) = faults(inventory({"address": None, "addresses": ["10.0.0.6", "10.0.0.6"]}))
    assert (variable, "is the same virtual service as" in problem) == ("lvs_virtual_services[0]", True)


def group(**changes: Any) -> dict[str, Any]:
    return {"virtual_server_group": True, "health_checks": [{"type": "tcp"}], **changes}


def test_the_services_of_a_group_share_their_weight_files() -> None:
    servers = [{"group": "real_servers_nat", "port": 8080}]
    found = director(
        inventory(
            group(address=None, addresses=["10.0.0.6", "10.0.0.7"], port=None, ports="80-81", real_servers=servers)
        )
    )
    assert len(found["services"]) == 4
    for service in found["services"]:
        assert service["virtual_server_group"] == "web"
        assert [one["weight_file"] for one in service["real_servers"]] == [
            "web_group_192.168.0.11_8080",
            "web_group_192.168.0.12_8080",
        ]


def test_the_weight_file_of_a_group_has_no_colon() -> None:
    (service,) = director(inventory(group(address="2001:db8::6")))["services"]
    assert service["real_servers"][0]["weight_file"] == "web_group_fd00--11_80"


def test_a_group_of_one_port_takes_it_for_its_real_servers() -> None:
    found = director(inventory(group(address=None, addresses=["10.0.0.6", "10.0.0.7"])))
    assert {one["port"] for service in found["services"] for one in service["real_servers"]} == {80}


def test_a_group_of_several_ports_wants_ports_of_real_servers() -> None:
    problem = "has one set of real servers for the ports 80, 81, and rs1, rs2 has none of its own"
    given = inventory(group(port=None, ports="80-81"))
    assert faults(given) == [("lvs_virtual_services[0].virtual_server_group", problem)]


def test_a_group_has_the_same_real_servers_for_all_its_addresses() -> None:
    given = inventory(group(address=None, addresses=["10.0.0.6", "2001:db8::6"]))
    ((variable, problem),) = faults(given)
    assert variable == "lvs_virtual_services[0].virtual_server_group"
    assert problem.startswith("has one set of real servers, and they would be reached at other addresses")


# --- who needs keepalived

SERVER_WORDS: dict[str, dict[str, Any]] = {
    "notify": {"notify": {"up": "/bin/x"}},
    "inhibit_on_failure": {"inhibit_on_failure": True},
    "smtp_alert": {"smtp_alert": True},
    "alpha": {"alpha": True},
}
NEEDING: list[tuple[dict[str, Any], str]] = [
    ({"quorum": 1}, "quorum"),
    ({"quorum": 2, "ha_suspend": True}, "ha_suspend, quorum"),
    ({"quorum_up": "/bin/x"}, "quorum_up"),
    ({"quorum_down": {"script": "/bin/x"}}, "quorum_down"),
    ({"alpha": True}, "alpha"),
    ({"omega": True}, "omega"),
    ({"inhibit_on_failure": True}, "inhibit_on_failure"),
    ({"ha_suspend": True}, "ha_suspend"),
    ({"smtp_alert": True}, "smtp_alert"),
    ({"virtual_server_group": True}, "virtual_server_group"),
    ({"health_checks": [{"type": "ping"}]}, "health checks"),
    ({"sorry_server": {"address": "192.168.0.9"}}, "sorry servers"),
    *(({"real_servers": [{"host": "rs1", **words}]}, word) for word, words in SERVER_WORDS.items()),
]


@pytest.mark.parametrize(("service", "words"), NEEDING)
def test_what_needs_keepalived_chooses_it_and_is_no_word_for_static(service: dict[str, Any], words: str) -> None:
    assert director(inventory(service))["manager"] == "keepalived"
    shared = {key: one for key, one in service.items() if key in SERVICE_SETTINGS}
    if shared:
        assert director(inventory(lvs_virtual_service_defaults=shared))["manager"] == "keepalived"
    assert faults(inventory(service, lvs_manager="static")) == [
        ("lvs_manager", f"is static, and {words} need keepalived")
    ]


@pytest.mark.parametrize(
    "service",
    [
        {"delay_loop": 3, "retry": 2, "delay_before_retry": 1, "warmup": 0, "virtualhost": "www.example.org"},
        {"alpha": False, "smtp_alert": False, "health_checks": [], "virtual_server_group": False},
        {"persistence_timeout": 5, "persistence_netmask": "255.255.0.0", "scheduler_flags": ["flag-1"]},
        {"protocol": "udp", "one_packet": True, "persistence_timeout": 5, "persistence_engine": "SIP"},
        {"real_servers": [{"host": "rs1", "upper_threshold": 5, "lower_threshold": 5, "retry": 2, "alpha": False}]},
    ],
)
def test_what_the_table_holds_or_nobody_does_needs_no_keepalived(service: dict[str, Any]) -> None:
    assert director(inventory(service))["manager"] == "static"
    assert director(inventory(service, lvs_manager="static"))["manager"] == "static"


# --- the words of the kernel's table


@pytest.mark.parametrize(
    ("scheduler", "flags", "planned", "in_table"),
    [
        ("sh", ["flag-1"], ["sh-fallback"], ("fallback",)),
        ("sh", ["sh-port", "flag-2"], ["sh-port"], ("port",)),
        ("mh", ["mh-port", "mh-fallback"], ["mh-fallback", "mh-port"], ("fallback", "port")),
        ("rr", ["flag-3", "flag-1"], ["flag-1", "flag-3"], ("flag-1", "flag-3")),
    ],
)
def test_flags_have_one_form_and_the_table_has_its_own_words(
    scheduler: str, flags: list[str], planned: list[str], in_table: tuple[str, ...]
) -> None:
    found = director(inventory({"scheduler": scheduler, "scheduler_flags": flags}))
    assert found["services"][0]["scheduler_flags"] == planned
    (entry,) = list(read(found).values())
    assert entry.settings.scheduler_flags == in_table


def read(planned: dict[str, Any]) -> Any:
    """The kernel's table that the IPVS modules read out of a director's plan."""
    options = Options()
    found = options.table(table(planned))
    options.finish()
    return found


@pytest.mark.parametrize(
    ("address", "netmask", "planned"),
    [
        ("10.0.0.6", 16, "255.255.0.0"),
        ("10.0.0.6", "/24", "255.255.255.0"),
        ("10.0.0.6", "255.255.255.0", "255.255.255.0"),
        ("10.0.0.6", 32, None),
        ("2001:db8::6", 64, "64"),
        ("2001:db8::6", "/56", "56"),
        ("2001:db8::6", 128, None),
    ],
)
def test_netmasks_are_planned_as_keepalived_takes_them(address: str, netmask: Any, planned: str | None) -> None:
    service = {"address": address, "persistence_timeout": 5, "persistence_netmask": netmask}
    found = director(inventory(service))
    assert found["services"][0].get("persistence_netmask") == planned
    (entry,) = list(read(found).values())
    assert entry.settings.persistence_netmask == (planned or "")


@pytest.mark.parametrize(
    ("address", "netmask"),
    [("10.0.0.6", 0), ("10.0.0.6", "255.0.255.0"), ("10.0.0.6", "ffff::"), ("2001:db8::6", 129),
     ("2001:db8::6", "255.255.255.0"), ("2001:db8::6", "ffff::")],
)  # fmt: skip
def test_a_netmask_is_one_of_the_family(address: str, netmask: Any) -> None:
    service = {"address": address, "persistence_timeout": 5, "persistence_netmask": netmask}
    ((variable, problem),) = faults(inventory(service))
    assert variable == "lvs_virtual_services[0].persistence_netmask"
    assert "which is no netmask of" in problem


def test_a_mark_may_have_one_packet_and_the_sip_engine() -> None:
    match = [{"address": "10.0.0.6", "protocol": "udp", "port": 5060}]
    marked = {"address": None, "port": None, "fwmark": 1, "match": match}
    words = {"one_packet": True, "persistence_engine": "sip", "persistence_timeout": 5}
    assert director(inventory({**marked, **words}))["services"][0]["one_packet"] is True


def marked_with(ports: list[int], *checks: dict[str, Any]) -> dict[str, Any]:
    """A service on a mark for packets to these ports of one address."""
    match = [{"address": "10.0.0.6", "protocol": "tcp", "port": port} for port in ports]
    return inventory(
        {"address": None, "port": None, "fwmark": 1, "match": match, "health_checks": list(checks)},
        lvs_manager="keepalived",
    )


def test_a_mark_for_one_port_is_checked_there() -> None:
    given = marked_with([80], {"type": "tcp"}, {"type": "http", "path": "/", "connect_port": 8080}, {"type": "ping"})
    for server in director(given)["services"][0]["real_servers"]:
        assert [check.get("connect_port") for check in server["health_checks"]] == [80, 8080, None]


@pytest.mark.parametrize("ports", [[80, 443], [80, 81]], ids=["apart", "a range"])
def test_a_mark_for_several_ports_says_where_to_check(ports: list[int]) -> None:
    assert faults(marked_with(ports, {"type": "tcp"}, {"type": "http", "path": "/"}, {"type": "ping"})) == [
        (
            "lvs_virtual_services[0].health_checks",
            "http, tcp must connect to a port, and the firewall mark does not say to which",
        )
    ]
    checked = director(marked_with(ports, {"type": "tcp", "connect_port": 80}))["services"][0]["real_servers"]
    assert [server["health_checks"] for server in checked] == [[{"type": "tcp", "connect_port": 80}]] * 2


@pytest.mark.parametrize(
    ("mine", "others", "told"),
    [
        ({"one_packet": False}, {}, 0),
        ({"scheduler_flags": ["flag-1"]}, {}, 1),
        ({"persistence_timeout": 5, "persistence_netmask": 24}, {"persistence_timeout": 5}, 1),
        ({"real_servers": [{"host": "rs1", "upper_threshold": 5}]}, {"real_servers": [{"host": "rs1"}]}, 1),
        ({"quorum": 2}, {"quorum": 1, "alpha": True}, 0),
    ],
)
def test_peers_have_the_same_table(mine: dict[str, Any], others: dict[str, Any], told: int) -> None:
    given = with_peer(inventory({"health_checks": []}), **others)
    given["hosts"]["lb1"]["lvs_virtual_services"][0].update(mine)
    assert len(faults(given)) == told


# --- quorum, sorry servers


def test_a_quorum_counts_the_weights_that_the_hosts_have() -> None:
    given = inventory({"quorum": 5})
    assert faults(given) == [
        ("lvs_virtual_services[0].quorum", "is 5, and the weights of all real servers together are 2")
    ]
    given["hosts"]["rs2"]["lvs_weight"] = 4
    assert faults(given) == []


@pytest.mark.parametrize(
    ("service", "sorry", "told"),
    [
        ({}, {"address": "fd00::9"}, 1),
        ({}, {"address": "fd00::9", "forwarding": "tun"}, 0),
        ({"forwarding": "tun"}, {"address": "fd00::9"}, 1),
        ({}, {"address": "192.168.0.9", "port": 8080}, 0),
        ({}, {"address": "192.168.0.9", "port": 8080, "forwarding": "dr"}, 1),
        ({}, {"address": "192.168.0.9", "port": 80, "forwarding": "dr"}, 0),
    ],
)
def test_a_sorry_server_must_be_reached(service: dict[str, Any], sorry: dict[str, Any], told: int) -> None:
    servers = [{"address": "192.168.0.99"}]
    given = inventory({**service, "sorry_server": sorry, "real_servers": servers})
    assert len(faults(given)) == told


def test_a_sorry_server_has_the_tunnel_of_its_service_only_where_it_is_reached_by_one() -> None:
    tunnel = {"type": "gue", "port": 6080, "checksum": "none"}
    service = {
        "forwarding": "tun",
        "tunnel": tunnel,
        "real_servers": [{"address": "192.168.0.99"}],
        "sorry_server": {"address": "192.168.0.9", "inhibit": False},
    }
    planned = {"port": 80, "address": "192.168.0.9"}
    assert director(inventory(service))["services"][0]["sorry_server"] == {**planned, "tunnel": tunnel}
    service["sorry_server"] = {"address": "192.168.0.9", "forwarding": "nat"}
    assert director(inventory(service))["services"][0]["sorry_server"] == {**planned, "forwarding": "nat"}


# --- health checks


def checks_of(*checks: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = director(inventory({"health_checks": list(checks)}, **changes))["services"][0][
        "real_servers"
    ][0]["health_checks"]
    return found


@pytest.mark.parametrize(
    ("given", "planned"),
    [
        (200, 200),
        ("200", 200),
        ("200-299", "200-299"),
        (" 200-299   404 ", "200-299 404"),
    ],
)
def test_status_codes_are_a_number_or_ranges(given: Any, planned: Any) -> None:
    (check,) = checks_of({"type": "http", "path": "/", "status_code": given})
    assert check["urls"] == [{"path": "/", "status_code": planned}]


@pytest.mark.parametrize("code", [99, 600, "", " ", "200-", "299-200", "200,404", "2xx", True, [200], 200.5])
def test_no_other_status_code_is_taken(code: Any) -> None:
    ((variable, _problem),) = faults(inventory({"health_checks": [{"type": "http", "path": "/", "status_code": code}]}))
    assert variable == "lvs_virtual_services[0].health_checks[0].status_code"


@pytest.mark.parametrize(("given", "planned"), [(1.0, "1.0"), (1.1, "1.1"), ("1.0c", "1.0C")])
def test_http_protocols_may_be_written_as_numbers(given: Any, planned: str) -> None:
    assert checks_of({"type": "http", "path": "/", "http_protocol": given})[0]["http_protocol"] == planned


@pytest.mark.parametrize("kind", sorted(set(CHECKS) - {"file", "bfd"}))
def test_the_checks_that_run_have_their_common_words(kind: str) -> None:
    common: dict[str, Any] = {
        "retry": 1, "delay_before_retry": 2, "warmup": 0, "delay_loop": 4, "alpha": False, "log_all_failures": True,
        "options": {"x": 1},
    }  # fmt: skip
    needed = {"http": {"path": "/"}, "https": {"path": "/"}, "misc": {"script": "/bin/x"}}.get(kind, {})
    (check,) = checks_of({"type": kind, **common, **needed})
    assert {key: check[key] for key in common} == common


def test_a_bfd_check_of_an_interface_is_not_compared() -> None:
    """With ``interface`` the neighbour is the other director, which may be a real server, too."""
    bfd = [{"name": "B", "interface": "eth0"}]
    service = {"health_checks": [{"type": "bfd", "name": "B"}], "forwarding": "dr", "real_servers": [{"host": "lb2"}]}
    given = with_peer(inventory(service), health_checks=[])
    for host in ("lb1", "lb2"):
        given["hosts"][host]["lvs_bfd_instances"] = bfd
    assert "BFD" not in str(faults(given))


def test_names_that_cannot_be_read_are_not_missed() -> None:
    wrong = [{"name": "x y", "file": "/run/x"}]
    service = {"health_checks": [{"type": "file", "track_file": "x"}]}
    assert [variable for variable, _problem in faults(inventory(service, lvs_track_files=wrong))] == [
        "lvs_track_files[0].name"
    ]
    assert [variable for variable, _problem in faults(inventory(service))] == [
        "lvs_virtual_services[0].health_checks[0].track_file"
    ]


def test_the_defaults_name_their_own_place() -> None:
    given = inventory(lvs_virtual_service_defaults={"health_checks": [{"type": "file", "track_file": "x"}]})
    assert [variable for variable, _problem in faults(given)] == [
        "lvs_virtual_service_defaults.health_checks[0].track_file"
    ]


def test_scripts_of_services_are_listed() -> None:
    service = {
        "quorum_up": "files/up.sh",
        "health_checks": [{"type": "misc", "script": "files/look.sh", "args": []}],
        "real_servers": [{"host": "rs1", "notify": {"down": {"script": "files/down.sh", "args": [1, "two"]}}}],
    }
    found = director(inventory(service))
    assert found["scripts"] == ["files/down.sh", "files/look.sh", "files/up.sh"]
    assert found["services"][0]["quorum_up"] == {"script": "files/up.sh"}
    (server,) = found["services"][0]["real_servers"]
    assert server["notify"] == {"down": {"script": "files/down.sh", "args": ["1", "two"]}}
    assert server["health_checks"] == [{"type": "misc", "script": "files/look.sh"}]


def test_type_under_options_is_no_second_type() -> None:
    assert checks_of({"type": "dns", "options": {"type": "MX"}})[0]["options"] == {"type": "MX"}
