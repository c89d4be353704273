# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keepalived and systemd are told on a director that is a real server of its own cluster."""

from __future__ import annotations

from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import colocated
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render

INSTANCE: dict[str, Any] = {
    "name": "VI_1",
    "interface": "bond0",
    "virtual_router_id": 51,
    "priority": 100,
    "virtual_ipaddress": [{"address": "10.0.0.5/24"}],
    "virtual_ipaddress_excluded": [{"address": "fd00::5/64", "dev": "eth1"}],
}
ALWAYS = {"Restart": "on-failure", "RestartSec": 1, "KillMode": "process"}


def director(**changes: Any) -> dict[str, Any]:
    return {"global": {}, "vrrp_instances": [INSTANCE], "services": [], **changes}


def test_a_director_that_serves_nothing_itself() -> None:
    assert colocated.unit(director()) == {"Unit": {"StartLimitIntervalSec": 0}, "Service": ALWAYS}
    assert colocated.notified(director()) == []


def test_backup_only_makes_a_backup_of_a_host_whose_keepalived_died() -> None:
    """First it stops balancing, then it gives its addresses away; and nothing of it after a stop."""
    plan = director(colocated="backup_only", sync_daemon={"interface": "eth2", "instance": "VI_1"})
    service = colocated.unit(plan)["Service"]
    backup = "/sbin/ipvsadm --start-daemon backup --mcast-interface eth2 --syncid 51"
    assert service["ExecStartPre"] == f"-{backup}"
    only = "-/bin/sh -c 'test $$SERVICE_RESULT = success || "
    assert service["ExecStopPost"] == [
        f"{only}{backup}'",
        f"{only}/sbin/ipvsadm --stop-daemon master'",
        f"{only}/bin/ip address delete 10.0.0.5/24 dev bond0'",
        f"{only}/bin/ip address delete fd00::5/64 dev eth1'",
    ]
    assert colocated.notified(plan) == []


def test_sync_daemon_is_the_one_that_keepalived_would_start() -> None:
    daemon = {
        "interface": "eth2",
        "instance": "VI_1",
        "id": 7,
        "port": 8850,
        "ttl": 2,
        "group": "224.0.0.9",
        "maxlen": 99,
    }
    told = colocated.unit(director(colocated="backup_only", sync_daemon=daemon))["Service"]["ExecStartPre"]
    options = "--syncid 7 --mcast-port 8850 --mcast-ttl 2 --mcast-group 224.0.0.9 --sync-maxlen 99"
    assert told == f"-/sbin/ipvsadm --start-daemon backup --mcast-interface eth2 {options}"


def test_handover_reads_a_copy_and_is_told_of_each_state() -> None:
    plan = director(colocated="handover", witness="10.0.0.5")
    script = "/etc/keepalived/lvs-cluster-handover 10.0.0.5"
    only = "-/bin/sh -c 'test $$SERVICE_RESULT = success || "
    assert colocated.unit(plan)["Service"] == {
        **ALWAYS,
        "ExecStartPre": f"{script} start",
        "ExecStart": ["", "/usr/sbin/keepalived --dont-fork $DAEMON_ARGS --use-file /run/lvs-cluster/keepalived.conf"],
        "ExecStartPost": f"-{script}",
        "ExecReload": ["", f"{script} write", "/bin/kill -HUP $MAINPID"],
        "ExecStopPost": [
            f"{only}/sbin/ipvsadm --start-daemon backup --mcast-interface bond0 --syncid 51'",
            f"{only}/sbin/ipvsadm --stop-daemon master'",
            f"{only}/bin/ip address delete 10.0.0.5/24 dev bond0'",
            f"{only}/bin/ip address delete fd00::5/64 dev eth1'",
        ],
    }
    assert '    notify "/etc/keepalived/lvs-cluster-handover 10.0.0.5" root\n' in render(tree(plan))
