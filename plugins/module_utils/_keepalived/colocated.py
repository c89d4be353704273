# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directors that are real servers of their own cluster: how keepalived and systemd keep them from balancing twice.

With handover keepalived reads a copy of its configuration that has virtual servers on a master alone. A script makes
the copy, and is told of each change of state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node

__all__ = ["COPY", "SCRIPT", "notified", "unit"]

SCRIPT = "/etc/keepalived/lvs-cluster-handover"
"""The script that makes the copy."""

COPY = "/run/lvs-cluster/keepalived.conf"
"""The copy that keepalived reads with handover. The script has this path, too."""


_IPVSADM = "/sbin/ipvsadm"
_OPTIONS = {"port": "--mcast-port", "ttl": "--mcast-ttl", "group": "--mcast-group", "maxlen": "--sync-maxlen"}


def notified(director: Mapping[str, Any]) -> list[Node]:
    """What each VRRP instance of a DIRECTOR plan has for the director's form."""
    if director.get("colocated") != "handover":
        return []
    return [Node("notify", (f"{SCRIPT} {director['witness']}", "root"))]


def unit(director: Mapping[str, Any], ip: str = "/bin/ip") -> dict[str, dict[str, Any]]:
    """Settings of keepalived's unit, as systemd_dropin takes them, for a DIRECTOR plan. ``ip``: that program's path."""
    # However often it dies. Only keepalived itself is told to stop: what it calls then (notify_stop) comes to its end.
    service: dict[str, Any] = {"Restart": "on-failure", "RestartSec": 1, "KillMode": "process"}
    if director.get("colocated") == "handover":
        script = f"{SCRIPT} {director['witness']}"
        service["ExecStartPre"] = f"{script} start"
        service["ExecStart"] = ["", f"/usr/sbin/keepalived --dont-fork $DAEMON_ARGS --use-file {COPY}"]
        service["ExecStartPost"] = f"-{script}"
        service["ExecReload"] = ["", f"{script} write", "/bin/kill -HUP $MAINPID"]
    elif director.get("colocated") == "backup_only":
        # keepalived has its table before it has made the host a backup. Where a daemon is left this fails, as it may.
        service["ExecStartPre"] = f"-{_become_backup(director)}"
    if director.get("colocated"):
        service["ExecStopPost"] = [
            f"-/bin/sh -c 'test $$SERVICE_RESULT = success || {one}'" for one in _undo(director, ip)
        ]
    return {"Unit": {"StartLimitIntervalSec": 0}, "Service": service}


def _undo(director: Mapping[str, Any], ip: str) -> Iterator[str]:
    """What a keepalived that died can't do any more: become a backup before a peer becomes master.

    While both sync daemons run a host counts as a backup, so nothing is balanced from the first line on.
    """
    yield _become_backup(director)
    yield f"{_IPVSADM} --stop-daemon master"
    for instance in director["vrrp_instances"]:
        for entry in [*instance["virtual_ipaddress"], *(instance.get("virtual_ipaddress_excluded") or [])]:
            yield f"{ip} address delete {entry['address']} dev {entry.get('dev') or instance['interface']}"


def _become_backup(director: Mapping[str, Any]) -> str:
    """Start the sync daemon in the role of a backup, with what keepalived would give it: a daemon that runs stays."""
    first = director["vrrp_instances"][0]
    # With handover it has nothing to synchronise: it is there because the kernel balances nothing meanwhile.
    daemon = director.get("sync_daemon") or {"interface": first["interface"], "instance": first["name"]}
    numbers = {instance["name"]: instance["virtual_router_id"] for instance in director["vrrp_instances"]}
    words = [_IPVSADM, "--start-daemon", "backup", "--mcast-interface", daemon["interface"]]
    # keepalived's default: the number of the virtual router.
    words += ["--syncid", str(daemon.get("id", numbers[daemon["instance"]]))]
    for key, option in _OPTIONS.items():
        words += [option, str(daemon[key])] if daemon.get(key) else []
    return " ".join(words)
