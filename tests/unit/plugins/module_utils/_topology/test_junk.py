# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever stands in any one place of an inventory: an answer comes, never an exception, and never half a plan."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan

CASES = Path(__file__).parent / "cases"
JUNK: list[Any] = [
    None,
    True,
    -1,
    0,
    1.5,
    70000,
    "",
    "x",
    "10.0.0.5",
    "2001:db8::7/64",
    [],
    {},
    [None],
    ["x"],
    {"a": 1},
]
MAY_BE_NONE = {
    "host",
    "director",
    "real_server_nat",
    "real_server_dr",
    "real_server_tun",
    "clusterip_node",
    "sync_daemon",
}
# Where None means any source or interface, the interface's own address, and that a node leaves.
OPEN = {
    ("peer_traffic", "source"),
    ("peer_traffic", "interface"),
    ("masquerade", "address"),
    ("clusterip_node", "number"),
}
JUNK += [[{}], [["x"]], [{"a": None}], {"__lvs_error__": "'y' is undefined"}]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in pairs:
        yield (*path, key)
        yield from places(one, (*path, key))


def unknown(value: Any, above: str = "") -> set[str]:
    """The keys whose value is None, where a plan must hold something (under options the user's nulls stand)."""
    if isinstance(value, list):
        return set().union(*(unknown(one, above) for one in value))
    if not isinstance(value, dict):
        return set()
    found = {key for key, one in value.items() if one is None and key not in MAY_BE_NONE and (above, key) not in OPEN}
    return found.union(*(unknown(one, key) for key, one in value.items() if key != "options"))


def replaced(inventory: dict[str, Any], path: tuple[Any, ...], junk: Any) -> dict[str, Any]:
    changed = copy.deepcopy(inventory)
    spot: Any = changed
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = junk
    return changed


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("nat_ha", "lb1"),
        ("nat_ha_sync", "director1"),
        ("ipv6_nat", "lb1"),
        ("fwmark_dr", "lb1"),
        ("mixed", "lb"),
        ("mixed", "far"),
        ("dr_ipv6", "web1"),
        ("tun", "lb1"),
        ("vrrp_full", "lb1"),
        ("self_balanced", "web3"),
        ("cluster_nodes", "web1"),
        ("cluster_nodes", "db2"),
    ],
)
def test_junk_in_one_place(name: str, host: str) -> None:
    case = yaml.safe_load((CASES / name / "inventory.yml").read_text())
    hosts = {one: dict(variables) for one, variables in case["hosts"].items()}
    for group, shared in case["vars"].items():
        for member in case["groups"][group]:
            hosts[member] = {**shared, **hosts[member]}
    inventory = {"hosts": hosts, "groups": case["groups"]}
    assert plan(inventory)["faults"] == []
    # Where a director's values are its peers' too they are one object; they part in the copy that is changed.
    inventory = json.loads(json.dumps(inventory))
    refused = 0
    # So many places that each is tried with a part of the junk, one after the other with another part.
    parts = 5 if name in ("vrrp_full", "self_balanced") else 1
    for number, path in enumerate(places(inventory["hosts"][host])):
        for junk in JUNK[number % parts :: parts]:
            answer = plan(replaced(inventory, ("hosts", host, *path), junk))
            json.dumps(answer)
            assert unknown(answer["hosts"]) == set(), (path, junk)
            assert bool(answer["faults"]) != bool(answer["hosts"])
            refused += bool(answer["faults"])
    assert refused > (100 if host in case["groups"].get("directors", ()) else 10)


def test_a_key_of_a_service_moved_into_another() -> None:
    """What stands beside what it doesn't belong to."""
    case = yaml.safe_load((CASES / "mixed" / "inventory.yml").read_text())
    inventory = json.loads(json.dumps({"hosts": case["hosts"], "groups": case["groups"]}))
    services = case["vars"]["directors"]["lvs_virtual_services"]
    for source in services:
        for key in source:
            for number, target in enumerate(services):
                changed = [*services[:number], {**target, key: source[key]}, *services[number + 1 :]]
                inventory["hosts"]["lb"] = {
                    **case["vars"]["directors"],
                    **case["hosts"]["lb"],
                    "lvs_virtual_services": changed,
                }
                answer = plan(inventory)
                json.dumps(answer)
                assert unknown(answer["hosts"]) == set(), (key, number)
