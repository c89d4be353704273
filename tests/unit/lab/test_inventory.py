"""lab/inventory.py: from the JSON of ansible-inventory to hosts, and all faults at once."""

from __future__ import annotations

from typing import Any

import pytest

from lab import inventory
from lab.errors import LabError
from lab.inventory import Host, Interface, Route, Sysctl


def listing(hosts: dict[str, dict[str, Any]], **groups: Any) -> dict[str, Any]:
    """What `ansible-inventory --list` prints for these hosts' variables and these groups' members."""
    bodies = {name: body if isinstance(body, dict) else {"hosts": body} for name, body in groups.items()}
    if not groups:
        bodies["ungrouped"] = {"hosts": list(hosts)}
    return {"_meta": {"hostvars": hosts}, "all": {"children": ["ungrouped", *bodies]}, **bodies}


def parse_one(variables: dict[str, Any]) -> Host:
    (host,) = inventory.parse(listing({"h": variables})).hosts
    return host


def faults(hosts: dict[str, dict[str, Any]], **groups: Any) -> str:
    with pytest.raises(LabError) as caught:
        inventory.parse(listing(hosts, **groups))
    assert str(caught.value) == "the lab can't boot this inventory"
    return caught.value.detail


ETH0 = {"eth0": "10.0.0.1/24"}


def test_host_with_defaults() -> None:
    assert parse_one({"lvs_interfaces": ETH0}) == Host(
        "h", "bookworm", (Interface("eth0", "10.0.0.0/24", ("10.0.0.1/24",)),), (), ()
    )


def test_kind_of_machine() -> None:
    """A host's own word counts more than the lab's."""
    said: dict[str, dict[str, Any]] = {
        "a": {"lvs_interfaces": ETH0},
        "b": {"lvs_interfaces": ETH0, "lab_machine": "uml"},
    }
    found = {host.name: host.machine for host in inventory.parse(listing(said), "qemu").hosts}
    assert found == {"a": "qemu", "b": "uml"}
    assert parse_one({"lvs_interfaces": ETH0, "lab_machine": "qemu"}).machine == "qemu"


def test_host_with_everything() -> None:
    host = parse_one(
        {
            "lvs_interfaces": {"eth0": ["10.0.0.1/24", "fd00::1/64"], "eth1": []},
            "lab_networks": {"eth0": "inside", "eth1": "sync"},
            "lab_release": "trixie",
            "lab_routes": [{"to": "default", "via": "10.0.0.254"}, {"to": "fd01::/48", "via": "fd00::2"}],
            "lab_web_ports": [80, 8080, 80],
            "lab_sysctls": {"net.ipv4.ip_forward": 1, "net/ipv4/conf/eth0.5/rp_filter": "2", "a.b": " 1 2 3 "},
            "lab_kernel_arguments": ["ipv6.disable=1", "quiet", "a.b=(1),%d:'/\\"],
        }
    )
    assert host == Host(
        "h",
        "trixie",
        (Interface("eth0", "inside", ("10.0.0.1/24", "fd00::1/64")), Interface("eth1", "sync", ())),
        (Route("default", "10.0.0.254"), Route("fd01::/48", "fd00::2")),
        (80, 8080),
        (Sysctl("net.ipv4.ip_forward", "1"), Sysctl("net/ipv4/conf/eth0.5/rp_filter", "2"), Sysctl("a.b", "1 2 3")),
        ("ipv6.disable=1", "quiet", "a.b=(1),%d:'/\\"),
    )


def test_addresses_are_written_one_way() -> None:
    host = parse_one({"lvs_interfaces": {"eth0": ["10.0.0.1/255.255.255.0", "FD00:0::1/64"]}})
    assert host.interfaces[0].addresses == ("10.0.0.1/24", "fd00::1/64")


@pytest.mark.parametrize(
    ("group", "ports"),
    [
        ("real_servers_nat", (80,)),
        ("real_servers_dr", (80,)),
        ("real_servers_tun", (80,)),
        ("clusterip_nodes", (80,)),
        ("directors", ()),
        ("lab_only", ()),
    ],
)
def test_servers_and_nodes_have_a_web_server(group: str, ports: tuple[int, ...]) -> None:
    (host,) = inventory.parse(listing({"h": {"lvs_interfaces": ETH0}}, **{group: ["h"]})).hosts
    assert host.web_ports == ports


def test_a_director_that_is_a_real_server_too_has_a_web_server() -> None:
    (host,) = inventory.parse(listing({"h": {"lvs_interfaces": ETH0}}, directors=["h"], real_servers_dr=["h"])).hosts
    assert host.web_ports == (80,)


def test_groups_hold_their_children_s_hosts() -> None:
    groups: dict[str, Any] = {"real_servers_nat": {"children": ["web"]}, "web": {"children": ["site_a"]}}
    (host,) = inventory.parse(listing({"h": {"lvs_interfaces": ETH0}}, **groups, site_a=["h"])).hosts
    assert host.web_ports == (80,)


def test_ports_of_its_own_stand_before_the_group_s() -> None:
    variables = {"lvs_interfaces": ETH0, "lab_web_ports": []}
    (host,) = inventory.parse(listing({"h": variables}, real_servers_nat=["h"])).hosts
    assert host.web_ports == ()


def networks(**interfaces: Any) -> dict[str, list[str]]:
    hosts = {name: {"lvs_interfaces": nics} for name, nics in interfaces.items()}
    return {host.name: [nic.network for nic in host.interfaces] for host in inventory.parse(listing(hosts)).hosts}


def test_one_network_for_each_subnet() -> None:
    assert networks(
        a={"eth0": "10.0.0.1/24", "eth1": "10.1.0.1/24"}, b={"eth0": "10.1.0.2/24"}, c={"eth0": "fd00::1/64"}
    ) == {"a": ["10.0.0.0/24", "10.1.0.0/24"], "b": ["10.1.0.0/24"], "c": ["fd00::/64"]}


def test_interfaces_that_share_any_subnet_share_a_network() -> None:
    assert networks(
        four={"eth0": "10.0.0.1/24"}, six={"eth0": "fd00::1/64"}, both={"eth0": ["10.0.0.2/24", "fd00::2/64"]}
    ) == {"four": ["10.0.0.0/24"], "six": ["10.0.0.0/24"], "both": ["10.0.0.0/24"]}


def test_a_single_address_and_a_link_local_one_join_nothing() -> None:
    assert networks(
        a={"eth0": ["10.0.0.1/24", "192.0.2.1/32", "fe80::1/64"]},
        b={"eth0": ["10.1.0.1/24", "192.0.2.1/32", "fe80::2/64"]},
    ) == {"a": ["10.0.0.0/24"], "b": ["10.1.0.0/24"]}


def test_an_interface_with_a_single_address_has_a_network_of_that() -> None:
    assert networks(a={"eth0": "192.0.2.1/32"}) == {"a": ["192.0.2.1/32"]}


def test_named_networks_are_apart_from_those_of_subnets() -> None:
    hosts = {"a": {"lvs_interfaces": ETH0, "lab_networks": {"eth0": "left"}}, "b": {"lvs_interfaces": ETH0}}
    found = inventory.parse(listing(hosts)).hosts
    assert [host.interfaces[0].network for host in found] == ["left", "10.0.0.0/24"]


@pytest.mark.parametrize("empty", [{}, listing({}), {"_meta": {"hostvars": {}}, "all": {"children": ["ungrouped"]}}])
def test_no_host_is_a_fault(empty: dict[str, Any]) -> None:
    with pytest.raises(LabError, match=r"^the inventory has no host; the lab boots one guest for each host$"):
        inventory.parse(empty)


ADDRESS = "is no address with a prefix length; write it like 192.168.0.12/24"
TEMPLATE = "is a template or vaulted, and the lab reads it before Ansible does; write the value itself"
ROUTE = "is no route; write {to: default, via: 10.0.0.1}, or a network after to:"


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({}, "lvs_interfaces: is missing; the lab gives the guest these: {eth0: 192.168.0.12/24}"),
        (
            {"lvs_interfaces": "10.0.0.1/24"},
            "lvs_interfaces: is no mapping of an interface to its addresses; write {eth0: 192.168.0.12/24}",
        ),
        ({"lvs_interfaces": {"eth0": "10.0.0.1"}}, f"lvs_interfaces.eth0: '10.0.0.1' {ADDRESS}"),
        ({"lvs_interfaces": {"eth0": "10.0.0.256/24"}}, f"lvs_interfaces.eth0: '10.0.0.256/24' {ADDRESS}"),
        ({"lvs_interfaces": {"eth0": ["fd00::1/129"]}}, f"lvs_interfaces.eth0: 'fd00::1/129' {ADDRESS}"),
        ({"lvs_interfaces": {"eth0": 10}}, f"lvs_interfaces.eth0: 10 {ADDRESS}"),
        ({"lvs_interfaces": {"eth0": {"a": 1}}}, f"lvs_interfaces.eth0: {{'a': 1}} {ADDRESS}"),
        (
            {"lvs_interfaces": {"eth0": "198.18.7.1/24"}},
            "lvs_interfaces.eth0: 198.18.7.1/24 is in 198.18.0.0/16, by which the lab reaches its guests; use another",
        ),
        *(
            (
                {"lvs_interfaces": {name: "10.0.0.1/24"}},
                f"lvs_interfaces.{name}: no interface of a guest can have this name (15 characters, not lo or lab0)",
            )
            for name in ("lo", "lab0", "vec1", "eth0:1", "a/b", "../up", "with space", "sixteencharacter")
        ),
        (
            {"lvs_interfaces": {"eth0": None}},
            "lab_networks.eth0: is missing, and no address tells the network; write {eth0: sync}",
        ),
        (
            {"lvs_interfaces": ETH0, "lab_networks": ["inside"]},
            "lab_networks: is no mapping of an interface to a network's name; write {eth0: inside}",
        ),
        (
            {"lvs_interfaces": ETH0, "lab_networks": {"eth0": ["a"]}},
            "lab_networks.eth0: ['a'] is no network's name; write {eth0: inside}",
        ),
        (
            {"lvs_interfaces": ETH0, "lab_networks": {"eth1": "inside"}},
            "lab_networks.eth1: is not in lvs_interfaces; add it there, with its addresses or []",
        ),
        (
            {"lvs_interfaces": ETH0, "lab_release": "buster"},
            "lab_release: 'buster' is not known; use bookworm or trixie",
        ),
        ({"lvs_interfaces": ETH0, "lab_release": ["x"]}, "lab_release: ['x'] is not known; use bookworm or trixie"),
        (
            {"lvs_interfaces": ETH0, "lab_routes": {"to": "default"}},
            "lab_routes: is no list; write [{to: default, via: 10.0.0.1}]",
        ),
        ({"lvs_interfaces": ETH0, "lab_routes": ["default"]}, f"lab_routes[0]: 'default' {ROUTE}"),
        ({"lvs_interfaces": ETH0, "lab_routes": [{"to": "default"}]}, f"lab_routes[0]: {{'to': 'default'}} {ROUTE}"),
        (
            {"lvs_interfaces": ETH0, "lab_routes": [{"to": "10.1.0.1/24", "via": "10.0.0.2"}]},
            f"lab_routes[0]: {{'to': '10.1.0.1/24', 'via': '10.0.0.2'}} {ROUTE}",
        ),
        (
            {"lvs_interfaces": ETH0, "lab_routes": [{"to": "default", "via": 5}]},
            f"lab_routes[0]: {{'to': 'default', 'via': 5}} {ROUTE}",
        ),
        (
            {"lvs_interfaces": ETH0, "lab_routes": [{"to": "default", "via": "10.9.0.1"}]},
            "lab_routes[0]: the gateway 10.9.0.1 is in no network of the host's lvs_interfaces; use one that is",
        ),
        (
            {"lvs_interfaces": ETH0, "lab_routes": [{"to": "fd00::/8", "via": "10.0.0.2"}]},
            "lab_routes[0]: fd00::/8 is no IPv4 network, as the gateway 10.0.0.2 is; use one of its family",
        ),
        *(
            (
                {"lvs_interfaces": ETH0, "lab_web_ports": ports},
                f"lab_web_ports: {ports!r} is no list of port numbers; write [80]",
            )
            for ports in (80, ["80"], [0], [65536], [True], None)
        ),
        *(
            (
                {"lvs_interfaces": ETH0, "lab_sysctls": wanted},
                "lab_sysctls: is no mapping of names to values; write {net.ipv4.ip_forward: 1}",
            )
            for wanted in (["net.ipv4.ip_forward=1"], "net.ipv4.ip_forward", None)
        ),
        *(
            (
                {"lvs_interfaces": ETH0, "lab_sysctls": {name: 1}},
                f"lab_sysctls: {name!r} is no sysctl's name; write it like net.ipv4.ip_forward",
            )
            for name in ("ip_forward", "net.", ".net", "net..a", "-net.a", "# net.a", "net.*.a", "net.a=1", "a.b\n", "")
        ),
        *(
            (
                {"lvs_interfaces": ETH0, "lab_sysctls": {"net.a": value}},
                f"lab_sysctls.net.a: {value!r} is no value; write a number, or a line of text",
            )
            for value in (True, None, "", " ", "1\nnet.b = 1", "1\x00", 1.5, [1])
        ),
        (
            {"lvs_interfaces": ETH0, "lab_machine": "xen"},
            "lab_machine: 'xen' is no kind of machine; use uml or qemu",
        ),
        (
            {"lvs_interfaces": ETH0, "lab_kernel_arguments": "ipv6.disable=1"},
            "lab_kernel_arguments: is no list; write [ipv6.disable=1]",
        ),
        *(
            (
                {"lvs_interfaces": ETH0, "lab_kernel_arguments": ["quiet", word]},
                f"lab_kernel_arguments[1]: {word!r} is no argument; "
                "write text like ipv6.disable=1, without spaces and quotes",
            )
            for word in ("a b", "", "a\tb", "a\n", "a\x00", 'a="b', "--", "=1", "ü", "aü", 1, {"ipv6.disable": 1})
        ),
        *(
            (
                {"lvs_interfaces": ETH0, "lab_kernel_arguments": [f"{name}=x"]},
                f"lab_kernel_arguments[0]: {name} is the lab's own to set; leave it out",
            )
            for name in ("ubd0", "ubd1r", "ubda", "vec0", "vec12", "con", "con0", "console", "root", "init", "mem")
        ),
        *(
            (
                {"lvs_interfaces": ETH0, variable: value},
                f"{variable}: {TEMPLATE}",
            )
            for variable, value in (
                ("lvs_interfaces", {"eth0": "{{ address }}/24"}),
                ("lab_networks", {"eth0": "{% if true %}x{% endif %}"}),
                ("lab_release", {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n61"}),
                ("lab_routes", "{{ routes }}"),
                ("lab_web_ports", ["{{ port }}"]),
                ("lab_sysctls", {"net.ipv4.ip_forward": "{{ router }}"}),
                ("lab_kernel_arguments", ["{{ argument }}"]),
            )
        ),
    ],
)
def test_fault(variables: dict[str, Any], text: str) -> None:
    assert faults({"h": variables}) == f"h: {text}"


@pytest.mark.parametrize("name", ["a/b", "..", "-f", "two words", "x" * 64, "a,b", "höst"])
def test_a_name_that_no_guest_can_have(name: str) -> None:
    assert faults({name: {"lvs_interfaces": ETH0}}) == (
        f"{name}: host name: no guest can have it; use at most 63 of letters, digits and _ . : -"
    )


@pytest.mark.parametrize("name", ["web_1", "web-1.example.org", "192.0.2.1", "2001:db8::1", "x" * 63])
def test_a_name_that_a_guest_can_have(name: str) -> None:
    (host,) = inventory.parse(listing({name: {"lvs_interfaces": ETH0}})).hosts
    assert host.name == name


def test_all_faults_at_once() -> None:
    hosts: dict[str, dict[str, Any]] = {
        "good": {"lvs_interfaces": ETH0},
        "lb1": {
            "lvs_interfaces": {"eth0": "10.0.0.1", "lo": "10.0.0.2/24", "eth1": []},
            "lab_networks": {"eth7": "x"},
            "lab_release": "sid",
            "lab_routes": [{"via": "10.0.0.1"}, 7],
            "lab_web_ports": ["http"],
        },
        "rs 1": {"lvs_interfaces": "{{ all }}", "lab_release": "{{ any }}", "lab_web_ports": 1},
        "rs2": {},
    }
    assert faults(hosts) == "\n".join(
        [
            "lb1: lab_release: 'sid' is not known; use bookworm or trixie",
            "lb1: lab_networks.eth7: is not in lvs_interfaces; add it there, with its addresses or []",
            f"lb1: lvs_interfaces.eth0: '10.0.0.1' {ADDRESS}",
            "lb1: lvs_interfaces.lo: no interface of a guest can have this name (15 characters, not lo or lab0)",
            "lb1: lab_networks.eth1: is missing, and no address tells the network; write {eth1: sync}",
            f"lb1: lab_routes[0]: {{'via': '10.0.0.1'}} {ROUTE}",
            f"lb1: lab_routes[1]: 7 {ROUTE}",
            "lb1: lab_web_ports: ['http'] is no list of port numbers; write [80]",
            "rs 1: host name: no guest can have it; use at most 63 of letters, digits and _ . : -",
            f"rs 1: lvs_interfaces: {TEMPLATE}",
            f"rs 1: lab_release: {TEMPLATE}",
            "rs 1: lab_web_ports: 1 is no list of port numbers; write [80]",
            "rs2: lvs_interfaces: is missing; the lab gives the guest these: {eth0: 192.168.0.12/24}",
        ]
    )
