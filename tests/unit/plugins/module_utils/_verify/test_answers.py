from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._verify.report import report
from ansible_collections.lvs.cluster.plugins.modules.http_probe import NOT_HTTP

PERHAPS = "it may be down, held back or drained"


def service(name: str, port: int, **more: Any) -> dict[str, Any]:
    servers = [
        {"host": "rs1", "address": "192.168.0.12", "port": 80, "weight": 20},
        {"host": "rs2", "address": "192.168.0.13", "port": 80, "weight": 8},
    ]
    return {"name": name, "address": "10.0.0.5", "port": port, "protocol": "tcp", "real_servers": servers, **more}


DIRECTOR = {
    "director": {
        "manager": "static",
        "services": [
            service("plain", 8080),
            service("sticky", 80, persistence_timeout=50),
            service("equal", 81, scheduler="rr"),
            service("hashed", 82, scheduler="sh"),
        ],
    }
}
PLANS: dict[str, Any] = {"lb1": DIRECTOR, "lb2": DIRECTOR, "rs1": {"director": None}, "rs2": {}}


def result(name: str, by: dict[str, int], **failures: int) -> dict[str, Any]:
    return {"name": name, "answered": sum(by.values()), "by": by, "failures": failures}


def judged(*answers: dict[str, Any], plans: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return report({"requests": {"client": {"results": list(answers)}}, **more}, PLANS if plans is None else plans)


@pytest.mark.parametrize(
    ("answers", "faults"),
    [
        (result("plain:8080", {"rs1": 100, "rs2": 40}), []),
        (result("plain:8080", {"rs1": 112, "rs2": 28}), []),
        (result("plain:8080", {"rs1": 1}), []),
        (result("plain:8080", {"web": 140}), []),  # pages that don't name their server: nothing to judge
        (result("sticky:80", {"rs2": 140}), []),
        # Pages that name nobody may differ from request to request.
        (result("sticky:80", {"<!-- 12:00:01 -->": 1, "<!-- 12:00:02 -->": 1}), []),
        (result("sticky:80", {"rs1": 1, "<!-- 12:00:02 -->": 1}), []),
        (result("equal:81", {"rs1": 70, "rs2": 70}), []),  # round robin knows no weights
        (result("hashed:82", {"rs1": 140}), []),  # one client has one server
        (
            result("plain:8080", {"rs1": 140}),
            [
                f"plain:8080: rs1 served 140 of 140 requests, its weight gives it 100; {PERHAPS}",
                f"plain:8080: rs2 served 0 of 140 requests, its weight gives it 40; {PERHAPS}",
            ],
        ),
        (
            result("equal:81", {"rs1": 100, "rs2": 40}),
            [
                f"equal:81: rs1 served 100 of 140 requests, its weight gives it 70; {PERHAPS}",
                f"equal:81: rs2 served 40 of 140 requests, its weight gives it 70; {PERHAPS}",
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
        (result("plain:8080", {NOT_HTTP: 140}), []),  # a mail server, say
        (
            result("plain:8080", {"rs1": 100, NOT_HTTP: 40}),
            ["plain:8080: 40 of 140 answers were not HTTP, and the others were"],
        ),
        (result("plain:8080", {}, refused=3), ["plain:8080: 3 of 3 requests had no answer: refused"]),
    ],
)
def test_answers_are_judged(answers: dict[str, Any], faults: list[str]) -> None:
    assert judged(answers)["faults"] == faults


def test_table_says_who_served() -> None:
    found = judged(result("plain:8080", {"rs1": 100, "rs2": 40}), result("sticky:80", {"rs2": 10}))
    assert found["table"] == [
        "SERVICE     VIP            SERVED BY  REQUESTS  SHARE  BY WEIGHT",
        "plain:8080  10.0.0.5:8080  rs1        100       71 %   71 %",
        "plain:8080  10.0.0.5:8080  rs2        40        29 %   29 %",
        "sticky:80   10.0.0.5:80    rs1        0         0 %    -",
        "sticky:80   10.0.0.5:80    rs2        10        100 %  -",
        "",
        "CLUSTER  CHECKED     GOOD  FAULTY  SKIPPED",
        "-        neighbours  0     0       1",
        "-        requests    2     0       0",
    ]


def test_several_hosts_ask_and_their_requests_are_added_but_each_is_a_client_of_its_own() -> None:
    requests = {
        "c1": {"results": [result("plain:8080", {"rs1": 14}), result("sticky:80", {"rs1": 14})]},
        "c2": {"results": [result("plain:8080", {"rs1": 6, "rs2": 8}), result("sticky:80", {"rs2": 14})]},
    }
    found = report({"requests": requests}, PLANS)
    assert found["faults"] == []
    assert "plain:8080  10.0.0.5:8080  rs1        20        71 %   71 %" in found["table"]
    requests["c2"]["results"][1] = result("sticky:80", {"rs1": 1, "rs2": 13})
    assert report({"requests": requests}, PLANS)["faults"] == [
        "sticky:80: persistent, but the client c2 was sent to rs1 and rs2"
    ]


def test_a_host_that_could_not_ask_is_a_fault_and_the_others_count() -> None:
    requests = {
        "c1": {"unreachable": True, "msg": "ssh"},
        "c2": {"results": [result("plain:8080", {"rs1": 1})]},
        "c3": {"failed": True, "msg": "no Python"},
        "localhost": {},
    }
    assert report({"requests": requests}, PLANS)["faults"] == [
        "c1: no request was sent from it: it was not reached",
        "c3: no request was sent from it: no Python",
        "localhost: no request was sent from it: it was not asked",
    ]


def test_a_drained_server_is_expected_to_serve_nothing() -> None:
    drained = {"server": "tcp 10.0.0.5:8080 -> 192.168.0.13:80", "state": "drained", "weight": 0}
    status = {"services": [], "addresses": [], "overrides": [drained]}
    plain = {"manager": "static", "services": [service("plain", 8080, family="ipv4", scheduler="wlc")]}
    found = judged(
        result("plain:8080", {"rs1": 140}),
        plans={**PLANS, "lb1": {"director": plain}, "lb2": {}},
        directors={"lb1": {"status": status}},
    )
    assert not [text for text in found["faults"] if "its weight gives it" in text]
    assert "plain:8080  10.0.0.5:8080  rs2        0         0 %    0 %" in found["table"]


CLOSED = [{"server": f"tcp 10.0.0.5:8080 -> 192.168.0.{last}:80", "state": "drained", "weight": 0} for last in (12, 13)]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (result("plain:8080", {"lb1": 5}), "lb1 answered 5 requests and is no real server of it"),
        ({**result("plain:8080", {}), "failures": {"status 503": 5}}, "5 of 5 requests had no answer: status 503"),
    ],
)
def test_a_sorry_server_that_an_operator_has_let_serve_is_a_note(answer: dict[str, Any], told: str) -> None:
    closed = service("plain", 8080, family="ipv4", sorry_server={"address": "192.168.0.3", "port": 80})
    plans = {**PLANS, "lb1": {"director": {"manager": "static", "services": [closed]}}, "lb2": {}}

    def told_of(overrides: list[dict[str, Any]]) -> list[list[str]]:
        status = {"services": [], "addresses": [], "overrides": overrides}
        found = judged(answer, plans=plans, directors={"lb1": {"status": status}})
        return [[text for text in found[kind] if told in text] for kind in ("faults", "notes")]

    assert [len(texts) for texts in told_of(CLOSED)] == [0, 1]
    # One real server should serve, so it is down.
    assert [len(texts) for texts in told_of(CLOSED[:1])] == [1, 0]
    del closed["sorry_server"]
    assert [len(texts) for texts in told_of(CLOSED)] == [1, 0]


def test_shares_are_not_judged_where_health_checks_move_weights() -> None:
    moving = service("plain", 8080)
    moving["real_servers"][0]["health_checks"] = [{"type": "misc", "dynamic": True}]
    plans = {**PLANS, "lb1": {"director": {"manager": "keepalived", "services": [moving]}}, "lb2": {}}
    assert not any("its weight gives it" in text for text in judged(ALL_BY_ONE, plans=plans)["faults"])
    moving["real_servers"][0]["health_checks"] = [{"type": "misc"}]
    assert any("its weight gives it" in text for text in judged(ALL_BY_ONE, plans=plans)["faults"])


ALL_BY_ONE = result("plain:8080", {"rs1": 140})


def marked(**more: Any) -> dict[str, Any]:
    match = [
        {"address": "10.0.0.7", "protocol": "tcp", "ports": [[80, 80], [443, 443]]},
        {"address": "fd00::8", "protocol": "tcp", "ports": [[8000, 65535]]},
    ]
    servers = [{"host": name, "address": name, "weight": 1} for name in ("rs1", "rs2")]
    return {"director": {"manager": "static", "services": [
        {"name": "shop", "fwmark": 2, "match": match, "real_servers": servers, **more}
    ]}}  # fmt: skip


def test_a_persistent_mark_keeps_a_client_on_one_server_over_all_its_ports() -> None:
    plans = {"lb1": marked(persistence_timeout=300)}
    answers = [result("shop 10.0.0.7:80", {"rs1": 3}), result("shop 10.0.0.7:443", {"rs1": 3})]
    assert judged(*answers, plans=plans)["faults"] == []
    answers[1] = result("shop 10.0.0.7:443", {"rs2": 3})
    assert judged(*answers, plans=plans)["faults"] == [
        "shop: persistent on one firewall mark, but one client was sent to rs1 (shop 10.0.0.7:80) and rs2 "
        "(shop 10.0.0.7:443)"
    ]
    assert judged(*answers, plans={"lb1": marked()})["faults"] == []
    # One port redirects to the other, and neither page names its server.
    answers = [result("shop 10.0.0.7:80", {"<html>": 1}), result("shop 10.0.0.7:443", {"<!DOCTYPE html>": 1})]
    assert judged(*answers, plans=plans)["faults"] == []


def node(hash_mode: str) -> dict[str, Any]:
    cluster_ip = {"address": "10.0.0.9", "cluster_mac": "03:4c:0a:00:00:09", "hash_mode": hash_mode, "total": 12}
    cluster_ip |= {"protocol": "tcp", "ports": [80], "health_checks": []}
    return {
        "cluster": "shop",
        "clusterip_node": {
            "state": "present",
            "cluster": "shop",
            "nodes": {"web1": 1, "web2": 2},
            "cluster_ips": [cluster_ip],
        },
    }


@pytest.mark.parametrize(
    ("hash_mode", "by", "faults"),
    [
        ("sourceip", {"web2": 20}, []),
        ("sourceip", {"some page": 20}, []),
        ("sourceip-sourceport", {"web1": 9, "web2": 11}, []),
        (
            "sourceip",
            {"web1": 9, "web2": 11},
            ["cluster IP 10.0.0.9:80: the one client client was answered by web1 and web2"],
        ),
        ("sourceip", {"spare": 20}, ["cluster IP 10.0.0.9:80: spare answered client and is no node of shop"]),
    ],
)
def test_a_cluster_ip_is_answered_by_a_node_and_no_shares_are_judged(
    hash_mode: str, by: dict[str, int], faults: list[str]
) -> None:
    plans = {"web1": node(hash_mode), "web2": node(hash_mode), "spare": {}}
    found = judged(result("cluster IP 10.0.0.9:80", by), plans=plans)
    assert found["faults"] == faults
    assert found["table"][1].startswith("cluster IP 10.0.0.9:80  10.0.0.9:80  ")
    assert found["table"][1].endswith(" -")
