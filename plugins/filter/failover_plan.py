# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters `failover_plan`, `failover_check` and `failover_report`: which director shall be, may be and is master."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import failover, failover_checks

Results = Iterable[Mapping[str, Any]]


def failover_plan(plans: Mapping[str, Mapping[str, Any]], host: str, back: bool = False) -> dict[str, Any]:
    """What is to be for HOST to be master, or with BACK each director with the highest priority."""
    try:
        return failover.plan(plans, host, back=back)
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.failover_plan: {error!r}") from error


def failover_check(plan: Mapping[str, Any], states: Results, priorities: Results, tables: Results) -> dict[str, Any]:
    """Whether it may be, and what is left to do, from what the directors said."""
    answers: dict[str, dict[str, Mapping[str, Any]]] = {}
    try:
        for part, results in (("keepalived", states), ("priority", priorities), ("table", tables)):
            for one in results:
                answers.setdefault(_host(one), {})[part] = one
        return failover_checks.check(plan, answers)
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.failover_check: {error!r}") from error


def failover_report(plan: Mapping[str, Any], before: Mapping[str, list[str]], states: Results) -> dict[str, Any]:
    """Who was and is master of what."""
    try:
        answers = {_host(one): {"keepalived": one} for one in states}
        after = failover_checks.masters(plan, answers)
        return {
            "masters": after,
            "lines": failover_checks.lines(before, after),
            "seen": failover_checks.seen(plan, answers),
        }
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.failover_report: {error!r}") from error


def _host(result: Mapping[str, Any]) -> str:
    item = result["item"]
    return str(item["host"] if isinstance(item, Mapping) else item)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {
            "failover_plan": failover_plan,
            "failover_check": failover_check,
            "failover_report": failover_report,
        }
