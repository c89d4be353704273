# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a failover may be made, what is left to do, and what came of it. Answers of the directors in, no I/O.

``plan`` is what failover.plan returned, ``answers`` director to what it said: ``keepalived`` (keepalived_state),
``priority`` (vrrp_priority) and ``table`` (ipvs_info). An answer without what its module returns is a failure.
"""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.failover_files import HIGHEST
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.vrrp_states import MASTER, UNKNOWN

__all__ = ["check", "lines", "masters", "seen"]

Answers = Mapping[str, Mapping[str, Mapping[str, Any]]]
_PARTS = (("keepalived", "running"), ("priority", "before"), ("table", "services"))
"""What is asked, and what each answer has."""


def masters(plan: Mapping[str, Any], answers: Answers) -> dict[str, list[str]]:
    """Instance to the directors that are its master now."""
    names = dict.fromkeys(name for one in plan["instances"].values() for name in one)
    return {name: [host for host in plan["members"] if _state(answers, host, name) == MASTER] for name in names}


def check(plan: Mapping[str, Any], answers: Answers) -> dict[str, Any]:
    """Judge the answers.

    Returns ``faults``; ``unsynced``, why the target can't know all connections; ``notices``; ``masters``, instance to
    directors; ``moves`` ([{from, to, instances}]); ``write`` ([{host, numbers, before, give_way}], the new masters
    first), what is still to be written; ``expected`` ([{host, masters}]), afterwards, of the directors that answered;
    ``done``, whether there is nothing to do.
    """
    now = masters(plan, answers)
    deaf = {host: said for host in plan["members"] for said in [_failure(answers.get(host, {}))] if said}
    moving = {name: target for name, target in plan["targets"].items() if now[name] != [target]}
    moves = _moves(moving, now)
    needed = {*plan["targets"].values(), *(move["from"] for move in moves)}
    faults = [f"{host} could not be asked: {said}" for host, said in deaf.items() if host in needed]
    faults += _masterless(moving, now, deaf)
    for target in dict.fromkeys(plan["targets"].values()):
        if target not in deaf:
            faults += _unfit(plan, target, answers, moves)
    faults += _unfollowed(plan, answers, deaf)
    if not faults:
        faults += [text for name, target in moving.items() for text in _outbid(plan, name, target, answers, deaf)]
    notices = [
        f"{host} could not be asked, so its number stays as it is: {said}"
        for host, said in deaf.items()
        if host not in needed
    ]
    notices += [f"{name} stays where it is: {plan['target']} does not have it" for name in plan["stay"]]
    if not plan["sync"] and moves:
        notices.append(
            "no sync daemon is planned (lvs_sync_daemon), so connections that are established may end with the move"
        )
    unsynced = [text for move in moves if plan["sync"] and not faults for text in _daemon_faults(move, answers)]
    write = _writes(plan, answers, deaf, moving)
    return {
        "faults": faults,
        "unsynced": unsynced,
        "notices": notices,
        "masters": now,
        "moves": moves,
        "write": write,
        "expected": _expected(plan, now, deaf),
        "done": not faults and not write and not moving,
    }


def lines(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> list[str]:
    """Who was and is master of what, a line for each instance."""
    shown = []
    for name in before:
        was, now = (", ".join(one[name]) or "nobody" for one in (before, after))
        shown.append(f"{name}: {now} is master" + ("" if was == now else f", was {was}"))
    return shown


def seen(plan: Mapping[str, Any], answers: Answers) -> list[str]:
    """What each instance is on each director, as texts."""
    return [
        f"{name} is {', '.join(f'{_state(answers, host, name) or UNKNOWN} on {host}' for host in plan['members'])}"
        for name in masters(plan, answers)
    ]


def _failure(answer: Mapping[str, Mapping[str, Any]]) -> str:
    for part, key in _PARTS:
        found = answer.get(part) or {}
        if key not in found:
            return str(found.get("msg") or "it did not answer")
    return ""


def _state(answers: Answers, host: str, name: str) -> str:
    instances = answers.get(host, {}).get("keepalived", {}).get("instances") or {}
    return str(instances.get(name, {}).get("state", ""))


def _masterless(moving: Mapping[str, str], now: Mapping[str, list[str]], deaf: Mapping[str, str]) -> list[str]:
    faults = []
    for name in moving:
        if len(now[name]) > 1:
            faults.append(f"split brain: {name} is {MASTER} on {' and '.join(now[name])}; mend that first")
        elif not now[name]:
            unknown = f", and {', '.join(deaf)} could not be asked" if deaf else ""
            faults.append(f"{name} has no {MASTER}{unknown}, so there is nothing to move; mend that first")
    return faults


def _moves(moving: Mapping[str, str], now: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    pairs: dict[tuple[str, str], list[str]] = {}
    for name, target in moving.items():
        for source in now[name][:1]:
            pairs.setdefault((source, target), []).append(name)
    return [{"from": source, "to": target, "instances": names} for (source, target), names in pairs.items()]


def _unfit(plan: Mapping[str, Any], host: str, answers: Answers, moves: list[dict[str, Any]]) -> list[str]:
    """Why a director could not serve what it is to take over."""
    mine = [move for move in moves if move["to"] == host]
    if not mine:
        return []
    state = answers[host]["keepalived"]
    if not state.get("running"):
        return [f"{host}: keepalived does not run"]
    faults = [f"{host}: {text}" for text in state.get("problems") or []]
    lacking = [name for move in mine for name in move["instances"] if not _state(answers, host, name)]
    faults += [f"{host}: keepalived has no VRRP instance {name}; run the site playbook first" for name in lacking]
    if answers[host]["priority"]["pending"]:
        faults.append(f"{host}: keepalived has not loaded the configuration that stands there; run the site playbook")
    for move in mine:
        if plan["tables"]:
            faults += _table_faults(host, move["from"], answers)
    return faults


def _table_faults(host: str, source: str, answers: Answers) -> list[str]:
    theirs = {_service(one) for one in answers[source]["table"].get("services") or []}
    mine = {_service(one) for one in answers[host]["table"].get("services") or []}
    return [f"{host}: {one} is not in the kernel's table, and {source} serves it" for one in sorted(theirs - mine)]


def _service(service: Mapping[str, Any]) -> str:
    if service.get("fwmark"):
        return f"fwmark {service['fwmark']} ({service['family']})"
    return f"{service['protocol']} {service['address']} port {service['port']}"


def _daemon_faults(move: Mapping[str, Any], answers: Answers) -> list[str]:
    source, target = move["from"], move["to"]
    roles = {host: [one["role"] for one in answers[host]["table"]["sync_daemons"]] for host in (source, target)}
    faults = [] if "master" in roles[source] else [f"{source}: its sync daemon does not send"]
    return faults if "backup" in roles[target] else [*faults, f"{target}: its sync daemon does not listen"]


def _unfollowed(plan: Mapping[str, Any], answers: Answers, deaf: Mapping[str, str]) -> list[str]:
    """Directors whose configuration is older than this: a number would be written and nothing would happen."""
    faults = []
    for host in plan["members"]:
        if host in deaf:
            continue
        priority = answers[host]["priority"]
        missing = sorted(set(plan["numbers"][host]) - set(priority["followed"]))
        if missing:
            faults.append(
                f"{host}: its keepalived.conf does not follow {', '.join(missing)}; run the site playbook first"
            )
    return faults


def _outbid(plan: Mapping[str, Any], name: str, target: str, answers: Answers, deaf: Mapping[str, str]) -> list[str]:
    """Whether what is tracked leaves the target below another one, in spite of its number."""
    after = {
        host: _after(plan, host, name, answers)
        for host in plan["members"]
        if host not in deaf and name in plan["instances"][host] and _state(answers, host, name)
    }
    mine = after.pop(target)
    return [
        f"{target} would not become master of {name}: its priority would be {mine} and {host}'s {other}, because of "
        f"what they track; mend what lowers it first"
        for host, other in sorted(after.items())
        if other > mine or (other == mine and plan["target"])
    ]


def _after(plan: Mapping[str, Any], host: str, name: str, answers: Answers) -> int:
    file = plan["instances"][host][name]["file"]
    before = answers[host]["priority"]["before"].get(file, 0)
    effective = int(answers[host]["keepalived"]["instances"][name]["effective_priority"])
    return max(1, min(HIGHEST, effective - int(before) + int(plan["numbers"][host][file])))


def _writes(
    plan: Mapping[str, Any], answers: Answers, deaf: Mapping[str, str], moving: Mapping[str, str]
) -> list[dict[str, Any]]:
    ways = _give_way(plan, answers, moving)
    found = []
    for host in sorted(plan["members"], key=lambda one: one not in plan["targets"].values()):
        if host in deaf:
            continue
        before, numbers = answers[host]["priority"]["before"], plan["numbers"][host]
        if ways.get(host) or any(before.get(file, 0) != number for file, number in numbers.items()):
            old = {file: before.get(file, 0) for file in numbers}
            found.append({"host": host, "numbers": numbers, "before": old, "give_way": ways.get(host, [])})
    # Who gives way comes last: by then the new master has its number.
    return sorted(found, key=lambda one: bool(one["give_way"]))


def _give_way(plan: Mapping[str, Any], answers: Answers, moving: Mapping[str, str]) -> dict[str, list[str]]:
    """Director to the files of what must go to FAULT for a moment, because its backup does not preempt."""
    ways: dict[str, set[str]] = {}
    for name, target in moving.items():
        if not plan["instances"][target][name]["nopreempt"]:
            continue
        for host in plan["members"]:
            if _state(answers, host, name) == MASTER:
                ways.setdefault(host, set()).add(plan["instances"][host][name]["file"])
    return {host: sorted(files) for host, files in ways.items()}


def _expected(plan: Mapping[str, Any], now: Mapping[str, list[str]], deaf: Mapping[str, str]) -> list[dict[str, Any]]:
    then = {name: [plan["targets"][name]] if name in plan["targets"] else hosts for name, hosts in now.items()}
    hosts = [host for host in plan["members"] if host not in deaf]
    hosts.sort(key=lambda one: one not in plan["targets"].values())
    return [{"host": host, "masters": sorted(name for name in then if host in then[name])} for host in hosts]
