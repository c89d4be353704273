"""Whether the answers to Ansible's own connection take another way after a change."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._return_route import connection
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.connection import Connection, MainRoute
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.model import (
    MAIN,
    Live,
    Route,
    Rule,
    Wanted,
)

# Printed by ip -N -j route show table main, iproute2 6.1.0; the multipath route was added by hand.
MAIN_TEXT = (
    '[{"dst":"default","gateway":"192.168.0.254","dev":"eth0","protocol":"3","flags":[]},'
    '{"dst":"10.5.0.0/16","gateway":"192.168.0.253","dev":"eth0","protocol":"3","flags":[]},'
    '{"dst":"10.6.0.0/16","protocol":"3","flags":[],"nexthops":[{"gateway":"192.168.0.3","dev":"eth0","weight":1}]},'
    '{"type":"7","dst":"10.7.0.0/16","protocol":"3","flags":[]},'
    '{"dst":"192.168.0.0/24","dev":"eth0","protocol":"2","scope":"253","prefsrc":"192.168.0.12","flags":[]}]'
)
TABLE = connection.parse_main("ipv4", MAIN_TEXT)
RULES = (Rule("ipv4", "192.168.0.12", MAIN, 5000, True), Rule("ipv4", "192.168.0.12", 200, 5001, False))
POLICY = Wanted(RULES, (Route("ipv4", 200, "192.168.0.1", "eth0", 0),))
FORM_DEFAULT = Wanted((), (Route("ipv4", MAIN, "192.168.0.1", "eth0", 0),))


def to(peer: str, local: str = "192.168.0.12") -> Connection:
    return Connection(peer, local)


def test_the_main_table() -> None:
    assert TABLE[0] == MainRoute("0.0.0.0/0", "192.168.0.254", "eth0", 0, False)
    assert [route.network for route in TABLE] == ["0.0.0.0/0", "10.5.0.0/16", "10.6.0.0/16", "192.168.0.0/24"]


@pytest.mark.parametrize(
    ("peer", "local", "wanted", "moves"),
    [
        ("203.0.113.9", "192.168.0.12", POLICY, True),
        ("203.0.113.9", "192.168.0.12", FORM_DEFAULT, True),
        ("203.0.113.9", "192.168.0.99", POLICY, False),  # another address of the host
        ("203.0.113.9", "192.168.0.99", FORM_DEFAULT, True),
        ("192.168.0.50", "192.168.0.12", POLICY, False),  # on the link
        ("192.168.0.50", "192.168.0.12", FORM_DEFAULT, False),
        ("10.5.1.1", "192.168.0.12", POLICY, False),  # a route of its own
        ("10.6.1.1", "192.168.0.12", FORM_DEFAULT, False),
        ("203.0.113.9", "192.168.0.12", Wanted(), False),
    ],
)
def test_from_nothing(peer: str, local: str, wanted: Wanted, moves: bool) -> None:
    assert connection.moves(to(peer, local), Live(), wanted, TABLE, {}) is moves


def test_removal_moves_it_back() -> None:
    live = Live(RULES, POLICY.routes)
    assert connection.moves(to("203.0.113.9"), live, Wanted(), TABLE, {})
    assert not connection.moves(to("203.0.113.9"), live, POLICY, TABLE, {})


OURS_IN_MAIN = [MainRoute("0.0.0.0/0", "192.168.0.1", "eth0", 0, True), *TABLE[1:]]


@pytest.mark.parametrize(
    ("saved", "moves"),
    [({}, True), ({"ipv4": ["default", "via", "192.168.0.254", "dev", "eth0"]}, True),
     ({"ipv4": ["default", "via", "192.168.0.1", "dev", "eth0", "mtu", "1400"]}, False)],
)  # fmt: skip
def test_removal_of_the_default_form(saved: dict[str, list[str]], moves: bool) -> None:
    live = Live((), FORM_DEFAULT.routes)
    assert connection.moves(to("203.0.113.9"), live, Wanted(), OURS_IN_MAIN, saved) is moves


def test_from_default_to_policy_through_one_gateway_moves_nothing() -> None:
    assert not connection.moves(to("203.0.113.9"), Live((), FORM_DEFAULT.routes), POLICY, OURS_IN_MAIN, {})


def test_an_interface_left_open_is_no_move() -> None:
    wanted = Wanted(RULES, (Route("ipv4", 200, "192.168.0.254", "", 0),))
    assert not connection.moves(to("203.0.113.9"), Live(), wanted, TABLE, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("203.0.113.9 50000 192.168.0.12 22", Connection("203.0.113.9", "192.168.0.12")),
        ("fe80::2%eth0 50000 fe80::1%eth0 22", Connection("fe80::2", "fe80::1")),
        ("::ffff:203.0.113.9 50000 ::ffff:192.168.0.12 22", Connection("203.0.113.9", "192.168.0.12")),
    ],
)
def test_what_sshd_writes(text: str, expected: Connection | None) -> None:
    assert connection.parse_connection(text) == expected


@pytest.mark.parametrize("text", ["203.0.113.9", "a b c d"])
def test_what_it_does_not(text: str) -> None:
    with pytest.raises(BootError, match="as in SSH_CONNECTION"):
        connection.parse_connection(text)


def test_the_connection_is_found_behind_sudo(tmp_path: Path) -> None:
    for pid, parent, environ in ((30, 20, b"HOME=/root\0"), (20, 10, b"A=b\0SSH_CONNECTION=1.2.3.4 5 6.7.8.9 22\0"),
                                 (10, 1, b"SSH_CONNECTION=no\0")):  # fmt: skip
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "environ").write_bytes(environ)
        (tmp_path / str(pid) / "status").write_bytes(b"Name:\tx\nPPid:\t%d\n" % parent)
    assert connection.find_connection({}, 30, str(tmp_path)) == "1.2.3.4 5 6.7.8.9 22"
    assert connection.find_connection({"SSH_CONNECTION": "here"}, 30, str(tmp_path)) == "here"
    assert connection.find_connection({}, 77, str(tmp_path)) == ""
