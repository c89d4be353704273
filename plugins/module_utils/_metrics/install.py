# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exporter on a host: its settings, its program, its service and timer; one run of the module director_metrics."""

from __future__ import annotations

import contextlib
import os
from typing import Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, program, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import HEADER, Placed, to_json
from ansible_collections.lvs.cluster.plugins.module_utils._metrics.program import FILE, NAME, Settings

__all__ = ["MODULES", "Situation", "compare", "diff", "paths", "perform", "service_text", "timer_text"]

CONFIG = "/etc/lvs-cluster/metrics.json"
SERVICE, TIMER = f"{NAME}.service", f"{NAME}.timer"
SECONDS = 15
MAIN = "_metrics.program"
# PrivateTmp and ProtectHome of the service hide what is there (systemd.exec(5)).
HIDDEN = ("/tmp", "/var/tmp", "/home", "/root", "/run/user")
MODULES = (
    *("_boot.alone", "_boot.commands", "_boot.errors", "_boot.files", "_store", "_operator.overrides"),
    *(f"_clusterip.{name}" for name in ("arp", "commands", "kept", "model", "ndp", "nft", "reach")),
    *(f"_clusterip.backends.{name}" for name in ("chains", "interface", "known", "legacy", "nftables", "xt_cluster")),
    *(f"_ipvs.{name}" for name in ("errors", "host", "model", "netlink", "operations", "options", "ownership")),
    *(f"_ipvs.{name}" for name in ("transport", "values", "wire")),
    *(f"_keepalived.{name}" for name in ("colocated", "conf", "dump", "owner", "pending", "process", "program")),
    *(f"_keepalived.{name}" for name in ("text", "tree", "vrrp_states", "wanted", "weight_files", "weights")),
    *(f"_metrics.{name}" for name in ("drift", "exposition", "model")),
)


class Paths(NamedTuple):
    """Where the parts are; the figures are in a folder of their own, as the settings say."""

    config: str
    program: str
    service: str
    timer: str


def paths() -> Paths:
    return Paths(CONFIG, f"{program.FOLDER}/{NAME}", f"{systemd.FOLDER}/{SERVICE}", f"{systemd.FOLDER}/{TIMER}")


def service_text(python: str, folder: str) -> str:
    """The service: reads the kernel's table and rules and other processes of root, and writes to one folder.

    /run is for the lock of iptables. Without LogLevelMax the journal would get two lines of systemd's each time.
    """
    where = paths()
    return f"""{HEADER}
[Unit]
Description=Figures of an LVS cluster for Prometheus
RequiresMountsFor={folder} {program.FOLDER} /etc/lvs-cluster

[Service]
Type=oneshot
ExecStart={python} -IS {where.program} {where.config}
TimeoutStartSec=60
LogLevelMax=notice
SyslogLevel=warning
Nice=10
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_SYS_PTRACE CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH
ProtectSystem=strict
ReadWritePaths={folder} /run
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
SystemCallArchitectures=native
"""


def timer_text() -> str:
    return f"""{HEADER}
[Unit]
Description=Figures of an LVS cluster for Prometheus, every {SECONDS} seconds

[Timer]
OnActiveSec=0
OnUnitActiveSec={SECONDS}
AccuracySec=1

[Install]
WantedBy=timers.target
"""


class Situation(NamedTuple):
    """What stands and what is wanted.

    ``figures``: files with figures that must go. ``made``: folders that we made and that go with them, if empty.
    """

    present: bool
    had: Mapping[str, Placed | None]
    files: Mapping[str, Placed | None]
    enabled: bool
    active: bool
    missing: tuple[str, ...]
    figures: tuple[str, ...]
    made: tuple[str, ...]

    @property
    def changed(self) -> bool:
        differs = self.had != self.files or bool(self.missing) or bool(self.figures)
        return differs or not (self.enabled == self.active == self.present)


def compare(run: Command, settings: Settings | None, python: str) -> Situation:
    """Reads everything; changes nothing. None: absent."""
    where = paths()
    had = {path: files.read_file(path) for path in where}
    before = files.read_json(where.config) or {}
    made = [str(one) for one in before.get("made", [])]
    old = str(before.get("folder", ""))
    wanted: dict[str, Placed | None] = dict.fromkeys(where)
    missing: list[str] = []
    if settings is not None:
        _check(settings)
        missing = _missing(settings.folder)
        keep = [one for one in made if f"{settings.folder}/".startswith(f"{one}/")]
        content = {**settings._asdict(), "made": sorted({*keep, *missing})}
        wanted[where.config] = Placed(to_json(content))
        wanted[where.program] = Placed(program.archive(python, MAIN, MODULES), 0o755)
        wanted[where.service] = Placed(service_text(python, settings.folder).encode())
        wanted[where.timer] = Placed(timer_text().encode())
        made = [one for one in made if one not in keep]
    moved = old and (settings is None or settings.folder != old) and os.path.lexists(f"{old}/{FILE}")
    return Situation(
        present=settings is not None,
        had=had,
        files=wanted,
        enabled=systemd.is_enabled(run, TIMER, "the export of figures"),
        active=systemd.is_active(run, TIMER),
        missing=tuple(missing),
        figures=(f"{old}/{FILE}",) if moved else (),
        made=tuple(made),
    )


def _check(settings: Settings) -> None:
    folder = settings.folder
    if not os.path.isabs(folder) or os.path.normpath(folder) != folder or any(char in folder for char in " \t\n%\"'\\"):
        raise BootError(
            f"folder: {folder!r} is no folder for a unit of systemd: write an absolute path without blanks, quotes, "
            "percent signs and a slash at its end"
        )
    hidden = next((one for one in HIDDEN if f"{folder}/".startswith(f"{one}/")), None)
    if hidden is not None:
        raise BootError(
            f"folder: {folder} is in {hidden}, which is hidden from the service that writes: name a folder elsewhere, "
            "as in /var/lib, and have node_exporter read that one"
        )
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise BootError(f"folder: {folder} is no folder: move it away, or name another one")


def _missing(folder: str) -> list[str]:
    """The folders that must be made, from the outermost."""
    found: list[str] = []
    while not os.path.isdir(folder):
        found.insert(0, folder)
        folder = os.path.dirname(folder)
    return found


def diff(situation: Situation) -> dict[str, str]:
    """A line for each file, folder and the timer, where they differ; the settings as text."""
    before, after = "", ""
    for path, placed in situation.files.items():
        had = situation.had[path]
        if had != placed:
            before += _shown(path, had)
            after += _shown(path, placed)
    for path in situation.missing:
        after += f"{path}: a folder\n"
    for path in situation.figures:
        before += f"{path}: present\n"
    states = [(situation.enabled, situation.active), (situation.present, situation.present)]
    if states[0] != states[1]:
        lines = [f"{TIMER}: {'' if one else 'not '}enabled, {'' if two else 'not '}active\n" for one, two in states]
        before, after = before + lines[0], after + lines[1]
    return {"before": before, "after": after}


def _shown(path: str, placed: Placed | None) -> str:
    if placed is None:
        return f"{path}: absent\n"
    return f"{path}: {len(placed.data)} bytes\n" if path == paths().program else placed.data.decode(errors="replace")


def perform(run: Command, situation: Situation) -> None:
    where = paths()
    if not situation.present and situation.had[where.timer] is not None:
        # First the timer: what it starts must not write again.
        systemd.stop(run, TIMER)
        systemd.systemctl(run, "stop", SERVICE)
    for folder in situation.missing:
        os.mkdir(folder)
        os.chmod(folder, 0o755)
    files.place(situation.files, situation.had)
    units_changed = any(situation.had[path] != situation.files[path] for path in (where.service, where.timer))
    if situation.present:
        systemd.start(run, TIMER, unit_changed=units_changed, program_changed=False)
    elif units_changed:
        systemd.reload_units(run)
    for path in situation.figures:
        files.remove_file(path)
    for folder in sorted(situation.made, reverse=True):
        with contextlib.suppress(OSError):
            os.rmdir(folder)
    files.remove_empty_folders()
