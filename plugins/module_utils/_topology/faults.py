# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults and notices: collected over the whole inventory, merged, and put in one order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import escaped, listing, natural

__all__ = ["Fault", "Findings", "Place"]


@dataclass(frozen=True)
class Fault:
    """What is wrong with one variable, on which hosts, and what to do. A notice has the same shape.

    ``hosts`` is empty when the fault is the inventory's and no host's. ``problem`` reads on from the variable's name;
    neither it nor ``remedy`` ends with a stop. No part ever holds a password.
    """

    hosts: tuple[str, ...]
    variable: str
    problem: str
    remedy: str

    @property
    def text(self) -> str:
        """One line for people."""
        return f"{listing(self.hosts) or 'inventory'}: {self.variable}: {self.problem}; {self.remedy}"

    def as_dict(self) -> dict[str, Any]:
        """The form in which a plan carries it."""
        return {
            "hosts": list(self.hosts),
            "variable": self.variable,
            "problem": self.problem,
            "remedy": self.remedy,
            "text": self.text,
        }


@dataclass
class Findings:
    """Faults and notices, each with the set of hosts that it was seen on (a group's variable is seen on many)."""

    faults: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    notices: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)

    @staticmethod
    def ordered(found: dict[tuple[str, str, str], set[str]]) -> list[dict[str, Any]]:
        """The findings as plain data, by host, then variable, then problem, whatever the order they were found in."""
        merged = [
            Fault(tuple(sorted(hosts, key=natural)), variable, problem, remedy)
            for (variable, problem, remedy), hosts in found.items()
        ]
        merged.sort(key=lambda one: ([natural(host) for host in one.hosts], natural(one.variable), one.problem))
        return [one.as_dict() for one in merged]


@dataclass(frozen=True)
class Place:
    """One spot in one host's variables, where findings are written down. An empty host means the inventory."""

    findings: Findings
    host: str
    path: str

    def key(self, name: str) -> Place:
        """The place of a mapping's key (or, from an empty path, of a variable)."""
        one = escaped(name)
        return Place(self.findings, self.host, f"{self.path}.{one}" if self.path else one)

    def index(self, number: int) -> Place:
        """The place of a list's item."""
        return Place(self.findings, self.host, f"{self.path}[{number}]")

    def fault(self, problem: str, remedy: str) -> None:
        """Write down a fault of this place."""
        self._add(self.findings.faults, problem, remedy)

    def notice(self, problem: str, remedy: str) -> None:
        """Write down what is accepted and still worth saying."""
        self._add(self.findings.notices, problem, remedy)

    def _add(self, found: dict[tuple[str, str, str], set[str]], problem: str, remedy: str) -> None:
        hosts = found.setdefault((self.path, problem, remedy), set())
        if self.host:
            hosts.add(self.host)
