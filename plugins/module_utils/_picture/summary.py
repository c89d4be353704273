# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is too much to be drawn one by one: like things become one, the rest is counted, and a note says so."""

from __future__ import annotations

from typing import Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._picture.model import (
    Front,
    Picture,
    Pool,
    Server,
    Service,
    Use,
    Vip,
)
from ansible_collections.lvs.cluster.plugins.module_utils._picture.wiring import Tap
from ansible_collections.lvs.cluster.plugins.module_utils._picture.words import METHODS

__all__ = ["summarised"]

MOST_SERVICES = 48
MOST_POOLS = 24
MOST_SERVERS = 48
MOST_VIPS = 24
MOST_DIRECTORS = 24
MOST_FRONTS = 12
MOST_NETWORKS = 16
MOST_TAPS = 32
# Mermaid draws 500 at most.
MOST_LINES = 420
MOST_LABELS = 6
IN_A_GROUP = 3


class _Cut(NamedTuple):
    front: Front
    lines: int
    notes: list[str]


def summarised(whole: Picture, states: Mapping[str, Mapping[str, str]] | None = None) -> Picture:
    """The picture as it can be drawn and read. Hosts whose states differ are never made one."""
    fronts, notes, lines = [], list(whole.notes), MOST_LINES
    for number, front in enumerate(whole.fronts):
        if number == MOST_FRONTS:
            rest = whole.fronts[number:]
            notes.append(f"{len(rest)} more clusters are not drawn: {_few([one.cluster for one in rest])}.")
            break
        cut = _cut(front, states or {}, lines)
        lines -= cut.lines
        fronts.append(cut.front)
        notes += [f"{front.title}: {note}" for note in cut.notes]
    networks = [
        one._replace(taps=_first_taps(one.taps), vips=_first_texts(one.vips, MOST_VIPS, " VIPs"))
        for one in whole.networks[:MOST_NETWORKS]
    ]
    if len(whole.networks) > MOST_NETWORKS:
        notes.append(f"{len(whole.networks) - MOST_NETWORKS} more networks are not drawn.")
    others = _first_texts(whole.others, MOST_TAPS)
    return Picture(tuple(fronts), tuple(networks), others, tuple(notes))


def _first_taps(taps: tuple[Tap, ...]) -> tuple[Tap, ...]:
    if len(taps) <= MOST_TAPS:
        return taps
    return (*taps[: MOST_TAPS - 1], Tap(f"and {len(taps) - MOST_TAPS + 1} more", "", ""))


def _first_texts(texts: tuple[str, ...], most: int, what: str = "") -> tuple[str, ...]:
    return texts if len(texts) <= most else (*texts[: most - 1], f"and {len(texts) - most + 1} more{what}")


def _few(names: Sequence[str]) -> str:
    """``a, b ... z (12)``."""
    shown = ", ".join(names[:IN_A_GROUP])
    return shown if len(names) <= IN_A_GROUP else f"{shown} ... {names[-1]}"


def _cut(front: Front, states: Mapping[str, Mapping[str, str]], lines: int) -> _Cut:
    notes: list[str] = []
    front = _fewer_servers(_fewer_services(front, notes), states, notes)
    front = _fewer_lines(_fewer_labels(_fewer_vips(front, notes), notes), lines, notes)
    if len(front.directors) > MOST_DIRECTORS:
        names = [one.name for one in front.directors[MOST_DIRECTORS - 1 :]]
        notes.append(f"{len(names)} more directors are not drawn: {_few(names)}.")
        front = front._replace(directors=front.directors[: MOST_DIRECTORS - 1])
    return _Cut(front, _lines(front.pools), notes)


def _lines(pools: Iterable[Pool]) -> int:
    """An arrow from each VIP to its pool, one from each pool to its real servers."""
    return sum(len(pool.uses) + len({vip for one in pool.services for vip in one.vips}) for pool in pools)


def _fewer_services(front: Front, notes: list[str]) -> Front:
    total = sum(len(pool.services) for pool in front.pools)
    if total <= MOST_SERVICES and len(front.pools) <= MOST_POOLS:
        return front
    drawn = front.pools
    if len(drawn) > MOST_POOLS:
        drawn = drawn[: MOST_POOLS - 1]
    each = max(IN_A_GROUP, MOST_SERVICES // len(drawn))
    pools = [
        pool if len(pool.services) <= each else pool._replace(services=(_one_of(pool.services),)) for pool in drawn
    ]
    rest = front.pools[len(drawn) :]
    if rest:
        more = [one for pool in rest for one in pool.services]
        group = _one_of(more)._replace(settings=("with other weights or real servers",))
        uses = dict.fromkeys(Use(use.server, "", use.kind) for pool in rest for use in pool.uses)
        pools.append(Pool((group,), tuple(uses)))
    boxes = sum(len(pool.services) for pool in pools)
    notes.append(f"{total} virtual services are drawn as {boxes}; the tables name each.")
    return front._replace(pools=tuple(pools))


def _one_of(services: Sequence[Service]) -> Service:
    if len(services) == 1:
        return services[0]
    vips = dict.fromkeys(vip for one in services for vip in one.vips)
    words = {one.settings for one in services}
    return Service(
        f"{len(services)} virtual services",
        (_few([one.name for one in services]), f"{len(vips)} VIPs" if len(vips) > 1 else f"VIP {next(iter(vips), '')}"),
        words.pop() if len(words) == 1 else ("different settings",),
        tuple(vips),
    )


def _fewer_vips(front: Front, notes: list[str]) -> Front:
    if len(front.vips) <= MOST_VIPS:
        return front
    kept = front.vips[: MOST_VIPS - 1]
    rest = Vip(f"and {len(front.vips) - len(kept)} more VIPs", "", "")
    notes.append(f"{len(kept)} of {len(front.vips)} VIPs are drawn; the tables name each.")
    shown = {vip.address for vip in kept}
    pools = [
        pool._replace(
            services=tuple(
                one._replace(vips=tuple(dict.fromkeys(vip if vip in shown else "" for vip in one.vips)))
                for one in pool.services
            )
        )
        for pool in front.pools
    ]
    return front._replace(vips=(*kept, rest), pools=tuple(pools))


def _fewer_servers(front: Front, states: Mapping[str, Mapping[str, str]], notes: list[str]) -> Front:
    """Real servers that are used alike and are in one state become one."""
    if len(front.servers) <= MOST_SERVERS:
        return front
    used: dict[str, list[tuple[int, str, str]]] = {}
    for number, pool in enumerate(front.pools):
        for use in pool.uses:
            used.setdefault(use.server, []).append((number, use.label, use.kind))
    alike: dict[tuple[object, ...], list[Server]] = {}
    for server in front.servers:
        state = states.get(server.name, {})
        key = (tuple(used.get(server.name, ())), state.get("badge"), state.get("level"))
        alike.setdefault(key, []).append(server)
    groups = list(alike.values())
    rest = [one for group in groups[MOST_SERVERS - 1 :] for one in group] if len(groups) > MOST_SERVERS else []
    if rest:
        groups = [*groups[: MOST_SERVERS - 1], rest]
    names: dict[str, str] = {}
    servers = []
    for group in groups:
        one = group[0]
        if len(group) > 1:
            host = "" if group is rest else one.host
            one = Server(f"{len(group)}: {_few([server.name for server in group])}", (), host)
        servers.append(one)
        names.update({server.name: one.name for server in group})
    notes.append(f"{len(front.servers)} real servers are drawn as {len(servers)}; the tables name each.")
    pools = [
        pool._replace(uses=tuple(dict.fromkeys(use._replace(server=names[use.server]) for use in pool.uses)))
        for pool in front.pools
    ]
    return front._replace(servers=tuple(servers), pools=tuple(pools))


def _fewer_labels(front: Front, notes: list[str]) -> Front:
    """A real server that each service gives another weight would be as high as there are services."""
    labels: dict[str, dict[str, None]] = {}
    for pool in front.pools:
        for use in pool.uses:
            labels.setdefault(use.server, {}).setdefault(use.label)
    many = {server for server, found in labels.items() if len(found) > MOST_LABELS}
    if not many:
        return front
    notes.append(f"{len(many)} real servers have different weights by service; the tables have each.")
    pools = [
        pool._replace(
            uses=tuple(use._replace(label=_vague(use.kind)) if use.server in many else use for use in pool.uses)
        )
        for pool in front.pools
    ]
    return front._replace(pools=tuple(pools))


def _vague(kind: str) -> str:
    return f"different weights, {METHODS.get(kind, kind)}"


def _fewer_lines(front: Front, most: int, notes: list[str]) -> Front:
    if _lines(front.pools) <= most:
        return front
    pools, left = [], most
    for pool in front.pools:
        vips = len({vip for one in pool.services for vip in one.vips})
        uses = pool.uses[: max(0, left - vips)]
        services = pool.services if left >= vips else tuple(one._replace(vips=()) for one in pool.services)
        pools.append(Pool(services, uses))
        left = max(0, left - vips - len(uses))
    notes.append(f"{_lines(pools)} of {_lines(front.pools)} arrows are drawn; the tables have all.")
    return front._replace(pools=tuple(pools))
