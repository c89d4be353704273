# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backend all nodes of a cluster take: with different ones they would put a client into different buckets.

For the control node.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.choose import PREFERENCE

__all__ = ["agree"]

Found = Mapping[str, Mapping[str, str]]
"""Of one node: VIP -> backend that was looked at -> why it does not work there, "" where it does."""


def agree(nodes: Mapping[str, Found], left_out: Sequence[str], standing: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """{"backends": {VIP: backend}, "faults": [...]} for the nodes of one cluster.

    ``nodes`` are those of this run; ``standing`` names the VIPs that each has already, with the one backend that was
    looked at there. ``left_out`` are nodes of the cluster that this run can't ask.
    """
    backends: dict[str, str] = {}
    faults: list[str] = []
    for vip in dict.fromkeys(vip for found in nodes.values() for vip in found):
        asked = {node: found[vip] for node, found in nodes.items() if vip in found}
        able = [name for name in PREFERENCE if all(found.get(name) == "" for found in asked.values())]
        known = [node for node in asked if vip in standing.get(node, ())]
        if not able:
            faults.append(f"{vip}: no backend works on all nodes: {_reasons(asked, standing, vip)}")
        elif left_out and not known and any(len(found) > 1 for found in asked.values()):  # a backend was not named
            faults.append(
                f"{vip}: {', '.join(left_out)} may have another backend, and can't be asked: run with all nodes, "
                f"or name the backend in lvs_cluster_ips ({' or '.join(able)} would do here)"
            )
        else:
            backends[vip] = able[0]
    return {"backends": backends, "faults": faults}


def _reasons(asked: Mapping[str, Mapping[str, str]], standing: Mapping[str, Sequence[str]], vip: str) -> str:
    texts = []
    for node, found in asked.items():
        good = [name for name in PREFERENCE if found.get(name) == ""]
        bad = [f"{name}: {why}" for name, why in found.items() if why]
        has = f"{node} has {' or '.join(good)}" if good else f"{node} has none"
        kept = " already" if vip in standing.get(node, ()) else ""
        texts.append(has + kept + (f" ({'; '.join(bad)})" if bad else ""))
    return "; ".join(texts)
