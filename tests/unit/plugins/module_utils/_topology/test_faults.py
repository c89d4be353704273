# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults: merged over hosts, in an order of their own, shown in one line."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._topology import Fault
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Findings, Place


def test_one_fault_of_many_hosts_is_one_and_names_them_in_natural_order() -> None:
    findings = Findings()
    for host in ("lb10", "lb2", "lb2"):
        Place(findings, host, "lvs_x").index(0).key("y").fault("is wrong", "mend it")
    assert Findings.ordered(findings.faults) == [
        {
            "hosts": ["lb2", "lb10"],
            "variable": "lvs_x[0].y",
            "problem": "is wrong",
            "remedy": "mend it",
            "text": "lb2, lb10: lvs_x[0].y: is wrong; mend it",
        }
    ]


def test_the_order_does_not_depend_on_the_order_of_discovery() -> None:
    found = [("b", "v[10]", "p"), ("b", "v[2]", "q"), ("b", "v[2]", "p"), ("a", "z", "p"), ("", "groups", "p")]
    orders = []
    for sequence in (found, found[::-1]):
        findings = Findings()
        for host, variable, problem in sequence:
            Place(findings, host, variable).notice(problem, "r")
        orders.append([(one["hosts"], one["variable"], one["problem"]) for one in Findings.ordered(findings.notices)])
    assert orders[0] == orders[1]
    assert [one[1] for one in orders[0]] == ["groups", "z", "v[2]", "v[2]", "v[10]"]


def test_a_thousand_hosts_fit_one_line() -> None:
    fault = Fault(tuple(f"web{number}" for number in range(1000)), "v", "is wrong", "mend it")
    assert fault.text == "web0, web1, web2, web3, web4, web5, web6, web7 and 992 more: v: is wrong; mend it"
    assert len(fault.as_dict()["hosts"]) == 1000
