# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks in one form: an HTTP check always has ``urls``, whichever form the inventory used."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.match import packets
from ansible_collections.lvs.cluster.plugins.module_utils._topology.service_settings import check_options
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_checks import PAGE
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["check_names", "check_neighbors", "give_ports", "normalised"]

USES = {
    "file": ("track_file", "lvs_track_files", "file"),
    "bfd": ("name", "lvs_bfd_instances", "BFD instance"),
}
"""Types whose check names something that is defined elsewhere: the key, the variable, and what it is called."""

WITHOUT_PORT = ("misc", "file", "bfd", "ping")
"""Types whose check connects to no port of the real server."""

UDP_LONGEST = 255
"""keepalived's max_reply_length where none is given."""


def normalised(checks: list[dict[str, Any] | None] | None, place: Place) -> list[dict[str, Any]]:
    """The checks with ``path`` and what is said of its page moved into a single entry of ``urls``.

    ``virtualhost`` stays with the check: there keepalived sends it for each url that has none of its own.
    """
    result = []
    for number, check in enumerate(checks or []):
        if check is None:
            continue
        at = place.index(number)
        check_options(check, at)
        of_url = {key: check[key] for key in ("path", *PAGE) if key in check}
        rest = {key: value for key, value in check.items() if key not in of_url}
        if "path" in of_url:
            rest["urls"] = [of_url]
            _check_page(of_url, at)
        elif "urls" in rest:
            for key in of_url:
                at.key(key).fault("stands beside urls, and each url has its own", f"write {key} in the entries of urls")
            for entry, url in enumerate(rest["urls"] or []):
                if url is not None:
                    check_options(url, at.key("urls").index(entry))
                    _check_page(url, at.key("urls").index(entry))
        _check_lengths(check, at)
        if "reverse" in check and "weight" not in check:
            at.key("reverse").fault("says nothing without weight", "write both, or leave it out")
        if check.get("args") == []:
            del rest["args"]
        result.append(rest)
    _check_once(result, place)
    return result


def _check_page(url: Mapping[str, Any], place: Place) -> None:
    for key in ("regex_no_match", "regex_options"):
        if url.get(key) and "regex" not in url:
            place.key(key).fault("says nothing without regex", "write both, or leave it out")


def _check_lengths(check: Mapping[str, Any], place: Place) -> None:
    shortest, longest = check.get("min_reply_length"), check.get("max_reply_length", UDP_LONGEST)
    if shortest is not None and longest is not None and shortest > longest:
        place.key("min_reply_length").fault(
            f"is {shortest}, and the max_reply_length is {longest}",
            "write a lower one, or a higher max_reply_length",
        )


def _check_once(checks: Iterable[Mapping[str, Any]], place: Place) -> None:
    """keepalived refuses a second BFD check on the same instance; with a file it would count twice."""
    seen: set[tuple[str, str]] = set()
    for number, check in enumerate(checks):
        key = USES.get(check.get("type", ""), ("",))[0]
        name = check.get(key)
        if name and (check["type"], name) in seen:
            place.index(number).key(key).fault(f"{name} is checked here already", "name it once")
        seen.add((check.get("type", ""), str(name)))


def check_names(checks: Iterable[Mapping[str, Any] | None] | None, director: Host, place: Place) -> None:
    """Note checks of files and BFD instances that the director does not define."""
    for number, check in enumerate(checks or []):
        if check is None or check.get("type") not in USES:
            continue
        key, variable, what = USES[check["type"]]
        name = check.get(key)
        known = _defined(director, variable)
        if name and known is not None and name not in known:
            place.index(number).key(key).fault(
                f"{name} is no {what} of {variable}",
                f"define it there, or name one of them: {listing(known) or 'there is none'}",
            )


def _defined(director: Host, variable: str) -> dict[str, Mapping[str, Any]] | None:
    """The items of a variable by name; None where a name can't be told because an item is wrong."""
    written = director.variables.get(variable, [])
    if written is None or any(not item or not item.get("name") for item in written):
        return None
    return {item["name"]: item for item in written}


def give_ports(service: Mapping[str, Any], servers: Iterable[dict[str, Any]], place: Place) -> None:
    """Where a service on a firewall mark is checked: at the one port that its packets ask for, if there is but one.

    A mark has no port by itself. ``servers`` are in plan form, and many of them may have the same list of checks.
    """
    if "fwmark" not in service:
        return
    matched = [packets(match) for match in service.get("match") or []]
    asked = [ports for one in matched if one for ports in one.ports]
    port = asked[0][0] if asked and all(one == [asked[0][0]] * 2 for one in asked) else None
    given: dict[int, list[dict[str, Any]]] = {}
    missing: set[str] = set()
    for server in servers:
        checks = server["health_checks"]
        if server["port"] is not None:
            continue
        if port is not None:
            server["health_checks"] = given.setdefault(id(checks), [_at_port(check, port) for check in checks])
        else:
            missing |= {check["type"] for check in checks if "connect_port" not in check and check.get("type")}
    missing -= set(WITHOUT_PORT)
    if missing and None not in matched:
        place.key("health_checks").fault(
            f"{listing(sorted(missing))} must connect to a port, and the firewall mark does not say to which",
            "write connect_port",
        )


def _at_port(check: dict[str, Any], port: int) -> dict[str, Any]:
    return check if check.get("type") in WITHOUT_PORT else {"connect_port": port, **check}


def check_neighbors(servers: Iterable[Mapping[str, Any]], director: Host, cluster: Cluster, place: Place) -> None:
    """Note real servers whose BFD check is of a session with somebody else; ``servers`` are in plan form.

    An instance with ``interface`` has its session between the directors, which may be real servers themselves.
    """
    directors = [host.name for host in cluster.directors]
    instances = _defined(director, "lvs_bfd_instances") or {}
    strange: dict[tuple[str, str], list[str]] = {}
    for server in servers:
        for check in server["health_checks"]:
            instance = instances.get(check.get("name") or "", {}) if check["type"] == "bfd" else {}
            neighbor, interface = instance.get("neighbor_ip"), instance.get("interface")
            named = f"{server['host']} ({server['address']})" if server["host"] else server["address"]
            if neighbor and neighbor != server["address"]:
                strange.setdefault((check["name"], f"whose neighbor_ip is {neighbor}"), []).append(named)
            elif interface and not neighbor and server["host"] not in directors:
                between = f"whose session is with the other director on {interface}"
                strange.setdefault((check["name"], between), []).append(named)
    for (name, session), named in strange.items():
        place.key("real_servers").fault(
            f"{listing(named)} has the BFD check {name}, {session}",
            "name an instance with the real server's address, under health_checks of its own entry",
        )
