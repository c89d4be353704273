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

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError, Value

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
    for node in nodes:
        lines: list[str] = []
        _write(node, "", 0, lines)
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _write(node: Node, above: str, depth: int, lines: list[str]) -> None:
    label = _label(node)
    path = f"{above} > {label}" if above else label
    if _INCLUDE.match(node.name):
        raise TreeError(path, "include is not written: what it reads would escape the test and the comparison")
    words = [_word(node.name, f"{path} (keyword)")]
    words += [_word(value, f"{path} (value {at})") for at, value in enumerate(node.values, 1)]
    line = INDENT * depth + " ".join(words)
    if node.block is not None:
        line += " {"
    if len(line.encode()) > LONGEST_LINE:
        raise TreeError(path, f"the line has more than {LONGEST_LINE} bytes, keepalived would read it as two lines")
    lines.append(line)
    if node.block is not None:
        for inner in node.block:
            _write(inner, path, depth + 1, lines)
        lines.append(INDENT * depth + "}")


def _label(node: Node) -> str:
    """Name a node in a path. Only a block's values are shown: they are names and addresses, never a password."""
    shown = [node.name, *(str(value) for value in node.values)] if node.block is not None else [node.name]
    return _CONTROL.sub("?", " ".join(shown))


def _word(value: Value, path: str) -> str:
    text = value if isinstance(value, str) else _number(value, path)
    if _PLAIN.fullmatch(text):
        return text
    if _CONTROL.search(text):
        raise TreeError(path, "a newline or another control character cannot be written")
    if '"' in text:
        raise TreeError(path, "a double quote cannot be written: keepalived has no escape for it")
    if text in ("{", "}"):
        raise TreeError(path, "a brace alone cannot be written: keepalived takes it for one even in quotes")
    if _OWN_DEFINITION.search(text):
        raise TreeError(path, "$_ and a capital letter cannot be written: keepalived would replace it")
    last = _LAST_BACKSLASHES.search(text)
    if last and len(last.group()) % 2:
        raise TreeError(path, "a backslash at the end cannot be written: it would hide the closing quote")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise TreeError(path, "the text is not valid Unicode") from None
    return f'"{text}"'


def _number(value: float, path: str) -> str:
    if isinstance(value, bool):
        raise TreeError(path, "true and false are no values of keepalived's text")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise TreeError(path, "the number is not finite")
        # repr writes 1e-05, which keepalived does not read.
        return format(Decimal(repr(value)), "f")
    return str(value)
