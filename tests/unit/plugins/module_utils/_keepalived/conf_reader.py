# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small reader after lib/parser.c of keepalived 2.2.7, to read back in tests what the serialiser wrote."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node

_SPACE = " \t\f\n\r\v"


def read(text: str) -> list[Node]:
    """Return the nodes; values are texts. Raise ValueError for what keepalived would complain about."""
    words = lines(text)
    nodes, rest = _block(words, 0)
    if rest != len(words):
        raise ValueError("extra closing brace")
    return nodes


def lines(text: str) -> list[list[str]]:
    """Return the words of each line, without comments; a brace is a line of its own, wherever it stood."""
    return [words for line in text.split("\n") for words in _pieces(_decomment(line))]


def _decomment(line: str) -> str:
    """Cut a comment. A backslash protects the next character, and is dropped before ! and # outside quotes."""
    kept, quoted, at = "", False, 0
    while at < len(line):
        char, after = line[at], line[at + 1 : at + 2]
        if char == "\\" and after:
            kept += after if not quoted and after in "#!" else char + after
            at += 2
            continue
        if char == '"':
            quoted = not quoted
        elif char in "!#" and not quoted:
            break
        kept += char
        at += 1
    if quoted:
        raise ValueError("unterminated quote")
    return kept.strip(" \t")


def _pieces(line: str) -> list[list[str]]:
    """Split at braces outside quotes (read_line), then into words (alloc_strvec_r); a brace is a piece of its own."""
    if line[:1] in ("@", "$", "~") and line:
        raise ValueError("a line that is not read as a keyword")
    pieces: list[str] = [""]
    quoted = False
    for char in line:
        if char == '"':
            quoted = not quoted
        if char in "{}" and not quoted:
            pieces += [char, ""]
        else:
            pieces[-1] += char
    return [words for words in map(_words, pieces) if words]


def _words(piece: str) -> list[str]:
    words, at = [], 0
    while at < len(piece):
        if piece[at] in _SPACE:
            at += 1
        elif piece[at] == '"':
            end = piece.index('"', at + 1)
            words.append(piece[at + 1 : end])
            at = end + 1
        else:
            start = at
            while at < len(piece) and piece[at] not in _SPACE + '"':
                at += 1
            words.append(piece[start:at])
    return words


def _block(read_lines: list[list[str]], at: int) -> tuple[list[Node], int]:
    nodes: list[Node] = []
    while at < len(read_lines) and read_lines[at] != ["}"]:
        name, values = read_lines[at][0], tuple(read_lines[at][1:])
        at += 1
        inner = None
        if at < len(read_lines) and read_lines[at] == ["{"]:
            found, at = _block(read_lines, at + 1)
            if at >= len(read_lines):
                raise ValueError("missing closing brace")
            inner, at = tuple(found), at + 1
        nodes.append(Node(name, values, inner))
    return nodes, at
