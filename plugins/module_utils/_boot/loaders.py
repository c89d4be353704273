# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of others that load rules over whole tables, and how a service of ours comes after each of their starts."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command

__all__ = ["NAMES", "in_use", "unit_lines"]

# Some load them when they start, some when they are reloaded, too.
NAMES = tuple(
    f"{name}.service" for name in ("netfilter-persistent", "iptables", "ip6tables", "nftables", "firewalld", "ufw")
)
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


def unit_lines(used: tuple[str, ...]) -> str:
    """Lines of a unit's first section: it starts after all of them, and again after each of ``used`` that does."""
    names = " ".join(NAMES)
    part = f"PartOf={' '.join(used)}\n" if used else ""
    return f"After={names}\n{part}ReloadPropagatedFrom={names}\n"
