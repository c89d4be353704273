# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task's options as the table that is wanted: virtual services and destinations as dictionaries in, values out.

What the kernel would swallow although it makes no sense is refused here, all of it at once. Options that aren't given
are left out of what is returned, so that a caller can put the present or the default value in their place.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Callable, Dict, Mapping, NamedTuple, TypeVar

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    SyncDaemon,
    Table,
    Timeouts,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.values import Reader
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.wire import FLAG_NAMES

__all__ = ["Given", "GivenDestination", "Options", "Service", "merge_destination", "merge_settings"]

KEY_OPTIONS = ("address", "port", "protocol", "fwmark", "family")
SETTING_OPTIONS = Settings._fields
DESTINATION_KEY_OPTIONS = ("address", "port")
DESTINATION_OPTIONS = Destination._fields
SERVICE_FIGURES = ("statistics",)
DESTINATION_FIGURES = ("connections", "statistics")
"""What ipvs_info tells beside the options; ignored, so that its result is an input."""

PROTOCOLS = ("tcp", "udp", "sctp")
FORWARDING = ("nat", "dr", "tun")
TUNNELS = ("ipip", "gue", "gre")
CHECKSUMS = ("none", "csum", "remcsum")
FLAGS = ("fallback", "port", "flag-1", "flag-2", "flag-3")
MAX_WEIGHT = 2**31 - 1
MAX_THRESHOLD = 2**31 - 1
"""Linux 6.1 takes twice as much, 6.12 refuses it."""
MAX_MARK = 2**32 - 1
MAX_PERSISTENCE = 31 * 86400
"""Seconds; ipvsadm's own limit. The kernel counts in ticks, of which a larger number could overflow."""
MAX_TIMEOUT = (2**31 - 1) // 1000
"""What a kernel with 1000 ticks a second takes (net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_set_timeout)."""
_NAME = r"[a-z0-9_]{1,15}"
_DEVICE = r"[^\s/:\0]{1,15}"


class GivenDestination(NamedTuple):
    """Where a destination stands in the options, what is given of it, and whether all of that could be read."""

    place: str
    values: dict[str, Any]
    clean: bool


Read = TypeVar("Read")
Given = Dict[DestinationKey, GivenDestination]


class Service(NamedTuple):
    """A virtual service as it was given: only what was given is in `settings` and in the destinations."""

    key: ServiceKey
    settings: dict[str, Any]
    clean: bool
    """Whether name and settings could all be read."""
    destinations: Given


class Options:
    """Reads options; `finish` raises an IpvsError that tells every fault."""

    def __init__(self) -> None:
        self.reader = Reader()
        self.fault = self.reader.faults.add

    def finish(self) -> None:
        self.reader.faults.stop_if_any()

    def checked(self, value: Read | None) -> Read:
        """A value that was read; where it is None there are faults, and an IpvsError tells them all."""
        self.finish()
        if value is None:
            raise AssertionError("a value is missing, and no fault was told")
        return value

    # -- which service

    def service_key(self, given: Mapping[str, Any], place: str) -> ServiceKey | None:
        """The key of the service that is named by address, port and protocol, or by fwmark and family."""
        at = f"{place}.{{}}".format if place else str
        reader = self.reader
        found = {name: given[name] for name in KEY_OPTIONS if given.get(name) is not None}
        family = reader.choice(found["family"], at("family"), ("ipv4", "ipv6")) if "family" in found else None
        if "fwmark" in found:
            extra = [name for name in ("address", "port", "protocol") if name in found]
            if extra:
                self.fault(
                    at("fwmark"), f"stands beside {', '.join(extra)}", "name a service by its mark or by its address"
                )
            mark = reader.integer(found["fwmark"], at("fwmark"), 1, MAX_MARK)
            return None if mark is None or extra else ServiceKey(family or "ipv4", fwmark=mark)
        if "address" not in found:
            self.fault(at("address"), "is missing, and so is fwmark", "name the virtual service by one of them")
            return None
        address = reader.unicast(reader.address(found["address"], at("address")), at("address"))
        protocol = reader.choice(found.get("protocol", "tcp"), at("protocol"), PROTOCOLS)
        if "port" in found:
            port = reader.integer(found["port"], at("port"), 0, 65535)
        else:
            port = None
            self.fault(at("port"), "is missing", "write the port, or 0 for all ports of a persistent service")
        if address is None or port is None or protocol is None:
            return None
        if family is not None and family != address[0]:
            self.fault(at("family"), f"is {family}, and the address {address[1]} is {address[0]}", "leave family out")
            return None
        return ServiceKey(address[0], protocol, address[1], port)

    def destination_key(self, given: Mapping[str, Any], place: str, service_port: int) -> DestinationKey | None:
        """The port is the service's where none is given; 0 with a firewall mark, which leaves packets' ports alone."""
        at = f"{place}.{{}}".format if place else str
        reader = self.reader
        if given.get("address") is None:
            self.fault(at("address"), "is missing", "write the address of the real server")
            return None
        address = reader.unicast(reader.address(given["address"], at("address")), at("address"))
        port = service_port if given.get("port") is None else reader.integer(given["port"], at("port"), 0, 65535)
        if address is None or port is None:
            return None
        if address[0] == "ipv6" and ipaddress.IPv6Address(address[1]).is_link_local:
            self.fault(at("address"), f"{address[1]} is a link-local address", "write a global one")
            return None
        return DestinationKey(address[0], address[1], port)

    # -- what it shall be

    def settings(self, given: Mapping[str, Any], place: str, family: str) -> dict[str, Any]:
        """Those settings of a service that are given."""
        at = f"{place}.{{}}".format if place else str
        reader = self.reader
        found: dict[str, Any] = {}
        for name in SETTING_OPTIONS:
            value = given.get(name)
            if value is None:
                continue
            if name == "scheduler":
                found[name] = reader.word(value, at(name), _NAME, "the name of a scheduler, such as wlc")
            elif name == "scheduler_flags":
                flags = [reader.choice(flag, at(name), FLAGS) for flag in reader.list(value, at(name))]
                found[name] = tuple(sorted({flag for flag in flags if flag}))
            elif name == "one_packet":
                found[name] = reader.boolean(value, at(name))
            elif name == "persistence_timeout":
                found[name] = reader.integer(value, at(name), 0, MAX_PERSISTENCE)
            elif name == "persistence_netmask":
                # Of which family a mask is can't be told where the service's name is faulty.
                found[name] = reader.netmask(value, at(name), family) if family else None
            elif value == "":
                found[name] = value
            else:
                found[name] = reader.word(value, at(name), _NAME, "the name of an engine, such as sip")
        return {name: value for name, value in found.items() if value is not None}

    def destination(self, given: Mapping[str, Any], place: str) -> dict[str, Any]:
        """Those values of a destination that are given."""
        at = f"{place}.{{}}".format if place else str
        reader = self.reader
        found: dict[str, Any] = {}
        for name, value in given.items():
            if value is None or name in DESTINATION_KEY_OPTIONS or name not in DESTINATION_OPTIONS:
                continue
            if name == "weight":
                found[name] = reader.integer(value, at(name), 0, MAX_WEIGHT)
            elif name == "forwarding":
                found[name] = reader.choice(value, at(name), FORWARDING)
            elif name == "tunnel_type":
                found[name] = reader.choice(value, at(name), TUNNELS)
            elif name == "tunnel_checksum":
                found[name] = reader.choice(value, at(name), CHECKSUMS)
            elif name == "tunnel_port":
                found[name] = reader.integer(value, at(name), 0, 65535)
            else:
                found[name] = reader.integer(value, at(name), 0, MAX_THRESHOLD)
        return {name: value for name, value in found.items() if value is not None}

    def destinations(self, given: Any, place: str, service_port: int) -> Given:
        """A list of destinations, each named once."""
        reader = self.reader
        known = dict.fromkeys((*DESTINATION_KEY_OPTIONS, *DESTINATION_OPTIONS))
        found: Given = {}
        for number, one in enumerate(reader.list(given, place)):
            here = f"{place}[{number}]"
            faults = len(reader.faults.texts)
            options = reader.mapping(one, here, known, DESTINATION_FIGURES)
            if options is None:
                continue
            name = self.destination_key(options, here, service_port)
            values = self.destination(options, here)
            if name is None:
                continue
            if name in found:
                self.fault(here, f"{name} is in the list already", "name each destination once")
            found[name] = GivenDestination(here, values, len(reader.faults.texts) == faults)
        return found

    def service(self, given: Any, place: str) -> Service | None:
        """One entry of a list of services; None if it has no name."""
        known = dict.fromkeys((*KEY_OPTIONS, *SETTING_OPTIONS, "destinations"))
        faults = len(self.reader.faults.texts)
        options = self.reader.mapping(given, place, known, SERVICE_FIGURES)
        if options is None:
            return None
        key = self.service_key(options, place)
        # Where the name is faulty the rest is read as well, so that its faults are told in the same go.
        settings = self.settings(options, place, key.family if key else "")
        clean = len(self.reader.faults.texts) == faults
        destinations = self.destinations(
            options.get("destinations", []), f"{place}.destinations", key.port if key else 0
        )
        return Service(key, settings, clean, destinations) if key else None

    def table(self, given: Any) -> Table:
        """A list of services as a table; what isn't given has its default."""
        table: Table = {}
        for number, one in enumerate(self.reader.list(given, "services")):
            place = f"services[{number}]"
            service = self.service(one, place)
            if service is None:
                continue
            key = service.key
            if key in table:
                self.fault(place, f"{key} is in the list already", "name each virtual service once")
            settings = merge_settings(None, service.settings)
            if service.clean:
                self.check_settings(key, settings, place)
            table[key] = Entry(settings, {})
            for name, (here, values, clean) in service.destinations.items():
                table[key].destinations[name] = merged = merge_destination(None, values)
                if clean:
                    self.check_destination(key, name, merged, here)
        return table

    # -- what makes no sense together

    def check_settings(self, key: ServiceKey, settings: Settings, place: str) -> None:
        """Contradictions in a service as it shall be, present values included."""
        at = f"{place}.{{}}".format if place else str
        if not settings.persistence_timeout:
            if key.port == 0 and not key.fwmark:
                self.fault(at("port"), "0 is for persistent services", "write a port, or a persistence_timeout above 0")
            for name in ("persistence_netmask", "persistence_engine"):
                if getattr(settings, name):
                    self.fault(
                        at(name), "is for persistent services", "write a persistence_timeout above 0, or leave it out"
                    )
        if settings.one_packet and not key.fwmark and key.protocol != "udp":
            self.fault(at("one_packet"), f"is for UDP, and the service is {key.protocol}", "leave it out")
        if settings.persistence_engine == "sip" and not key.fwmark and key.protocol != "udp":
            self.fault(at("persistence_engine"), f"sip is for UDP, and the service is {key.protocol}", "leave it out")
        names = FLAG_NAMES.get(settings.scheduler, ("flag-1", "flag-2", "flag-3"))
        strange = [flag for flag in settings.scheduler_flags if flag not in names]
        if strange:
            self.fault(
                at("scheduler_flags"),
                f"the scheduler {settings.scheduler} has no flag {', '.join(strange)}",
                f"it has {', '.join(names)}",
            )

    def check_destination(self, service: ServiceKey, name: DestinationKey, values: Destination, place: str) -> None:
        """Contradictions in a destination as it shall be, present values included."""
        at = f"{place}.{{}}".format if place else str
        if values.forwarding in ("dr", "tun") and name.port != service.port:
            self.fault(
                at("port"),
                f"{name.port} is not the service's port {service.port}, and {values.forwarding} maps no ports",
                "leave port out, or use forwarding nat",
            )
        if name.family != service.family and values.forwarding != "tun":
            self.fault(
                at("address"),
                f"{name.address} is {name.family}, and only a tunnel leads there from an {service.family} service",
                "write an address of the service's family, or use forwarding tun",
            )
        if values.lower_threshold > values.upper_threshold:
            self.fault(
                at("lower_threshold"),
                f"{values.lower_threshold} is above the upper_threshold {values.upper_threshold}",
                "write a lower one, or a higher upper_threshold",
            )
        self._check_tunnel(values, at)

    def _check_tunnel(self, values: Destination, at: Callable[[str], str]) -> None:
        strange = [
            name
            for name in ("tunnel_type", "tunnel_port", "tunnel_checksum")
            if getattr(values, name) != Destination._field_defaults[name]
        ]
        if not strange:
            return
        kind = values.tunnel_type
        if values.forwarding != "tun":
            self.fault(at(strange[0]), f"is for forwarding tun, and it is {values.forwarding}", "leave it out")
        elif kind == "gue" and not values.tunnel_port:
            self.fault(at("tunnel_port"), "is missing", "write the UDP port that the real server's gue listens on")
        elif kind != "gue" and values.tunnel_port:
            self.fault(at("tunnel_port"), f"is for gue, and the tunnel is {kind}", "leave it out")
        elif values.tunnel_checksum not in {"ipip": ("none",), "gre": ("none", "csum")}.get(kind, CHECKSUMS):
            self.fault(at("tunnel_checksum"), f"{kind} has no {values.tunnel_checksum}", "leave it out")

    # -- beside the services

    def timeouts(self, given: Any) -> Timeouts:
        """Those that aren't given are 0."""
        values = self.reader.mapping(given, "timeouts", dict.fromkeys(Timeouts._fields)) or {}
        read = {name: self.reader.integer(one, f"timeouts.{name}", 1, MAX_TIMEOUT) for name, one in values.items()}
        return Timeouts(*(read.get(name) or 0 for name in Timeouts._fields))

    def daemons(self, given: Any) -> dict[str, SyncDaemon]:
        """The sync daemons that shall run, by role."""
        reader = self.reader
        found: dict[str, SyncDaemon] = {}
        for number, one in enumerate(reader.list(given, "sync_daemons")):
            place = f"sync_daemons[{number}]"
            values = reader.mapping(one, place, dict.fromkeys(SyncDaemon._fields))
            if values is None:
                continue
            role = reader.choice(values.get("role"), f"{place}.role", ("master", "backup"))
            device = reader.word(values.get("interface"), f"{place}.interface", _DEVICE, "the name of an interface")
            limits = {"id": (0, 255), "maxlen": (1024, 65487), "port": (1, 65535), "ttl": (1, 255)}
            numbers = {
                name: reader.integer(values[name], f"{place}.{name}", *limit)
                for name, limit in limits.items()
                if name in values
            }
            group = self._group(values["group"], f"{place}.group") if "group" in values else ""
            if role in found:
                self.fault(f"{place}.role", f"there is a {role} already", "name each role once")
            if role and device:
                more = {name: number for name, number in numbers.items() if number is not None}
                found[role] = SyncDaemon(role, device, group=group or "", **more)
        return found

    def _group(self, value: Any, place: str) -> str | None:
        address = self.reader.address(value, place)
        if address is not None and not ipaddress.ip_address(address[1]).is_multicast:
            self.fault(place, f"{address[1]} is no multicast address", "write one such as 224.0.0.81")
            return None
        return address[1] if address else None


def merge_settings(present: Settings | None, given: Mapping[str, Any]) -> Settings:
    """The settings that are wanted: given, else present, else default. What a given value makes void goes with it."""
    void: dict[str, Any] = {}
    if present is not None:
        if given.get("scheduler", present.scheduler) != present.scheduler:
            void["scheduler_flags"] = ()
        if given.get("persistence_timeout") == 0:
            void.update(persistence_netmask="", persistence_engine="")
    return (present or Settings())._replace(**{**void, **given})


def merge_destination(present: Destination | None, given: Mapping[str, Any]) -> Destination:
    """The values that are wanted: given, else present, else default. What a given value makes void goes with it."""
    void: dict[str, Any] = {}
    if present is not None:
        if given.get("forwarding", "tun") != "tun":
            void.update(tunnel_type="ipip", tunnel_port=0, tunnel_checksum="none")
        elif given.get("tunnel_type", present.tunnel_type) != present.tunnel_type:
            void.update(tunnel_port=0, tunnel_checksum="none")
    return (present or Destination())._replace(**{**void, **given})
