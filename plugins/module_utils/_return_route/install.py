# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the return route on a real server, its service, and the timer that undoes an unconfirmed change."""

from __future__ import annotations

import io
import os
import pkgutil
import stat
import zipfile
from typing import Any, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._return_route.agent import (
    PENDING,
    ROLLBACK_DIR,
    SERVICE,
    UNDONE,
    boot_id,
    drop_pending,
)
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.kernel import (
    CONFIG,
    Command,
    remove_file,
    to_json,
    write_file,
)
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.model import RouteError
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.options import table_names

PACKAGE = "ansible_collections.lvs.cluster.plugins.module_utils._return_route"
TABLES = "/etc/iproute2/rt_tables.d/lvs.conf"
AGENT = "/usr/local/lib/lvs-cluster/return-route"
UNIT = "/etc/systemd/system/" + SERVICE
PATHS = (CONFIG, TABLES, AGENT, UNIT)
ROLLBACK_UNIT = "lvs-return-route-rollback"
HEADER = "# Managed by lvs.cluster (Ansible): changes made here are lost"
# iproute2 reads the first rt_tables it finds of these folders, and all files of their rt_tables.d.
TABLE_FOLDERS = ("/etc/iproute2", "/usr/share/iproute2", "/usr/lib/iproute2")
# Debian 13 has no /etc/iproute2 of its own; where a package owns these folders they are not empty.
_OUR_FOLDERS = (
    "/etc/lvs-cluster",
    "/usr/local/lib/lvs-cluster",
    "/var/lib/lvs-cluster",
    "/etc/iproute2/rt_tables.d",
    "/etc/iproute2",
)


class Placed(NamedTuple):
    """A file: its bytes and its permission bits."""

    data: bytes
    mode: int = 0o644


def interpreter(running: str) -> str:
    """The distribution's Python where there is one: the module's own may be a virtual environment's."""
    return "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else running


def agent_archive(python: str) -> bytes:
    """The agent as one executable file: a zip archive with a "#!" line (PEP 441), the same bytes for the same source.

    Read through the import system, because a module itself runs out of a zip archive (AnsiballZ).
    """
    folder = PACKAGE.replace(".", "/")
    parents = folder.split("/")
    members = {"/".join(parents[: depth + 1]) + "/__init__.py": b"" for depth in range(len(parents))}
    for name in ("model.py", "kernel.py", "agent.py"):
        source = pkgutil.get_data(PACKAGE, name)
        if source is None:
            raise RouteError(f"the collection lacks {name} of the agent: install it again")
        members[f"{folder}/{name}"] = source
    members["__main__.py"] = f"import sys\nfrom {PACKAGE}.agent import main\nsys.exit(main(sys.argv))\n".encode()
    buffer = io.BytesIO()
    buffer.write(f"#!{python} -IS\n".encode())
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        for path in sorted(members):
            archive.writestr(zipfile.ZipInfo(path), members[path])
    return buffer.getvalue()


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


def read_file(path: str) -> Placed | None:
    """A file as it stands, None if there is none; RouteError if it cannot be told."""
    try:
        with open(path, "rb") as handle:
            return Placed(handle.read(), stat.S_IMODE(os.fstat(handle.fileno()).st_mode))
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise RouteError(f"cannot read {path}: {exc}") from exc


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


def place(files: dict[str, Placed | None], had: dict[str, Placed | None]) -> None:
    """Writes what differs and removes what should be absent."""
    for path, placed in files.items():
        if placed == had[path]:
            continue
        if placed is None:
            remove_file(path)
        else:
            write_file(path, placed.data, placed.mode)


def remove_empty_folders() -> None:
    for folder in _OUR_FOLDERS:
        if os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)


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


def _systemctl(run: Command, *argv: str) -> None:
    code, out, err = run(("systemctl", *argv))
    if code:
        raise RouteError(f"systemctl {' '.join(argv)} failed with status {code}: {err or out.strip()}")


def is_enabled(run: Command) -> bool:
    """Whether the service starts at boot; RouteError where there is no systemd to ask."""
    code, _out, err = run(("systemctl", "is-enabled", "--quiet", SERVICE))
    if code == 127:
        raise RouteError(f"{err}: the return route is kept by a systemd service, so this host needs systemd")
    return code == 0


def is_active(run: Command) -> bool:
    return run(("systemctl", "is-active", "--quiet", SERVICE))[0] == 0


def start_service(run: Command, unit_changed: bool, agent_changed: bool) -> None:
    """Enabled and running, with the program that is installed now. It reads its configuration again by itself."""
    if unit_changed:
        reload_units(run)
    _systemctl(run, "enable", "--quiet", SERVICE)
    _systemctl(run, "restart" if unit_changed or agent_changed else "start", SERVICE)


def stop_service(run: Command) -> None:
    """Stopped and disabled; call it while the unit file is there. Rules and routes stay as they are."""
    _systemctl(run, "disable", "--now", "--quiet", SERVICE)


def reload_units(run: Command) -> None:
    _systemctl(run, "daemon-reload")


def need_timer(run: Command) -> None:
    """RouteError if there is no way to undo a change later."""
    if run(("systemd-run", "--version"))[0] != 0:
        raise RouteError(
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
        raise RouteError(f"nothing was changed: the timed rollback could not be armed: {err or out.strip()}")


def armed() -> bool:
    return os.path.exists(PENDING)


def disarm(run: Command) -> bool:
    """Confirms a change; False if there was none to confirm. RouteError if it was undone before."""
    if os.path.exists(UNDONE):
        raise RouteError(
            "the change of the return route was undone, because it was not confirmed in time: see "
            f"'journalctl -u {ROLLBACK_UNIT}', find out why this host could not be reached, and run the playbook again"
        )
    if not armed():
        return False
    _systemctl(run, "stop", ROLLBACK_UNIT + ".timer")
    drop_pending()
    return True


def forget_undone() -> None:
    """A new change starts with a clean sheet."""
    remove_file(UNDONE)
