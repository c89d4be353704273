# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One health check of the inventory as keepalived's checker block."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.actions import command, user
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.keywords import (
    Keyword,
    split,
    switch,
    words,
    write,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tracking import weight
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError, from_options

__all__ = ["health_check"]

_CHECKERS = {
    "tcp": "TCP_CHECK",
    "http": "HTTP_GET",
    "https": "SSL_GET",
    "ssl": "SSL_GET",
    "smtp": "SMTP_CHECK",
    "dns": "DNS_CHECK",
    "misc": "MISC_CHECK",
    "ping": "PING_CHECK",
    "udp": "UDP_CHECK",
    "file": "FILE_CHECK",
    "bfd": "BFD_CHECK",
}

_PAGE_CHECKERS = ("HTTP_GET", "SSL_GET")
_NO_CONNECTION = ("MISC_CHECK", "PING_CHECK", "FILE_CHECK", "BFD_CHECK")
_COMMON = (
    *words("connect_ip", "connect_port"),
    Keyword("bind_to", "bindto"),
    *words("bind_port", "bind_if", "connect_timeout", "fwmark", "retry", "delay_before_retry", "virtualhost"),
    *words("warmup", "delay_loop"),
    *switch("alpha", "log_all_failures"),
)
# Before 2.3 keepalived has no tls_compliant, and false is its default.
_PAGE = (*words("http_protocol"), *switch("enable_sni"), *words("tls_compliant"), *switch("fast_recovery"))
_OWN: Mapping[str, Sequence[Keyword]] = {
    "HTTP_GET": _PAGE,
    "SSL_GET": _PAGE,
    "SMTP_CHECK": words("helo_name"),
    "DNS_CHECK": (*words("name"), Keyword("query_type", "type")),
    # Bytes in hexadecimal, which may be parted by spaces. A bare require_reply takes any answer.
    "UDP_CHECK": (split("payload"), split("require_reply"), *words("min_reply_length", "max_reply_length")),
    "MISC_CHECK": (Keyword("timeout", "misc_timeout"), Keyword("dynamic", "misc_dynamic")),
    "FILE_CHECK": words("track_file"),
    "BFD_CHECK": words("name"),
}
_WRITTEN = {
    checker: frozenset(word.key for word in (*_COMMON, *_OWN.get(checker, ()))) for checker in ("", *_CHECKERS.values())
}
_URL_PLACE = ("path", "status_code", "digest", "regex", "regex_no_match", "regex_options")
_URL = (*words("path"), split("status_code"), *words("digest", "virtualhost"))
_REGEX = (*words("regex", "regex_no_match"), split("regex_options"))
_WRITTEN_OF_URL = frozenset(word.key for word in (*_URL, *_REGEX))

# What the readers of the line and of the regular expression would take for something else; an octal escape is the one
# form that ends by itself (2.2.7 reads all hexadecimal digits that follow a \x).
_ESCAPED = re.compile(r"""\\|"|[\x00-\x1f\x7f]|\$(?=\{?_[A-Z])|\A[{}]\Z""")


def health_check(check: Mapping[str, Any], path: str, port: int | None = None) -> Node:
    """Return the checker block for ``{"type": "http", "path": "/", ...}``.

    ``type`` is one of ours or a checker of keepalived by its own name (``BFD_CHECK``). Keys that are not ours are
    written as keepalived keywords, like ``options``. ``port``: where to connect if the check does not say so; None
    leaves keepalived to take the real server's. Raise TreeError at ``path``.
    """
    kind = str(check.get("type") or "")
    checker = _CHECKERS.get(kind.lower(), kind)
    here = f"{path}.{checker or 'health check'}"
    if not checker or checker != checker.upper():
        raise TreeError(
            here, f"the type of a health check is one of {', '.join(sorted(_CHECKERS))} or keepalived's word"
        )
    settings = {key: value for key, value in check.items() if key not in ("type", "options")}
    if settings.get("connect_port") is None and port is not None and checker not in _NO_CONNECTION:
        settings["connect_port"] = port
    urls = _urls(settings, here) if checker in _PAGE_CHECKERS else []
    nodes = write(_COMMON, settings, here)
    nodes += _script(settings, here) if checker == "MISC_CHECK" else []
    nodes += write(_OWN.get(checker, ()), settings, here)
    nodes += _weight(settings, here) if checker == "FILE_CHECK" else []
    nodes += _others(settings, _WRITTEN.get(checker, _WRITTEN[""]), here)
    options = check.get("options")
    if options:
        nodes += from_options(options, here)
    return Node(checker, (), tuple(nodes + urls))


def _script(settings: dict[str, Any], path: str) -> list[Node]:
    """Take script, args and user out of ``settings``."""
    wanted = {key: settings.pop(key, None) for key in ("script", "args", "user")}
    nodes = [Node("misc_path", (command(wanted, path),))] if wanted["script"] is not None else []
    return nodes + ([Node("user", user(wanted))] if wanted["user"] is not None else [])


def _weight(settings: dict[str, Any], path: str) -> list[Node]:
    """Take weight and reverse out of ``settings``."""
    values = weight({key: settings.pop(key, None) for key in ("weight", "reverse")}, path)
    return [Node("weight", values)] if values else []


def _urls(settings: dict[str, Any], path: str) -> list[Node]:
    """Take what belongs to a page, or ``urls``, out of ``settings``; keepalived 2.2.7 crashes without any url."""
    plain = {word: settings.pop(word) for word in _URL_PLACE if word in settings}
    urls = list(settings.pop("urls", None) or [])
    if not urls or any(value is not None for value in plain.values()):
        urls.insert(0, plain)
    return [_url(url, f"{path}.url") for url in urls]


def _url(url: Mapping[str, Any], path: str) -> Node:
    settings: dict[str, Any] = {"path": "/", **{key: value for key, value in url.items() if value is not None}}
    options = settings.pop("options", {})
    nodes = write(_URL, settings, path)
    if isinstance(settings.get("regex"), str):
        settings["regex"] = _ESCAPED.sub(lambda found: _escape(found.group()), settings["regex"])
    nodes += write(_REGEX, settings, path)
    nodes += _others(settings, _WRITTEN_OF_URL, path)
    return Node("url", (), (*nodes, *from_options(options, path)))


def _others(settings: Mapping[str, Any], written: frozenset[str], path: str) -> list[Node]:
    """Return the keys that no table has, which are keepalived's keywords."""
    rest = {key: value for key, value in settings.items() if key not in written}
    return from_options(rest, path) if rest else []


def _escape(char: str) -> str:
    return "\\\\" if char == "\\" else f"\\{ord(char):03o}"
