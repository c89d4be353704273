# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service of ours: whether it is enabled and running, and how it becomes so."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

__all__ = ["FOLDER", "is_active", "is_enabled", "reload_units", "start", "stop", "systemctl"]

FOLDER = "/etc/systemd/system"


def systemctl(run: Command, *argv: str) -> None:
    code, out, err = run(("systemctl", *argv))
    if code:
        raise BootError(f"systemctl {' '.join(argv)} failed with status {code}: {err or out.strip()}")


def is_enabled(run: Command, service: str, what: str) -> bool:
    """Whether the service starts at boot; BootError where there is no systemd to ask.

    ``what`` is kept by it, in the words of a message, as in "the return route".
    """
    code, _out, err = run(("systemctl", "is-enabled", "--quiet", service))
    if code == 127:
        raise BootError(f"{err}: {what} is kept by a systemd service, so this host needs systemd")
    return code == 0


def is_active(run: Command, service: str) -> bool:
    return run(("systemctl", "is-active", "--quiet", service))[0] == 0


def start(run: Command, service: str, *, unit_changed: bool, program_changed: bool) -> None:
    """Enabled and running, with the program that is installed now."""
    if unit_changed:
        reload_units(run)
    systemctl(run, "enable", "--quiet", service)
    systemctl(run, "restart" if unit_changed or program_changed else "start", service)


def stop(run: Command, service: str) -> None:
    """Stopped and disabled; call it while the unit file is there."""
    systemctl(run, "disable", "--now", "--quiet", service)


def reload_units(run: Command) -> None:
    systemctl(run, "daemon-reload")
