# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who could take over from whom, by the states that keepalived_state returned. No I/O."""

from __future__ import annotations

from typing import Any, Collection, Mapping

__all__ = ["leading_director", "unguarded"]

Instances = Mapping[str, Mapping[str, Any]]
"""VRRP instances of one director by name, each with its ``state``; empty where keepalived does not run."""


def unguarded(own: Instances, peers: Mapping[str, Instances], leaves: bool = False) -> list[str]:
    """The instances that this director is master of, whose only peers are in FAULT, in words.

    A peer without the instance counts for nothing: it is new, or its keepalived does not run, and whoever has no second
    director must be able to change the first. But one that ``leaves`` peers must leave one that can take over.
    """
    found = []
    for name, instance in sorted(own.items()):
        if instance.get("state") != "MASTER":
            continue
        states = {peer: str(instances[name].get("state")) for peer, instances in peers.items() if name in instances}
        failed = sorted(peer for peer, state in states.items() if state == "FAULT")
        if failed and "BACKUP" not in states.values():
            found.append(f"it is master of {name}, and {', '.join(failed)} in FAULT could not take over")
        elif leaves and peers and not {"BACKUP", "MASTER"} & set(states.values()):
            found.append(f"it is master of {name}, which does not run on {', '.join(sorted(peers))}")
    return found


def leading_director(directors: Mapping[str, Instances], changed: Collection[str] = ()) -> str:
    """The director that is master of most instances, the first by name of equals; "" if none is master of any.

    ``changed``: the instances of which the members must share something new. Whoever is master of most of them leads,
    because only the adverts of these tell the others.
    """

    def masters(name: str, among: Collection[str]) -> int:
        return sum(one.get("state") == "MASTER" for key, one in directors[name].items() if key in among)

    everything = {key for instances in directors.values() for key in instances}
    ranked = sorted(directors, key=lambda name: (-masters(name, changed), -masters(name, everything), name))
    return ranked[0] if ranked and masters(ranked[0], everything) else ""
