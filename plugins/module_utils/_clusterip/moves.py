# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How buckets are moved by hand: what each node of a cluster has to be told, in which order. For the control node.

With VRRP a choice of a person changes priorities, and a bucket goes to whoever comes first then: those that took it,
then those without a choice, then those that gave it, each in the inventory's order. Where VRRP does not preempt, the
present holder lets go besides. Without VRRP first the one that takes is told, then the one that gives.
"""

from __future__ import annotations

from typing import Any, Collection, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._topology.buckets import rankings

__all__ = ["GIVEN", "HOME", "TAKEN", "Asked", "parse_buckets", "plan_moves"]

TAKEN, GIVEN, HOME = "taken", "given", "home"
ALL = "all"
_ORDER = {TAKEN: 0, HOME: 1, GIVEN: 2}

Plans = Mapping[str, Mapping[str, Any]]
Seen = Mapping[str, Mapping[str, Any]]
"""Node that was reached -> {"cluster_ips": {VIP: what clusterip_node returned in check mode}, "failover": what
clusterip_buckets returned, or {} without VRRP}."""


class Asked(NamedTuple):
    """What the playbook was told, as it was told."""

    host: str
    state: Any
    buckets: Any = None
    address: str = ""
    last: bool = False


class _Node(NamedTuple):
    """A node that was reached. ``why`` it can serve no bucket now, "" if it can."""

    serves: frozenset[int]
    choices: Mapping[int, str]
    why: str


def parse_buckets(given: Any, total: int) -> tuple[list[int], list[str]]:
    """The buckets that a number, a list, a text with commas or "all" names, and what is wrong with it."""
    if isinstance(given, str) and given.strip().lower() == ALL:
        return list(range(1, total + 1)), []
    words = given.split(",") if isinstance(given, str) else given if isinstance(given, (list, tuple)) else [given]
    found, wrong = set(), []
    for word in words:
        text = str(word).strip()
        # To isdigit() "²" is one, and int() refuses it.
        if not (text.isascii() and text.isdecimal()) or isinstance(word, bool) or not 1 <= int(text) <= total:
            wrong.append(text)
        else:
            found.add(int(text))
    if wrong or not words:
        named = ", ".join(wrong) or "nothing"
        return [], [f"lvs_bucket: {named} is no bucket: write numbers from 1 to {total}, or all"]
    return sorted(found), []


def plan_moves(plans: Plans, seen: Seen | None, asked: Asked) -> dict[str, Any]:
    """{"faults", "notes", "failover", "first", "then", "again", "await", "moves", "lines", "nodes"} of one cluster.

    ``plans`` are those of cluster nodes by host. Without ``seen`` only what was asked is checked. With a fault nothing
    else counts. first, then: by node what it is told in this order, the options of clusterip_buckets, or without VRRP
    {VIP: {"now": all its buckets, "at_boot": those of a boot}}. again: by node the buckets that it lets go once more if
    it was faster than the one that they are meant for. await: by node {"serving", "without"}. moves:
    {"bucket", "address", "from": [nodes], "to": node or ""}, and lines tells them.
    """
    nothing: dict[str, Any] = {"notes": [], "failover": False, "first": {}, "then": {}, "await": {}, "moves": []}
    nothing.update(again={}, lines=[])
    plan = plans.get(asked.host)
    if plan is None or plan["state"] != "present":
        known = ", ".join(name for name, one in plans.items() if one["state"] == "present") or "none"
        fault = f"lvs_host: {asked.host or '(nothing)'} is no cluster node that stays; nodes are: {known}"
        return {**nothing, "faults": [fault], "nodes": []}
    state = str(asked.state or "")
    wants_all = state == HOME and asked.buckets in (None, "")
    buckets, faults = parse_buckets(ALL if wants_all else asked.buckets, plan["buckets"])
    if state not in _ORDER:
        faults.append(f"lvs_bucket_state: {state or '(nothing)'} is none of {TAKEN}, {GIVEN} and {HOME}")
    addresses = [one["address"] for one in plan["cluster_ips"]]
    if asked.address and asked.address not in addresses:
        faults.append(f"lvs_cluster_ip: {asked.address} is no cluster IP of {asked.host}: {', '.join(addresses)}")
    elif not asked.address and not plan["failover"] and len(addresses) > 1:
        faults.append(f"lvs_cluster_ip: {asked.host} has several, so write which one: {', '.join(addresses)}")
    if seen is not None and asked.host not in seen:
        faults.append(f"lvs_host: {asked.host} was not reached, so it can't be told: see that it is up, and run again")
    if faults or seen is None:
        return {**nothing, "faults": faults, "nodes": list(plan["nodes"])}
    address = asked.address or addresses[0]
    every = isinstance(asked.buckets, str) and asked.buckets.strip().lower() == ALL
    work = (_Vrrp if plan["failover"] else _Plain)(plan, seen, asked.host, address, asked.last)
    {TAKEN: work.take, GIVEN: work.give, HOME: work.home}[state](buckets, every)
    return {**nothing, **work.answer(), "lines": _lines(work.moves), "nodes": list(plan["nodes"])}


def _lines(moves: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each way that buckets go."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for one in moves:
        way = one["address"], " and ".join(one["from"]) or "nobody", one["to"] or "nobody"
        found.setdefault(way, []).append(one["bucket"])
    return [
        f"{_named(buckets)}{f' of {address}' if address else ''}: from {before} to {after}"
        for (address, before, after), buckets in found.items()
    ]


class _Work:
    """What both ways have in common: who is there, and in which order."""

    def __init__(self, plan: Mapping[str, Any], seen: Seen, host: str, address: str, last: bool) -> None:
        self.host, self.address, self.last = host, address, last
        self.total: int = plan["buckets"]
        self.vrrp = bool(plan["failover"])
        # As the nodes are, not as the inventory wants them: it may have changed since the last run.
        self.manual = any(not one["failover"].get("preempts", True) for one in seen.values())
        numbers: Mapping[str, int] = plan["nodes"]
        self.names = list(numbers)
        self.missing = [name for name in self.names if name not in seen]
        self._ranks = [
            {name: ranking.index(number) for name, number in numbers.items()}
            for ranking in rankings(self.total, max(numbers.values()))
        ]
        self.nodes = {name: self._node(seen[name]) for name in self.names if name in seen}
        self.faults: list[str] = []
        self.notes: list[str] = []
        self.moves: list[dict[str, Any]] = []

    def _node(self, seen: Mapping[str, Any]) -> _Node:
        mine = seen["cluster_ips"].get(self.address, {})
        has = mine.get("buckets_before")
        why = "its rules are not (all) there: run lvs.cluster.site" if has is None else ""
        if not self.vrrp:
            return _Node(frozenset(has or ()), {}, why)
        said, by_hand = seen["failover"], mine.get("by_hand") or {}
        choices = {bucket: kind for kind in (TAKEN, GIVEN) for bucket in by_hand.get(kind, ())}
        if not said.get("active"):
            why = why or "its failover does not run"
        elif not said.get("healthy"):
            why = why or "its health checks are bad"
        return _Node(frozenset(has or ()), choices, why)

    def rank(self, name: str, bucket: int) -> int:
        return self._ranks[bucket - 1][name]

    def best(self, names: Iterable[str], bucket: int, choices: Mapping[str, str] | None = None) -> str:
        """Who comes first of these, "" of none; ``choices`` in place of those that were seen."""
        told = choices or {}
        return min(
            names, key=lambda name: (_ORDER[self.choice(name, bucket, told)], self.rank(name, bucket)), default=""
        )

    def choice(self, name: str, bucket: int, told: Mapping[str, str]) -> str:
        node = self.nodes.get(name)
        return told.get(name) or (node.choices.get(bucket, HOME) if node else HOME)

    def holders(self, bucket: int) -> list[str]:
        return [name for name, node in self.nodes.items() if bucket in node.serves]

    def able(self) -> list[str]:
        return [name for name, node in self.nodes.items() if not node.why]

    def note_move(self, bucket: int, to: str) -> None:
        before = [name for name in self.holders(bucket) if name != to]
        address = "" if self.vrrp else self.address
        self.moves.append({"bucket": bucket, "address": address, "from": before, "to": to})

    def refuse_unable(self) -> None:
        why = self.nodes[self.host].why
        if why:
            self.faults.append(f"lvs_host: {self.host} can take no bucket: {why}")

    def refuse_last(self, buckets: Sequence[int]) -> None:
        if buckets:
            reasons = [f"{name} was not reached" for name in self.missing]
            reasons += [f"{name}: {node.why}" for name, node in self.nodes.items() if node.why and name != self.host]
            gave = [
                name
                for name, node in self.nodes.items()
                if name != self.host and not node.why and any(node.choices.get(one) == GIVEN for one in buckets)
            ]
            reasons += [f"{name} has given them away itself" for name in gave]
            why = "; ".join(reasons) or "there is no other node"
            self.faults.append(
                f"lvs_bucket: if {self.host} gives {_named(buckets)}, nobody is there to take: {why}. "
                "Mend that first, or say lvs_last=true to do it all the same."
            )

    def say(self, text: str, buckets: Sequence[int]) -> None:
        if buckets:
            self.notes.append(text.format(host=self.host, buckets=_named(buckets)))


class _Vrrp(_Work):
    """With VRRP: choices, and who lets go where VRRP does not preempt. A bucket moves with all cluster IPs."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._first: dict[str, dict[str, list[int]]] = {}
        self._then: dict[str, dict[str, list[int]]] = {}
        self._again: dict[str, list[int]] = {}
        self._await: dict[str, dict[str, list[int]]] = {}

    def answer(self) -> dict[str, Any]:
        return {
            "faults": self.faults,
            "notes": self.notes,
            "failover": True,
            "first": self._first,
            "then": self._then,
            "again": self._again,
            "await": self._await,
            "moves": self.moves,
        }

    def take(self, buckets: Sequence[int], every: bool) -> None:
        self.refuse_unable()
        already = []
        for bucket in buckets:
            # Whom the inventory has first needs no choice to be it.
            choice = HOME if self.best(self.names, bucket, dict.fromkeys(self.names, HOME)) == self.host else TAKEN
            others = [name for name in self.nodes if name != self.host]
            rivals = [name for name in others if self.nodes[name].choices.get(bucket) == TAKEN]
            here = self.holders(bucket)
            had = self.nodes[self.host].choices.get(bucket, HOME)
            if here == [self.host] and had == choice and not rivals:
                already.append(bucket)
                continue
            self._choose(self._first, self.host, bucket, choice)
            for name in rivals:
                self._choose(self._then, name, bucket, HOME)
            if here != [self.host]:
                self._move(bucket, self.host, others, None)
        self.say("{host} serves {buckets} already", already)

    def give(self, buckets: Sequence[int], every: bool) -> None:
        not_here, alone, keeps = [], [], []
        for bucket in buckets:
            here = self.host in self.holders(bucket)
            if not here and not every:
                not_here.append(bucket)
                continue
            takers = [
                name
                for name in self.able()
                if name != self.host and self.nodes[name].choices.get(bucket, HOME) != GIVEN
            ]
            self._choose(self._first, self.host, bucket, GIVEN)
            told = {self.host: GIVEN}
            to = self.best(takers or self.able(), bucket, told)
            if not takers:
                alone.append(bucket)
            if here and to not in ("", self.host):
                # Where all have given it the inventory's order counts again, so it may go all the same.
                self._move(bucket, to, [self.host], told)
            elif here:
                keeps.append(bucket)
        self.say("{host} does not serve {buckets}, so it can't give that away", not_here)
        if self.last:
            self.say("{host} keeps {buckets} as long as no other node takes that", keeps)
        else:
            self.refuse_last(alone)

    def home(self, buckets: Sequence[int], every: bool) -> None:
        for bucket in buckets:
            self._choose(self._first, self.host, bucket, HOME)
            told = {self.host: HOME}
            winner = self.best(self.able(), bucket, told)
            here = self.holders(bucket)
            if winner and self.host in (winner, *here) and here != [winner]:
                self._move(bucket, winner, [name for name in here if name != winner], told)

    def _choose(self, step: dict[str, dict[str, list[int]]], name: str, bucket: int, choice: str) -> None:
        if self.nodes[name].choices.get(bucket, HOME) != choice:
            step.setdefault(name, {}).setdefault(choice, []).append(bucket)

    def _move(self, bucket: int, to: str, others: Iterable[str], told: Mapping[str, str] | None) -> None:
        """``told``: the choices under which ``to`` comes first; None where it does because it took the bucket."""
        self.note_move(bucket, to)
        # Who was not reached may live, and come before all that were.
        if told is None or self.best([*self.missing, to], bucket, told) == to:
            self._await.setdefault(to, {}).setdefault("serving", []).append(bucket)
            # Its timer is the first to end, by little. Without preemption who was faster all the same would keep it.
            for name in self.nodes if self.manual else ():
                if name != to:
                    self._again.setdefault(name, []).append(bucket)
        for name in others:
            if bucket in self.nodes[name].serves:
                self._await.setdefault(name, {}).setdefault("without", []).append(bucket)
                if self.manual:
                    step = self._first if name == self.host else self._then
                    step.setdefault(name, {}).setdefault("let_go", []).append(bucket)


class _Plain(_Work):
    """Without VRRP: the buckets of one cluster IP that each node is to have, now and at boot.

    What somebody moved until the next boot alone stays so, unless it is asked about.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._gets: dict[str, set[int]] = {}
        self._loses: dict[str, set[int]] = {}
        self._sent_home: Sequence[int] = ()
        seen: Seen = args[1]
        found = {name: seen[name]["cluster_ips"].get(self.address, {}) for name in self.nodes}
        self._boot = {name: self._at_boot(name, mine.get("by_hand") or {}) for name, mine in found.items()}
        for name, mine in found.items():
            if mine.get("shared"):
                # The module would bring it to the inventory, and it alone.
                self.faults.append(f"{name} differs from the inventory in what all nodes share: run lvs.cluster.site")
            elif mine.get("buckets_before") is not None and mine["buckets"] != mine["buckets_before"]:
                # The module would note the inventory's without serving them, and no run would bring them then.
                self.faults.append(f"{name} serves other buckets than the inventory has for it: run lvs.cluster.site")

    def _at_boot(self, name: str, by_hand: Mapping[str, Any]) -> set[int]:
        """The buckets of a node's boot: the inventory's, but for what a person chose."""
        own = {bucket for bucket in range(1, self.total + 1) if self.best(self.names, bucket) == name}
        return (own | set(by_hand.get(TAKEN, ()))) - set(by_hand.get(GIVEN, ()))

    def answer(self) -> dict[str, Any]:
        return {
            "faults": self.faults,
            "notes": self.notes,
            "first": {name: self._told(name, ()) for name in self._gets},
            "then": {name: self._told(name, some) for name, some in self._loses.items()},
            "moves": self.moves,
        }

    def _told(self, name: str, without: Collection[int]) -> dict[str, dict[str, list[int]]]:
        gets, without = self._gets.get(name, set()), set(without)
        now = (self.nodes[name].serves | gets) - without
        # Of what goes home the node forgets the choice: what it has then is what it has at boot.
        home = set(self._sent_home) if name == self.host else set()
        boot = ((self._boot[name] - home) | (now & home) | gets) - without
        return {self.address: {"now": sorted(now), "at_boot": sorted(boot)}}

    def take(self, buckets: Sequence[int], every: bool) -> None:
        self.refuse_unable()
        already = []
        for bucket in buckets:
            if self.holders(bucket) == [self.host]:
                already.append(bucket)
                self._assign(bucket, self.host)
            else:
                self._move(bucket, self.host)
        self.say("{host} serves {buckets} already", already)
        self._say_missing([bucket for bucket in buckets if bucket not in already])

    def give(self, buckets: Sequence[int], every: bool) -> None:
        not_here, alone = [], []
        for bucket in buckets:
            if self.host not in self.holders(bucket):
                not_here.append(bucket)
                continue
            others = [name for name in self.able() if name != self.host]
            if not others:
                alone.append(bucket)
            self._move(bucket, self.best(others, bucket))
        self.say("{host} does not serve {buckets}, so it can't give that away", [] if every else not_here)
        if self.last:
            self.say("nobody serves {buckets} after that", alone)
        else:
            self.refuse_last(alone)

    def home(self, buckets: Sequence[int], every: bool) -> None:
        if not self.nodes[self.host].why:
            # Even where nothing moves: what it has at boot may be another choice.
            self._gets.setdefault(self.host, set())
            self._sent_home = buckets
        for bucket in buckets:
            winner, here = self.best(self.able(), bucket), self.holders(bucket)
            at_boot = [name for name, buckets in self._boot.items() if bucket in buckets]
            if not winner or self.host not in (winner, *here, *at_boot):
                continue
            if here == [winner]:
                self._assign(bucket, winner)
            else:
                self._move(bucket, winner)
        self._say_missing([one["bucket"] for one in self.moves if one["to"] == self.host])

    def _move(self, bucket: int, to: str) -> None:
        self.note_move(bucket, to)
        self._assign(bucket, to)

    def _assign(self, bucket: int, to: str) -> None:
        """Has one node serve it, now and at boot, and nobody else."""
        for name, node in self.nodes.items():
            has = bucket in node.serves, bucket in self._boot[name]
            if name == to and not all(has):
                self._gets.setdefault(name, set()).add(bucket)
            elif name != to and any(has) and not node.why:
                self._loses.setdefault(name, set()).add(bucket)

    def _say_missing(self, buckets: Sequence[int]) -> None:
        untold = [name for name in self.names if name in self.missing or self.nodes[name].why]
        if buckets and untold:
            self.say(
                f"{', '.join(untold)} could not be told to give {{buckets}}, and may serve that from boot or after a "
                "repair: run this again as soon as it is reached and its rules are there, else clients get two answers",
                buckets,
            )


def _named(buckets: Sequence[int]) -> str:
    return f"bucket{'s' if len(buckets) > 1 else ''} {', '.join(map(str, buckets))}"
