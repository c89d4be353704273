# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeping passwords of a keepalived configuration out of what a run prints."""

from __future__ import annotations

import re

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import HEADER

__all__ = ["MASK", "diff_texts", "mask_lines", "mask_words", "secrets_of"]

MASK = "********"

# auth_pass of VRRP and the password of an SSL block are keepalived's; the others are for keywords it may get.
_SECRET_LINE = re.compile(
    r"^(?P<head>\s*\"?(?:auth_pass|\w*passw(?:or)?d|\w*passphrase|\w*secret)\"?)(?P<value>\s.*)?$"
)
_BRACES = re.compile(r"^\s*[{}]?\s*$")
# Replaced only where it stands alone: a shorter one is part of too many ordinary words and numbers.
_SHORT = 4


def secrets_of(text: str) -> list[str]:
    """Return the secrets of a configuration text: what stands behind their keywords, in the order of the lines."""
    found = []
    for line in text.splitlines():
        match = _SECRET_LINE.match(line)
        if match and not _BRACES.match(match.group("value") or ""):
            found.append(match.group("value").strip().strip('"'))
    return found


def mask_lines(text: str) -> str:
    """Return ``text`` with every secret's value replaced by a mask."""
    return "\n".join(_mask_line(line) for line in text.split("\n"))


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
    return shown_before, shown_after


def _mask_line(line: str) -> str:
    match = _SECRET_LINE.match(line)
    if not match or _BRACES.match(match.group("value") or ""):
        return line
    return f"{match.group('head')} {MASK}"


def _without_header(text: str) -> str:
    first, _newline, rest = text.partition("\n")
    return rest.lstrip("\n") if first.rstrip() == HEADER else text
