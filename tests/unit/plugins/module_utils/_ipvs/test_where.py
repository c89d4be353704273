# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import where

SERVICES: list[dict[str, Any]] = [
    {
        "name": "web",
        "address": "10.0.0.5",
        "protocol": "tcp",
        "port": 80,
        "persistence_netmask": "255.255.255.0",
        "real_servers": [{"host": "rs1", "address": "192.168.0.12"}, {"host": None, "address": "192.168.0.99"}],
    },
    {
        "name": "marked",
        "fwmark": 1,
        "match": [{"address": "10.0.0.6", "protocol": "tcp", "ports": [[80, 80], [443, 443]]}],
        "real_servers": [{"host": "rs2", "address": "192.168.0.13"}],
    },
]
PLANS: dict[str, Any] = {
    "lb1": {"director": {"services": SERVICES}},
    "lb2": {"director": {"services": SERVICES}},
    "rs1": {"director": None},
}


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "protocol": "tcp",
        "client": "203.0.113.7",
        "client_port": 40000,
        "address": "10.0.0.5",
        "port": 80,
        "server": "192.168.0.12",
        "server_port": 80,
        "state": "ESTABLISHED",
        "expires": 899,
        **changes,
    }


def said(*connections: dict[str, Any], templates: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "connections": list(connections),
        "templates": list(templates),
        "total": len(connections),
        "templates_total": len(templates),
    }


def test_what_to_ask() -> None:
    found = where.query(PLANS, "203.0.113.7", "")
    assert found == {
        "faults": [],
        "client": "203.0.113.7/32",
        "directors": ["lb1", "lb2"],
        "services": [],
        "netmasks": ["255.255.255.0"],
    }
    assert where.query(PLANS, "203.0.113.7/24", "web")["services"] == [
        {"address": "10.0.0.5", "protocol": "tcp", "ports": [[80, 80]]}
    ]
    assert where.query(PLANS, "2001:db8::1", "marked")["services"] == [{"fwmark": 1}, SERVICES[1]["match"][0]]


@pytest.mark.parametrize(
    ("plans", "client", "service", "fault"),
    [
        (PLANS, "", "", "lvs_client is missing"),
        (PLANS, "10.0.0.300", "", "'10.0.0.300' is no address and no network"),
        (PLANS, "10.0.0.1", "shop", "lvs_service: shop is no virtual service; there are marked, web"),
        ({"rs1": PLANS["rs1"]}, "10.0.0.1", "", "this inventory has no director to ask"),
    ],
)
def test_what_can_not_be_asked(plans: dict[str, Any], client: str, service: str, fault: str) -> None:
    found = where.query(plans, client, service)["faults"]
    assert len(found) == 1
    assert fault in found[0]


def test_an_entry_that_two_directors_know_is_one() -> None:
    found = where.report({"lb1": said(entry()), "lb2": said(entry(state="NONE", expires=170))}, PLANS)
    (one,) = found["connections"]
    assert (one["service"], one["host"], one["directors"]) == ("web", "rs1", ["lb1", "lb2"])
    assert (one["state"], one["expires"], found["total"]) == ("ESTABLISHED", 899, 1)


def test_names() -> None:
    found = where.report(
        {
            "lb1": said(
                entry(address="10.0.0.6", port=443, server="192.168.0.13"),
                entry(server="192.168.0.99"),
                entry(address="10.0.0.9"),
                templates=(entry(protocol="ip", client_port=0, address="", port=0, fwmark=1, server="192.168.0.13"),),
            )
        },
        PLANS,
    )
    assert [(one["address"], one["service"], one["host"]) for one in found["connections"]] == [
        ("10.0.0.5", "web", ""),
        ("10.0.0.6", "marked", "rs2"),
        ("10.0.0.9", "", "rs1"),
    ]
    assert [(one["service"], one["host"]) for one in found["templates"]] == [("marked", "rs2")]


def test_the_table() -> None:
    template = entry(client="203.0.113.0", client_port=0, port=0, server_port=0, expires=40, state="NONE")
    answers = {"lb1": said(entry(), templates=(template,)), "lb2": {"msg": "no route"}}
    assert where.lines(where.report(answers, PLANS), "203.0.113.7/32") == [
        "client             virtual service        real server            state        seconds left  known on",
        "203.0.113.7:40000  web (tcp 10.0.0.5:80)  rs1 (192.168.0.12:80)  ESTABLISHED  899           lb1",
        "203.0.113.0        web (tcp 10.0.0.5:*)   rs1 (192.168.0.12:*)   persistent   40            lb1",
        "lb2 could not be asked: no route",
    ]


def test_nothing_and_too_much() -> None:
    nothing = where.report({"lb1": said()}, PLANS)
    assert where.lines(nothing, "10.0.0.1/32") == ["no director knows a connection of 10.0.0.1/32"]
    assert nothing["asked"] == ["lb1"]
    silent = {"lb2": {"msg": "no route"}}
    assert where.lines(where.report({"lb1": said(), **silent}, PLANS), "10.0.0.1/32") == [
        "no director that could be asked knows a connection of 10.0.0.1/32",
        "lb2 could not be asked: no route",
    ]
    unknown = where.report(silent, PLANS)
    assert unknown["asked"] == []
    assert where.lines(unknown, "10.0.0.1/32") == ["lb2 could not be asked: no route"]
    much = where.report({"lb1": {**said(entry()), "total": 500}}, PLANS)
    assert where.lines(much, "x")[-1] == "1 of 500 connections are shown; name a smaller network or lvs_service"
