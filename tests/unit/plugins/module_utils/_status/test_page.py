"""The page as text: everything is escaped, nothing is fetched, nothing secret is in it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._status.badges import badges
from ansible_collections.lvs.cluster.plugins.module_utils._status.page import page
from tests.unit.plugins.module_utils._status.samples import cluster_nodes, fwmark_dr, judged, nat_ha

EVIL = "<img src=x onerror=alert(1)>\"'&"
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Outline(HTMLParser):
    """Tags, and those that were not closed in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.faults: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.faults += [f"{name}={value}" for name, value in attrs if name.startswith("on") or "alert" in (value or "")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


def spoiled(value: Any) -> Any:
    """Every text of a report with markup behind it, but the words that decide."""
    if isinstance(value, dict):
        kept = ("state", "manager", "at")
        return {key: one if key in kept else spoiled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [spoiled(one) for one in value]
    return value + EVIL if isinstance(value, str) and value else value


@pytest.mark.parametrize("setup", [nat_ha, fwmark_dr])
def test_everything_is_escaped(setup: Any) -> None:
    plans, results = setup()
    report = spoiled(judged(results, plans))
    report["problems"], report["notes"] = [f"problem {EVIL}"], [f"note {EVIL}"]
    text = page(report, plans)
    outline = Outline(text)
    assert (outline.faults, outline.open) == ([], [])
    assert "img" not in outline.tags
    assert "script" not in outline.tags
    assert text.count("&lt;img") > 10


def test_cluster_ips_are_escaped() -> None:
    plans, cluster_ips = cluster_nodes()
    served = {"backend": f"nftables{EVIL}", "buckets": [1], "left": [f"2{EVIL}"], "shared": False}
    cluster_ips[0]["nodes"][f"db1{EVIL}"] = served
    outline = Outline(page(judged({}, plans, cluster_ips), plans))
    assert (outline.faults, outline.open) == ([], [])
    assert "img" not in outline.tags


def test_buckets_that_a_person_moved() -> None:
    plans, cluster_ips = cluster_nodes()
    cluster_ips[1]["nodes"]["web1"].update(taken=[8, 9], given=[1])
    report = judged({}, plans, cluster_ips)
    assert report["notes"] == [
        "10.0.0.10 of the cluster shop: web1: taken by hand: 8 9",
        "10.0.0.10 of the cluster shop: web1: given by hand: 1",
    ]
    assert page(report, plans).count("taken by hand: 8 9") == 2


def test_it_needs_nothing_of_elsewhere() -> None:
    plans, results = nat_ha()
    text = page(judged(results, plans), plans)
    fetched = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"')\s>]+)", text)
    assert [target for target in fetched if not target.startswith(("data:", "#"))] == []
    assert "@import" not in text
    assert text.startswith("<!DOCTYPE html>\n<html lang=")


def test_no_password() -> None:
    plans, results = nat_ha()
    password = plans["lb1"]["director"]["vrrp_instances"][0]["authentication"]["auth_pass"]
    assert password in json.dumps(plans)
    assert password not in page(judged(results, plans), plans)


def test_tables_say_what_they_are() -> None:
    plans, results = nat_ha()
    text = page(judged(results, plans), plans)
    tables = re.findall(r"<table>.*?</table>", text, flags=re.DOTALL)
    assert len(tables) == 3
    for table in tables:
        assert table.startswith("<table><caption>")
        assert '<th scope="col"' in table
        assert '<th scope="row"' in table


def test_problems_are_before_everything_else() -> None:
    plans, results = nat_ha()
    results["lb2"] = {"unreachable": True, "msg": "no route"}
    text = page(judged(results, plans), plans)
    assert text.index("no route") < text.index("<figure")
    plans, results = nat_ha()
    assert "None was found." in page(judged(results, plans), plans)


def test_badges() -> None:
    plans, results = nat_ha()
    del results["lb1"]["services"][0]["destinations"][1]
    results["lb2"] = {"unreachable": True}
    assert badges(judged(results, plans)) == {
        "lb1": {"badge": "MASTER", "level": "good"},
        "lb2": {"badge": "not reached", "level": "bad"},
        "rs1": {"badge": "up", "level": "good"},
        "rs2": {"badge": "down", "level": "bad"},
    }
    plans, results = fwmark_dr()
    assert badges(judged(results, plans))["lb1"] == {"badge": "static", "level": "good"}
    results["lb1"].update(loaded=False, services=[])
    assert badges(judged(results, plans)) == {"lb1": {"badge": "static", "level": "bad"}}
    plans, cluster_ips = cluster_nodes()
    found = badges(judged({}, plans, cluster_ips))
    assert found["db1"] == {"badge": "2 of 5 buckets", "level": "good"}
    assert found["db2"] == {"badge": "no rules", "level": "bad"}
    assert found["web3"] == {"badge": "0 of 12 buckets", "level": "warn"}


def test_a_fault_on_a_director_is_bad() -> None:
    plans, results = nat_ha()
    results["lb2"]["keepalived"]["instances"]["VI_1"]["state"] = "FAULT"
    assert badges(judged(results, plans))["lb2"] == {"badge": "FAULT", "level": "bad"}
    results["lb2"]["keepalived"]["instances"]["VI_1"]["state"] = "BACKUP"
    results["lb2"]["keepalived"]["pending"] = True
    assert badges(judged(results, plans))["lb2"] == {"badge": "BACKUP", "level": "warn"}
