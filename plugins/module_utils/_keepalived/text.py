# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place that turns nodes into keepalived's text.

What keepalived's reader does with a line decides what must be quoted and what cannot be written at all
(lib/parser.c of keepalived 2.2.7 and 2.3.3: decomment, replace_param, read_line, alloc_strvec_r):

- ``!`` and ``#`` begin a comment anywhere outside double quotes, in the middle of a word too;
- braces outside double quotes split the line, in the middle of a word too;
- a line may not begin with ``@`` (configuration id), ``$`` (definition) or ``~`` (~SEQ, ~LST); a quote before it helps;
- double quotes have no escape: a text that holds one cannot be written;
- the step that removes comments *does* see backslashes: one before the closing quote leaves the quote open;
- ``$_NAME`` and ``${_NAME}`` of keepalived's own definitions are replaced inside quotes too;
- a quoted ``{`` or ``}`` that is a whole word is taken for a brace by the readers of blocks;
- a line is read into 1024 bytes: what is longer is read as two lines.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError

__all__ = ["HEADER", "has_header", "render", "serialise"]

HEADER = "# Managed by lvs.cluster (Ansible): changes made here are lost"

# fgets(buf, 1024) reads 1023 bytes, the newline among them.
LONGEST_LINE = 1022
INDENT = "    "

_PLAIN = re.compile(r"[A-Za-z0-9_./:+%=-][A-Za-z0-9_./:+%=@,*-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_OWN_DEFINITION = re.compile(r"\$\{?_[A-Z]")
_INCLUDE = re.compile(r"include[a-z]?\Z")
_LAST_BACKSLASHES = re.compile(r"\\+\Z")


def render(nodes: Sequence[Node]) -> str:
    """Return the whole file: the marker line that says who manages it, then the nodes."""
    return f"{HEADER}\n\n{serialise(nodes)}"


def has_header(text: str) -> bool:
    """Tell whether ``text`` is a file of ours: its first line is the marker."""
    return text.split("\n", 1)[0].rstrip() == HEADER


def serialise(nodes: Sequence[Node]) -> str:
    """Return ``nodes`` as keepalived.conf text, ending in a newline; raise TreeError with the path of a bad node."""
    parts = []
    known: dict[str, str] = {}
    for node in nodes:
        lines: list[str] = []
        _write(node, (), known, lines)
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _write(node: Node, above: tuple[Node, ...], known: dict[str, str], lines: list[str]) -> None:
    """Append the lines of a node; ``known`` holds the texts that were written already, because most come often."""
    name, values, block = node.name, node.values, node.block
    if _INCLUDE.match(name):
        raise TreeError(
            _path(above, node), "include is not written: what it reads would escape the test and the comparison"
        )
    line = INDENT * len(above)
    for at, value in enumerate((name, *values)):
        if isinstance(value, str):
            text = known.get(value)
            if text is None:
                text = known[value] = _word(value, above, node, at)
        else:
            text = _number(value, above, node, at)
        line += f" {text}" if at else text
    if block is not None:
        line += " {"
    # A character has at most four bytes.
    if len(line) * 4 > LONGEST_LINE and len(line.encode()) > LONGEST_LINE:
        problem = f"the line has more than {LONGEST_LINE} bytes, keepalived would read it as two lines"
        raise TreeError(_path(above, node), problem)
    lines.append(line)
    if block is not None:
        inside = (*above, node)
        for inner in block:
            _write(inner, inside, known, lines)
        lines.append(INDENT * len(above) + "}")


def _path(above: tuple[Node, ...], node: Node) -> str:
    return " > ".join(_label(one) for one in (*above, node))


def _label(node: Node) -> str:
    """Name a node in a path. Only a block's values are shown: they are names and addresses, never a password."""
    shown = [node.name, *(str(value) for value in node.values)] if node.block is not None else [node.name]
    return _CONTROL.sub("?", " ".join(shown))


def _word(text: str, above: tuple[Node, ...], node: Node, at: int) -> str:
    """Return the text of a node's keyword (``at`` is 0) or of one of its values, quoted where it must be."""
    if _PLAIN.fullmatch(text):
        return text
    problem = _problem(text)
    if problem is not None:
        raise TreeError(_place(above, node, at), problem)
    return f'"{text}"'


def _problem(text: str) -> str | None:
    if _CONTROL.search(text):
        return "a newline or another control character cannot be written"
    if '"' in text:
        return "a double quote cannot be written: keepalived has no escape for it"
    if text in ("{", "}"):
        return "a brace alone cannot be written: keepalived takes it for one even in quotes"
    if _OWN_DEFINITION.search(text):
        return "$_ and a capital letter cannot be written: keepalived would replace it"
    last = _LAST_BACKSLASHES.search(text)
    if last and len(last.group()) % 2:
        return "a backslash at the end cannot be written: it would hide the closing quote"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "the text is not valid Unicode"
    return None


def _number(value: float, above: tuple[Node, ...], node: Node, at: int) -> str:
    if isinstance(value, bool):
        raise TreeError(_place(above, node, at), "true and false are no values of keepalived's text")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise TreeError(_place(above, node, at), "the number is not finite")
        # repr writes 1e-05, which keepalived does not read.
        return format(Decimal(repr(value)), "f")
    return str(value)


def _place(above: tuple[Node, ...], node: Node, at: int) -> str:
    return f"{_path(above, node)} ({f'value {at}' if at else 'keyword'})"
