# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of each host as a table for people, and as data for programs. What may be a secret is in neither."""

from __future__ import annotations

import json
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._picture.words import (
    bracketed,
    endpoint,
    joined,
    method,
    settings,
    sorry_server,
    spans,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import natural

__all__ = ["capped", "lines", "rows", "shown"]

Plans = Mapping[str, Mapping[str, Any]]

ROLES = {
    "director": "director",
    "real_server_nat": "real server behind NAT",
    "real_server_dr": "real server with direct routing",
    "real_server_tun": "real server behind a tunnel",
    "clusterip_node": "node without a director",
}

SHOWN_OF_A_LIST = 24
MOST_CHARACTERS = 48_000
VRRP_KEYS = ("name", "interface", "virtual_router_id", "priority", "state", "version", "advert_int")
VRRP_TRACKS = ("track_interface", "track_script", "track_process", "track_file", "track_bfd")


def rows(plans: Plans) -> dict[str, dict[str, Any]]:
    """By host what its plan says, in plain data: cluster, roles, interfaces, and a part for each role that it has.

    Each key is picked by name: a plan also holds passwords, and whatever stands in ``options`` and scripts' arguments.
    """
    return {name: _row(plans[name]) for name in sorted(plans, key=natural)}


def _row(plan: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"cluster": plan["cluster"], "roles": list(plan.get("roles", []))}
    if plan.get("state") == "absent":
        row["state"] = "absent"
    if plan.get("interfaces"):
        row["interfaces"] = {name: [str(one) for one in some] for name, some in plan["interfaces"].items()}
    if plan.get("director"):
        row["director"] = _director(plan["director"])
    for method_ in ("nat", "dr", "tun"):
        part = plan.get(f"real_server_{method_}")
        if part is not None:
            row[f"real_server_{method_}"] = _real_server(part)
    if plan.get("clusterip_node"):
        row["clusterip_node"] = _node(plan["clusterip_node"])
    return row


def _picked(given: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: given[key] for key in keys if given.get(key) is not None}


def _director(plan: Mapping[str, Any]) -> dict[str, Any]:
    groups = {name: one["name"] for one in plan.get("vrrp_sync_groups", []) for name in one.get("group", [])}
    held = [
        {"address": entry["address"], "interface": entry.get("dev") or one["interface"], "vrrp_instance": one["name"]}
        for one in plan.get("vrrp_instances", [])
        for key in ("virtual_ipaddress", "virtual_ipaddress_excluded")
        for entry in one.get(key) or []
    ]
    held += [{"address": one["address"], "interface": one["interface"]} for one in plan.get("virtual_addresses", [])]
    row: dict[str, Any] = {
        "manager": plan["manager"],
        "peers": list(plan.get("peers", [])),
        "virtual_addresses": held,
        "vrrp_instances": [
            {
                **_picked(one, *VRRP_KEYS, "nopreempt", "preempt_delay"),
                "tracks": [
                    f"{key[6:]} {item['name']}" for key in VRRP_TRACKS for item in one.get(key, []) if "name" in item
                ],
                **({"sync_group": groups[one["name"]]} if one["name"] in groups else {}),
                **_picked(one.get("unicast") or {}, "source", "peers"),
            }
            for one in plan.get("vrrp_instances", [])
        ],
        "services": [_service(one) for one in plan.get("services", [])],
        "masquerade": [_picked(one, "source", "interface", "address") for one in plan.get("masquerade", [])],
        "sysctls": dict(plan.get("sysctls", {})),
        "unchecked": list(plan.get("unchecked", [])),
        **_picked(plan, "colocated"),
    }
    if plan.get("sync_daemon"):
        row["sync_daemon"] = _picked(plan["sync_daemon"], "interface", "instance", "id")
    return row


def _service(plan: Mapping[str, Any]) -> dict[str, Any]:
    row = _picked(plan, "name", "family", "address", "port", "protocol", "fwmark", "scheduler", "scheduler_flags")
    row.update(_picked(plan, "persistence_timeout", "one_packet", "quorum", "virtualhost"))
    if plan.get("match"):
        row["match"] = [_picked(one, "address", "protocol", "ports") for one in plan["match"]]
    row["real_servers"] = [
        {
            **_picked(one, "host", "address", "port", "weight", "forwarding"),
            **({"tunnel": one["tunnel"]["type"]} if one.get("tunnel") else {}),
            "health_checks": [str(check["type"]) for check in one.get("health_checks", [])],
        }
        for one in plan["real_servers"]
    ]
    if plan.get("sorry_server"):
        row["sorry_server"] = _picked(plan["sorry_server"], "address", "port")
    return row


def _real_server(part: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "services": [_picked(one, "name", "address", "port", "protocol", "fwmark") for one in part.get("services", [])],
        "sysctls": dict(part.get("sysctls", {})),
    }
    if "routes" in part:
        row["form"] = part["form"]
        row["ways_back"] = [_picked(one, "gateway", "interface", "network", "source") for one in part["routes"]]
    if "addresses" in part:
        row["virtual_addresses"] = [_picked(one, "address", "interface") for one in part["addresses"]]
    return row


def _node(plan: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("state", "cluster", "number", "buckets", "preferred", "failover", "failback")
    shared = ("address", "prefix", "interface", "protocol", "ports", "backend", "cluster_mac", "hash_mode", "total")
    row = {**_picked(plan, *keys), "cluster_ips": [_picked(one, *shared) for one in plan.get("cluster_ips", [])]}
    vrrp = plan.get("vrrp") or {}
    if vrrp.get("instances"):
        row["vrrp"] = _picked(vrrp, "interface", "source", "advert_int")
        row["vrrp"]["priorities"] = {
            str(one["bucket"]): {"virtual_router_id": one["virtual_router_id"], "priority": one["priority"]}
            for one in vrrp["instances"]
        }
    return row


# --- for people


def lines(plans: Plans) -> list[str]:
    """A table for each host, an empty line between two. Of long lists it has the first entries and how many more."""
    found: list[str] = []
    for name, row in rows(plans).items():
        found += [*([""] if found else []), f"{name}: {_roles(row)}"]
        entries = [*_own(row), *_of_director(row.get("director")), *_of_real_server(row), *_of_node(row)]
        wide = max((len(word) for word, _texts in entries), default=0)
        for word, texts in entries:
            for number, text in enumerate(texts):
                found.append(f"  {'' if number else word:{wide}}  {text}")
    return found


def _first(texts: Iterable[str]) -> list[str]:
    whole = list(texts)
    if len(whole) <= SHOWN_OF_A_LIST:
        return whole
    return [*whole[: SHOWN_OF_A_LIST - 1], f"and {len(whole) - SHOWN_OF_A_LIST + 1} more"]


def _roles(row: Mapping[str, Any]) -> str:
    if not row["roles"]:
        return "no part in a cluster"
    leaves = ", leaves it" if row.get("state") == "absent" else ""
    return f"{joined(ROLES.get(role, role) for role in row['roles'])}, cluster {row['cluster']}{leaves}"


def _own(row: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return _kept([("interfaces", [f"{name} {joined(some)}" for name, some in row.get("interfaces", {}).items()])])


def _kept(entries: Iterable[tuple[str, list[str]]]) -> list[tuple[str, list[str]]]:
    return [(word, texts) for word, texts in entries if texts]


def _of_director(row: Mapping[str, Any] | None) -> list[tuple[str, list[str]]]:
    if row is None:
        return []
    daemon = row.get("sync_daemon")
    return _kept(
        [
            ("peers", [joined(row["peers"])] if row["peers"] else []),
            ("table kept by", ["keepalived" if row["manager"] == "keepalived" else "the role (static)"]),
            ("VIPs", _first(_held(one) for one in row["virtual_addresses"])),
            ("VRRP", [_vrrp(one) for one in row["vrrp_instances"]]),
            ("services", _services(row["services"])),
            ("sync daemon", [f"on {daemon['interface']}, as {daemon.get('instance', 'both')}"] if daemon else []),
            ("self-balanced", [row["colocated"]] if row.get("colocated") else []),
            ("masquerade", [_masquerade(one) for one in row["masquerade"]]),
            ("sysctls", _sysctls(row)),
            ("checked later", [f"{one}: on the host, before a change" for one in row["unchecked"]]),
        ]
    )


def _held(one: Mapping[str, Any]) -> str:
    return f"{one['address']} on {one['interface']}" + (f" ({one['vrrp_instance']})" if "vrrp_instance" in one else "")


def _vrrp(one: Mapping[str, Any]) -> str:
    return joined(
        (
            f"{one['name']} on {one['interface']}: id {one['virtual_router_id']}",
            f"priority {one['priority']}",
            f"adverts every {one['advert_int']} s",
            f"version {one['version']}",
            "no preemption" if one.get("nopreempt") else "",
            f"preempts after {one['preempt_delay']} s" if one.get("preempt_delay") else "",
            f"sync group {one['sync_group']}" if "sync_group" in one else "",
            f"unicast to {' and '.join(one['peers'])}" if one.get("peers") else "",
            f"tracks {' and '.join(one['tracks'])}" if one["tracks"] else "",
        )
    )


def _masquerade(one: Mapping[str, Any]) -> str:
    return f"{one['source']} over {one['interface']} as {one.get('address') or 'its own address'}"


def _sysctls(row: Mapping[str, Any]) -> list[str]:
    return _first(f"{name} = {value}" for name, value in row["sysctls"].items())


def _services(services: Sequence[Mapping[str, Any]]) -> list[str]:
    texts = [text for one in services[:SHOWN_OF_A_LIST] for text in _service_lines(one)] or ["none"]
    return texts if len(services) <= SHOWN_OF_A_LIST else [*texts, f"and {len(services) - SHOWN_OF_A_LIST} more"]


def _service_lines(one: Mapping[str, Any]) -> list[str]:
    """A line for the service, one for each of its real servers."""
    asked = [endpoint(match["address"], match["ports"], match["protocol"]) for match in one.get("match", [])]
    if one.get("address"):
        asked.append(endpoint(one["address"], [[one["port"], one["port"]]], one["protocol"]))
    servers = [
        joined((f"{_server(server)} {_method(server)} weight {server['weight']}", _checks(server)))
        for server in one["real_servers"]
    ]
    return [
        f"{one['name']} {' '.join(_first(asked))} {joined((*settings(one), *_sorry(one)))}",
        *(f"  to {server}" for server in _first(servers) or ["nobody"]),
    ]


def _sorry(one: Mapping[str, Any]) -> list[str]:
    return [f"sorry server {text}" for text in sorry_server(one)]


def _method(server: Mapping[str, Any]) -> str:
    return method({**server, "tunnel": {"type": server["tunnel"]}} if "tunnel" in server else server)


def _checks(server: Mapping[str, Any]) -> str:
    kinds = server["health_checks"]
    return f"checked by {' and '.join(kinds)}" if kinds else ""


def _server(server: Mapping[str, Any]) -> str:
    address = bracketed(server["address"]) + (f":{server['port']}" if server.get("port") else "")
    return f"{server['host']} {address}" if server.get("host") else address


def _of_real_server(row: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    entries: list[tuple[str, list[str]]] = []
    for kind in ("nat", "dr", "tun"):
        part = row.get(f"real_server_{kind}")
        if part is None:
            continue
        if kind == "nat":
            back = [f"{_way(one)} ({part['form']} route)" for one in part["ways_back"]]
        else:
            back = ["answers clients itself"] if part["services"] else []
        served = _first(f"{one['name']} {_asked(one)}" for one in part["services"]) or ["no service names it"]
        entries += [
            ("serves for", served),
            ("VIPs held", _first(_held(one) for one in part.get("virtual_addresses", []))),
            ("way back", back),
            ("sysctls", _sysctls(part)),
        ]
    return _kept(entries)


def _way(one: Mapping[str, Any]) -> str:
    device = f" on {one['interface']}" if one.get("interface") else ""
    return f"via {one['gateway']}{device} for {one['source']}"


def _asked(one: Mapping[str, Any]) -> str:
    if "fwmark" in one:
        return f"mark {one['fwmark']}"
    return endpoint(one["address"], [[one["port"], one["port"]]], one["protocol"])


def _of_node(row: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    node = row.get("clusterip_node")
    if node is None:
        return []
    if node["state"] != "present":
        return [("node", ["leaves the cluster"])]
    vrrp = node.get("vrrp")
    back = "back by itself" if node.get("failback") == "auto" else "back by hand"
    return _kept(
        [
            ("node", [f"number {node['number']}"]),
            ("VIPs", _first(_cluster_ip(one) for one in node["cluster_ips"])),
            ("prefers", [f"buckets {spans(node['preferred'], node['buckets'])} of 1-{node['buckets']}"]),
            ("failover", [f"by VRRP, {back}"] if vrrp else ["none"]),
            ("VRRP", _bucket_vrrp(vrrp) if vrrp else []),
        ]
    )


def _cluster_ip(one: Mapping[str, Any]) -> str:
    ports = f" port {joined(map(str, one['ports']))}" if one.get("ports") else ""
    return joined(
        (
            f"{one['address']}/{one['prefix']} on {one['interface']}",
            f"{one.get('protocol') or 'every protocol'}{ports}",
            f"MAC {one['cluster_mac']}" if one.get("cluster_mac") else "",
            f"by {one['hash_mode']}",
            f"backend {one['backend']}",
        )
    )


def _bucket_vrrp(vrrp: Mapping[str, Any]) -> list[str]:
    by: dict[int, list[int]] = {}
    ids = [one["virtual_router_id"] for one in vrrp["priorities"].values()]
    for bucket, one in vrrp["priorities"].items():
        by.setdefault(one["priority"], []).append(int(bucket))
    whole = len(ids)
    return [
        f"on {vrrp['interface']}, ids {min(ids)}-{max(ids)}, adverts every {vrrp['advert_int']} s",
        *(f"priority {priority} for buckets {spans(by[priority], whole)}" for priority in sorted(by, reverse=True)),
    ]


# --- for where there is little room


def capped(hosts: Mapping[str, Any], most: int = MOST_CHARACTERS) -> dict[str, Any]:
    """{"hosts": the rows, "note": ""}; rows that would make it longer than that as JSON are left out, and noted."""
    kept: dict[str, Any] = {}
    length = 0
    for name, row in hosts.items():
        length += len(json.dumps({name: row}))
        if length > most:
            break
        kept[name] = row
    if len(kept) == len(hosts):
        return {"hosts": kept, "note": ""}
    return {
        "hosts": kept,
        "note": f"{len(hosts) - len(kept)} of {len(hosts)} hosts are left out to keep this short; "
        "check.json has all of them, with lvs_report_dir",
    }


def shown(texts: Sequence[str], most: int = MOST_CHARACTERS) -> list[str]:
    """The lines as a terminal shows them, the first of very many."""
    kept: list[str] = []
    length = 0
    for text in texts:
        length += len(text) + 1
        if length > most:
            return [*kept, "", f"{len(texts) - len(kept)} more lines are in check.txt, with lvs_report_dir."]
        kept.append(text)
    return kept
