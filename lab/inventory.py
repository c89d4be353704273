"""Reading an inventory, and writing its twin that differs only in how to connect."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.shell import run

RELEASES = ("bookworm", "trixie")
WEB_GROUPS = ("real_servers_nat", "real_servers_dr", "real_servers_tun", "clusterip_nodes")

# How Ansible reaches a host is the only thing that a twin replaces.
CONNECTION_VARIABLES = (
    "ansible_connection",
    "ansible_host",
    "ansible_port",
    "ansible_user",
    "ansible_password",
    "ansible_become_password",
    "ansible_become_user",
    "ansible_python_interpreter",
)
CONNECTION_PREFIXES = ("ansible_ssh_", "ansible_paramiko_", "ansible_control_path", "ansible_scp_", "ansible_sftp_")


@dataclass(frozen=True)
class Interface:
    """One NIC of a host: its name there, the lab network that it is plugged into, its addresses with prefix lengths."""

    name: str
    network: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Route:
    """A static route of a guest: destination ("default" or a network) and gateway address."""

    to: str
    via: str


@dataclass(frozen=True)
class Host:
    """What the lab needs to know of one host of the inventory."""

    name: str
    release: str = "bookworm"
    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    web_ports: tuple[int, ...] = ()


@dataclass(frozen=True)
class Inventory:
    """The hosts for the lab and the unchanged data that the twin is made from."""

    hosts: tuple[Host, ...]
    groups: Mapping[str, Mapping[str, Any]] = field(repr=False)
    hostvars: Mapping[str, Mapping[str, Any]] = field(repr=False)


def load(path: str) -> Inventory:
    """Read an inventory (file, folder or script) through `ansible-inventory --list`; LabError says what the lab can't use."""
    if not Path(path).exists():
        raise LabError(f"inventory {path} is not there; name a file or folder that ansible-inventory can read: -i PATH")
    output = run(["ansible-inventory", "-i", path, "--list"], what="ansible-inventory", env={"ANSIBLE_NOCOLOR": "1"})
    return parse(json.loads(output))


def parse(listing: Mapping[str, Any]) -> Inventory:
    """Turn the JSON of `ansible-inventory --list` into an Inventory; all that is wrong is said in one LabError."""
    hostvars: dict[str, dict[str, Any]] = dict(listing.get("_meta", {}).get("hostvars", {}))
    groups = {name: body for name, body in listing.items() if name != "_meta"}
    names: list[str] = []
    for body in groups.values():
        for host in body.get("hosts", []):
            if host not in names:
                names.append(host)
    if not names:
        raise LabError("the inventory has no host; the lab boots one guest for each host")
    faults: list[str] = []
    members = {group: set(_members(groups, group)) for group in (*WEB_GROUPS, "lab_only")}
    hosts = []
    for name in names:
        in_web_group = any(name in members[group] for group in WEB_GROUPS)
        hosts.append(_host(name, hostvars.get(name, {}), [80] if in_web_group else [], faults))
    if faults:
        raise LabError("the lab can't boot this inventory", detail="\n".join(faults))
    return Inventory(tuple(hosts), groups, hostvars)


def _members(groups: Mapping[str, Mapping[str, Any]], group: str) -> Iterable[str]:
    body = groups.get(group, {})
    yield from body.get("hosts", [])
    for child in body.get("children", []):
        yield from _members(groups, child)


def _host(name: str, variables: Mapping[str, Any], default_ports: list[int], faults: list[str]) -> Host:
    def fault(variable: str, text: str) -> None:
        faults.append(f"{name}: {variable}: {text}")

    for variable in ("lvs_interfaces", "lab_networks", "lab_release", "lab_routes", "lab_web_ports"):
        if "{{" in json.dumps(variables.get(variable, "")):
            fault(variable, "is a template, and the lab reads it before Ansible does; write the value itself")
            return Host(name)
    release = variables.get("lab_release", RELEASES[0])
    if release not in RELEASES:
        fault("lab_release", f"{release!r} is not known; use {' or '.join(RELEASES)}")
    plugged = variables.get("lab_networks", {})
    declared = variables.get("lvs_interfaces", {})
    if not isinstance(declared, Mapping) or not isinstance(plugged, Mapping):
        fault("lvs_interfaces", "lvs_interfaces and lab_networks map an interface to addresses and to a network's name")
        return Host(name)
    if not declared:
        fault("lvs_interfaces", "is missing; the lab gives the guest these: {eth0: 192.168.0.12/24}")
    interfaces = []
    for nic, value in declared.items():
        listed = [value] if isinstance(value, str) else list(value or [])
        addresses = tuple(str(address) for address in listed)
        try:
            subnets = [str(ipaddress.ip_interface(address).network) for address in addresses]
        except ValueError as error:
            fault(f"lvs_interfaces.{nic}", f"{error}; write address/prefix length, as 192.168.0.12/24")
            continue
        network = plugged.get(nic) or (subnets[0] if subnets else None)
        if network is None:
            fault(
                f"lab_networks.{nic}", f"has no address to tell its network by; name one: lab_networks: {{{nic}: sync}}"
            )
            continue
        if len(nic) > 15 or "/" in nic or nic in {"lo", "lab0"}:
            fault(
                f"lvs_interfaces.{nic}", "is no name that a guest's interface can have (15 characters, not lo or lab0)"
            )
        interfaces.append(Interface(nic, str(network), addresses))
    routes = []
    for index, route in enumerate(variables.get("lab_routes", [])):
        try:
            to = route["to"] if route["to"] == "default" else str(ipaddress.ip_network(route["to"]))
            routes.append(Route(to, str(ipaddress.ip_address(route["via"]))))
        except (KeyError, TypeError, ValueError) as error:
            fault(f"lab_routes[{index}]", f"{error!r}; write {{to: default, via: 10.0.0.1}}")
    ports = variables.get("lab_web_ports", default_ports)
    if not isinstance(ports, list) or not all(isinstance(port, int) and 0 < port < 65536 for port in ports):
        fault("lab_web_ports", f"{ports!r} is no list of port numbers; write [80]")
        ports = []
    return Host(name, str(release), tuple(interfaces), tuple(routes), tuple(ports))


def twin(inventory: Inventory, connection: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The inventory as one YAML/JSON inventory whose hosts have `connection[host]` in place of their own connection variables."""

    def variables(host: str) -> dict[str, Any]:
        own = inventory.hostvars.get(host, {})
        kept = {
            key: value
            for key, value in own.items()
            if key not in CONNECTION_VARIABLES and not key.startswith(CONNECTION_PREFIXES)
        }
        return {**kept, **connection[host]}

    document: dict[str, Any] = {
        "all": {"hosts": {host.name: variables(host.name) for host in inventory.hosts}, "children": {}}
    }
    for name, body in inventory.groups.items():
        if name == "all":
            continue
        document["all"]["children"][name] = {
            "hosts": {host: {} for host in body.get("hosts", [])},
            "children": {child: {} for child in body.get("children", [])},
        }
    return document


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read (a twin may hold what a vault held), never half."""
    scratch = path.with_name(f".{path.name}.new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    scratch.replace(path)
