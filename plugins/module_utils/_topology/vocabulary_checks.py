# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of health checks.

Each type has what its checker takes in keepalived 2.2.7 and 2.3.3 (keepalived/check/check_*.c), less what says nothing
there: a ping has no ports. ``FILE_CHECK`` and ``BFD_CHECK`` take none of the words that the others have in common.
"""

from __future__ import annotations

from typing import Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_words import (
    ACTION_FIELDS,
    ADDRESS,
    BOOLEAN,
    DEVICE,
    MARK,
    NAME,
    OPTIONS,
    PORT,
    TEXT,
    choice,
    integer,
    listed,
    seconds,
)

__all__ = [
    "CHECKS",
    "HEALTH_CHECKS",
    "RETRY",
]

RETRY = integer(0, 1000)
TYPE = {"type": TEXT}
COMMON: Mapping[str, Spec] = {
    "retry": RETRY,
    "delay_before_retry": seconds(),
    "warmup": seconds(),
    "delay_loop": seconds(low=0.001),
    "alpha": BOOLEAN,
    "log_all_failures": BOOLEAN,
    "options": OPTIONS,
}
CONNECTION: Mapping[str, Spec] = {
    "connect_ip": ADDRESS,
    "connect_port": PORT,
    "bind_to": ADDRESS,
    "bind_port": PORT,
    "bind_if": DEVICE,
    # keepalived counts in microseconds, 32 bits of them.
    "connect_timeout": seconds(4294, 0.001),
    "fwmark": MARK,
}
CONNECTING: Mapping[str, Spec] = {**TYPE, **CONNECTION, **COMMON}

REGEX_OPTIONS = (
    "allow_empty_class",
    "alt_bsux",
    "alt_circumflex",
    "alt_verbnames",
    "auto_callout",
    "caseless",
    "dollar_endonly",
    "dotall",
    "dupnames",
    "extended",
    "firstline",
    "match_unset_backref",
    "multiline",
    "never_backslash_c",
    "never_ucp",
    "never_utf",
    "no_auto_capture",
    "no_auto_possess",
    "no_dotstar_anchor",
    "no_start_optimize",
    "ucp",
    "ungreedy",
    "use_offset_limit",
    "utf",
)
PATH = Spec("text", "a path that begins with /", pattern=r"/\S*")
PAGE: Mapping[str, Spec] = {
    "status_code": Spec(
        "codes",
        'a whole number from 100 to 599, or a text of numbers and ranges such as "200-299 404"',
        low=100,
        high=599,
    ),
    "digest": Spec("text", "the MD5 digest of the page, 32 hexadecimal digits", pattern="[0-9a-fA-F]{32}"),
    "regex": TEXT,
    "regex_no_match": BOOLEAN,
    "regex_options": listed(choice(*REGEX_OPTIONS), "a list of options of PCRE2 such as caseless", single=True),
}
"""What makes a page the right one; beside ``path`` or in an entry of ``urls``."""
URL = Spec(
    "mapping",
    "a mapping with path and status_code, digest or regex",
    fields={
        "path": Spec("text", PATH.wanted, pattern=PATH.pattern, required=True),
        **PAGE,
        "virtualhost": TEXT,
        "options": OPTIONS,
    },
)
HTTP: Mapping[str, Spec] = {
    **CONNECTING,
    "path": PATH,
    **PAGE,
    "urls": Spec("list", "a list of mappings with path", item=URL, at_least=1),
    "virtualhost": TEXT,
    # A word: 1.1 without quotes is a number.
    "http_protocol": Spec("word", "1.0, 1.1 or 1.0C", choices=("1.0", "1.1", "1.0C")),
    "fast_recovery": BOOLEAN,
}
HTTPS: Mapping[str, Spec] = {**HTTP, "enable_sni": BOOLEAN, "tls_compliant": BOOLEAN}

HEX = r" *[0-9A-Fa-f][0-9A-Fa-f ]*"
UDP: Mapping[str, Spec] = {
    **CONNECTING,
    "payload": Spec("text", 'hexadecimal digits such as "16 03 01"', pattern=HEX),
    "require_reply": Spec(
        "switch",
        "true, or how the reply begins as hexadecimal digits with x for any digit",
        pattern=r" *[0-9A-FXa-fx][0-9A-FXa-fx ]*",
    ),
    "min_reply_length": integer(0, 65535),
    "max_reply_length": integer(0, 65535),
}
DNS: Mapping[str, Spec] = {
    **CONNECTING,
    "name": Spec("text", "a name of DNS such as www.example.org", pattern=r"\.|[^\s.]+(\.[^\s.]+)*\.?"),
    "query_type": choice("A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY"),
}
MISC: Mapping[str, Spec] = {
    **TYPE,
    **ACTION_FIELDS,
    # keepalived counts in microseconds, 32 bits of them.
    "timeout": integer(1, 4294),
    "dynamic": BOOLEAN,
    **COMMON,
}
FILE: Mapping[str, Spec] = {
    **TYPE,
    "track_file": NAME,
    "weight": integer(-2147483647, 2147483647),
    "reverse": BOOLEAN,
}
BFD: Mapping[str, Spec] = {**TYPE, "name": NAME, "alpha": BOOLEAN}

OLD_WORDS = {"nb_get_retry": "retry"}


def _check(
    fields: Mapping[str, Spec], old_words: Mapping[str, str] | None = None, one_of: tuple[str, ...] = ()
) -> Spec:
    return Spec("mapping", "a health check", fields=fields, old_words=old_words or {}, one_of=one_of)


# keepalived 2.2.7 crashes on an HTTP_GET without a url, so one of these is needed (FACTS.md).
PAGES = ("path", "urls")
CHECKS: Mapping[str, Spec] = {
    "tcp": _check(CONNECTING, OLD_WORDS),
    "http": _check(HTTP, OLD_WORDS, PAGES),
    "https": _check(HTTPS, OLD_WORDS, PAGES),
    "smtp": _check({**CONNECTING, "helo_name": Spec("text", "a name without spaces", pattern=r"\S+")}),
    "dns": _check(DNS),
    "udp": _check(UDP),
    "ping": _check({key: one for key, one in CONNECTING.items() if key not in ("connect_port", "bind_port")}),
    "misc": _check(MISC),
    "file": _check(FILE),
    "bfd": _check(BFD),
}
HEALTH_CHECKS = listed(
    Spec("variant", f"type: one of {', '.join(CHECKS)}", variants=CHECKS), "a list of mappings, each with its type"
)
