from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._verify import report, targets, unprepared

PERHAPS = "it may be down, held back or drained"


def service(name: str, port: int, **more: Any) -> dict[str, Any]:
    servers = [
        {"host": "rs1", "address": "192.168.0.12", "weight": 20},
        {"host": "rs2", "address": "192.168.0.13", "weight": 8},
    ]
    return {"name": name, "address": "10.0.0.5", "port": port, "protocol": "tcp", "real_servers": servers, **more}


DIRECTOR = {"director": {"services": [service("plain", 8080), service("sticky", 80, persistence_timeout=50)]}}
PLANS: dict[str, Any] = {"lb1": DIRECTOR, "lb2": DIRECTOR, "rs1": {"director": None}, "rs2": {}}


def result(name: str, by: dict[str, int], **failures: int) -> dict[str, Any]:
    return {"name": name, "answered": sum(by.values()), "by": by, "failures": failures}


def test_each_service_is_asked_once_though_two_directors_have_it() -> None:
    assert targets(PLANS) == [
        {"name": "plain:8080", "address": "10.0.0.5", "port": 8080, "host": None},
        {"name": "sticky:80", "address": "10.0.0.5", "port": 80, "host": None},
    ]


def test_udp_and_marks_of_others_are_not_asked_over_http() -> None:
    marked = {"name": "marked", "fwmark": 1, "real_servers": []}
    assert targets({"lb1": {"director": {"services": [marked, service("dns", 53, protocol="udp")]}}}) == []


@pytest.mark.parametrize(
    ("answers", "faults"),
    [
        (result("plain:8080", {"rs1": 100, "rs2": 40}), []),
        (result("plain:8080", {"rs1": 112, "rs2": 28}), []),
        (result("plain:8080", {"rs1": 1}), []),
        (result("plain:8080", {"web": 140}), []),  # pages that don't name their server: nothing to judge
        (result("sticky:80", {"rs2": 140}), []),
        (
            result("plain:8080", {"rs1": 140}),
            [
                f"plain:8080: rs1 served 140 of 140 requests, its weight gives it 100; {PERHAPS}",
                f"plain:8080: rs2 served 0 of 140 requests, its weight gives it 40; {PERHAPS}",
            ],
        ),
        (
            result("sticky:80", {"rs1": 70, "rs2": 70}),
            ["sticky:80: persistent, but one client was sent to rs1 and rs2"],
        ),
        (
            result("plain:8080", {"lb1": 5}),
            [
                "plain:8080: lb1 answered 5 requests and is no real server of it; it may be the sorry server of a "
                "service whose real servers are all down"
            ],
        ),
        (result("plain:8080", {}, refused=3), ["plain:8080: 3 of 3 requests had no answer: refused"]),
    ],
)
def test_answers_are_judged(answers: dict[str, Any], faults: list[str]) -> None:
    assert report([answers], PLANS)["faults"] == faults


def test_table_says_who_served() -> None:
    answers = [result("plain:8080", {"rs1": 100, "rs2": 40}), result("sticky:80", {"rs2": 10})]
    assert report(answers, PLANS)["table"] == [
        "SERVICE     VIP            SERVED BY  REQUESTS  SHARE  BY WEIGHT",
        "plain:8080  10.0.0.5:8080  rs1        100       71 %   71 %",
        "plain:8080  10.0.0.5:8080  rs2        40        29 %   29 %",
        "sticky:80   10.0.0.5:80    rs1        0         0 %    -",
        "sticky:80   10.0.0.5:80    rs2        10        100 %  -",
    ]


def marked(**more: Any) -> dict[str, Any]:
    match = [
        {"address": "10.0.0.7", "protocol": "tcp", "ports": [[80, 80], [443, 443]]},
        {"address": "fd00::8", "protocol": "tcp", "ports": [[8000, 65535]]},
    ]
    udp = {"address": "10.0.0.7", "protocol": "udp", "ports": [[53, 53]]}
    servers = [{"host": name, "address": name, "weight": 1} for name in ("rs1", "rs2")]
    return {"director": {"services": [
        {"name": "shop", "fwmark": 2, "match": [*match, udp], "real_servers": servers, **more}
    ]}}  # fmt: skip


def test_what_a_mark_matches_is_asked_by_tcp() -> None:
    assert [(one["name"], one["address"], one["port"]) for one in targets({"lb1": marked()})] == [
        ("shop 10.0.0.7:80", "10.0.0.7", 80),
        ("shop 10.0.0.7:443", "10.0.0.7", 443),
        # Of a range the first ten.
        *((f"shop [fd00::8]:{port}", "fd00::8", port) for port in range(8000, 8010)),
    ]


def test_a_persistent_mark_keeps_a_client_on_one_server_over_all_its_ports() -> None:
    plans = {"lb1": marked(persistence_timeout=300)}
    answers = [result("shop 10.0.0.7:80", {"rs1": 3}), result("shop 10.0.0.7:443", {"rs1": 3})]
    assert report(answers, plans)["faults"] == []
    answers[1] = result("shop 10.0.0.7:443", {"rs2": 3})
    assert report(answers, plans)["faults"] == [
        "shop: persistent on one firewall mark, but one client was sent to rs1 (shop 10.0.0.7:80) and rs2 "
        "(shop 10.0.0.7:443)"
    ]
    assert report(answers, {"lb1": marked()})["faults"] == []


def test_a_host_that_differs_is_named_with_the_steps() -> None:
    missing = {"changed": True, "steps": ["ip address add 10.0.0.6/32 dev lo"]}
    kernel = {"changed": True, "diff": {"before": {"sysctls": {"a": "0"}}, "after": {"sysctls": {"a": "1"}}}}
    faults = unprepared([{"changed": False}, {}, missing, kernel], "rs2")
    assert faults == [
        "rs2: is not as its plan says; a run of lvs.cluster.site would do this: ip address add 10.0.0.6/32 dev lo",
        "rs2: is not as its plan says; a run of lvs.cluster.site would do this: "
        '{"sysctls": {"a": "0"}} -> {"sysctls": {"a": "1"}}',
    ]
    assert report([], PLANS, differences=faults)["faults"] == faults
