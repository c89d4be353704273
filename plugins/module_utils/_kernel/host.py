# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's side of kernel modules and sysctls: reading facts, and taking the steps of a plan with a way back."""

from __future__ import annotations

import os
import stat
from typing import Callable, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._kernel.plan import (
    Entry,
    Facts,
    Placed,
    Plan,
    Wanted,
    ledger_text,
    make_plan,
    modules_file,
    parse_ledger,
    paths_to_read,
    plain,
    sysctl_file,
)
from ansible_collections.lvs.cluster.plugins.module_utils._kernel.sysctl_d import (
    SettingsError,
    Source,
    canonical,
    key_of,
)

LEDGER = "/var/lib/lvs-cluster/sysctls.json"
# sysctl.d(5): the first folder that has a file name wins, and the files are read in the order of their names.
SYSCTL_FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
# Not systemd's own, but read last by procps' `sysctl --system`; Debian 12 links it into /etc/sysctl.d.
_SYSCTL_CONF = "/etc/sysctl.conf"


class Host(NamedTuple):
    """How to change things. write: path, text, permission bits; modprobe: arguments -> (status, standard error)."""

    write: Callable[[str, str, int], None]
    modprobe: Callable[[Sequence[str]], tuple[int, str]]
    root: str = ""


def _read_text(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            return handle.read()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise SettingsError(f"cannot read {path}: {exc}") from exc


def _placed(path: str) -> Placed | None:
    text = _read_text(path)
    return None if text is None else Placed(text, stat.S_IMODE(os.stat(path).st_mode))


def read_sysctl(host: Host, path: str) -> str | None:
    """The live value, None if there is no such sysctl; SettingsError if it cannot be told."""
    text = _read_text(f"{host.root}/proc/sys/{path}")
    return None if text is None else canonical(text)


def write_sysctl(host: Host, path: str, value: str) -> None:
    """Sets a value and looks whether the kernel took it as it is written."""
    try:
        with open(f"{host.root}/proc/sys/{path}", "w", encoding="utf-8") as handle:
            handle.write(value + "\n")
    except OSError as exc:
        raise SettingsError(f"sysctls: {key_of(path)}: the kernel refuses {value!r}: {exc.strerror}") from exc
    now = read_sysctl(host, path)
    if now != value:
        raise SettingsError(
            f"sysctls: {key_of(path)}: the kernel made {now!r} of {value!r}: write it as the kernel does"
        )


def read_sources(host: Host, owner: str) -> tuple[tuple[Source, ...], int]:
    """(the sysctl configuration without the owner's own file, how many files of it are read before that one)."""
    found: dict[str, str] = {}
    for folder in SYSCTL_FOLDERS:
        inside = host.root + folder
        for name in os.listdir(inside) if os.path.isdir(inside) else []:
            if name.endswith(".conf"):
                found.setdefault(name, os.path.join(folder, name))
    own = os.path.basename(sysctl_file(owner))
    found.pop(own, None)
    sources = []
    for name in sorted(found):
        text = _read_text(host.root + found[name])
        sources.append(Source(found[name], text or ""))
    plain_conf = host.root + _SYSCTL_CONF
    linked = any(os.path.realpath(host.root + path) == os.path.realpath(plain_conf) for path in found.values())
    text = None if linked else _read_text(plain_conf)
    if text is not None:
        sources.append(Source(_SYSCTL_CONF, text))
    return tuple(sources), sum(name < own for name in found)


def read_loaded(host: Host) -> frozenset[str]:
    """Modules that are loaded or built into the kernel."""
    listed = (_read_text(f"{host.root}/proc/modules") or "").splitlines()
    release = (_read_text(f"{host.root}/proc/sys/kernel/osrelease") or "").strip()
    builtin = (_read_text(f"{host.root}/lib/modules/{release}/modules.builtin") or "").split()
    folder = f"{host.root}/sys/module"
    # /sys/module lists a built-in module only if it has parameters.
    names = [line.split()[0] for line in listed if line.strip()] + (os.listdir(folder) if os.path.isdir(folder) else [])
    return frozenset(plain(name) for name in [*names, *(os.path.basename(path).split(".")[0] for path in builtin)])


def read_facts(host: Host, wanted: Wanted) -> Facts:
    """Everything that make_plan needs."""
    kept = _read_text(host.root + LEDGER)
    ledger = parse_ledger(kept, LEDGER) if kept is not None else {}
    sources, place = read_sources(host, wanted.owner)
    return Facts(
        files={path: _placed(host.root + path) for path in (modules_file(wanted.owner), sysctl_file(wanted.owner))},
        loaded=read_loaded(host),
        live={path: read_sysctl(host, path) for path in paths_to_read(wanted, ledger)},
        others=sources,
        place=place,
        ledger=ledger,
    )


def check_modules(host: Host, names: Sequence[str], only_check: bool) -> None:
    """SettingsError if a module that is to be loaded does not exist for the running kernel.

    only_check: a host that still lacks modprobe (status 127) is no fault.
    """
    faults = []
    for name in names:
        status, error = host.modprobe(["-n", name])
        if status == 127:
            faults += [] if only_check else [f"modules: {name}: {error}"]
        elif status:
            faults.append(f"modules: {name}: the running kernel has no such module: {error}")
    if faults:
        raise SettingsError("; ".join(faults))


def change(host: Host, wanted: Wanted, facts: Facts, plan: Plan) -> Plan:
    """Takes the steps of a plan; returns the plan as it was once the modules were loaded.

    SettingsError after having put back what this run had changed; loaded modules stay.
    """
    for name in plan.load:
        status, error = host.modprobe([name])
        if status:
            raise SettingsError(f"modules: {name} cannot be loaded: {error}; no sysctl and no file was changed")
    if plan.load:
        facts = read_facts(host, wanted)
        plan = make_plan(wanted, facts)
        if plan.load:
            raise SettingsError(
                f"modules: {', '.join(plan.load)}: modprobe reports success, but /proc/modules lacks them"
            )
    # What goes back keeps its entry until it is back, and what is set has one before: a run that dies loses nothing.
    going = {path: entry for path, entry in facts.ledger.items() if wanted.owner in entry.wanted}
    _write_ledger(host, {**going, **plan.ledger}, facts.ledger)
    done = []
    # Forwarding resets redirects and the forwarding of interfaces, also where an owner of ours had set those.
    kept = sorted({*plan.ledger, *wanted.sysctls} - {step.path for step in plan.steps})
    standing = {path: read_sysctl(host, path) for path in kept}
    try:
        for step in plan.steps:
            done.append(step)
            write_sysctl(host, step.path, step.value)
        _keep(host, standing)
        for path, text in plan.files.items():
            _write_or_remove(host, path, text, 0o644)
    except (SettingsError, OSError) as exc:
        for step in reversed(done):
            if step.before is not None and read_sysctl(host, step.path) != step.before:
                write_sysctl(host, step.path, step.before)
        _keep(host, standing)
        for path in plan.files:
            before = facts.files[path]
            _write_or_remove(host, path, before.text if before else None, before.mode if before else 0)
        _write_ledger(host, facts.ledger, None)
        raise SettingsError(f"{exc}; what this run had set was put back") from exc
    _write_ledger(host, plan.ledger, None)
    return plan


def _keep(host: Host, standing: Mapping[str, str | None]) -> None:
    for path, value in standing.items():
        if value is not None and read_sysctl(host, path) != value:
            write_sysctl(host, path, value)


def _write_or_remove(host: Host, path: str, text: str | None, mode: int) -> None:
    if text is not None:
        os.makedirs(host.root + os.path.dirname(path), mode=0o755, exist_ok=True)
        host.write(host.root + path, text, mode)
    elif os.path.lexists(host.root + path):
        os.unlink(host.root + path)


def _write_ledger(host: Host, ledger: Mapping[str, Entry], standing: Mapping[str, Entry] | None) -> None:
    """Writes the ledger if it differs from what stands in its file (None: from the file itself)."""
    text = ledger_text(ledger) if ledger else None
    if standing is None:
        if text == _read_text(host.root + LEDGER):
            return
    elif dict(ledger) == dict(standing):
        return
    _write_or_remove(host, LEDGER, text, 0o600)
    folder = host.root + os.path.dirname(LEDGER)
    if text is None and os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)
