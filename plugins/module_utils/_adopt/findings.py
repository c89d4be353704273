# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an adoption has to say beside the variables that it writes."""

from __future__ import annotations

from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing, natural

__all__ = ["Findings", "OfHost"]


class Findings:
    """Faults, what is left and notes, each once with the hosts that it was found on.

    faults: with these the variables would not describe what runs. left: what the variables don't describe. notes: what
    they describe in other words, or what is so at the moment.
    """

    def __init__(self) -> None:
        self._found: dict[str, dict[tuple[str, str], list[tuple[str, str]]]] = {"faults": {}, "left": {}, "notes": {}}

    def add(self, kind: str, host: str, place: str, problem: str, remedy: str) -> None:
        places = self._found[kind].setdefault((problem, remedy), [])
        if (host, place) not in places:
            places.append((host, place))

    def of(self, host: str) -> OfHost:
        return OfHost(self, host)

    def listed(self, kind: str) -> list[dict[str, Any]]:
        """In the order in which they were found."""
        result = []
        for (problem, remedy), places in self._found[kind].items():
            hosts = sorted({host for host, _place in places if host}, key=natural)
            where = list(dict.fromkeys(place for _host, place in places if place))
            head = ": ".join(part for part in (listing(hosts), listing(where)) if part)
            text = f"{head}: {problem}; {remedy}" if head else f"{problem}; {remedy}"
            result.append({"hosts": hosts, "where": where, "problem": problem, "remedy": remedy, "text": text})
        return result


class OfHost:
    """The findings of one host."""

    def __init__(self, findings: Findings, host: str) -> None:
        self._findings = findings
        self.host = host

    def fault(self, place: str, problem: str, remedy: str) -> None:
        self._findings.add("faults", self.host, place, problem, remedy)

    def leave(self, place: str, problem: str, remedy: str) -> None:
        self._findings.add("left", self.host, place, problem, remedy)

    def note(self, place: str, problem: str, remedy: str) -> None:
        self._findings.add("notes", self.host, place, problem, remedy)
