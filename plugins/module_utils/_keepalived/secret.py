# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeping passwords of a keepalived configuration out of what a run prints."""

from __future__ import annotations

import re

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import HEADER

__all__ = ["MASK", "diff_texts", "mask_lines", "mask_words", "secrets_of"]

MASK = "********"

# What may stand before a line: that it is for one host alone (@lb1), or that it is one for each of a list (~SEQ, ~LST).
_FOR = r"(?:@\S+\s+|~\w+\([^)]*\)\s*)*"
# auth_pass of VRRP and the password of an SSL block are keepalived's; the others are for keywords it may get. The
# line may be commented out, and begins anew at each brace. Where none is in force, a comment behind may have one.
_KEYWORD = rf"[\s#!]*{_FOR}\"?(?:auth_pass|\w*passw(?:or)?d|\w*passphrase|\w*secret)\"?)(?P<value>\s.*)?$"
_SECRET_LINES = (re.compile(rf"^(?P<head>(?:.*?[{{}}])?{_KEYWORD}"), re.compile(rf"^(?P<head>.*?[#!]{_KEYWORD}"))
# A definition, and where one is used.
_DEFINITION = re.compile(rf"^(?P<head>[\s#!]*{_FOR}\$(?P<name>\w+)\s*=)(?P<value>.*)$")
_USED = re.compile(r"\$\{?(\w+)")
_SECRET_NAME = re.compile(r"(?:^|_)(?:auth_?)?pass(?:w|wd|word|phrase)?(?:_|$)|secret|_key$", re.IGNORECASE)
# A comment of one word behind such a keyword was a line of the configuration; others are prose.
_COMMENT = re.compile(r"(?:^|[\s{}])[#!]")
_ONE_WORD = re.compile(r'\s*(?:"[^"]*"|\S+)\s*(?:[#!].*)?$')
_QUOTED = re.compile(r'"[^"]*"')
_BEHIND = re.compile(r"\s[#!].*")
# keepalived takes a comment and the blanks before it away, and then looks for the backslash.
_GOES_ON = re.compile(r"\\\s*(?:(?<!\\)[#!].*)?$")
# A value without quotes: up to a brace that is not that of a definition's use.
_BARE = re.compile(r"(?:\$\{\w+\}|[^{}])*")
_BRACES = re.compile(r"^\s*[{}]?\s*$")
# Replaced only where it stands alone: a shorter one is part of too many ordinary words and numbers.
_SHORT = 4


def secrets_of(text: str) -> list[str]:
    """Return the secrets of a configuration text: what stands behind their keywords, in the order of the lines.

    The value of a definition counts where such a keyword uses it, or where its name says so; a keyword may stand in a
    definition, too.
    """
    used = _definitions(text)
    return [_value(match) for whole in _whole_lines(text) for match in _matches(whole, used)]


def mask_lines(text: str) -> str:
    """Return ``text`` with every secret's value replaced by a mask. It has as many lines as before."""
    used = _definitions(text)
    return "\n".join(line for whole in _whole_lines(text) for line in _mask_whole(whole, used))


def mask_words(message: str, secrets: list[str]) -> str:
    """Return a message of keepalived without the secrets that it may quote."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        if len(secret) >= _SHORT:
            message = message.replace(secret, MASK)
        else:
            message = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", lambda _found: MASK, message)
    return mask_lines(message)


def diff_texts(before: str, after: str) -> tuple[str, str]:
    """Return both texts for a diff, masked. If a secret was changed, a last line of the second says so.

    The marker line is left out: with it the text could equal the module's secret ``content`` option, and Ansible would
    replace the whole diff by a mask.
    """
    shown_before, shown_after = (mask_lines(_without_header(text)) for text in (before, after))
    old, new = secrets_of(before), secrets_of(after)
    # Where one comes or goes, the diff shows its masked line anyway.
    if len(old) == len(new) and old != new:
        shown_after += "# a secret differs (not shown)\n"
    elif shown_before == shown_after and _without_header(before) != _without_header(after):
        # Of a definition with a secret in it all is masked.
        shown_after += "# a masked line differs (not shown)\n"
    return shown_before, shown_after


def _definitions(text: str) -> set[str]:
    """The names of the definitions that a secret's keyword uses, also by way of others."""
    used: set[str] = set()
    while True:
        matches = [match for whole in _whole_lines(text) for match in _matches(whole, used)]
        found = {name for match in matches for name in _USED.findall(match.group("value"))}
        if found <= used:
            return used
        used |= found


def _whole_lines(text: str) -> list[list[str]]:
    """The lines of a text, those in one list that a backslash at the end makes one."""
    found: list[list[str]] = []
    goes_on = False
    for line in text.split("\n"):
        if goes_on:
            found[-1].append(line)
        else:
            found.append([line])
        goes_on = bool(_GOES_ON.search(line))
    return found


def _plain(whole: list[str]) -> list[str]:
    """The lines without the backslashes at their ends."""
    return [_GOES_ON.sub("", line) for line in whole]


def _matches(whole: list[str], used: set[str]) -> list[re.Match[str]]:
    """The secrets of a line, or of a definition, each with what stands before it."""
    lines = _plain(whole)
    definition = _DEFINITION.match("".join(lines))
    if not definition:
        # A backslash in a comment joins nothing, so that each may be a line of its own as well.
        return _keywords(["".join(lines)]) + (_keywords(lines) if len(lines) > 1 else [])
    if definition.group("name") in used:
        return [definition] if definition.group("value").strip() else []
    # Where it is used, each of its lines is one of the configuration.
    inside = _keywords([lines[0].partition("=")[2], *lines[1:]]) or _keywords([definition.group("value")])
    by_name = definition.group("value").strip() and _SECRET_NAME.search(definition.group("name"))
    return inside or ([definition] if by_name else [])


def _keywords(lines: list[str]) -> list[re.Match[str]]:
    """Where a secret stands behind its keyword."""
    found = []
    for line in lines:
        match = next(filter(None, (pattern.match(line) for pattern in _SECRET_LINES)), None)
        if not match or _BRACES.match(match.group("value") or ""):
            continue
        if not _COMMENT.search(_QUOTED.sub("", match.group("head"))) or _ONE_WORD.match(match.group("value")):
            found.append(match)
    return found


def _value(match: re.Match[str]) -> str:
    """The secret itself: what is quoted, or what stands before the next brace."""
    text = str(match.group("value")).strip()
    return (
        text[1:].partition('"')[0]
        if text.startswith('"')
        else _BEHIND.sub("", "".join(_BARE.findall(text)[:1])).strip()
    )


def _mask_whole(whole: list[str], used: set[str]) -> list[str]:
    matches = _matches(whole, used)
    if not matches:
        return whole
    definition = _DEFINITION.match("".join(_plain(whole)))
    first = f"{definition.group('head')}{MASK}" if definition else f"{matches[0].group('head')} {MASK}"
    return [first, *([MASK] * (len(whole) - 1))]


def _without_header(text: str) -> str:
    first, _newline, rest = text.partition("\n")
    return rest.lstrip("\n") if first.rstrip() == HEADER else text
