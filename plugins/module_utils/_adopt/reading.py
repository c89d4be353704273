# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of one block, taken by the tables that the writer has; what nobody takes becomes ``options``."""

from __future__ import annotations

import re
import shlex
from typing import Any, Callable, Iterable, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.blocks import Item
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import OfHost
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.options import NotOptions, to_options
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.actions import notify_keyword
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.keywords import Keyword
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import SCRIPTS_DIRECTORY
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Findings, Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec, check
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_words import ACTION

__all__ = ["Context", "Lines", "NotOptions", "action", "each", "fits"]

_OLD = {
    "lb_algo": "lvs_sched",
    "lb_kind": "lvs_method",
    "lvs_id": "router_id",
    "lvs_sync_daemon_inteface": "lvs_sync_daemon_interface",
    "nb_get_retry": "retry",
    "nb_sock_retry": "retry",
}
"""What keywords were called in earlier versions."""

_GONE = frozenset(["nat_mask"])
"""Keywords that keepalived reads no more, and complains about."""

_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")
_SECRET = re.compile(r"-p\D\S*|--?[\w-]*(pass|secret|token)[\w-]*(=.+)?|.*[^\s/]:[^\s/]+@.*", re.IGNORECASE)
"""Arguments that people give passwords by: -pWORD, --password, --token=WORD, USER:WORD@HOST."""
_SHELL = re.compile(r"[\"\\|&;<>$`(){}*?\[\]~]")


class Context:
    """What reading a director's keepalived.conf needs beside the text."""

    def __init__(self, host: str, found: OfHost, programs: Mapping[str, str | None]) -> None:
        self.host = host
        self.found = found
        self.programs = programs
        self.in_options: set[str] = set()
        """Names of vrrp_scripts that are written as they stand; what tracks one is, too."""


class Lines:
    """The lines of one block that were not taken yet."""

    def __init__(self, items: Iterable[Item], context: Context) -> None:
        self.context = context
        self.rest: list[Item] = []
        for item in items:
            name = _OLD.get(item.name, item.name)
            if name in _GONE:
                context.found.note(item.place, f"{item.name} means nothing to keepalived", "it was left out")
            else:
                self.rest.append(item._replace(words=(name, *item.values)))

    def all(self, name: str) -> list[Item]:
        """Take every line of a keyword."""
        found = [item for item in self.rest if item.name == name]
        self.rest = [item for item in self.rest if item.name != name]
        return found

    def last(self, name: str) -> Item | None:
        """Take every line of a keyword, of which the last one holds."""
        return next(reversed(self.all(name)), None)

    def inside_of(self, name: str) -> list[Item]:
        """The lines in a keyword's blocks, which stay."""
        return [line for item in self.rest if item.name == name for line in item.inside or ()]

    def inside(self, name: str) -> list[Item]:
        """Take a keyword's blocks, and give the lines in them."""
        found = self.inside_of(name)
        self.all(name)
        return found

    def settings(self, table: Sequence[Keyword], fields: Mapping[str, Spec]) -> dict[str, Any]:
        """Take what the vocabulary has, by a table of the writer's. A value that it refuses stays for ``options``."""
        result: dict[str, Any] = {}
        for key, name, form in table:
            found = [item for item in self.rest if item.name == name]
            if not found or key not in fields:
                continue
            value = _value(found[-1], fields[key], form == "split")
            if value is not None:
                result[key] = value
                self.all(name)
        return result

    def action(self, name: str) -> dict[str, Any] | None:
        """Take a keyword that runs a script; one that no script with arguments can describe stays."""
        # Of several keepalived takes the first one ("already specified - ignoring").
        found = next((item for item in self.rest if item.name == name), None)
        wanted = action(found.values, self.context, found.place) if found and not found.inside else None
        if wanted is not None:
            self.all(name)
        return wanted

    def notify(self, states: Iterable[str]) -> dict[str, Any]:
        """Take what is run when a state begins, as the key ``notify``."""
        found = {state: self.action(notify_keyword(state)) for state in states}
        wanted = {state: one for state, one in found.items() if one is not None}
        return {"notify": wanted} if wanted else {}

    def options(self) -> dict[str, Any]:
        """Take all that is left, as the key ``options``; NotOptions where that can't be."""
        left, self.rest = self.rest, []
        wanted = to_options(left)
        return {"options": wanted} if wanted else {}


def each(items: Iterable[Item], context: Context, reading: Callable[[Item], dict[str, Any]]) -> list[dict[str, Any]]:
    """What ``reading`` makes of each item; one that can't be described is a fault."""
    result = []
    for item in items:
        try:
            result.append(reading(item))
        except NotOptions as error:
            context.found.fault(item.place, f"{item.text} can't be described: {error}", "write these lines in one way")
    return result


def _value(item: Item, spec: Spec, split: bool) -> Any:
    """A line's value as the vocabulary has it, None where it has none such."""
    words = item.values
    if item.inside is not None or (len(words) > 1 and not split):
        return None
    text = " ".join(words)
    if spec.kind in ("boolean", "switch") and (not words or text in _TRUE):
        return True
    if spec.kind in ("boolean", "switch") and text in _FALSE:
        return False
    if spec.kind == "list" and words:
        return fits(spec, list(words))
    return fits(spec, text) if words else None


def fits(spec: Spec, value: Any) -> Any:
    """A value as a plan would have it, None where the vocabulary refuses it."""
    findings = Findings()
    checked = check(spec, value, Place(findings, "", ""))
    return None if findings.faults else checked


def action(values: Sequence[str], context: Context, place: str) -> dict[str, Any] | None:
    """A command of keepalived with its user as script, args and user; None where it needs a shell."""
    if not values or _SHELL.search(values[0]):
        return None
    try:
        words = shlex.split(values[0])
    except ValueError:
        return None
    if not words or any("'" in word for word in words):
        return None
    script = words[0] if "/" in words[0] else context.programs.get(words[0]) or ""
    if script.startswith(f"{SCRIPTS_DIRECTORY}/"):
        # One that this collection installed: its place is beside the inventory.
        name = script[len(SCRIPTS_DIRECTORY) + 1 :]
        context.found.leave(
            place,
            f"{script} was installed by this collection, and is described as files/{name}",
            f"see that files/{name} stands beside the new inventory: copy it from a director",
        )
        script = f"files/{name}"
    elif not script.startswith("/"):
        return None
    wanted: dict[str, Any] = {"script": script}
    if words[1:]:
        wanted["args"] = words[1:]
        if _tells(words[1:]):
            context.found.leave(
                place,
                f"{script} has arguments that look as if one was a password, and they are in plain words in group_vars",
                "if so, put it into a file that the script reads, or into a vault",
            )
    if values[1:]:
        wanted["user"] = " ".join(values[1:])
    if fits(ACTION, wanted) is None:
        return None
    return wanted


def _tells(args: Sequence[str]) -> bool:
    """Whether one of the arguments may be a password; -p with a number is a port, and -u USER:WORD is curl's."""
    pairs = list(zip(args, [*args[1:], ""]))
    return any(
        _SECRET.fullmatch(word)
        or (word == "-p" and after and not after.isdecimal())
        or (word in ("-u", "--user") and ":" in after)
        for word, after in pairs
    )
