# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A keepalived.conf as plain data: each line with the place where it stands, passwords apart.

The reader is the one of the IPVS modules, which stops at what it does not know. Here that is noted, and the rest read.
"""

from __future__ import annotations

import re
from typing import Any, Iterable, Iterator, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import conf
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import Block, UnreadableError

__all__ = ["Item", "from_data", "read"]

_DEFINITION = re.compile(r"\s*(?:@\S+\s+)?\$\w+\s*=")
# Where a line of a definition ends that has several: keepalived puts them in as lines of their own.
_END = "\x01"
_SECRET = re.compile(r"auth_pass|\w*passw(or)?d|\w*passphrase|\w*secret")


class Item(NamedTuple):
    """A line of keepalived.conf: its words, where it stands, and what is in its braces (None: it has none)."""

    words: tuple[str, ...]
    place: str
    inside: tuple[Item, ...] | None = None

    @property
    def name(self) -> str:
        return self.words[0]

    @property
    def values(self) -> tuple[str, ...]:
        return self.words[1:]

    @property
    def text(self) -> str:
        return " ".join(self.words)


class _Word(str):
    """A word that knows where it stands."""

    __slots__ = ("place",)
    place: str


class _Lines(conf._Lines):
    """The reader of ``conf``, which goes on after what it doesn't know."""

    def __init__(self, path: str, config_id: str) -> None:
        super().__init__(path, config_id)
        self.unread: list[dict[str, str]] = []

    def of_text(self, text: str, file: str | None, depth: int) -> Iterator[tuple[str, ...]]:
        yield from super().of_text("\n".join(self._known(text.split("\n"), file or self.path)), file, depth)

    def _known(self, lines: list[str], name: str) -> Iterator[str]:
        """As many lines, those that go on in the next one as one line; what ``conf`` refuses is noted and left out."""
        waiting = ""
        joined = 0
        for number, raw in enumerate(lines, 1):
            line = f"{waiting}{self._without_comment(raw)}" if waiting else raw
            bare = self._without_comment(line)
            if bare.endswith("\\") and number < len(lines):
                waiting, joined = f"{bare[:-1]}{_END if _DEFINITION.match(bare) else ' '}", joined + 1
                continue
            condition = conf._CONDITION.match(bare)
            if bare.endswith("\\") or (condition[3] if condition else bare).startswith("~"):
                what = "a line without its end" if bare.endswith("\\") else "~SEQ and ~LST"
                self._note(f"{name}, line {number}", f"{what} can't be read here")
                line = ""
            # A line keeps the number of its last part.
            yield from [""] * joined
            yield line
            waiting, joined = "", 0

    def _expand(self, place: str, file: str | None, line: str, depth: int) -> Iterator[tuple[str, ...]]:
        try:
            for part in line.split(_END):
                for words in super()._expand(place, file, part, depth):
                    yield words if isinstance(words[0], _Word) else tuple(_placed(word, place) for word in words)
        except UnreadableError as error:
            self._note(place, str(error))

    def _note(self, place: str, why: str) -> None:
        self.unread.append({"place": place, "why": why})


def _placed(text: str, place: str) -> str:
    word = _Word(text)
    word.place = place
    return word


def read(path: str, config_id: str) -> dict[str, Any]:
    """``{"items": [...], "secrets": {...}, "unread": [...]}``; UnreadableError where the file itself can't be read.

    An item is ``[words, place, items or None]``. Where a password stood is a token, and ``secrets`` has for each token
    its keyword and value.
    """
    lines = _Lines(path, config_id)
    blocks = conf._nest(lines.read(path, 0))
    secrets: dict[str, dict[str, str]] = {}
    return {"items": [_data(block, path, secrets) for block in blocks], "secrets": secrets, "unread": lines.unread}


def _data(block: Block, place: str, secrets: dict[str, dict[str, str]]) -> list[Any]:
    words = [str(word) for word in block.words]
    place = getattr(block.words[0], "place", place)
    if len(words) > 1 and block.inside is None and _SECRET.fullmatch(words[0]):
        token = f"<secret {len(secrets) + 1}>"
        # keepalived looks at no word behind it.
        secrets[token] = {"keyword": words[0], "value": words[1]}
        words = [words[0], token]
    inside = None if block.inside is None else [_data(one, place, secrets) for one in block.inside]
    return [words, place, inside]


def from_data(data: Iterable[Any], secrets: Mapping[str, str]) -> list[Item]:
    """The items of ``read``; ``secrets`` has what is to stand for each token."""
    return [
        Item(
            tuple(secrets.get(str(word), str(word)) for word in words),
            str(place),
            None if inside is None else tuple(from_data(inside, secrets)),
        )
        for words, place, inside in data
    ]
