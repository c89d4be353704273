# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the jumps to our chains stand in their hooks, and the commands that put them there. No I/O."""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple, Sequence, Tuple

__all__ = ["Listing", "Target", "jump_commands", "misplaced", "places_in"]

Listing = Mapping[str, Tuple[str, ...]]
"""Every chain of a table, others' and built-in ones too, with its rules as ``iptables -S`` prints them, without -A."""

_OURS = re.compile(r"-j LVS-[A-Z0-9-]{1,24}")


class Target(NamedTuple):
    """How a chain should stand. rules None: absent. ``send`` makes ``rules``; jumps: how many each hook of ours has.

    first: the jump stands before every rule of others. back: the exact places of its jumps in each hook, for a way
    back; it goes before ``jumps`` and ``first``.
    """

    rules: tuple[str, ...] | None
    send: tuple[str, ...]
    jumps: Mapping[str, int]
    first: bool = False
    back: Mapping[str, tuple[int, ...]] | None = None


def places_in(listing: Listing, hook: str, name: str) -> tuple[int, ...]:
    """The places of the jumps to a chain, counted from 0."""
    return tuple(place for place, rule in enumerate(listing.get(hook, ())) if rule == f"-j {name}")


def misplaced(listing: Listing, targets: Mapping[str, Target]) -> dict[str, list[str]]:
    """Chains whose one jump is to be first in a hook and is not, for each such hook.

    Only jumps to chains of this collection may be before it, another owner's too: owners do not fight for a place.
    """
    wrong: dict[str, list[str]] = {}
    for name, target in targets.items():
        for hook, count in target.jumps.items():
            if target.first and target.back is None and count:
                places = places_in(listing, hook, name)
                if len(places) != 1 or places[0] >= _front(listing.get(hook, ())):
                    wrong.setdefault(hook, []).append(name)
    return wrong


def _front(rules: Sequence[str]) -> int:
    """The place of the first rule that is no jump to such a chain."""
    return next((place for place, rule in enumerate(rules) if not _OURS.fullmatch(rule)), len(rules))


def jump_commands(listing: Listing, targets: Mapping[str, Target]) -> tuple[list[str], list[str]]:
    """(deletions, additions) that lead to the jumps of the targets.

    A jump is deleted only as often as it is there, since one deletion too many fails the whole transaction.
    """
    wrong = misplaced(listing, targets)
    gone: list[tuple[str, str]] = []
    new: list[str] = []
    again: list[tuple[str, int, str]] = []
    for name, target in targets.items():
        for hook, count in target.jumps.items():
            places = places_in(listing, hook, name)
            if target.back is not None:
                back = target.back.get(hook, ())
                if places != back:
                    gone += [(hook, name)] * len(places)
                    again += [(hook, place, name) for place in back]
            elif name in wrong.get(hook, ()):
                gone += [(hook, name)] * len(places)
            else:
                gone += [(hook, name)] * (len(places) - count)
                new += [f"-A {hook} -j {name}"] * (count - len(places))
    # Each goes to the top, so the last one first.
    new += [f"-I {hook} -j {name}" for hook, names in wrong.items() for name in reversed(names)]
    length = {hook: len(rules) for hook, rules in listing.items()}
    for hook, _name in gone:
        length[hook] -= 1
    for hook, place, name in sorted(again):
        # Others may have taken rules away since, and a place beyond the end is refused.
        new.append(f"-I {hook} {min(place, length.get(hook, 0)) + 1} -j {name}")
        length[hook] = length.get(hook, 0) + 1
    return [f"-D {hook} -j {name}" for hook, name in gone], new
