# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of kernel_settings tells: the diff and the lists of its result."""

from __future__ import annotations

from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._kernel.plan import (
    HEADER,
    Facts,
    Plan,
    Wanted,
    ledger_text,
    modules_file,
    sysctl_file,
)
from ansible_collections.lvs.cluster.plugins.module_utils._kernel.sysctl_d import key_of, parse


def is_change(facts: Facts, plan: Plan) -> bool:
    return bool(plan.files or plan.load or plan.steps) or ledger_text(facts.ledger) != ledger_text(plan.ledger)


def _at_boot(text: str | None) -> dict[str, str | None]:
    return {key_of(entry.path): entry.value for entry in parse(text or "")}


def _modules(text: str | None) -> list[str]:
    return [line for line in (text or "").splitlines() if line and line != HEADER]


def diff(wanted: Wanted, facts: Facts, plan: Plan) -> dict[str, Any]:
    """{"before": {}, "after": {}}: modules_at_boot, loaded, sysctls_at_boot, sysctls; each with what changes alone.

    A sysctl whose value is null does not exist (yet). files: those whose text or mode alone is put right.
    """
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for path, text in plan.files.items():
        placed = facts.files[path]
        had = placed.text if placed else None
        if path == modules_file(wanted.owner) and _modules(had) != _modules(text):
            before["modules_at_boot"], after["modules_at_boot"] = _modules(had), _modules(text)
        elif path == sysctl_file(wanted.owner) and _at_boot(had) != _at_boot(text):
            old, new = _at_boot(had), _at_boot(text)
            before["sysctls_at_boot"] = {key: value for key, value in old.items() if new.get(key) != value}
            after["sysctls_at_boot"] = {key: value for key, value in new.items() if old.get(key) != value}
        else:
            before.setdefault("files", {})[path] = "changed by hand"
            after.setdefault("files", {})[path] = "as managed" if text else "absent"
    if plan.load:
        before["loaded"], after["loaded"] = [], list(plan.load)
    if plan.steps:
        before["sysctls"] = {key_of(step.path): step.before for step in plan.steps}
        after["sysctls"] = {key_of(step.path): step.value for step in plan.steps}
    return {"before": before, "after": after}


def restored(plan: Plan) -> list[dict[str, str]]:
    return [
        {"key": key_of(step.path), "value": step.value, "because": step.because} for step in plan.steps if step.because
    ]


def left(plan: Plan) -> list[dict[str, str | None]]:
    return [{"key": key_of(step.path), "value": step.before, "instead_of": step.value} for step in plan.left]
