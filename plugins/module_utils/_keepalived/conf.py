# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a keepalived.conf that somebody else wrote, as nested blocks (keepalived.conf(5), lib/parser.c).

What this reader does not know is an error, never passed over: whoever asks must not take "not understood" for "not
there".
"""

from __future__ import annotations

import glob
import os
import re
from typing import Iterator, NamedTuple

__all__ = ["Block", "UnreadableError", "read_blocks", "read_text"]

_MAX_FILES, _MAX_DEPTH = 1000, 32
_A_TEXT = "the configuration"
_INCLUDE = re.compile(r"include[a-z]?\Z")
_QUOTED = r'"(?:\\.|[^"\\])*"?'
_TOKEN = re.compile(_QUOTED + r'|[{}]|[^\s{}"]+')
"""A quoted text, a brace, or a word, which a brace ends, too."""
_PART = re.compile(_QUOTED + r'|\\.|[^"!#\\]+|\\|[!#].*', re.DOTALL)
"""A quoted text, an escaped character, any other text, or a comment to the end of the line."""
_CONDITION = re.compile(r"@(\^?)(\S+)\s*(.*)\Z")
_DEFINITION = re.compile(r"\$([A-Za-z_]\w*)=(.*)\Z")


class UnreadableError(Exception):
    """A configuration, or a part that it includes, can't be read."""


class Block(NamedTuple):
    """A keyword with its values, and what stands in its braces (None: it has none)."""

    words: tuple[str, ...]
    inside: list[Block] | None


def read_blocks(path: str, config_id: str) -> list[Block]:
    """The blocks of a configuration with its includes, for the keepalived with this id (its option -i)."""
    return _nest(_Lines(path, config_id).read(path, 0))


def read_text(text: str, config_id: str) -> list[Block]:
    """The blocks of a configuration's text, which must not include another file."""
    return _nest(_Lines(_A_TEXT, config_id).of_text(text, None, 0))


class _Lines:
    """The words of each line: comments and other hosts' lines out, definitions and includes in."""

    def __init__(self, path: str, config_id: str) -> None:
        self.path = path
        self.config_id = config_id
        self.names: dict[str, str] = {}
        self.files = 0

    def read(self, file: str, depth: int) -> Iterator[tuple[str, ...]]:
        self.files += 1
        if self.files > _MAX_FILES or depth > _MAX_DEPTH:
            raise UnreadableError(f"{self.path} includes itself, or more than {_MAX_FILES} files")
        try:
            with open(file, encoding="utf-8", errors="replace") as stream:
                text = stream.read()
        except OSError as error:
            raise UnreadableError(f"{file}: {error.strerror}") from error
        yield from self.of_text(text, file, depth)

    def of_text(self, text: str, file: str | None, depth: int) -> Iterator[tuple[str, ...]]:
        """The words of a text; ``file``: where it was read, None for a text that may include nothing."""
        name_of_text = file or self.path
        for number, raw in enumerate(text.split("\n"), 1):
            line = self._without_comment(raw)
            if line.endswith("\\") or line.startswith("~"):
                feature = "~SEQ and ~LST" if line.startswith("~") else "lines that go on in the next one"
                raise UnreadableError(f"{name_of_text}, line {number}: {feature} are not known here")
            condition = _CONDITION.match(line)
            if condition:
                excluded, name, line = condition.groups()
                if (name == self.config_id) == bool(excluded):
                    continue
                if line.startswith("~"):
                    raise UnreadableError(f"{name_of_text}, line {number}: ~SEQ and ~LST are not known here")
            # What begins no comment is written so.
            line = "".join(part[1] if part in (r"\!", r"\#") else part for part in _PART.findall(line))
            definition = _DEFINITION.match(line)
            if definition:
                self.names[definition[1]] = definition[2]
            else:
                yield from self._expand(f"{name_of_text}, line {number}", file, self._replaced(line), depth)

    def _expand(self, place: str, file: str | None, line: str, depth: int) -> Iterator[tuple[str, ...]]:
        words = tuple(word.strip('"') for word in _TOKEN.findall(line))
        if not words:
            return
        if not _INCLUDE.match(words[0]):
            yield words
            return
        if file is None:
            raise UnreadableError(f"{place}: what it includes is not known here")
        name = "".join(words[1:])
        if "{" in name or "$" in name:
            what = "braces" if "{" in name else "a name that is not defined"
            raise UnreadableError(f"{place}: an include with {what} is not known here")
        pattern = os.path.join(os.path.dirname(os.path.abspath(file)), name)
        for included in sorted(glob.glob(pattern)):
            # keepalived takes no other kind of file, and none that can be executed.
            other = os.path.exists(included) and not os.path.isfile(included)
            if not other and not os.access(included, os.X_OK):
                yield from self.read(included, depth + 1)

    def _replaced(self, line: str) -> str:
        """The line with its definitions put in, those of definitions too."""
        for _round in range(_MAX_DEPTH):
            before = line
            for name, value in self.names.items():
                plain = value.replace("\\", r"\\")
                line = re.sub(rf"\$\{{ *{name} *\}}|\${name}(?!\w)", plain, line)
            if line == before:
                break
        return line

    @staticmethod
    def _without_comment(line: str) -> str:
        return "".join(part for part in _PART.findall(line) if part[0] not in "!#").strip()


def _nest(lines: Iterator[tuple[str, ...]]) -> list[Block]:
    """Lines as blocks; each `}` ends the innermost one."""
    top: list[Block] = []
    stack = [top]
    for words in lines:
        pending: list[str] = []
        for word in words:
            if word == "{":
                if not pending and stack[-1] and stack[-1][-1].inside is None:
                    pending = list(stack[-1].pop().words)  # the brace stands on a line of its own
                inside: list[Block] = []
                stack[-1].append(Block(tuple(pending) or ("",), inside))
                stack.append(inside)
                pending = []
            elif word == "}":
                if pending:
                    stack[-1].append(Block(tuple(pending), None))
                    pending = []
                if len(stack) > 1:
                    stack.pop()
            else:
                pending.append(word)
        if pending:
            stack[-1].append(Block(tuple(pending), None))
    return top
