# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks of keepalived.conf in the inventory's words."""

from __future__ import annotations

import re
from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.blocks import Item
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.reading import Context, Lines, NotOptions, action
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import checks as writer
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_checks import CHECKS, URL

__all__ = ["TYPES", "health_check"]

# The writer's own tables: what it writes is what is read here. Of two types for one checker the later is an old one.
TYPES: Mapping[str, str] = {checker: kind for kind, checker in reversed(writer._CHECKERS.items()) if kind in CHECKS}

_ESCAPE = re.compile(r"\\(\\|[0-7]{3})")
_ANY_ESCAPE = re.compile(r"\\(?!\\|[0-7]{3})")


def health_check(item: Item, context: Context) -> dict[str, Any] | None:
    """An entry of ``health_checks``; None where the vocabulary can't describe the checker."""
    kind = TYPES[item.name]
    fields = CHECKS[kind].fields
    lines = Lines(item.inside or (), context)
    check: dict[str, Any] = {"type": kind}
    if kind == "misc":
        path, user = lines.last("misc_path"), lines.last("user")
        wanted = action([*path.values[:1], *(user.values if user else ())], context, path.place) if path else None
        if wanted is None:
            return None
        check.update(wanted)
    if kind in ("http", "https"):
        urls = [_url(one, context) for one in lines.all("url")]
        if not urls or None in urls:
            return None
        check.update(_page([one for one in urls if one is not None]))
    check.update(lines.settings((*writer._COMMON, *writer._OWN.get(item.name, ())), fields))
    if kind == "file":
        check.update(_weight(lines))
    try:
        options = lines.options()
    except NotOptions:
        return None
    if options and "options" not in fields:
        return None
    return {**check, **options}


def _page(urls: list[dict[str, Any]]) -> dict[str, Any]:
    """A single page beside the check's own words, as far as it says nothing that only an entry of ``urls`` can."""
    if len(urls) == 1 and not urls[0].keys() & {"virtualhost", "options"}:
        return urls[0]
    return {"urls": urls}


def _url(item: Item, context: Context) -> dict[str, Any] | None:
    lines = Lines(item.inside or (), context)
    url = {"path": "/", **lines.settings((*writer._URL, *writer._REGEX), URL.fields)}
    if "regex" in url:
        if _ANY_ESCAPE.search(url["regex"].replace("\\\\", "")):
            return None  # of other escapes keepalived's versions make different things
        url["regex"] = _ESCAPE.sub(lambda found: _unescaped(found[1]), url["regex"])
    try:
        options = lines.options()
    except NotOptions:
        return None
    # A path with words behind it, which keepalived passes over.
    return None if "path" in options.get("options", {}) else {**url, **options}


def _unescaped(text: str) -> str:
    return text if text == "\\" else chr(int(text, 8))


def _weight(lines: Lines) -> dict[str, Any]:
    """The factor of a file's number, with its ``reverse``."""
    found = [item for item in lines.rest if item.name == "weight"]
    values = found[-1].values if found else ()
    if not re.fullmatch(r"-?[0-9]+( reverse)?", " ".join(values)):
        return {}
    lines.all("weight")
    return {"weight": int(values[0]), **({"reverse": True} if values[1:] else {})}
