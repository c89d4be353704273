"""The XML against what the schema of Jenkins (junit-4.xsd) asks for."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from ansible_collections.lvs.cluster.plugins.module_utils._verify.checks import Check
from ansible_collections.lvs.cluster.plugins.module_utils._verify.junit import junit

CHECKS = [
    Check("shop", "vrrp", "VRRP and keepalived"),
    Check("shop", "table", "lb1: web (tcp 10.0.0.5:80)", ("a < b & c", "\x1b[31mred\x00"), ("rs1 is drained",)),
    Check("shop", "table", "lb2: web (tcp 10.0.0.5:80)"),
    Check("", "requests", "dns (udp 10.0.0.5:53)", skipped="udp is not asked by HTTP"),
]
# By element: attributes that must be there, others that may, and children in their order.
SCHEMA: dict[str, tuple[set[str], set[str], list[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "disabled", "errors"}, ["testsuite"]),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"time", "disabled", "skipped", "timestamp", "hostname", "id", "package"},
        ["properties", "testcase", "system-out", "system-err"],
    ),
    "testcase": (
        {"name"},
        {"assertions", "time", "classname", "status"},
        ["skipped", "error", "failure", "system-out", "system-err"],
    ),
    "failure": (set(), {"type", "message"}, []),
    "skipped": (set(), {"message"}, []),
    "system-out": (set(), set(), []),
}


def validate(element: ElementTree.Element) -> None:
    needed, allowed, children = SCHEMA[element.tag]
    assert needed <= set(element.attrib) <= needed | allowed, element.attrib
    places = [children.index(child.tag) for child in element]
    assert places == sorted(places)
    for child in element:
        validate(child)


def test_the_form_that_jenkins_reads() -> None:
    report: dict[str, Any] = {"checks": [check.as_result() for check in CHECKS]}
    text = junit(report)
    assert text.startswith("<?xml version=")
    root = ElementTree.fromstring(text)
    validate(root)
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["shop.vrrp", "shop.table", "all.requests"]
    assert (root.get("tests"), root.get("failures")) == ("4", "1")
    table = suites["shop.table"]
    assert (table.get("tests"), table.get("failures"), table.get("skipped")) == ("2", "1", "0")
    failure = table.find("testcase/failure")
    assert failure is not None
    # What XML can't hold is left out, all else stays.
    assert failure.text == "a < b & c\n?[31mred?"
    assert failure.get("message") == "a < b & c"
    assert table.findtext("testcase/system-out") == "rs1 is drained"
    skipped = suites["all.requests"].find("testcase/skipped")
    assert skipped is not None
    assert skipped.get("message") == "udp is not asked by HTTP"
