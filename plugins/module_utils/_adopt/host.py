# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host as it runs: read, and nothing changed, not even by a kernel module that a look would load.

An absent thing is None or empty; what is there and can't be read is named in ``unread``.
"""

from __future__ import annotations

import glob
import json
import os
import pwd
import re
import shlex
import shutil
from functools import partial
from typing import Any, Callable, Collection, Iterable, Iterator, Mapping, TypeVar

from ansible_collections.lvs.cluster.plugins.module_utils._adopt import blocks
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host as ipvs_host
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import report
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.netlink import WireError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import actions, owner
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import SCRIPT_USER

__all__ = ["firewall_tables", "native_rules", "parse_addresses", "read"]

_FIREWALLS = {
    "ipv4": ("iptables", "/proc/net/ip_tables_names"),
    "ipv6": ("ip6tables", "/proc/net/ip6_tables_names"),
}
_TABLES = ("mangle", "nat")
_PER_INTERFACE = ("arp_announce", "arp_ignore", "rp_filter", "send_redirects")
_NATIVE = re.compile(r"\b(meta mark set|ct mark set|masquerade|snat)\b")
_FAMILIES = {"inet": "ipv4", "inet6": "ipv6"}

_Read = TypeVar("_Read")


class _Unread:
    """What can't be read, with the reason."""

    def __init__(self) -> None:
        self.found: list[dict[str, str]] = []

    def note(self, what: str, why: object) -> None:
        self.found.append({"what": what, "why": str(why)})

    def tried(self, what: str, reading: Callable[[], _Read]) -> _Read | None:
        """What ``reading`` gives, None where it can't."""
        try:
            return reading()
        except (BootError, IpvsError, WireError, owner.UnreadableError, OSError, ValueError, KeyError) as error:
            self.note(what, error)
            return None


def read(run: Command, config_file: str, proc: str = "/proc") -> dict[str, Any]:
    """All that an adoption needs to know of this host, as plain data."""
    unread = _Unread()
    found = unread.tried("the IPVS table", _table)
    firewall = _firewall(run, unread, proc)
    keepalived, secrets = _keepalived(unread, config_file, proc)
    return {
        "table": found,
        "keepalived": keepalived,
        "secrets": secrets,
        "links": unread.tried("the addresses", lambda: parse_addresses(_ask(run, "ip", "-j", "-d", "address"))) or [],
        "sysctls": unread.tried("the sysctls", lambda: _sysctls(proc)) or {},
        "firewall": firewall,
        "native_rules": _native(run, unread, firewall),
        "rules": _of_families(run, unread, proc, "rule", "show"),
        "routes": _of_families(run, unread, proc, "route", "show", "table", "all"),
        "unread": unread.found,
    }


def _ask(run: Command, *argv: str) -> str:
    code, out, err = run(argv)
    if code:
        raise BootError(f"{' '.join(argv)} failed with status {code}: {err}")
    return out


# --- IPVS


def _table() -> dict[str, Any]:
    """The table in the words of ipvs_info, without figures."""
    if not ipvs_host.is_loaded():
        return {"loaded": False, "services": [], "timeouts": None, "sync_daemons": []}
    with Session(check=True) as session:
        entries = sorted(session.table().items())
        return {
            "loaded": True,
            "services": [report.entry_options(key, entry) for key, entry in entries],
            "timeouts": session.kernel.timeouts()._asdict(),
            "sync_daemons": [report.daemon_options(daemon) for daemon in session.kernel.daemons().values()],
        }


# --- keepalived


def _keepalived(
    unread: _Unread, config_file: str, proc: str
) -> tuple[dict[str, Any] | None, dict[str, dict[str, str]]]:
    """keepalived's configuration, None where it neither runs nor has a file; and the passwords in it."""
    running = unread.tried("which keepalived runs", lambda: owner.running(proc, vrrp=True)) or []
    if len(running) > 1:
        files = ", ".join(one.file for one in running)
        unread.note("keepalived", f"several run here, with {files}; only the first one was read")
    if not running and not os.path.lexists(config_file):
        return None, {}
    file, config_id = running[0] if running else (config_file, os.uname().nodename.split(".")[0])
    empty: dict[str, Any] = {"items": None, "secrets": {}, "unread": []}
    found = unread.tried(f"keepalived's configuration {file}", lambda: blocks.read(file, config_id)) or empty
    for one in found["unread"]:
        unread.note(one["place"], one["why"])
    programs = dict.fromkeys(_programs(blocks.from_data(found["items"] or [], {})))
    return {
        "running": bool(running),
        "file": file,
        "items": found["items"],
        "programs": {name: shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") for name in programs},
        "has_script_user": _has_user(SCRIPT_USER),
    }, found["secrets"]


def _programs(items: Iterable[blocks.Item]) -> Iterator[str]:
    """The programs that are named without a path."""
    for item in items:
        if item.inside is not None:
            yield from _programs(item.inside)
        elif item.name in actions._RUNNING and item.values:
            try:
                first = shlex.split(item.values[0])[:1]
            except ValueError:
                continue
            yield from (word for word in first if "/" not in word)


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


# --- addresses, routes, sysctls


def parse_addresses(text: str) -> list[dict[str, Any]]:
    """Interfaces with their addresses from ``ip -j -d address``."""
    found = []
    for entry in json.loads(text or "[]"):
        addresses = [
            {
                "address": f"{item['local']}/{item['prefixlen']}",
                "label": item.get("label", ""),
                "scope": item.get("scope", ""),
                "secondary": bool(item.get("secondary")),
                "temporary": bool(item.get("temporary")),
            }
            for item in entry.get("addr_info", [])
            if item.get("family") in _FAMILIES and item.get("local")
        ]
        if entry.get("ifname"):
            kind = (entry.get("linkinfo") or {}).get("info_kind", "")
            loopback = "LOOPBACK" in entry.get("flags", [])
            found.append({"name": entry["ifname"], "kind": kind, "loopback": loopback, "addresses": addresses})
    return found


def _of_families(run: Command, unread: _Unread, proc: str, *words: str) -> list[dict[str, Any]]:
    """Rules, or the default routes of all tables, each with its family."""
    found = []
    for flag, family in (("-4", "ipv4"), ("-6", "ipv6")):
        if family == "ipv6" and not os.path.exists(f"{proc}/sys/net/ipv6"):
            continue
        what = f"the {words[0]}s of {family.replace('ip', 'IP')}"
        items = unread.tried(what, partial(_listed, run, flag, *words)) or []
        found += [{**item, "family": family} for item in items if words[0] == "rule" or item.get("dst") == "default"]
    return found


def _listed(run: Command, flag: str, *words: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = json.loads(_ask(run, "ip", "-N", "-j", flag, *words) or "[]")
    return answer


def _sysctls(proc: str) -> dict[str, str]:
    root = f"{proc}/sys/"
    paths = ["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"]
    paths += [path[len(root) :] for path in sorted(glob.glob(f"{root}net/ipv4/vs/*"))]
    for name in _PER_INTERFACE:
        paths += [path[len(root) :] for path in sorted(glob.glob(f"{root}net/ipv4/conf/*/{name}"))]
    found = {}
    for path in paths:
        try:
            with open(root + path, encoding="ascii", errors="replace") as stream:
                # A "." within a name is written as "/" (sysctl.d(5)).
                found[path.translate(str.maketrans("./", "/."))] = " ".join(stream.read().split())
        except (FileNotFoundError, PermissionError):
            continue  # IPv6 is off, or a switch that can only be written
    return found


# --- the firewall


def _firewall(run: Command, unread: _Unread, proc: str) -> list[dict[str, Any]]:
    """Tables mangle and nat that have rules, of both variants of iptables."""
    found: list[dict[str, Any]] = []
    for family, (program, names) in _FIREWALLS.items():
        variants = {"nft": f"{program}-nft-save", "legacy": f"{program}-legacy-save"}
        if not _text(names).strip():
            del variants["legacy"]  # a look would load the modules of a table that nobody uses
        for variant, command in variants.items():
            code, out, err = run((command,))
            if code == 127 and variant == "nft":
                code, out, err = run((f"{program}-save",))  # before Debian 10 there was one of them
            if code and code != 127:
                unread.note(f"the rules of {command}", err or f"status {code}")
            for line in out.splitlines():
                hidden = re.match(r"# Table `(\w+)' is incompatible", line)
                if hidden and hidden[1] in _TABLES:
                    unread.note(f"the table {hidden[1]} of {program}", "it has rules that only nft can show")
            found += [{"family": family, "variant": variant, **table} for table in firewall_tables(out)]
    return found


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def firewall_tables(text: str) -> list[dict[str, Any]]:
    """``[{"table": "mangle", "chains": {"PREROUTING": [rule, ...]}}]`` from what iptables-save prints."""
    tables: dict[str, dict[str, list[str]]] = {}
    chains: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("*"):
            chains = tables.setdefault(line[1:].strip(), {})
        elif line.startswith(":"):
            chains.setdefault(line[1:].split()[0], [])
        elif line.startswith("-A "):
            name, _space, rule = line[3:].partition(" ")
            chains.setdefault(name, []).append(rule.strip())
    return [
        {"table": name, "chains": found} for name, found in tables.items() if name in _TABLES and any(found.values())
    ]


def _native(run: Command, unread: _Unread, known: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    code, out, err = run(("nft", "list", "ruleset"))
    if code and code != 127:
        unread.note("the rules of nft", err or f"status {code}")
    names = {"ipv4": "ip", "ipv6": "ip6"}
    return native_rules(out, {f"{names[one['family']]} {one['table']}" for one in known if one["variant"] == "nft"})


def native_rules(text: str, known: Collection[str] = ()) -> list[dict[str, str]]:
    """Rules of nft's own tables that mark packets or translate sources, with their table and chain.

    ``known``: tables that iptables has shown.
    """
    found = []
    table, chain, foreign = "", "", False
    for line in text.splitlines():
        words = line.split()
        if line.startswith("# Warning: table "):
            foreign = True  # the next one is iptables-nft's
        elif line.startswith("table "):
            table = " ".join(words[1:3])
            # An iptables without that warning has its tables under these names, and chains in capitals.
            managed, foreign = foreign, False
            table = "" if managed else table
        elif words[:1] == ["chain"]:
            chain = words[1]
        elif table and _NATIVE.search(line) and not (chain.isupper() and table in known):
            found.append({"table": table, "chain": chain, "text": line.strip()})
    return found
