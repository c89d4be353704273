# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which directors are peers, and what their configurations say together."""

from __future__ import annotations

from ipaddress import ip_interface
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.addresses import Own
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import Findings
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing, natural

__all__ = ["clusters", "merge", "split", "vrrp_addresses"]

Variables = Mapping[str, "dict[str, Any]"]
"""The variables of each director, by name."""


def vrrp_addresses(variables: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The virtual addresses of a director's instances, each with the interface that it is put on."""
    return [
        (str(ip_interface(entry["address"]).ip), entry.get("dev", instance.get("interface", "")))
        for instance in variables.get("lvs_vrrp_instances", ())
        for key in ("virtual_ipaddress", "virtual_ipaddress_excluded")
        for entry in instance.get(key, ())
        if _is_address(entry["address"])
    ]


def _is_address(text: str) -> bool:
    try:
        ip_interface(text)
    except ValueError:
        return False
    return True


def clusters(directors: Variables) -> list[list[str]]:
    """Directors that share a VRRP instance: the same number, and an address in common."""
    result: list[list[str]] = []
    for name in sorted(directors, key=natural):
        mine = _shared(directors[name])
        near = [members for members in result if any(mine & _shared(directors[one]) for one in members)]
        joined = [one for members in near for one in members] + [name]
        result = [members for members in result if members not in near] + [joined]
    return [sorted(members, key=natural) for members in result]


def _shared(variables: Mapping[str, Any]) -> set[tuple[Any, str]]:
    return {
        (instance.get("virtual_router_id"), str(ip_interface(entry["address"]).ip))
        for instance in variables.get("lvs_vrrp_instances", ())
        for entry in instance.get("virtual_ipaddress", ())
        if _is_address(entry["address"])
    }


def merge(members: Sequence[str], directors: Variables, own: Own, findings: Findings) -> None:
    """Put what each instance says of one director alone together: priorities and addresses of unicast."""
    views: dict[str, dict[str, dict[str, Any]]] = {}
    for director in members:
        for instance in directors[director].get("lvs_vrrp_instances", ()):
            views.setdefault(instance["name"], {})[director] = instance
    for name, view in views.items():
        priorities = {director: instance.pop("priority") for director, instance in view.items()}
        unicast = _unicast(name, view, own, findings)
        for instance in view.values():
            written = {"priorities": priorities}
            if unicast is not None:
                instance.pop("unicast", None)
                written.update({"unicast": unicast} if unicast else {})
            _insert(instance, "virtual_router_id", written)


def _insert(mapping: dict[str, Any], after: str, more: Mapping[str, Any]) -> None:
    """Put keys behind another one, at the end where that is missing."""
    at = list(mapping).index(after) + 1 if after in mapping else len(mapping)
    items = list(mapping.items())
    mapping.clear()
    mapping.update([*items[:at], *more.items(), *items[at:]])


def _unicast(name: str, view: Mapping[str, dict[str, Any]], own: Own, findings: Findings) -> Any:
    """The key ``unicast`` of an instance for all its directors: {} where adverts are multicast."""
    given = {director: instance["unicast"] for director, instance in view.items() if instance.get("unicast")}
    if not given:
        return {}
    derived = {director: _first_address(instance, own[director]) for director, instance in view.items()}
    sources = {director: given.get(director, {}).get("source") or derived[director] for director in view}
    for director in view:
        others = {address for one, address in sources.items() if one != director}
        if set(given.get(director, {}).get("peers", ())) != others:
            needed = listing(sorted(filter(None, others))) or "empty"
            findings.of(director).fault(
                f"vrrp_instance {name}",
                f"unicast_peer is not {needed}, the addresses of the peers that were read",
                "give each director's keepalived all of its peers, or name the missing directors to this playbook",
            )
    ttl = next((one["ttl"] for one in given.values() if "ttl" in one), None)
    written: dict[str, Any] = {} if sources == derived else {"peers": sources}
    if ttl is not None:
        written["ttl"] = int(ttl) if str(ttl).isdecimal() else ttl
    return written or True


def _first_address(instance: Mapping[str, Any], own: Mapping[str, Sequence[str]]) -> str:
    """What the plan takes where nothing is written."""
    first = next((str(one["address"]) for one in instance.get("virtual_ipaddress", ())), "")
    addresses = (str(ip_interface(one).ip) for one in own.get(instance.get("interface", ""), ()))
    return next((one for one in addresses if (":" in one) == (":" in first)), "")


def split(members: Iterable[str], directors: Variables) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The variables that all have alike, and the others of each."""
    names = list(members)
    first = directors[names[0]]
    shared = {key: one for key, one in first.items() if all(directors[name].get(key) == one for name in names)}
    rest = {name: {key: one for key, one in directors[name].items() if key not in shared} for name in names}
    return shared, rest
