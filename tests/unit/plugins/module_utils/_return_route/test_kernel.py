"""What ip prints, and the steps taken. The texts were printed by ip of iproute2 6.1.0 in a network namespace."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._return_route import kernel
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.model import Op, Route, Rule

RULES4 = (
    '[{"priority":0,"src":"all","table":"255"},{"priority":5000,"src":"192.168.0.12","table":"254",'
    '"suppress_prefixlen":0,"protocol":"152"},{"priority":5001,"src":"192.168.0.12","table":"200","protocol":"152"},'
    '{"priority":5001,"src":"192.168.0.12","table":"200"},{"priority":32766,"src":"all","table":"254"},'
    '{"priority":32767,"src":"all","table":"253"}]'
)
OWN4 = (
    '[{"dst":"default","gateway":"192.168.0.1","dev":"eth0","table":"200","flags":[]},'
    '{"dst":"default","gateway":"192.168.0.1","dev":"eth0","flags":[]}]'
)
OWN6 = '[{"dst":"default","gateway":"fd00::1","dev":"eth0","table":"200","metric":1,"flags":[],"pref":"medium"}]'
DEFAULTS4 = (
    '[{"dst":"default","gateway":"192.168.0.9","dev":"eth0","protocol":"4","prefsrc":"192.168.0.12","flags":["onlink"],'
    '"metrics":[{"mtu":1300,"advmss":1200,"initcwnd":10}]},'
    '{"dst":"default","gateway":"192.168.0.8","dev":"eth0","protocol":"152","flags":["linkdown"]},'
    '{"dst":"default","protocol":"3","flags":[],"nexthops":[{"gateway":"192.168.0.3","dev":"eth0","weight":1,"flags":[]},'
    '{"gateway":"192.168.0.4","dev":"eth0","weight":2,"flags":[]}]}]'
)
LINES4 = (
    "default via 192.168.0.9 dev eth0 proto 4 src 192.168.0.12 onlink mtu lock 1300 advmss 1200 initcwnd 10 \n"
    "default via 192.168.0.8 dev eth0 proto 152 linkdown \n"
    "default proto 3 \\\tnexthop via 192.168.0.3 dev eth0 weight 1 \\\tnexthop via 192.168.0.4 dev eth0 weight 2 \n"
)


def test_only_our_rules() -> None:
    assert kernel.parse_rules("ipv4", RULES4) == [
        Rule("ipv4", "192.168.0.12", 254, 5000, True),
        Rule("ipv4", "192.168.0.12", 200, 5001, False),
    ]


def test_own_routes_of_all_tables() -> None:
    assert kernel.parse_own_routes("ipv4", OWN4) == [
        Route("ipv4", 200, "192.168.0.1", "eth0", 0),
        Route("ipv4", 254, "192.168.0.1", "eth0", 0),
    ]
    assert kernel.parse_own_routes("ipv6", OWN6) == [Route("ipv6", 200, "fd00::1", "eth0", 1)]


def test_defaults_keep_their_words() -> None:
    others, ours, multipath = kernel.parse_defaults("ipv4", DEFAULTS4, LINES4)
    assert (others.ours, ours.ours, multipath.ours) == (False, True, False)
    assert " ".join(others.spec).endswith("onlink mtu lock 1300 advmss 1200 initcwnd 10")
    assert ours.spec == ("default", "via", "192.168.0.8", "dev", "eth0", "proto", "152")  # linkdown is a state
    assert multipath.route.gateway == ""
    assert multipath.spec[:4] == ("default", "proto", "3", "nexthop")


def test_defaults_that_change_while_they_are_read() -> None:
    with pytest.raises(BootError, match="try again"):
        kernel.parse_defaults("ipv4", DEFAULTS4, LINES4.splitlines()[0])


@pytest.mark.parametrize("parse", [kernel.parse_rules, kernel.parse_own_routes])
def test_no_output_is_nothing(parse: object) -> None:
    assert callable(parse)
    assert parse("ipv4", "") == []


def test_a_missing_table_is_empty_and_another_complaint_is_none() -> None:
    assert (
        kernel.ask(lambda argv: (2, "[", "Error: ipv4: FIB table does not exist.\nDump terminated"), "-j", "x") == "[]"
    )
    with pytest.raises(BootError, match="ip -j route failed with status 2: Operation not permitted"):
        kernel.ask(lambda argv: (2, "", "Operation not permitted"), "-j", "route")


class Ip:
    """Answers of ip by a word of the command line."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, argv: Sequence[str]) -> tuple[int, str, str]:
        self.asked.append(" ".join(argv))
        error = next((text for word, text in self.answers.items() if word in argv), "")
        return (2 if error else 0), "", error


ADD = Op(("-4", "rule", "add", "x"))
DELETE = Op(("-4", "route", "del", "y"))
RESTORE = Op(("-4", "route", "replace", "z"), forget="ipv4", fallback=("-4", "route", "del", "ours"))


def test_nothing_is_deleted_after_a_failure() -> None:
    ip = Ip(add="RTNETLINK answers: Operation not permitted")
    with pytest.raises(BootError, match="ip -4 rule add x: RTNETLINK answers: Operation not permitted"):
        kernel.execute([ADD, DELETE, RESTORE], ip, {"ipv4": ["z"]}, lambda saved: None)
    assert ip.asked == ["ip -4 rule add x"]


def test_what_is_there_or_gone_already_is_no_failure() -> None:
    ip = Ip(add="RTNETLINK answers: File exists", **{"del": "RTNETLINK answers: No such process"})
    assert kernel.execute([ADD, DELETE], ip, {}, lambda saved: None) == []


def test_a_route_of_others_is_stored_before_it_is_replaced() -> None:
    ip, stored = Ip(), []
    op = Op(("-4", "route", "replace", "ours"), save=("ipv4", ("default", "via", "10.9.0.254")))
    kernel.execute([op], ip, {}, lambda saved: stored.append((dict(saved), list(ip.asked))))
    assert stored == [({"ipv4": ["default", "via", "10.9.0.254"]}, [])]


def test_a_route_of_others_that_cannot_come_back_is_a_warning() -> None:
    ip, saved = Ip(replace='Cannot find device "up0"'), {"ipv4": ["z"]}
    (warning,) = kernel.execute([RESTORE], ip, saved, lambda saved: None)
    assert "did not come back" in warning
    assert ip.asked[-1] == "ip -4 route del ours"
    assert saved == {}
