# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that keepalived runs: a script with its arguments, and the user who runs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import installed_path
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError

__all__ = ["action", "command", "notify", "notify_keyword", "programs", "user"]

# With one of these keepalived wants script security (else -t ends with 6).
_RUNNING = frozenset(
    [
        "lvs_notify_fifo_script",
        "misc_path",
        "notify",
        "notify_backup",
        "notify_deleted",
        "notify_down",
        "notify_fault",
        "notify_fifo_script",
        "notify_master",
        "notify_master_rx_lower_pri",
        "notify_stop",
        "notify_up",
        "quorum_down",
        "quorum_up",
        "script",
        "shutdown_script",
        "startup_script",
        "vrrp_notify_fifo_script",
    ]
)


def action(keyword: str, wanted: Any, path: str) -> list[Node]:
    """Return ``keyword "script argument" user`` for an action of the plan, nothing for none."""
    if not wanted:
        return []
    return [Node(keyword, (command(wanted, path), *user(wanted)))]


def notify_keyword(state: str) -> str:
    """Return keepalived's word for what is run when ``state`` begins; ``any``: whichever state it is."""
    return "notify" if state == "any" else f"notify_{state}"


def notify(actions: Mapping[str, Any] | None, states: Iterable[str], path: str) -> list[Node]:
    """Return the notify keywords of the states that have an action."""
    nodes: list[Node] = []
    if actions:
        for state in states:
            nodes += action(notify_keyword(state), actions.get(state), f"{path}.notify.{state}")
    return nodes


def command(wanted: Any, path: str) -> str:
    """Join a script and its arguments to the one text that keepalived splits again (lib/notify.c).

    That second split knows both quotes and backslashes; 2.2.7 undoes backslashes twice and 2.3.3 once. So an argument
    with a space is put in single quotes, and what would need a backslash is refused.
    """
    if isinstance(wanted, str):
        words = [installed_path(wanted)]
    else:
        words = [installed_path(wanted["script"]), *(str(word) for word in wanted.get("args") or [])]
    written = []
    for at, text in enumerate(words):
        if any(char in text for char in "'\"\\"):
            what = f"argument {at}" if at else "the script's path"
            raise TreeError(path, f"{what} holds a quote or a backslash, which keepalived's versions read differently")
        written.append(text if text and not any(char.isspace() for char in text) else f"'{text}'")
    return " ".join(written)


def user(wanted: Any) -> tuple[str, ...]:
    """Return the words that name an action's user, and perhaps a group; () for the script_user of all."""
    named = wanted.get("user") if isinstance(wanted, Mapping) else None
    return tuple(str(named).split()) if named is not None else ()


def programs(nodes: Iterable[Node]) -> set[str]:
    """Return the users of the programs that these nodes and their blocks run; "" is the script_user of all.

    The user stands behind the program's text, or in a line of its own beside it.
    """
    found: set[str] = set()
    for node in nodes:
        if node.block:
            inside = programs(node.block)
            if "" in inside:
                named = next((one.values for one in node.block if one.name == "user"), ())
                inside = (inside - {""}) | {str(named[0]) if named else ""}
            found |= inside
        elif node.name in _RUNNING and node.values:
            found.add(str(node.values[1]) if len(node.values) > 1 else "")
    return found
