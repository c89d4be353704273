# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failover on a host: its files, its service, and one run of the module clusterip_failover."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from typing import Any, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, program, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import HEADER, Placed, to_json
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.health import Check, Rhythm
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.probes import probe
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.program import NAME
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.settings import (
    Places,
    check_of,
    conf_path,
    digest,
    settings_path,
)
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.trial import first_bad
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import verdict

__all__ = ["AGENT_MODULES", "SERVICE", "Situation", "compare", "diff", "is_good", "perform", "unit_text"]

SERVICE = f"{NAME}.service"
AGENT = f"{program.FOLDER}/{NAME}"
UNIT = f"{systemd.FOLDER}/{SERVICE}"
PATIENCE = 15  # seconds
_FAILOVER = ("choices", "delivery", "health", "probes", "settings", "states", "supervisor")
AGENT_MODULES = (
    *("_boot.errors", "_boot.files", "_boot.watch", "_clusterip.arp"),
    *(
        "_clusterip.backends.interface",
        "_clusterip.backends.known",
        "_clusterip.backends.chains",
        "_clusterip.backends.legacy",
    ),
    *("_clusterip.backends.nftables", "_clusterip.backends.xt_cluster", "_clusterip.commands", "_clusterip.model"),
    *("_clusterip.ndp", "_clusterip.nft", "_clusterip.reach"),
    *(f"_clusterip.failover.{name}" for name in _FAILOVER),
)


def unit_text(python: str) -> str:
    """The service. When it ends, in whatever way, all buckets are given back; its keepalived ends with it."""
    return f"""{HEADER}
[Unit]
Description=Failover of the cluster IPs of this node
After=network.target lvs-clusterip.service lvs-clusterip-addresses.service
RequiresMountsFor={Places().config_dir} {Places().choices_dir} {program.FOLDER}
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={python} -IS {AGENT} run
ExecReload=/bin/kill -HUP $MAINPID
ExecStopPost={python} -IS {AGENT} release
TimeoutStopSec=20
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
"""


class Situation(NamedTuple):
    """What stands and what is wanted.

    loaded: whether the service runs and has read what stands. good: whether it runs and finds this node fit to serve.
    """

    present: bool
    had: Mapping[str, Placed | None]
    files: Mapping[str, Placed | None]
    enabled: bool
    active: bool
    loaded: bool
    good: bool

    @property
    def changed(self) -> bool:
        return self.had != self.files or self.enabled != self.present or self.loaded != self.present

    @property
    def shared(self) -> bool:
        """Whether nodes with and without this change would not hear each other, or both serve a bucket."""
        conf = conf_path(Places())
        return _agreed(self.had[conf]) != _agreed(self.files[conf])

    @property
    def restart(self) -> bool:
        """Whether its program or its unit differ, which a reload does not read again."""
        return any(self.had[path] != self.files[path] for path in (AGENT, UNIT))


def _agreed(placed: Placed | None) -> list[str]:
    """The lines in which nodes must not differ: where and by which ids VRRP speaks; none without VRRP."""
    words = ("interface ", "virtual_router_id ", "advert_int ")
    lines = placed.data.decode(errors="replace").splitlines() if placed else []
    return [line.strip() for line in lines if line.strip().startswith(words)]


def compare(run: Command, config: str, settings: Mapping[str, Any] | None, python: str) -> Situation:
    """Reads everything; changes nothing. ``settings`` is what failover.json holds but the paths; None: absent."""
    places = Places()
    wanted: dict[str, Placed | None] = dict.fromkeys((settings_path(places), conf_path(places), AGENT, UNIT))
    if settings is not None:
        keepalived = {"keepalived": "/usr/sbin/keepalived", "config": conf_path(places)}
        wanted[settings_path(places)] = Placed(to_json({**settings, **keepalived}))
        wanted[conf_path(places)] = Placed(config.encode(), 0o640)
        wanted[AGENT] = Placed(program.archive(python, "_clusterip.failover.program", AGENT_MODULES), 0o755)
        wanted[UNIT] = Placed(unit_text(python).encode())
    active = systemd.is_active(run, SERVICE)
    return Situation(
        present=settings is not None,
        had={path: files.read_file(path) for path in wanted},
        files=wanted,
        enabled=systemd.is_enabled(run, SERVICE, "the failover of cluster IPs"),
        active=active,
        loaded=active and _is_loaded(places),
        good=active and is_good(places),
    )


def check_config(run: Command, config: str, folder: str) -> None:
    """Has keepalived test the configuration; BootError with what it says if it refuses it."""
    # keepalived wants to see the folders of the files that it is to watch.
    for place in (Places().run_dir, Places().choices_dir):
        os.makedirs(place, mode=0o755, exist_ok=True)
    handle, path = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(config)
        code, out, err = run(("timeout", "--kill-after=5", str(verdict.LONGEST), "keepalived", "-t", "-f", path))
    finally:
        os.unlink(path)
    if code == 127:
        raise BootError("keepalived is not installed: the failover of cluster IPs needs it")
    ruling = verdict.judge(code, out + err, config)
    if isinstance(ruling, verdict.Refuse):
        said = "; ".join([*ruling.reasons, *(complaint.text for complaint in ruling.complaints)])
        raise BootError(f"keepalived refuses the configuration of the failover, and nothing was changed: {said}")


def diff(situation: Situation) -> dict[str, Any]:
    """{"before": {...}, "after": {...}}: texts of the configurations, and files and service, where they differ."""
    sides: dict[str, dict[str, Any]] = {"before": {}, "after": {}}
    for path, placed in situation.files.items():
        had = situation.had[path]
        if had != placed:
            text = path not in (AGENT, UNIT)
            sides["before"][path] = _shown(had, text)
            sides["after"][path] = _shown(placed, text)
    service = (_service(situation.enabled, situation.loaded), _service(situation.present, situation.present))
    if service[0] != service[1]:
        sides["before"]["service"], sides["after"]["service"] = service
    return sides


def _shown(placed: Placed | None, text: bool) -> Any:
    if placed is None:
        return "absent"
    return placed.data.decode(errors="replace").splitlines() if text else f"{len(placed.data)} bytes"


def _service(enabled: bool, loaded: bool) -> str:
    return f"{'enabled' if enabled else 'not enabled'}, {'running with these files' if loaded else 'not running so'}"


def perform(run: Command, situation: Situation) -> None:
    """Makes the change: a reload where that will do, because what a node serves must not move for nothing."""
    if not situation.present:
        if situation.had[UNIT] is not None:
            systemd.stop(run, SERVICE)
        # Before the files: where they are gone, a run after one that was killed here finds nothing to do.
        for place in (Places().run_dir, Places().choices_dir):
            shutil.rmtree(place, ignore_errors=True)
        files.place(situation.files, situation.had)
        if situation.had[UNIT] is not None:
            systemd.reload_units(run)
        files.remove_empty_folders()
        return
    _try_new_checks(situation)
    try:
        _bring(run, situation)
    except (BootError, OSError):
        if situation.active and situation.restart:
            # What has not been started must not look as if it had been: the next run has to see the difference.
            files.place({path: situation.had[path] for path in (AGENT, UNIT)}, situation.files)
        raise


def _try_new_checks(situation: Situation) -> None:
    """BootError if a check that the service does not know would make this node bad, which is good without it."""
    path = settings_path(Places())
    had, wanted = _file_data(situation.had[path]), _file_data(situation.files[path])
    known = set(_checks(had))
    new = [check for check in _checks(wanted) if check not in known]
    if not situation.good or not new:
        return
    rhythm = Rhythm(float(wanted["interval"]), int(wanted["fall"]), int(wanted["rise"]))
    bad = first_bad(new, rhythm, probe)
    if bad:
        raise BootError(
            f"a new health check is bad on this node, which serves by those that it has: {bad} (asked {rhythm.fall} "
            "times). The failover was left as it was. See that the server answers there, or correct health_checks of "
            "the cluster IP"
        )


def _file_data(placed: Placed | None) -> dict[str, Any]:
    """What is in failover.json; nothing if that is no text of ours."""
    try:
        data = json.loads(placed.data) if placed else {}
    except ValueError:
        data = {}
    return data if isinstance(data, dict) else {}


def _checks(data: Mapping[str, Any]) -> list[Check]:
    try:
        return [check_of(item) for item in data.get("checks", ())]
    except (AttributeError, KeyError, TypeError, ValueError):
        return []


def is_good(places: Places) -> bool:
    """Whether the service, while it runs, finds this node fit to serve."""
    health = files.read_file(places.health)
    return health is not None and health.data.strip() == b"0"


def _bring(run: Command, situation: Situation) -> None:
    files.place(situation.files, situation.had)
    if situation.had[UNIT] != situation.files[UNIT]:
        systemd.reload_units(run)
    systemd.systemctl(run, "enable", "--quiet", SERVICE)
    if not situation.active:
        systemd.systemctl(run, "start", SERVICE)
    elif situation.restart:
        systemd.systemctl(run, "restart", SERVICE)
    else:
        systemd.systemctl(run, "reload", SERVICE)
    _wait_until_loaded()


def _wait_until_loaded() -> None:
    """Until the service has read the files that stand now: a reload only sends a signal."""
    places, deadline = Places(), time.monotonic() + PATIENCE
    while not _is_loaded(places):
        if time.monotonic() > deadline:
            raise BootError(f"{SERVICE} has not taken its files within {PATIENCE} seconds: see journalctl -u {SERVICE}")
        time.sleep(0.1)


def _is_loaded(places: Places) -> bool:
    loaded = files.read_file(places.loaded)
    return loaded is not None and loaded.data.decode(errors="replace").strip() == digest(places)
