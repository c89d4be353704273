# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel modules and sysctls of one owner: the checks and the plan, without I/O.

An owner is a name such as lvs-director. Several owners may want one sysctl; the ledger remembers for each key who
wants what, and the value that it had before the first of them.
"""

from __future__ import annotations

import json
import re
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._kernel.sysctl_d import (
    SettingsError,
    Source,
    canonical,
    effective,
    is_pattern,
    key_of,
    path_of,
)

HEADER = "# Managed by lvs.cluster (Ansible): changes made here are lost"
_OWNER = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_MODULE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_INTERFACE = re.compile(r"^net/(?:ipv4|ipv6)/(?:conf|neigh)/([^/]+)/")
# Modules whose sysctls, or whose interface with its sysctls, are there only once they are loaded.
_PROVIDERS = (
    ("net/ipv4/vs/", "ip_vs"),
    ("net/netfilter/nf_conntrack", "nf_conntrack"),
    ("net/nf_conntrack", "nf_conntrack"),
    ("net/bridge/", "br_netfilter"),
)
_INTERFACE_PROVIDERS = {"tunl0": "ipip", "ip6tnl0": "ip6_tunnel", "sit0": "sit", "gre0": "ip_gre"}
# Writing these sets other keys of the same kind (ip-sysctl.rst), so they come before those.
FORWARDING = ("net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding", "net/ipv6/conf/all/forwarding")


class Wanted(NamedTuple):
    """What an owner wants; sysctls by path. Nothing at all for the state absent."""

    owner: str
    modules: tuple[str, ...]
    sysctls: dict[str, str]


class Entry(NamedTuple):
    """One key of the ledger: its value before ours, and owner -> value wanted."""

    original: str
    wanted: dict[str, str]


class Placed(NamedTuple):
    """A file of ours as it stands."""

    text: str
    mode: int


class Facts(NamedTuple):
    """What the host says.

    files: the two files by path, None: absent. loaded: modules loaded or built in, with underscores. live: path ->
    value, None: no such sysctl. others: the sysctl configuration in reading order without the owner's own file; place:
    how many of them are read before it.
    """

    files: dict[str, Placed | None]
    loaded: frozenset[str]
    live: dict[str, str | None]
    others: tuple[Source, ...]
    place: int
    ledger: dict[str, Entry]


class Step(NamedTuple):
    """A sysctl to be written; because: why a value comes back, "" for a wanted one."""

    path: str
    before: str | None
    value: str
    because: str


class Plan(NamedTuple):
    """What is to be done. left: keys that somebody else has changed since; warnings: what will surprise."""

    files: dict[str, str | None]
    load: tuple[str, ...]
    steps: tuple[Step, ...]
    ledger: dict[str, Entry]
    left: tuple[Step, ...]
    warnings: tuple[str, ...]
    unknown: tuple[str, ...]


def modules_file(owner: str) -> str:
    return f"/etc/modules-load.d/{owner}.conf"


def sysctl_file(owner: str) -> str:
    return f"/etc/sysctl.d/60-{owner}.conf"


def plain(module: str) -> str:
    """Module names in one writing: the kernel's, with underscores."""
    return module.replace("-", "_")


def parse_wanted(owner: str, modules: Sequence[str], sysctls: Mapping[str, Any]) -> Wanted:
    """The options, checked; SettingsError names every fault at once."""
    faults = []
    if not _OWNER.fullmatch(owner):
        faults.append(f"name: {owner!r} is no file name: use small letters, digits, '-' and '_', like lvs-director")
    for module in modules:
        if not _MODULE.fullmatch(module):
            faults.append(f"modules: {module!r} is no name of a kernel module")
    found: dict[str, str] = {}
    for key, value in sysctls.items():
        try:
            path = path_of(key)
        except SettingsError as exc:
            faults.append(str(exc))
            continue
        if isinstance(value, bool) or not isinstance(value, (str, int)) or not canonical(str(value)):
            faults.append(
                f"sysctls: {key}: {value!r} is neither text nor a whole number: write 0 or 1, or text in quotes"
            )
        elif "\n" in str(value).strip():
            faults.append(f"sysctls: {key}: the value has more than one line")
        elif is_pattern(path):
            faults.append(f"sysctls: {key}: patterns are not taken here: name each key")
        elif path in found:
            faults.append(f"sysctls: {key}: this key is there twice, in two writings: keep one")
        else:
            found[path] = canonical(str(value))
    if faults:
        raise SettingsError("; ".join(faults))
    return Wanted(owner, tuple(dict.fromkeys(plain(module) for module in modules)), found)


def _rank(path: str) -> tuple[bool, str]:
    return path not in FORWARDING, path


def in_order(paths: Sequence[str]) -> list[str]:
    return sorted(paths, key=_rank)


def file_texts(wanted: Wanted) -> dict[str, str | None]:
    """Both files; one with nothing to say is absent."""
    lines = [f"{key_of(path)} = {wanted.sysctls[path]}" for path in in_order(list(wanted.sysctls))]
    return {
        modules_file(wanted.owner): "\n".join([HEADER, *wanted.modules, ""]) if wanted.modules else None,
        sysctl_file(wanted.owner): "\n".join([HEADER, *lines, ""]) if lines else None,
    }


def paths_to_read(wanted: Wanted, ledger: Mapping[str, Entry]) -> list[str]:
    """The sysctls whose live values make_plan needs."""
    mine = [path for path, entry in ledger.items() if wanted.owner in entry.wanted]
    return sorted({*wanted.sysctls, *mine})


def _missing(path: str, wanted: Wanted, to_load: Sequence[str]) -> str | None:
    """Why a sysctl that does not exist is a fault; None if a module that is not loaded yet may bring it."""
    key, found = key_of(path), _INTERFACE.match(path)
    if found:
        provider = _INTERFACE_PROVIDERS.get(found.group(1))
        if provider in to_load:
            return None
        more = f", or add the module {provider}, which makes it" if provider else ""
        return f"sysctls: {key}: interface {found.group(1)} or this setting of it does not exist: check the name{more}"
    provider = next((module for prefix, module in _PROVIDERS if path.startswith(prefix)), None)
    if provider in to_load or (provider is None and to_load):
        return None
    more = (
        f": it comes with the module {provider}, add that to modules" if provider not in (None, *wanted.modules) else ""
    )
    return (
        f"sysctls: {key}: /proc/sys/{path} does not exist{more or ': check the name, and whether this kernel has it'}"
    )


def _faults(wanted: Wanted, facts: Facts, to_load: Sequence[str]) -> list[str]:
    faults = []
    for path, placed in facts.files.items():
        if placed is not None and not placed.text.startswith(HEADER):
            faults.append(f"{path} is not ours (it lacks our first line): move it away, or choose another name")
    ours = Source(sysctl_file(wanted.owner), file_texts(wanted)[sysctl_file(wanted.owner)] or "")
    sources = [*facts.others[: facts.place], ours, *facts.others[facts.place :]]
    for path, value in wanted.sysctls.items():
        missing = _missing(path, wanted, to_load) if facts.live.get(path) is None else None
        if missing:
            faults.append(missing)
        at_boot = effective(sources, path)
        owners = facts.ledger[path].wanted if path in facts.ledger else {}
        if at_boot is not None and at_boot.value != value and at_boot.file not in map(sysctl_file, owners):
            faults.append(
                f"sysctls: {key_of(path)}: {at_boot.file} sets {at_boot.value} and is read after ours, so {value} "
                "would be lost at the next boot: remove it there, or give it that value"
            )
    return faults


def _target(path: str, owner: str, facts: Facts) -> tuple[str, str]:
    """(value, reason) that a key goes back to when its owner no longer wants it."""
    entry = facts.ledger[path]
    others = sorted(name for name in entry.wanted if name != owner)
    if others:
        return entry.wanted[others[-1]], f"wanted by {others[-1]}"  # the last file by name wins at boot, too
    setting = effective(facts.others, path)
    if setting is not None:
        return setting.value, f"set by {setting.file}"
    return entry.original, "the value before lvs.cluster"


def _taken_back(wanted: Wanted, facts: Facts) -> tuple[list[Step], list[Step]]:
    """(keys that go back, keys that stay because somebody else has changed them since)."""
    back: list[Step] = []
    left: list[Step] = []
    for path in in_order([path for path, entry in facts.ledger.items() if wanted.owner in entry.wanted]):
        live = facts.live.get(path)
        if path in wanted.sysctls or live is None:
            continue
        value, because = _target(path, wanted.owner, facts)
        if live == value:
            continue
        ours = live == facts.ledger[path].wanted[wanted.owner]
        (back if ours else left).append(Step(path, live, value, because))
    return back, left


def _ledger_after(wanted: Wanted, facts: Facts) -> dict[str, Entry]:
    after = {}
    for path, entry in facts.ledger.items():
        owners = {name: value for name, value in entry.wanted.items() if name != wanted.owner}
        if owners or path in wanted.sysctls:
            after[path] = Entry(entry.original, owners)
    for path, value in wanted.sysctls.items():
        live = facts.live.get(path)
        if path not in after and live is not None:
            after[path] = Entry(live, {})
        if path in after:
            after[path].wanted[wanted.owner] = value
    return after


def make_plan(wanted: Wanted, facts: Facts) -> Plan:
    """What is to be done. SettingsError names every fault at once, so that nothing is done by halves.

    unknown: wanted sysctls that only a module brings that is still to be loaded.
    """
    load = tuple(module for module in wanted.modules if module not in facts.loaded)
    faults = _faults(wanted, facts, load)
    if faults:
        raise SettingsError("; ".join(faults))
    steps, warnings = [], []
    for path in in_order(list(wanted.sysctls)):
        value, live = wanted.sysctls[path], facts.live.get(path)
        if live != value:
            steps.append(Step(path, live, value, ""))
        for owner, other in sorted((facts.ledger[path].wanted if path in facts.ledger else {}).items()):
            if owner != wanted.owner and other != value:
                warnings.append(f"{key_of(path)}: {owner} wants {other}, {wanted.owner} wants {value}")
    back, left = _taken_back(wanted, facts)
    texts = file_texts(wanted)
    files = {path: text for path, text in texts.items() if facts.files[path] != (Placed(text, 0o644) if text else None)}
    return Plan(
        files=files,
        load=load,
        steps=tuple(sorted((*back, *steps), key=lambda step: _rank(step.path))),
        ledger=_ledger_after(wanted, facts),
        left=tuple(left),
        warnings=tuple(warnings),
        unknown=tuple(path for path in wanted.sysctls if facts.live.get(path) is None),
    )


def parse_ledger(text: str, file: str) -> dict[str, Entry]:
    """The ledger from its file; SettingsError if it is not one, because guessing originals would lose them."""
    try:
        return {
            path: Entry(str(item["original"]), {str(name): str(value) for name, value in item["wanted"].items()})
            for path, item in json.loads(text)["sysctls"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise SettingsError(
            f"{file} cannot be read ({exc!r}): repair it, or move it away if nothing is to come back"
        ) from exc


def ledger_text(ledger: Mapping[str, Entry]) -> str:
    content = {path: {"original": entry.original, "wanted": entry.wanted} for path, entry in ledger.items()}
    return json.dumps({"sysctls": content}, indent=1, sort_keys=True) + "\n"
