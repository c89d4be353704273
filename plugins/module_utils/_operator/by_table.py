# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights of a director without keepalived: the kernel's table, the one for boot, and the record beside them."""

from __future__ import annotations

from typing import Any, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import persistent, report
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Entry, Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import EDIT, Operation
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._operator.decide import Decision
from ansible_collections.lvs.cluster.plugins.module_utils._operator.overrides import (
    HELD,
    Override,
    read_record,
    record_file,
    record_path,
)
from ansible_collections.lvs.cluster.plugins.module_utils._operator.targets import Target

__all__ = ["ByTable"]


class ByTable:
    """What the kernel has now, and what it is to have."""

    def __init__(self, session: Session, owner: str) -> None:
        self._session = session
        self._owner = owner
        self._names = persistent.Names(owner)
        self._table = session.table()
        self._record = dict(read_record(owner))
        self._zero = persistent.recorded(self._names)

    def knows(self, target: Target) -> bool:
        key, name = target.server.key, target.server.name
        return key in self._table and name in self._table[key].destinations

    def missing(self, target: Target) -> str:
        key, name = target.server.key, target.server.name
        return f"{target.server.label}: the table has no {key} -> {name}; run lvs.cluster.site first"

    def override(self, target: Target) -> Override | None:
        """What is recorded; a weight 0 that is not ours was set by a person."""
        recorded = self._record.get(target.server[:2])
        if recorded is not None or self.is_held(target):
            return recorded
        live = self._live(target)
        return Override(0) if live == 0 and target.weight else None

    def is_held(self, target: Target) -> bool:
        return target.server[:2] in self._zero and target.server[:2] not in self._record and self._live(target) == 0

    def _live(self, target: Target) -> int:
        return self._table[target.server.key].destinations[target.server.name].weight

    def write(self, decisions: Sequence[tuple[Target, Decision]]) -> None:
        """The record first: a run of site.yml puts right what a broken run left."""
        weights = {}
        for target, decision in decisions:
            place = (target.server.key, target.server.name)
            if decision.override is None:
                self._record.pop(place, None)
                weights[place] = 0 if decision.after == HELD else target.weight
            else:
                before = self._record.get(place)
                planned = before.planned if before else self._live(target) or target.weight
                self._record[place] = decision.override._replace(planned=planned)
                weights[place] = decision.override.weight
        path = record_path(self._owner)
        files.place({path: record_file(self._record)}, {path: files.read_file(path)})
        self._session.carry_out(
            [
                Operation(EDIT, key, None, name, values._replace(weight=weights[key, name]))
                for (key, name), values in ((place, self._table[place[0]].destinations[place[1]]) for place in weights)
                if values.weight != weights[key, name]
            ]
        )
        self._write_boot(weights)

    def _write_boot(self, weights: dict[Any, int]) -> None:
        """The table for boot, so that a reboot changes nothing."""
        content = files.read_json(self._names.config)
        if content is None:
            return
        options = Options()
        table: Table = options.table(content["services"])
        options.finish()
        for (key, name), weight in weights.items():
            if key in table and name in table[key].destinations:
                values = table[key].destinations[name]
                table[key] = Entry(
                    table[key].settings, {**table[key].destinations, name: values._replace(weight=weight)}
                )
        services = [report.entry_options(key, table[key]) for key in sorted(table)]
        had = files.read_file(self._names.config)
        files.place(
            {self._names.config: files.Placed(files.to_json({"services": services}))}, {self._names.config: had}
        )
