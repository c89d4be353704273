# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as JUnit XML, the form that Jenkins and others read."""

from __future__ import annotations

import re
from typing import Any, Mapping, Sequence
from xml.etree import ElementTree

__all__ = ["junit"]

# What XML 1.0 can't hold, not even escaped.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Mapping[str, Any]) -> str:
    """A test suite for each cluster and aspect, a test case for each check; notes are what a case has printed."""
    suites: dict[str, list[Mapping[str, Any]]] = {}
    for check in report["checks"]:
        suites.setdefault(f"{check['cluster'] or 'all'}.{check['aspect']}", []).append(check)
    root = ElementTree.Element("testsuites", {"name": "lvs.cluster.verify", **_counts(report["checks"])})
    for name, checks in suites.items():
        skipped = str(sum(1 for check in checks if check["skipped"]))
        suite = ElementTree.SubElement(root, "testsuite", {"name": _plain(name), **_counts(checks), "skipped": skipped})
        for check in checks:
            _case(suite, name, check)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _counts(checks: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    failures = sum(1 for check in checks if check["faults"])
    return {"tests": str(len(checks)), "failures": str(failures), "errors": "0"}


def _case(suite: ElementTree.Element, name: str, check: Mapping[str, Any]) -> None:
    case = ElementTree.SubElement(suite, "testcase", {"name": _plain(check["name"]), "classname": _plain(name)})
    # The order is that of the schema.
    if check["skipped"]:
        ElementTree.SubElement(case, "skipped", {"message": _plain(check["skipped"])})
    if check["faults"]:
        first = _plain(check["faults"][0])
        failure = ElementTree.SubElement(case, "failure", {"type": check["aspect"], "message": first})
        failure.text = _plain("\n".join(check["faults"]))
    if check["notes"]:
        ElementTree.SubElement(case, "system-out").text = _plain("\n".join(check["notes"]))


def _plain(text: str) -> str:
    return _NO_XML.sub("?", text)
