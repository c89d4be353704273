"""Reading an inventory, and writing its twin that differs only in how to connect."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.networks import MANAGEMENT_NETWORK
from lab.shell import run

RELEASES = ("bookworm", "trixie")
MACHINES = ("uml", "qemu")
WEB_GROUPS = ("real_servers_nat", "real_servers_dr", "real_servers_tun", "clusterip_nodes")
VARIABLES = (
    *("lvs_interfaces", "lab_networks", "lab_release", "lab_routes", "lab_web_ports"),
    *("lab_sysctls", "lab_kernel_arguments", "lab_machine"),
)

# How Ansible reaches a host, and becomes root there, is the only thing that a twin replaces.
CONNECTION_VARIABLES = (
    "ansible_connection",
    "ansible_host",
    "ansible_password",
    "ansible_port",
    "ansible_private_key",
    "ansible_private_key_file",
    "ansible_private_key_passphrase",
    "ansible_python_interpreter",
    "ansible_user",
)
CONNECTION_PREFIXES = (
    *("ansible_become_", "ansible_control_path", "ansible_paramiko_", "ansible_scp_", "ansible_sftp_", "ansible_ssh_"),
)

# A host's name is a folder, a kernel's argument and a line in /etc/hosts; an interface's is a file and a kernel name.
_HOST_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}")
_INTERFACE_NAME = re.compile(r"(?!(?:lo|lab0|vec[0-9]+)$)[A-Za-z0-9][A-Za-z0-9_.-]{0,14}")
# sysctl.d(5) takes dots or slashes; what it would take for a comment, a pattern or "ignore errors" is no name.
_SYSCTL_NAME = re.compile(r"[A-Za-z0-9_]+(?:[./][A-Za-z0-9_@:-]+)+")
# A quote would make one word of all that follow it.
_KERNEL_ARGUMENT = re.compile(r"[A-Za-z0-9_][!#-~]*")
# What the lab boots a guest with (uml.py, qemu.py): disks, cards, a console that tells when it is ready, and so on.
_OWN_ARGUMENT = re.compile(
    r"(?:ubd|vec|con)\w*|root|r[ow]|init|selinux|panic|noreboot|mem|umid|uml_dir|systemd\.show_status|TERM|lab_trial"
)

Fault = Callable[[str, str], None]


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
class Sysctl:
    """A kernel parameter of a guest, set at each boot."""

    name: str
    value: str


@dataclass(frozen=True)
class Host:
    """What the lab needs to know of one host of the inventory."""

    name: str
    release: str = RELEASES[0]
    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    web_ports: tuple[int, ...] = ()
    sysctls: tuple[Sysctl, ...] = ()
    kernel_arguments: tuple[str, ...] = ()
    machine: str = MACHINES[0]

    @property
    def has_ipv6(self) -> bool:
        """Whether the guest's kernel has IPv6 at all; without it a socket or an address of that family is an error."""
        return "ipv6.disable=1" not in self.kernel_arguments


@dataclass(frozen=True)
class Inventory:
    """The hosts for the lab and the unchanged data that the twin is made from."""

    hosts: tuple[Host, ...]
    groups: Mapping[str, Mapping[str, Any]] = field(repr=False)
    hostvars: Mapping[str, Mapping[str, Any]] = field(repr=False)


def load(path: str, machine: str = MACHINES[0]) -> Inventory:
    """Read an inventory (file, folder or script) through `ansible-inventory --list`; LabError where the lab can't.

    `machine` is the kind of machine of hosts that don't say theirs.
    """
    if not Path(path).exists():
        raise LabError(f"inventory {path} is not there; name a file or folder that ansible-inventory can read: -i PATH")
    # What isn't JSON must not be on standard output, and what can't be read must not look like an empty inventory.
    settings = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_VERBOSITY": "0", "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1"}
    settings |= {"ANSIBLE_INVENTORY_EXPORT": "0"}
    output = run(["ansible-inventory", "-i", path, "--list"], what="ansible-inventory", env=settings)
    return parse(json.loads(output), machine)


def parse(listing: Mapping[str, Any], machine: str = MACHINES[0]) -> Inventory:
    """Turn the JSON of `ansible-inventory --list` into an Inventory; all that is wrong is said in one LabError."""
    hostvars: dict[str, dict[str, Any]] = dict(listing.get("_meta", {}).get("hostvars", {}))
    groups = {name: body for name, body in listing.items() if name != "_meta"}
    names = list(dict.fromkeys(host for body in groups.values() for host in body.get("hosts", [])))
    if not names:
        raise LabError("the inventory has no host; the lab boots one guest for each host")
    faults: list[str] = []
    serving = {host for group in WEB_GROUPS for host in _members(groups, group)}
    hosts = [_host(name, hostvars.get(name, {}), [80] if name in serving else [], machine, faults) for name in names]
    if faults:
        raise LabError("the lab can't boot this inventory", detail="\n".join(faults))
    return Inventory(tuple(_plug(hosts)), groups, hostvars)


def _members(groups: Mapping[str, Mapping[str, Any]], group: str) -> Iterable[str]:
    body = groups.get(group, {})
    yield from body.get("hosts", [])
    for child in body.get("children", []):
        yield from _members(groups, child)


def _host(
    name: str, variables: Mapping[str, Any], default_ports: list[int], default_machine: str, faults: list[str]
) -> Host:
    def fault(variable: str, text: str) -> None:
        faults.append(f"{name}: {variable}: {text}")

    if not _HOST_NAME.fullmatch(name):
        fault("host name", "no guest can have it; use at most 63 of letters, digits and _ . : -")
    own = {variable: variables[variable] for variable in VARIABLES if variable in variables}
    for variable, value in list(own.items()):
        if re.search(r"\{\{|\{%|__ansible_vault", json.dumps(value)):
            fault(
                variable, "is a template or vaulted, and the lab reads it before Ansible does; write the value itself"
            )
            del own[variable]
    release = own.get("lab_release", RELEASES[0])
    if release not in RELEASES:
        fault("lab_release", f"{release!r} is not known; use {' or '.join(RELEASES)}")
    machine = own.get("lab_machine", default_machine)
    if machine not in MACHINES:
        fault("lab_machine", f"{machine!r} is no kind of machine; use {' or '.join(MACHINES)}")
    interfaces = [] if "lvs_interfaces" in variables.keys() - own else _interfaces(own, fault)
    return Host(
        name,
        str(release),
        tuple(interfaces),
        tuple(_routes(own.get("lab_routes", []), interfaces, fault)),
        tuple(_web_ports(own.get("lab_web_ports", default_ports), fault)),
        tuple(_sysctls(own.get("lab_sysctls", {}), fault)),
        tuple(_kernel_arguments(own.get("lab_kernel_arguments", []), fault)),
        str(machine),
    )


def _interfaces(variables: Mapping[str, Any], fault: Fault) -> list[Interface]:
    declared = variables.get("lvs_interfaces", {})
    plugged = variables.get("lab_networks", {})
    if not isinstance(declared, Mapping):
        fault("lvs_interfaces", "is no mapping of an interface to its addresses; write {eth0: 192.168.0.12/24}")
        return []
    if not isinstance(plugged, Mapping):
        fault("lab_networks", "is no mapping of an interface to a network's name; write {eth0: inside}")
        plugged = {}
    if not declared:
        fault("lvs_interfaces", "is missing; the lab gives the guest these: {eth0: 192.168.0.12/24}")
    for nic in (nic for nic in plugged if nic not in declared):
        fault(f"lab_networks.{nic}", "is not in lvs_interfaces; add it there, with its addresses or []")
    found = []
    for nic, value in declared.items():
        if not isinstance(nic, str) or not _INTERFACE_NAME.fullmatch(nic):
            fault(f"lvs_interfaces.{nic}", "no interface of a guest can have this name (15 characters, not lo or lab0)")
            continue
        listed = [value] if isinstance(value, str) else [] if value is None else value
        addresses = _addresses(f"lvs_interfaces.{nic}", listed, fault)
        if addresses is None:
            continue
        network = plugged.get(nic, "")
        if not isinstance(network, str):
            fault(f"lab_networks.{nic}", f"{network!r} is no network's name; write {{{nic}: inside}}")
        elif not network and not addresses:
            fault(f"lab_networks.{nic}", f"is missing, and no address tells the network; write {{{nic}: sync}}")
        else:
            found.append(Interface(nic, network, addresses))
    return found


def _plug(hosts: Iterable[Host]) -> Iterable[Host]:
    """Name the networks of interfaces that lab_networks leaves open: those that share a subnet are on one network."""
    hosts = list(hosts)
    network: dict[str, str] = {}  # by subnet
    for nic in (nic for host in hosts for nic in host.interfaces if not nic.network):
        subnets = _subnets(nic)
        joined = {network[subnet] for subnet in subnets if subnet in network}
        name = next((network[subnet] for subnet in subnets if subnet in network), subnets[0])
        network |= {subnet: name for subnet, old in network.items() if old in joined}
        network |= dict.fromkeys(subnets, name)
    for host in hosts:
        nics = (replace(nic, network=nic.network or network[_subnets(nic)[0]]) for nic in host.interfaces)
        yield replace(host, interfaces=tuple(nics))


def _subnets(nic: Interface) -> list[str]:
    """The subnets by which an interface finds its neighbours; a single address or fe80:: tells nothing of them."""
    networks = [ipaddress.ip_interface(address).network for address in nic.addresses]
    telling = [net for net in networks if net.prefixlen < net.max_prefixlen and not net.is_link_local]
    return [str(net) for net in telling or networks[:1]]


def _addresses(variable: str, listed: Any, fault: Fault) -> tuple[str, ...] | None:
    """Addresses with prefix lengths; None where one is none."""
    found = []
    for value in listed if isinstance(listed, list) else [listed]:
        try:
            address = ipaddress.ip_interface(value if isinstance(value, str) and "/" in value else "")
        except ValueError:
            fault(variable, f"{value!r} is no address with a prefix length; write it like 192.168.0.12/24")
            return None
        if address in ipaddress.ip_network(MANAGEMENT_NETWORK):
            fault(variable, f"{value} is in {MANAGEMENT_NETWORK}, by which the lab reaches its guests; use another")
            return None
        found.append(address.with_prefixlen)
    return tuple(found)


def _routes(listed: Any, interfaces: Sequence[Interface], fault: Fault) -> Iterable[Route]:
    if not isinstance(listed, list):
        fault("lab_routes", "is no list; write [{to: default, via: 10.0.0.1}]")
        return
    networks = [ipaddress.ip_interface(address).network for nic in interfaces for address in nic.addresses]
    for index, route in enumerate(listed):
        variable = f"lab_routes[{index}]"
        try:
            to, via = str(route["to"]), ipaddress.ip_address(str(route["via"]))
            destination = None if to == "default" else ipaddress.ip_network(to)
        except (KeyError, TypeError, ValueError):
            fault(variable, f"{route!r} is no route; write {{to: default, via: 10.0.0.1}}, or a network after to:")
            continue
        if destination and destination.version != via.version:
            fault(variable, f"{to} is no IPv{via.version} network, as the gateway {via} is; use one of its family")
        elif interfaces and not any(via in network for network in networks):
            fault(variable, f"the gateway {via} is in no network of the host's lvs_interfaces; use one that is")
        else:
            yield Route(str(destination or to), str(via))


def _web_ports(listed: Any, fault: Fault) -> Iterable[int]:
    if not isinstance(listed, list) or not all(
        isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536 for port in listed
    ):
        fault("lab_web_ports", f"{listed!r} is no list of port numbers; write [80]")
        return []
    return dict.fromkeys(listed)


def _sysctls(wanted: Any, fault: Fault) -> Iterable[Sysctl]:
    if not isinstance(wanted, Mapping):
        fault("lab_sysctls", "is no mapping of names to values; write {net.ipv4.ip_forward: 1}")
        return
    for name, value in wanted.items():
        text = str(value)
        if not _SYSCTL_NAME.fullmatch(str(name)):
            fault("lab_sysctls", f"{name!r} is no sysctl's name; write it like net.ipv4.ip_forward")
        elif not isinstance(value, (int, str)) or isinstance(value, bool) or not text.strip() or not text.isprintable():
            fault(f"lab_sysctls.{name}", f"{value!r} is no value; write a number, or a line of text")
        else:
            yield Sysctl(name, text.strip())


def _kernel_arguments(listed: Any, fault: Fault) -> Iterable[str]:
    if not isinstance(listed, list):
        fault("lab_kernel_arguments", "is no list; write [ipv6.disable=1]")
        return
    for index, word in enumerate(listed):
        variable = f"lab_kernel_arguments[{index}]"
        if not isinstance(word, str) or not _KERNEL_ARGUMENT.fullmatch(word):
            fault(variable, f"{word!r} is no argument; write text like ipv6.disable=1, without spaces and quotes")
        elif _OWN_ARGUMENT.fullmatch(name := re.split("[=:]", word)[0]):
            fault(variable, f"{name} is the lab's own to set; leave it out")
        else:
            yield word


def twin(inventory: Inventory, connection: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The inventory as data that Ansible's yaml plugin reads, with `connection[host]` as each host's way to connect.

    As `ansible-inventory --list` gives them, the variables of groups are written at each host that they apply to.
    """

    def variables(host: str) -> dict[str, Any]:
        own = inventory.hostvars.get(host, {})
        kept = {
            key: value
            for key, value in own.items()
            if key not in CONNECTION_VARIABLES and not key.startswith(CONNECTION_PREFIXES)
        }
        return {**kept, **connection[host]}

    children = {name: body for name, body in inventory.groups.items() if name != "all"}
    # A group that has nobody in it is named by its parent alone.
    names = [*children, *(name for body in inventory.groups.values() for name in body.get("children", []))]
    return {
        "all": {
            "hosts": {host.name: variables(host.name) for host in inventory.hosts},
            "children": {
                name: {
                    "hosts": {host: {} for host in children.get(name, {}).get("hosts", [])},
                    "children": {child: {} for child in children.get(name, {}).get("children", [])},
                }
                for name in dict.fromkeys(names)
            },
        }
    }


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read (a twin may hold what a vault held), never half."""
    descriptor, scratch = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # of mode 0600
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    Path(scratch).replace(path)
