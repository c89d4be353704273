# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of each server's weight: pure, and the same with keepalived and without."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._operator.overrides import (
    DRAINED,
    HELD,
    READY,
    Override,
)

__all__ = ["ALREADY", "CHANGED", "LEFT", "RESTORED", "ROLLING", "Decision", "decide"]

RESTORED = "restored"
"""The state in which a server has its planned weight again; asked for beside DRAINED and WEIGHTED."""

MAINTENANCE, ROLLING = "maintenance", "rolling"
"""Purposes that end by themselves, and take back what was set for them alone."""

CHANGED, ALREADY, LEFT = "changed", "already", "left"
"""What a run does with a server: something, nothing because it is so, nothing because it must not."""


class Decision(NamedTuple):
    """What to do with one server. ``override``: what holds afterwards, None for the planned weight."""

    outcome: str
    before: str
    after: str
    override: Override | None


def decide(
    state: str, present: Override | None, held: bool, wanted: Override, why: str = "", *, warms_up: bool = False
) -> Decision:
    """``state`` is DRAINED, WEIGHTED or RESTORED, ``present`` what an operator has set until now.

    ``why`` restricts RESTORED to what was set for that, and with ROLLING what warms up, too. What has its planned
    weight already doesn't warm up.

    A server that is held, because nobody has prepared it yet, can be drained, so that it stays out when it is prepared,
    and never gets a weight here: it is held again
    afterwards. A drained server keeps the time and the name of whoever drained it first.
    """
    before = HELD if held else READY if present is None else present.state
    # Drained while it was held: nobody has prepared it since.
    was_held = present is not None and present.held
    if state == RESTORED:
        if held:
            return Decision(LEFT, before, before, None)
        if present is not None and why not in ("", present.why):
            return Decision(LEFT, before, before, present)
        after = HELD if was_held else READY
        return Decision(ALREADY if present is None else CHANGED, before, after, None)
    if state == DRAINED:
        # Else the end of that would give it back.
        ends = present is not None and present.why in (MAINTENANCE, ROLLING)
        if before == DRAINED and not (ends and wanted.why == "drain"):
            return Decision(ALREADY, before, before, present)
        return Decision(CHANGED, before, DRAINED, wanted._replace(held=held or was_held))
    if held:
        return Decision(LEFT, before, before, None)
    if warms_up and present is None:
        return Decision(ALREADY, before, before, None)
    if warms_up and present is not None and why == ROLLING and present.why != why:
        return Decision(LEFT, before, before, present)
    if was_held and wanted.weight:
        return Decision(LEFT, before, before, present)
    same = present is not None and (present.weight, present.until) == (wanted.weight, wanted.until)
    if same:
        return Decision(ALREADY, before, before, present)
    return Decision(CHANGED, before, wanted.state, wanted._replace(held=was_held))
