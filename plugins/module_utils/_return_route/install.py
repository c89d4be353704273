# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the return route on a real server, its service, and the timer that undoes an unconfirmed change."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._boot import program, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import (
    HEADER,
    Placed,
    read_file,
    read_json,
    remove_file,
    to_json,
    write_file,
)
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.agent import (
    PENDING,
    ROLLBACK_DIR,
    SERVICE,
    UNDONE,
    boot_id,
    drop_pending,
)
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.kernel import CONFIG
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.options import table_names

TABLES = "/etc/iproute2/rt_tables.d/lvs.conf"
AGENT = program.FOLDER + "/return-route"
UNIT = f"{systemd.FOLDER}/{SERVICE}"
PATHS = (CONFIG, TABLES, AGENT, UNIT)
ROLLBACK_UNIT = "lvs-return-route-rollback"
AGENT_MODULES = (
    "_boot.alone",
    "_boot.commands",
    "_boot.errors",
    "_boot.files",
    "_boot.watch",
    "_return_route.kernel",
    "_return_route.model",
)
# iproute2 reads the first rt_tables it finds of these folders, and all files of their rt_tables.d.
TABLE_FOLDERS = ("/etc/iproute2", "/usr/share/iproute2", "/usr/lib/iproute2")


def agent_archive(python: str) -> bytes:
    """The service's program."""
    return program.archive(python, "_return_route.agent", AGENT_MODULES)


def unit_text(python: str) -> str:
    """The service. After network.target: ifupdown's own ``ip route add default`` fails where ours is there first."""
    return f"""{HEADER}
[Unit]
Description=Return route of a real server through its LVS director
After=network-pre.target network.target

[Service]
Type=notify
ExecStart={python} -IS {AGENT} run
Restart=on-failure
RestartSec=2
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
"""


def wanted_files(config: dict[str, Any] | None, python: str) -> dict[str, Placed | None]:
    """What each of PATHS should be; None: absent."""
    if config is None:
        return dict.fromkeys(PATHS)
    names = table_names(config)
    lines = [HEADER, *(f"{number} {name}" for number, name in sorted(names.items()))]
    return {
        CONFIG: Placed(to_json(config)),
        TABLES: Placed(("\n".join(lines) + "\n").encode()) if names else None,
        AGENT: Placed(agent_archive(python), 0o755),
        UNIT: Placed(unit_text(python).encode()),
    }


def read_table_files() -> dict[str, str]:
    """Every file that names routing tables, but ours: path -> text."""
    found: dict[str, str] = {}
    for folder in TABLE_FOLDERS:
        extra = os.path.join(folder, "rt_tables.d")
        names = sorted(os.listdir(extra)) if os.path.isdir(extra) else []
        paths = [os.path.join(extra, name) for name in names if name.endswith(".conf")]
        for path in [os.path.join(folder, "rt_tables"), *paths]:
            placed = read_file(path) if path != TABLES else None
            if placed is not None:
                found[path] = placed.data.decode(errors="replace")
    return found


def snapshot(config: dict[str, Any] | None, had: dict[str, Placed | None], enabled: bool) -> dict[str, Any]:
    """What agent.restore() needs to bring this state back."""
    return {
        "boot_id": boot_id(),
        "config": config,
        "enabled": enabled,
        "files": {
            path: None if placed is None else {"text": placed.data.decode("latin-1"), "mode": placed.mode}
            for path, placed in had.items()
        },
    }


# --- systemd ----------------------------------------------------------------------------------------------------


def need_timer(run: Command) -> None:
    """BootError if there is no way to undo a change later."""
    if run(("systemd-run", "--version"))[0] != 0:
        raise BootError(
            "this change moves the answers to Ansible's own connection onto another route, and systemd-run, which "
            "would undo it should Ansible not come back, is missing: install systemd, or reach this host by another "
            "address"
        )


def arm(run: Command, kept: dict[str, Any], python: str, seconds: int) -> None:
    """Undoes what follows after that many seconds, unless it is confirmed.

    A change on top of an unconfirmed one keeps the older snapshot: that is the last state known to be good.
    """
    run(("systemctl", "stop", ROLLBACK_UNIT + ".timer"))
    run(("systemctl", "reset-failed", ROLLBACK_UNIT + ".service"))
    was_armed = armed()
    if not was_armed:
        write_file(os.path.join(ROLLBACK_DIR, "agent"), agent_archive(python), 0o700)
        write_file(PENDING, to_json(kept), 0o600)
    timer = (f"--unit={ROLLBACK_UNIT}", f"--on-active={seconds}", "--timer-property=AccuracySec=1s", "--collect")
    argv = ("systemd-run", "--quiet", *timer, python, "-IS", os.path.join(ROLLBACK_DIR, "agent"), "rollback")
    code, out, err = run(argv)
    if code:
        if not was_armed:
            drop_pending()
        raise BootError(f"nothing was changed: the timed rollback could not be armed: {err or out.strip()}")


def armed() -> bool:
    """Whether a change waits for its confirmation; one of before a reboot has lost its timer, and waits for nobody."""
    pending = read_json(PENDING)
    return pending is not None and pending.get("boot_id") == boot_id()


def disarm(run: Command) -> bool:
    """Confirms a change; False if there was none to confirm. BootError if it was undone before."""
    refuse_undone()
    if not armed():
        drop_pending()
        return False
    systemd.systemctl(run, "stop", ROLLBACK_UNIT + ".timer")
    drop_pending()
    return True


def refuse_undone() -> None:
    """BootError if the change was undone before it was confirmed."""
    if os.path.exists(UNDONE):
        raise BootError(
            "the change of the return route was undone, because it was not confirmed in time: see "
            f"'journalctl -u {ROLLBACK_UNIT}', find out why this host could not be reached, and run the playbook again"
        )


def forget_undone() -> None:
    """A new change starts with a clean sheet."""
    remove_file(UNDONE)
