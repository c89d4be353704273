# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of others that load rules over whole tables, and how a service of ours comes after each of their starts."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command

__all__ = ["NAMES", "follows", "in_use", "service_lines", "unit_lines"]

# Some load them when they start, some when they are reloaded, too.
NAMES = tuple(
    f"{name}.service" for name in ("netfilter-persistent", "iptables", "ip6tables", "nftables", "firewalld", "ufw")
)
_FIREWALLD = "firewalld.service"
_RUNNING = ("active", "activating", "reloading")
_ENABLED = ("enabled", "enabled-runtime")


class _Unit(NamedTuple):
    name: str
    running: bool
    conflicts: frozenset[str]


def in_use(run: Command) -> tuple[str, ...]:
    """Those that run, or start at boot: no two that exclude each other, and each by its own name alone.

    A service that is a part of two that exclude each other (``Conflicts=``) is told to start and to stop when one of
    them starts, and systemd refuses that start: https://github.com/systemd/systemd/issues/2830.
    """
    properties = "--property=Id,UnitFileState,ActiveState,Conflicts"
    code, out, _err = run(("systemctl", "show", properties, *NAMES))
    found: list[_Unit] = []
    for block in out.split("\n\n") if code == 0 else ():
        told = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        running = told.get("ActiveState") in _RUNNING
        if running or told.get("UnitFileState") in _ENABLED:
            found.append(_Unit(told["Id"], running, frozenset(told.get("Conflicts", "").split())))
    chosen: dict[str, _Unit] = {}
    for unit in sorted(found, key=lambda one: not one.running):
        if not any(unit.name in other.conflicts or other.name in unit.conflicts for other in chosen.values()):
            chosen[unit.name] = unit
    return tuple(sorted(chosen))


def follows(used: tuple[str, ...]) -> bool:
    """Whether the service of ours stays and listens: firewalld can be reloaded without systemd's knowing."""
    return _FIREWALLD in used


def unit_lines(used: tuple[str, ...]) -> str:
    """Lines of a unit's first section: it starts after all of them, and again after each of ``used`` that does.

    But for firewalld, where it is used: the service follows that by itself, and does not stop with it.
    """
    followed = {_FIREWALLD} if follows(used) else set()
    others = [name for name in used if name not in followed]
    part = f"PartOf={' '.join(others)}\n" if others else ""
    reload_from = " ".join(name for name in NAMES if name not in followed)
    return f"After={' '.join(NAMES)}\n{part}ReloadPropagatedFrom={reload_from}\n"


def service_lines(program: str, verb: str, used: tuple[str, ...]) -> str:
    """Lines of its second section: the program runs once with ``verb``, or stays and runs itself after firewalld.

    One that failed is tried again. ``program``: it must know "follow", too, see follow.follow().
    """
    once = f"Type=oneshot\nRemainAfterExit=yes\nExecStart={program} {verb}\n"
    start = f"Type=notify\nExecStart={program} follow\n" if follows(used) else once
    return f"{start}ExecReload={program} {verb}\nRestart=on-failure\nRestartSec=5\nTimeoutStartSec=60\n"
