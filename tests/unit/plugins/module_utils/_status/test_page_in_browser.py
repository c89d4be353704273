"""The page, as a real browser shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._status.page import page
from tests.unit.plugins.module_utils._status.browser import Browser
from tests.unit.plugins.module_utils._status.samples import cluster_nodes, fwmark_dr, judged, nat_ha

PHONE = 390


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as one:
        yield one


def of_nat_ha() -> tuple[dict[str, Any], dict[str, Any]]:
    """With a problem and an operator's doing."""
    plans, results = nat_ha()
    first = results["lb1"]["services"][0]["destinations"]
    first[0]["weight"] = 0
    file = plans["lb1"]["director"]["services"][0]["real_servers"][0]["weight_file"]
    set_by = {"since": "2026-11-26T20:00:00Z", "until": "", "by": "anna <script>alert(1)</script>"}
    results["lb1"]["overrides"] = [{"server": file, "state": "drained", "weight": 0, **set_by}]
    del results["lb1"]["services"][1]["destinations"][1]
    return judged(results, plans), plans


def of_fwmark_dr() -> tuple[dict[str, Any], dict[str, Any]]:
    plans, results = fwmark_dr()
    return judged(results, plans), plans


def of_cluster_nodes() -> tuple[dict[str, Any], dict[str, Any]]:
    plans, cluster_ips = cluster_nodes()
    return judged({}, plans, cluster_ips), plans


SETUPS = {"nat_ha": of_nat_ha, "fwmark_dr": of_fwmark_dr, "cluster_nodes": of_cluster_nodes}


@pytest.mark.parametrize("setup", SETUPS)
def test_page(browser: Browser, tmp_path: Path, setup: str) -> None:
    make: Callable[[], tuple[dict[str, Any], dict[str, Any]]] = SETUPS[setup]
    report, plans = make()
    file = tmp_path / f"{setup}.html"
    file.write_text(page(report, plans))
    browser.open(file)
    # innerText has what a reader sees, and nothing that is hidden.
    sections = "[...document.querySelectorAll('section')].map(one => one.innerText).join('\\n')"
    seen = browser.evaluate(sections)
    for service in report["services"]:
        assert service["name"] in seen
        assert service["service"] in seen
        for server in service["real_servers"]:
            assert server["name"] in seen
            assert server["endpoint"] in seen
    for one in (*report["directors"], *report["cluster_ips"]):
        assert one.get("host", one.get("address")) in seen
    listed = browser.evaluate("[...document.querySelectorAll('.list li')].map(one => one.innerText)")
    assert listed == [*report["problems"], *report["notes"]]
    box = browser.evaluate(
        "(one => [one.width, one.height])(document.querySelector('figure svg').getBoundingClientRect())"
    )
    assert min(box) > 100
    drawn = browser.evaluate("document.querySelector('figure svg').textContent")
    assert all(one["host"] in drawn for one in report["directors"])
    assert browser.console() == []
    assert browser.evaluate("document.querySelectorAll('script').length") == 0
    assert browser.evaluate("performance.getEntriesByType('resource').length") == 0
    # On a phone nothing but the picture is wider than the screen, and the figures still have names.
    browser.open(file, width=PHONE, height=800)
    assert browser.evaluate("document.documentElement.scrollWidth") <= browser.evaluate("window.innerWidth")
    assert browser.evaluate("getComputedStyle(document.querySelector('td'), '::before').content") not in (
        "none",
        "normal",
    )
    assert browser.console() == []
