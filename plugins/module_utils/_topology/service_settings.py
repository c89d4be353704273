# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of services and real servers beside who serves what: which go together, and how a plan has them."""

from __future__ import annotations

import ipaddress
from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.actions import action, notified
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place

__all__ = [
    "PERSISTENCE",
    "SHARED",
    "check_options",
    "check_quorum",
    "check_settings",
    "check_thresholds",
    "needing_keepalived",
    "planned_server",
    "planned_settings",
]

SHARED = ("scheduler_flags", "one_packet", "persistence_netmask", "persistence_engine")
"""Settings in the kernel's table, which peers must have alike, beside the scheduler, forwarding and persistence."""

PERSISTENCE = ("persistence_netmask", "persistence_engine")
"""What says nothing without a persistence timeout."""

CHECKING = ("delay_loop", "retry", "delay_before_retry", "warmup", "virtualhost")
SERVICE_WORDS = (
    "persistence_timeout",
    "persistence_engine",
    "one_packet",
    "delay_loop",
    "virtualhost",
    "retry",
    "delay_before_retry",
    "warmup",
    "quorum",
    "hysteresis",
    "alpha",
    "omega",
    "inhibit_on_failure",
    "ha_suspend",
    "smtp_alert",
)
ACTIONS = ("quorum_up", "quorum_down")
SERVER_WORDS = ("upper_threshold", "lower_threshold", "inhibit_on_failure", "smtp_alert", "alpha", *CHECKING)

NEEDING_SERVICE = (
    "quorum",
    "hysteresis",
    "quorum_up",
    "quorum_down",
    "alpha",
    "omega",
    "inhibit_on_failure",
    "ha_suspend",
    "smtp_alert",
    "virtual_server_group",
)
NEEDING_SERVER = ("inhibit_on_failure", "notify", "smtp_alert", "alpha")
"""What nobody but keepalived does. How a check runs (``CHECKING``) is not among it: without checks it says nothing."""

FLAGS: Mapping[str, Mapping[str, str]] = {
    name: {"flag-1": f"{name}-fallback", "flag-2": f"{name}-port"} for name in ("sh", "mh")
}
"""The flags that a scheduler has a name of its own for."""


def needing_keepalived(service: Mapping[str, Any]) -> set[str]:
    """What of a service, merged with the defaults, needs keepalived, in the words of messages."""
    entries = [entry for entry in service.get("real_servers") or [] if entry is not None]
    found = {word for word in NEEDING_SERVICE if service.get(word)}
    found |= {word for entry in entries for word in NEEDING_SERVER if entry.get(word)}
    if any(entry.get("health_checks") for entry in (service, *entries)):
        found.add("health checks")
    if service.get("sorry_server"):
        found.add("sorry servers")
    return found


def check_options(settings: Mapping[str, Any], place: Place) -> None:
    """Note what stands under options and beside them: it would be written twice.

    ``type`` says of a check what it is, and under options of one of DNS what it asks for.
    """
    for key in settings.get("options") or {}:
        if key in settings and key != "type":
            place.key("options").key(key).fault(
                f"stands beside {key}, which means the same", f"leave out {key} under options"
            )


def check_settings(service: Mapping[str, Any], place: Place) -> None:
    """Note the settings of a service, merged with the defaults, that contradict one another."""
    check_options(service, place)
    marked = "fwmark" in service
    protocol = service.get("protocol")
    udp = marked or protocol in ("udp", None)
    if service.get("one_packet") and not udp:
        place.key("one_packet").fault(
            f"is for UDP, and the service is {protocol}", "leave it out, or write protocol: udp"
        )
    if service.get("persistence_engine") and not udp:
        place.key("persistence_engine").fault(
            f"{service['persistence_engine']} is for UDP, and the service is {protocol}",
            "leave it out, or write protocol: udp",
        )
    for key in PERSISTENCE:
        if service.get(key) and "persistence_timeout" not in service:
            place.key(key).fault("says nothing without persistence_timeout", "write both, or leave it out")
    if service.get("virtual_server_group") and "persistence_netmask" in service:
        # Behind a group it tells the kernel the mask of a single address (ipvs_group_range_cmd in ipvswrapper.c).
        place.key("persistence_netmask").fault(
            "is not told to the kernel by keepalived where a service is in a virtual_server_group",
            "leave one of the two out",
        )
    if service.get("ha_suspend") and marked:
        place.key("ha_suspend").fault(
            "is for a service with an address, and this one is on a firewall mark", "leave it out"
        )
    hysteresis, quorum = service.get("hysteresis"), service.get("quorum", 1)
    if hysteresis is not None and quorum is not None and hysteresis >= quorum:
        place.key("hysteresis").fault(
            f"is {hysteresis}, and it must be less than the quorum ({quorum})", "write a lower one, or a higher quorum"
        )
    _check_flags(service, place)


def _check_flags(service: Mapping[str, Any], place: Place) -> None:
    scheduler = service.get("scheduler")
    if scheduler is None:
        return
    names = FLAGS.get(scheduler)
    known = ["flag-1", "flag-2", *names.values()] if names else ["flag-1", "flag-2", "flag-3"]
    for number, flag in enumerate(service.get("scheduler_flags") or []):
        if flag is not None and flag not in known:
            place.key("scheduler_flags").index(number).fault(
                f"is {flag}, which the scheduler {scheduler} does not have",
                f"leave it out, or write {' or '.join(names.values() if names else known)}",
            )


def check_quorum(service: Mapping[str, Any], servers: Iterable[Mapping[str, Any]], place: Place) -> None:
    """Note a quorum that all real servers together could not reach; ``servers`` are in plan form."""
    weights = [server["weight"] for server in servers]
    quorum, hysteresis = service.get("quorum"), service.get("hysteresis") or 0
    if quorum and weights and None not in weights and quorum + hysteresis > sum(weights):
        needed = f"{quorum} and has a hysteresis of {hysteresis}" if hysteresis else f"{quorum}"
        place.key("quorum").fault(
            f"is {needed}, and the weights of all real servers together are {sum(weights)}",
            "write a lower one: the service is up while its real servers have that weight",
        )


def check_thresholds(entry: Mapping[str, Any], place: Place) -> None:
    """Note thresholds of a real server that the kernel refuses."""
    lower, upper = entry.get("lower_threshold"), entry.get("upper_threshold", 0)
    if lower is None or upper is None or lower <= upper:
        return
    problem = f"is {lower}, and the upper_threshold is {upper}" if upper else "stands without an upper_threshold"
    place.key("lower_threshold").fault(problem, "write a lower one, or a higher upper_threshold")


def planned_settings(service: Mapping[str, Any], family: str, place: Place) -> dict[str, Any]:
    """The settings of a service in plan form; a netmask that its family does not have is noted."""
    plan = {key: service[key] for key in SERVICE_WORDS if service.get(key) is not None}
    flags = {FLAGS.get(service["scheduler"], {}).get(flag, flag) for flag in service.get("scheduler_flags") or []}
    if flags - {None}:
        plan["scheduler_flags"] = sorted(flag for flag in flags if flag)
    netmask = _netmask(service.get("persistence_netmask"), family, place.key("persistence_netmask"))
    if netmask:
        plan["persistence_netmask"] = netmask
    plan.update({key: action(service[key]) for key in ACTIONS if service.get(key) and "script" in service[key]})
    if service.get("options"):
        plan["options"] = service["options"]
    return plan


def planned_server(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a ``real_servers`` entry in plan form."""
    plan = {key: entry[key] for key in SERVER_WORDS if entry.get(key) is not None}
    plan.update(notified(entry))
    if entry.get("options"):
        plan["options"] = entry["options"]
    return plan


def _netmask(text: str | None, family: str, place: Place) -> str:
    """A netmask as keepalived takes it: dotted for IPv4, a prefix length for IPv6; empty for that of a single host."""
    if not text:
        return ""
    number = text[1:] if text.startswith("/") else text
    bits = 32 if family == "ipv4" else 128
    try:
        length = int(number) if number.isdecimal() else _dotted(number)
        if not 1 <= length <= bits or (bits == 128 and not number.isdecimal()):
            raise ValueError
    except ValueError:
        remedy = "a netmask such as 255.255.255.0, or a prefix length from 1 to 32"
        place.fault(
            f"is {text}, which is no netmask of {family.replace('ip', 'IP')}",
            f"write {remedy if family == 'ipv4' else 'a prefix length from 1 to 128'}",
        )
        return ""
    if length == bits:
        return ""
    return str(ipaddress.IPv4Network((0, length)).netmask) if family == "ipv4" else str(length)


def _dotted(text: str) -> int:
    """The length of a dotted netmask; ipaddress takes the reverse (0.0.0.255) as well, which is none."""
    network = ipaddress.IPv4Network(f"0.0.0.0/{text}")
    if str(network.netmask) != text:
        raise ValueError(text)
    return network.prefixlen
