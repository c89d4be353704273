# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual addresses, the links and GUE ports that they need, and the least steps between two states: no I/O.

What was there before us is not ours. The record tells what we added; nothing else is ever in a step that takes away.
"""

from __future__ import annotations

from ipaddress import IPv4Interface, ip_interface
from typing import Any, Collection, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

LOOPBACK = "lo"
# Interfaces that a module makes when it is loaded.
MAKERS = {
    "tunl0": "ipip", "ip6tnl0": "ip6_tunnel", "sit0": "sit",
    "gre0": "ip_gre", "gretap0": "ip_gre", "erspan0": "ip_gre", "ip6gre0": "ip6_gre",
}  # fmt: skip
# Kinds of obstacles. Those of LATER are away once tasks that come before this one have run.
ELSEWHERE, INTERFACE, NO_IPV6, PRIMARY, PORT, WAITS = "elsewhere", "interface", "ipv6", "primary", "port", "waits"
LINK, NEEDS, FOU = "link", "needs", "fou"
LATER = frozenset({LINK, NEEDS, FOU})


class Address(NamedTuple):
    """An address with its prefix length, and its interface."""

    address: str
    interface: str

    def __str__(self) -> str:
        return f"{self.address} dev {self.interface}"

    @property
    def ip(self) -> str:
        return self.address.partition("/")[0]

    @property
    def is_ipv4(self) -> bool:
        return ":" not in self.address


class Port(NamedTuple):
    """A UDP port that receives GUE (ip-fou(8)); family is ipv4 or ipv6."""

    family: str
    port: int

    def __str__(self) -> str:
        return f"gue {self.family} port {self.port}"


class Wanted(NamedTuple):
    """needs: path under /proc/sys -> least value that an IPv4 address asks for.

    behind: IPv4 addresses that come after the host's own address in their network. Added before it, such an address
    would be the primary one, hence the source of the host's own connections, and would take the host's address along
    when it is deleted. moves_to: pairs of an address, without its prefix length, and an interface where VRRP puts it
    while this host is master. There it is VRRP's: no obstacle, not ours, and not the host's own.
    """

    addresses: tuple[Address, ...] = ()
    links: tuple[str, ...] = ()
    gue: tuple[Port, ...] = ()
    needs: Mapping[str, int] = {}
    announce: bool = False
    behind: frozenset[Address] = frozenset()
    moves_to: frozenset[tuple[str, str]] = frozenset()

    def interfaces_of(self, address: Address) -> list[str]:
        """Where VRRP puts an address."""
        return sorted(name for ip, name in self.moves_to if ip == address.ip)

    def by_vrrp(self, item: Address) -> bool:
        """Whether it is VRRP's part to put the address there, and to take it away."""
        return (item.ip, item.interface) in self.moves_to


class Link(NamedTuple):
    """up: set up. running: has a carrier, too. arp: answers ARP or neighbour discovery for its addresses.

    ifindex: the kernel's number of it; one that is deleted and made again has another.
    """

    up: bool
    running: bool
    arp: bool
    ifindex: int = 0


class Live(NamedTuple):
    """What stands.

    addresses: whether it is a secondary one, by address. ports: whether a port of fou receives GUE; None: the kernel
    has no fou. sysctls: those of Wanted.needs; None: there is no such number. no_ipv6: the reason, by interface.
    promotes: interfaces that keep secondary addresses when their primary one goes.
    """

    links: Mapping[str, Link] = {}
    addresses: Mapping[Address, bool] = {}
    ports: Mapping[Port, bool] | None = None
    sysctls: Mapping[str, int | None] = {}
    no_ipv6: Mapping[str, str] = {}
    promotes: frozenset[str] = frozenset()


class Record(NamedTuple):
    """What we added since the host was started."""

    addresses: set[Address]
    links: set[str]
    gue: set[Port]

    def of(self, kind: str) -> set[Any]:
        sets: dict[str, set[Any]] = {"addresses": self.addresses, "links": self.links, "gue": self.gue}
        return sets[kind]

    def copy(self) -> Record:
        return Record(set(self.addresses), set(self.links), set(self.gue))


class Step(NamedTuple):
    """Arguments of ip, and those that undo it. kind is a name of Record; takes: deletes or sets down."""

    kind: str
    item: Any
    argv: tuple[str, ...]
    undo: tuple[str, ...]
    takes: bool = False

    def reversed(self) -> Step:
        return self._replace(argv=self.undo, undo=self.argv, takes=not self.takes)

    def __str__(self) -> str:
        return "ip " + " ".join(self.argv)


class Obstacle(NamedTuple):
    kind: str
    text: str


class Plan(NamedTuple):
    """first: what is to be there; then, after it was announced: what goes. forget: in the record, but gone."""

    first: tuple[Step, ...] = ()
    then: tuple[Step, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    forget: tuple[tuple[str, Any], ...] = ()


def wanted_of(config: Mapping[str, Any] | None) -> Wanted:
    """The wishes of a configuration file; None wants nothing. A missing key raises BootError."""
    if config is None:
        return Wanted()
    try:
        entries = [(Address(item["address"], item["interface"]), item) for item in config["addresses"]]
        return Wanted(
            addresses=tuple(address for address, _item in entries),
            links=tuple(config["links"]),
            gue=tuple(Port(item["family"], int(item["port"])) for item in config["gue"]),
            needs={path: int(least) for path, least in config["needs"].items()},
            announce=bool(config["announce"]),
            behind=frozenset(address for address, item in entries if item["behind"]),
            moves_to=frozenset((address.ip, name) for address, item in entries for name in item.get("moves_to", ())),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise BootError(f"the configuration is not what this program writes ({exc!r}): run the playbook again") from exc


def config_of(wanted: Wanted) -> dict[str, Any]:
    """The opposite of wanted_of. An address that VRRP does not move has no key for it, as in files of before."""
    addresses: list[dict[str, Any]] = []
    for item in wanted.addresses:
        entry = {"address": item.address, "interface": item.interface, "behind": item in wanted.behind}
        interfaces = wanted.interfaces_of(item)
        addresses.append({**entry, "moves_to": interfaces} if interfaces else entry)
    return {
        "addresses": addresses,
        "links": list(wanted.links),
        "gue": [item._asdict() for item in wanted.gue],
        "needs": dict(wanted.needs),
        "announce": wanted.announce,
    }


def key_of(path: str) -> str:
    """A path under /proc/sys as sysctl(8) writes it."""
    return path.translate(str.maketrans("./", "/."))


# --- steps ------------------------------------------------------------------------------------------------------


def address_step(item: Address) -> Step:
    """Adds an address.

    IPv6: deprecated, so that each other address comes before it as the source of the host's own connections (RFC 6724,
    5, rule 3), and without a second route to its network.
    """
    ipv4 = ("scope", "host" if item.interface == LOOPBACK else "global")
    words = ipv4 if item.is_ipv4 else ("nodad", "noprefixroute", "preferred_lft", "0")
    where = (item.address, "dev", item.interface)
    return Step("addresses", item, ("address", "add", *where, *words), ("address", "del", *where))


def link_step(name: str) -> Step:
    return Step("links", name, ("link", "set", name, "up"), ("link", "set", name, "down"))


def port_step(item: Port) -> Step:
    family = ("-6",) if item.family == "ipv6" else ()
    port = ("port", str(item.port))
    return Step("gue", item, (*family, "fou", "add", *port, "gue"), (*family, "fou", "del", *port))


def missing_link(name: str) -> str:
    remedy = f"load the kernel module {MAKERS[name]} first" if name in MAKERS else "it must be made first"
    return f"link {name} does not exist: {remedy}"


# --- the plan ---------------------------------------------------------------------------------------------------


def plan(
    wanted: Wanted,
    live: Live,
    record: Record,
    *,
    purge: bool,
    waits: bool = False,
    assume: Collection[str] = (),
) -> Plan:
    """The least steps from live to wanted.

    purge: takes away what is ours and no longer wanted; an address of ours that moves leaves its old place in any
    case. waits: an address of Wanted.behind waits for the host's own. assume: kinds of obstacles that will be away.
    """
    builder = _Builder(wanted, live, record, frozenset(assume))
    builder.links()
    builder.ports()
    for address in wanted.addresses:
        builder.address(address, waits)
    if purge:
        builder.purge()
    builder.keep_secondaries()
    obstacles = [item for item in builder.obstacles if item.kind not in builder.assume]
    return Plan(tuple(builder.first), tuple(builder.then), tuple(dict.fromkeys(obstacles)), tuple(builder.forget))


class _Builder:
    def __init__(self, wanted: Wanted, live: Live, record: Record, assume: frozenset[str]) -> None:
        self.wanted, self.live, self.record, self.assume = wanted, live, record, assume
        self.first: list[Step] = []
        self.then: list[Step] = []
        self.obstacles: list[Obstacle] = []
        self.forget: list[tuple[str, Any]] = []

    def block(self, kind: str, text: str) -> bool:
        """Notes an obstacle; whether it stands in the way."""
        self.obstacles.append(Obstacle(kind, text))
        return kind not in self.assume

    def links(self) -> None:
        for name in self.wanted.links:
            link = self.live.links.get(name)
            if link is None and self.block(LINK, missing_link(name)):
                continue
            if link is None or not link.up:
                self.first.append(link_step(name))

    def ports(self) -> None:
        for port in self.wanted.gue:
            if self.live.ports is None and self.block(FOU, f"{port} is not possible: load the kernel module fou first"):
                continue
            receives = (self.live.ports or {}).get(port)
            if receives is None:
                self.first.append(port_step(port))
            elif not receives:
                self.block(PORT, f"{port} receives another protocol already: choose another port, see 'ip fou show'")

    def address(self, address: Address, waits: bool) -> None:
        same = [item for item in self.live.addresses if item.ip == address.ip]
        foreign = [item for item in same if item.interface != address.interface and self._announced_by_others(item)]
        for item in foreign:
            text = f"{address}: it stands on {item.interface} already and was not put there by this module: remove it"
            if self.block(ELSEWHERE, f"{text} there first (ip address del {item})"):
                return
        here = [item for item in same if item.interface == address.interface]
        # Of others, with whatever prefix length: the host has the address, and that is all that is asked for.
        stands = address in here or any(item not in self.record.addresses for item in here)
        if not stands and (self._in_the_way(address) or (waits and self._must_wait(address))):
            return
        step = address_step(address)
        for old in same:
            if old in self.wanted.addresses or old not in self.record.addresses:
                continue
            delete = address_step(old).reversed()
            # The kernel has an IPv6 address once on an interface, so there its old form goes first.
            (self.first if old in here and not old.is_ipv4 else self.then).append(delete)
        if not stands:
            self.first.append(step)

    def _announced_by_others(self, item: Address) -> bool:
        link = self.live.links.get(item.interface)
        announced = link is not None and link.arp
        return announced and item not in self.record.addresses and not self.wanted.by_vrrp(item)

    def _in_the_way(self, address: Address) -> bool:
        name, blocked = address.interface, False
        if name not in self.live.links:
            if name in self.wanted.links:
                blocked |= self.block(LINK, missing_link(name))
            else:
                there = ", ".join(sorted(self.live.links))
                text = f"{address}: interface {name} does not exist on this host; there are {there}"
                blocked |= self.block(INTERFACE, text)
        if address.is_ipv4:
            for path, least in self.wanted.needs.items():
                value = self.live.sysctls.get(path)
                if value is None or value < least:
                    remedy = "no number on this host" if value is None else f"{value}: set it first"
                    text = f"{address} needs {key_of(path)} to be at least {least}, and it is {remedy}"
                    blocked |= self.block(NEEDS, text)
        elif name in self.live.no_ipv6:
            blocked |= self.block(NO_IPV6, f"{address}: {self.live.no_ipv6[name]}")
        return blocked

    def _must_wait(self, address: Address) -> bool:
        if address not in self.wanted.behind or own_address(address, self.wanted, self.live, self.record) is not None:
            return False
        return self.block(WAITS, f"{address} waits for the host's own address in its network, as it would replace it")

    def purge(self) -> None:
        moved = {step.item for step in (*self.first, *self.then) if step.takes}
        for address in sorted(self.record.addresses - set(self.wanted.addresses) - moved):
            self._take(address_step(address), address in self.live.addresses)
        for port in sorted(self.record.gue - set(self.wanted.gue)):
            self._take(port_step(port), bool((self.live.ports or {}).get(port)))
        gone = {step.item for step in self.then if step.kind == "addresses"}
        for name in sorted(self.record.links - set(self.wanted.links)):
            if any(address.interface == name for address in self.wanted.addresses):
                continue
            link = self.live.links.get(name)
            used = any(item.interface == name and item not in gone and not _automatic(item)
                       for item in self.live.addresses)  # fmt: skip
            self._take(link_step(name), link is not None and link.up and not used)

    def _take(self, step: Step, stands: bool) -> None:
        if stands:
            self.then.append(step.reversed())
        else:
            self.forget.append((step.kind, step.item))

    def keep_secondaries(self) -> None:
        """The kernel deletes the secondary addresses of a network with the primary one, unless it promotes one."""
        gone = {step.item for step in (*self.first, *self.then) if step.takes and step.kind == "addresses"}
        for item in sorted(gone):
            if not item.is_ipv4 or self.live.addresses.get(item, True) or item.interface in self.live.promotes:
                continue
            network = ip_interface(item.address).network
            for other, secondary in sorted(self.live.addresses.items()):
                together = other.interface == item.interface and ip_interface(other.address).network == network
                if secondary and together and other not in gone:
                    key = key_of(f"net/ipv4/conf/{item.interface}/promote_secondaries")
                    text = f"{item} is the primary address of its network there, and {other} would go with it"
                    self.block(PRIMARY, f"{text}: set {key} to 1 first")


def own_address(address: Address, wanted: Wanted, live: Live, record: Record) -> Address | None:
    """The host's own address in the network of a virtual one on the same interface."""
    ip, ours = ip_interface(address.address).ip, {*record.addresses, *wanted.addresses}
    for item in sorted(live.addresses):
        there = item.interface == address.interface and item not in ours and not wanted.by_vrrp(item)
        if there and item.ip != address.ip and ip in ip_interface(item.address).network:
            return item
    return None


def find_behind(wanted: Wanted, live: Live, record: Record) -> frozenset[Address]:
    """Which of the addresses wait for the host's own at boot: Wanted.behind."""
    return frozenset(
        item
        for item in wanted.addresses
        if item.is_ipv4 and item.interface != LOOPBACK and item.interface not in wanted.links
        and own_address(item, wanted, live, record) is not None
    )  # fmt: skip


def _automatic(item: Address) -> bool:
    """An IPv6 address that the kernel gives a link when it is set up."""
    address = ip_interface(item.address)
    return not isinstance(address, IPv4Interface) and address.ip.is_link_local
