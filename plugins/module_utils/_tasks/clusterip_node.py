# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module clusterip_node does."""

from __future__ import annotations

import sys
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot import program
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import change
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover import choices
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.settings import Places
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.kept import Kept
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import AUTO, BACKENDS, HASH_MODES, PROTOCOLS
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

ARGUMENTS: dict[str, Any] = {
    "address": {"type": "str"},
    "interface": {"type": "str"},
    "cluster_mac": {"type": "str"},
    "total_nodes": {"type": "int"},
    "local_nodes": {"type": "list", "elements": "int", "default": []},
    "buckets": {"type": "list", "elements": "int"},
    "at_boot": {"type": "bool", "default": False},
    "buckets_at_boot": {"type": "list", "elements": "int"},
    "hash_mode": {"type": "str", "choices": list(HASH_MODES), "default": "sourceip"},
    "hash_seed": {"type": "int", "default": 0},
    "protocol": {"type": "str", "choices": list(PROTOCOLS), "default": "all"},
    "ports": {"type": "list", "elements": "int", "default": []},
    "backend": {"type": "str", "choices": [AUTO, *BACKENDS], "default": AUTO},
    "keep": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
REQUIRED_IF = [("state", "present", ("address", "interface", "total_nodes"))]


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    request = _request(module.params)
    try:
        by_vrrp = choices.read_choices(Places())
        situation = change.compare(run_command, request, module.check_mode)
        if situation.changed and not module.check_mode:
            change.perform(run_command, situation, request.python, module.warn)
    except (BootError, OSError) as exc:
        raise TaskError(f"{request.address or 'cluster IPs'}: {exc}") from exc
    kept, choice = situation.kept, situation.choice
    return {
        "changed": situation.changed,
        "diff": change.diff(situation),
        "backend": kept.cluster_ip.backend if kept else "",
        "backends": dict(choice.problems) if choice else {},
        "cluster_mac": kept.cluster_ip.cluster_mac if kept else "",
        "buckets": list(situation.buckets),
        "buckets_before": None if situation.had_live is None else list(situation.had_live),
        "gone": sorted(it.cluster_ip.address for it in situation.taken),
        "by_hand": _by_hand(kept, choices.by_choice(by_vrrp)),
        "left": choices.buckets_of(by_vrrp, choices.LEFT),
        "shared": _shared(situation),
    }


def _request(params: dict[str, Any]) -> change.Request:
    present, python = params["state"] == "present", program.interpreter(sys.executable)
    keep = None if params["keep"] is None else [str(_whole("keep", text).ip) for text in params["keep"]]
    if not (params["address"] or "").strip():
        if present:
            raise TaskError("address: is empty: write the VIP with the prefix length of its network, as 10.0.0.9/24")
        return change.Request("", False, {}, (), None, None, keep or (), python)
    if params["at_boot"] and params["buckets"] is None:
        raise TaskError("at_boot: say in buckets which ones")
    if params["buckets_at_boot"] is not None and not params["at_boot"]:
        raise TaskError("buckets_at_boot: say at_boot, too")
    boot = params["buckets"] if params["buckets_at_boot"] is None else params["buckets_at_boot"]
    whole = _whole("address", params["address"])
    if present and "/" not in params["address"]:
        raise TaskError(f"address: {whole.ip} has no prefix length: write it like {whole.ip}/24")
    fields = {
        name: params[name] for name in ("interface", "cluster_mac", "hash_mode", "hash_seed", "protocol", "ports")
    }
    return change.Request(
        address=str(whole.ip),
        present=present,
        fields={
            **fields,
            "address": str(whole.ip),
            "prefix": whole.network.prefixlen,
            "total": params["total_nodes"],
            "backend": params["backend"],
        },
        local=tuple(sorted(set(params["local_nodes"]))),
        buckets=None if params["buckets"] is None else tuple(sorted(set(params["buckets"]))),
        at_boot=tuple(sorted(set(boot))) if params["at_boot"] else None,
        keep=keep,
        python=python,
    )


def _whole(option: str, text: str) -> IPv4Interface | IPv6Interface:
    try:
        return ip_interface(text.strip())
    except ValueError:
        raise TaskError(f"{option}: {text!r} is no address: write it like 10.0.0.9/24") from None


def _by_hand(kept: Kept | None, by_vrrp: dict[str, list[int]]) -> dict[str, list[int]]:
    """What a person has moved to this node or away from it, for longer than to the next boot."""
    if kept is None or kept.chosen is None:
        return by_vrrp
    local, chosen = set(kept.local), set(kept.chosen)
    return {"taken": sorted(chosen - local), "given": sorted(local - chosen)}


def _shared(situation: change.Situation) -> bool:
    """Whether what all nodes must agree on changes on a node that has the VIP."""
    had, kept = situation.had, situation.kept
    if had is None or kept is None:
        return False
    before, after = (it.cluster_ip._replace(prefix=0, interface="") for it in (had, kept))
    return before != after
