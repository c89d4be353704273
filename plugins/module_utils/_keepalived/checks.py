# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One health check of the inventory as keepalived's checker block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
}

_PAGE_CHECKERS = ("HTTP_GET", "SSL_GET")
_NO_CONNECTION = ("MISC_CHECK", "PING_CHECK")
_COMMON_WORDS = ("connect_ip", "connect_port", "connect_timeout", "retry", "delay_before_retry", "virtualhost")
_URL_WORDS = ("path", "status_code", "digest")


def health_check(check: Mapping[str, Any], path: str, port: int | None = None) -> Node:
    """Return the checker block for ``{"type": "http", "path": "/", ...}``.

    ``type`` is one of ours or a checker of keepalived by its own name (``BFD_CHECK``). Keys that are not ours are
    written as keepalived keywords, like ``options``. ``port``: where to connect if the check does not say so; None
    leaves keepalived to take the real server's. Raise TreeError at ``path``.
    """
    settings: dict[str, Any] = dict(check)
    kind = str(settings.pop("type", ""))
    checker = _CHECKERS.get(kind.lower(), kind)
    here = f"{path}.{checker or 'health check'}"
    if not checker or checker != checker.upper():
        raise TreeError(
            here, f"the type of a health check is one of {', '.join(sorted(_CHECKERS))} or keepalived's word"
        )
    options = from_options(settings.pop("options", None) or {}, here)
    if settings.get("connect_port") is None and checker not in _NO_CONNECTION:
        settings["connect_port"] = port
    urls = _urls(settings, here) if checker in _PAGE_CHECKERS else []
    nodes = from_options({word: settings.pop(word, None) for word in _COMMON_WORDS}, here)
    nodes += from_options(settings, here)
    return Node(checker, (), tuple(nodes + options + urls))


def _urls(settings: dict[str, Any], path: str) -> list[Node]:
    """Take path, status_code, digest or ``urls`` out of ``settings``; keepalived 2.2.7 crashes without any url."""
    plain = {word: settings.pop(word, None) for word in _URL_WORDS}
    urls = list(settings.pop("urls", None) or [])
    if not urls or any(value is not None for value in plain.values()):
        urls.insert(0, plain)
    return [_url(url, f"{path}.url") for url in urls]


def _url(url: Mapping[str, Any], path: str) -> Node:
    settings: dict[str, Any] = dict(url)
    options = from_options(settings.pop("options", None) or {}, path)
    words = {word: settings.pop(word, None) for word in _URL_WORDS}
    if words["path"] is None:
        words["path"] = "/"
    return Node("url", (), tuple(from_options(words, path) + from_options(settings, path) + options))
