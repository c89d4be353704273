# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.checks import health_check
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import serialise
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError


def _written(check: dict[str, Any], port: int | None = None) -> list[str]:
    return [line.strip() for line in serialise([health_check(check, "p", port)]).splitlines()][1:-1]


@pytest.mark.parametrize(
    ("kind", "checker"),
    [
        ("tcp", "TCP_CHECK"),
        ("http", "HTTP_GET"),
        ("https", "SSL_GET"),
        ("smtp", "SMTP_CHECK"),
        ("dns", "DNS_CHECK"),
        ("udp", "UDP_CHECK"),
        ("ping", "PING_CHECK"),
        ("misc", "MISC_CHECK"),
        ("file", "FILE_CHECK"),
        ("bfd", "BFD_CHECK"),
        ("TCP", "TCP_CHECK"),
        ("X_CHECK", "X_CHECK"),
    ],
)
def test_type(kind: str, checker: str) -> None:
    assert health_check({"type": kind}, "p").name == checker


@pytest.mark.parametrize("kind", ["ping", "misc", "file", "bfd"])
def test_checks_without_a_port(kind: str) -> None:
    assert _written({"type": kind}, 80) == []


@pytest.mark.parametrize("kind", ["tcp", "udp", "dns", "smtp", "X_CHECK"])
def test_the_port_of_a_marked_real_server(kind: str) -> None:
    assert _written({"type": kind}, 80) == ["connect_port 80"]
    assert _written({"type": kind, "connect_port": 81}, 80) == ["connect_port 81"]


def test_common_words() -> None:
    assert _written(
        {
            "type": "tcp",
            "log_all_failures": True,
            "alpha": False,
            "delay_loop": 1.5,
            "warmup": 0,
            "fwmark": 7,
            "bind_if": "eth1",
            "bind_port": 4000,
            "bind_to": "10.0.0.1",
            "connect_ip": "10.0.0.2",
        }
    ) == [
        "connect_ip 10.0.0.2",
        "bindto 10.0.0.1",
        "bind_port 4000",
        "bind_if eth1",
        "fwmark 7",
        "warmup 0",
        "delay_loop 1.5",
        "alpha false",
        "log_all_failures",
    ]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"status_code": 200}, "status_code 200"),
        ({"status_code": "200-299 404"}, "status_code 200-299 404"),
        ({"status_code": [200, 204]}, "status_code 200 204"),
        ({"virtualhost": "a.b"}, "virtualhost a.b"),
        ({"regex_no_match": True}, "regex_no_match"),
        ({"regex_options": "caseless multiline"}, "regex_options caseless multiline"),
        ({"regex_options": ["caseless", "dotall"]}, "regex_options caseless dotall"),
        ({"options": {"regex_min_offset": 3}}, "regex_min_offset 3"),
        ({"tls_compliant": True}, "tls_compliant"),
    ],
)
def test_a_page(given: dict[str, Any], line: str) -> None:
    assert _written({"type": "http", "urls": [given]}) == ["url {", "path /", line, "}"]


def test_what_2_2_7_does_not_know_is_not_written_where_it_is_the_default() -> None:
    written = _written({"type": "https", "path": "/", "tls_compliant": False, "enable_sni": False})
    assert written == ["enable_sni false", "url {", "path /", "}"]


# What keepalived makes of the written text is the expression again: it undoes backslashes once, octal ones too.
@pytest.mark.parametrize(
    ("regex", "written"),
    [
        ("down", "down"),
        ("^rs[0-9] ok$", '"^rs[0-9] ok$"'),
        (r"a\.b", r'"a\\.b"'),
        ('"x"', r'"\042x\042"'),
        ("it's", '"it\'s"'),
        ("$_PWD", r'"\044_PWD"'),
        ("{", r'"\173"'),
        ("a\nb", r'"a\012b"'),
    ],
)
def test_a_regular_expression_survives_its_two_readers(regex: str, written: str) -> None:
    assert f"regex {written}" in _written({"type": "http", "regex": regex})


def test_words_of_a_page_beside_the_type_are_a_page() -> None:
    assert _written({"type": "https", "path": "/a", "digest": "00", "regex": "x", "enable_sni": True}) == [
        "enable_sni",
        "url {",
        "path /a",
        "digest 00",
        "regex x",
        "}",
    ]


@pytest.mark.parametrize(
    ("check", "lines"),
    [
        (
            {"type": "http", "http_protocol": "1.0C", "fast_recovery": False},
            ["http_protocol 1.0C", "fast_recovery false"],
        ),
        ({"type": "smtp", "helo_name": "a.b"}, ["helo_name a.b"]),
        ({"type": "dns", "query_type": "AAAA", "name": "a.b"}, ["name a.b", "type AAAA"]),
        ({"type": "udp", "payload": "00 ff", "require_reply": True}, ["payload 00 ff", "require_reply"]),
        ({"type": "udp", "require_reply": "0a", "min_reply_length": 1}, ["require_reply 0a", "min_reply_length 1"]),
        ({"type": "udp", "require_reply": False, "max_reply_length": 9}, ["max_reply_length 9"]),
        (
            {"type": "misc", "script": "files/c.sh", "args": ["a b"], "user": "nobody", "timeout": 3, "dynamic": True},
            ["misc_path \"/etc/keepalived/lvs-cluster/c.sh 'a b'\"", "user nobody", "misc_timeout 3", "misc_dynamic"],
        ),
        ({"type": "misc", "misc_path": "/x y", "dynamic": False}, ['misc_path "/x y"']),
        ({"type": "file", "track_file": "f"}, ["track_file f"]),
        ({"type": "file", "track_file": "f", "weight": 0}, ["track_file f", "weight 0"]),
        ({"type": "file", "track_file": "f", "weight": 2, "reverse": True}, ["track_file f", "weight 2 reverse"]),
        ({"type": "bfd", "name": "peer", "alpha": True}, ["alpha", "name peer"]),
    ],
)
def test_words_of_a_type(check: dict[str, Any], lines: list[str]) -> None:
    assert [line for line in _written(check) if line not in ("url {", "path /", "}")] == lines


def test_reverse_alone_is_refused() -> None:
    with pytest.raises(TreeError, match=r"^p\.FILE_CHECK: reverse needs a weight"):
        health_check({"type": "file", "track_file": "f", "reverse": True}, "p")


def test_the_check_is_not_changed() -> None:
    check = {"type": "misc", "script": "/x", "urls": None, "options": {"a": 1}}
    before = dict(check)
    assert Node("a", (1,)) in (health_check(check, "p").block or ())
    assert check == before
