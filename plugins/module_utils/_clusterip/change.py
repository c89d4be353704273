# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the module clusterip_node: compare, report, and where asked change, with a way back."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Collection, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._addresses import change as addresses
from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, loaders, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command as run_simple
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import Placed
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import install
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends import legacy
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.known import named
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.buckets import Buckets, chosen, wanted
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.choose import Choice, choose
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.kept import (
    Kept,
    alone,
    config_path,
    read_all,
    read_given,
)
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import (
    AUTO,
    ClusterIp,
    faults,
    parse,
    to_json,
)

__all__ = ["Request", "Situation", "compare", "diff", "perform"]


class Request(NamedTuple):
    """What is asked. ``fields`` are those of a ClusterIp; address: "" for no one; buckets: None to leave them.

    at_boot: those that are served from boot in place of local, None to leave that. keep: the other VIPs of this node
    that may stay, None for all of them.
    """

    address: str
    present: bool
    fields: Mapping[str, Any]
    local: Buckets
    buckets: Buckets | None
    at_boot: Buckets | None
    keep: Collection[str] | None
    python: str


class Situation(NamedTuple):
    """What stands and what is wanted.

    had, kept: the cluster IP as the host kept it and is to keep it. stands: the buckets of kept in the kernel, None
    where its rules are not (all) there; had_live: those of had. choice: None with absent. gone: other VIPs that go, and
    gone_live the buckets of each. enabled, active: the service that loads them.
    """

    address: str
    had: Kept | None
    kept: Kept | None
    choice: Choice | None
    stands: Buckets | None
    had_live: Buckets | None
    buckets: Buckets
    others: Sequence[Kept]
    gone: Sequence[Kept]
    gone_live: Sequence[Buckets | None]
    had_files: Mapping[str, Placed | None]
    files: Mapping[str, Placed | None]
    enabled: bool
    active: bool
    addresses: addresses.Situation

    @property
    def rules_differ(self) -> bool:
        if self.kept is None:
            return self.had is not None or bool(self.gone)
        return bool(self.gone) or self.stands != self.buckets or self.moves

    @property
    def moves(self) -> bool:
        """Whether rules of before stand elsewhere, are of another kind, or can't be exchanged in one step."""
        if self.had is None or self.kept is None:
            return False
        return _place(self.had.cluster_ip) != _place(self.kept.cluster_ip)

    @property
    def taken(self) -> list[Kept]:
        """Those whose VIP goes, for good or until it stands elsewhere."""
        leaves = self.had is not None and (self.kept is None or self.moves)
        return [*self.gone, *([self.had] if self.had is not None and leaves else [])]

    @property
    def changed(self) -> bool:
        lasts = self.enabled == self.active == (self.kept is not None or bool(self.others))
        return self.rules_differ or self.had_files != self.files or not lasts or self.addresses.changed


def _place(cluster_ip: ClusterIp) -> tuple[Any, ...]:
    it = cluster_ip
    place = (it.backend, it.interface, it.cluster_mac)
    if it.backend != legacy.NAME:
        return place
    # Its rules go before others come, and a node that has the VIP meanwhile answers ARP with its own MAC.
    return (*place, it.total, it.hash_mode, it.hash_seed, it.protocol, it.ports)


def compare(run: Command, request: Request, only_check: bool) -> Situation:
    """Reads everything and plans; changes nothing (a backend is tried in a chain of its own that no packet passes)."""
    everything, unread = read_all()
    if unread:
        raise BootError("; ".join(unread))
    had = next((kept for kept in everything if kept.cluster_ip.address == request.address), None)
    others = [kept for kept in everything if kept is not had]
    gone = [kept for kept in others if request.keep is not None and kept.cluster_ip.address not in request.keep]
    others = [kept for kept in others if kept not in gone]
    had_live = named(had.cluster_ip.backend).read(run, had.cluster_ip) if had else None
    kept = choice = stands = None
    buckets: Buckets = ()
    if request.present:
        choice = _choose(run, parse(request.fields), had, had_live)
        kept = Kept(choice.cluster_ip, request.local, _chosen(choice.cluster_ip, request, had))
        same = had is not None and had.cluster_ip == kept.cluster_ip
        stands = had_live if same else named(kept.cluster_ip.backend).read(run, kept.cluster_ip)
        buckets = _buckets(kept, request, had, stands if stands is not None else had_live)
    paths = install.wanted_files(request.address, kept, others, request.python, loaders.in_use(run))
    paths.update({config_path(it.cluster_ip.address): None for it in gone})
    return Situation(
        address=request.address,
        had=had,
        kept=kept,
        choice=choice,
        stands=stands,
        had_live=had_live,
        buckets=buckets,
        others=others,
        gone=gone,
        gone_live=[named(it.cluster_ip.backend).read(run, it.cluster_ip) for it in gone],
        had_files={path: files.read_file(path) for path in paths},
        files=paths,
        enabled=systemd.is_enabled(run_simple, install.SERVICE, "a cluster IP"),
        active=systemd.is_active(run_simple, install.SERVICE),
        addresses=_addresses(run_simple, [*others, *([kept] if kept else [])], request.python, only_check),
    )


def _choose(run: Command, asked: ClusterIp, had: Kept | None, had_live: Buckets | None) -> Choice:
    """The backend. One whose rules stand in the kernel works, and is not tried again."""
    if had is not None and had_live is not None and asked.backend in (had.cluster_ip.backend, AUTO):
        cluster_ip = asked._replace(backend=had.cluster_ip.backend)
        if not faults(cluster_ip):
            return Choice(cluster_ip, {cluster_ip.backend: ""})
    return choose(asked, had.cluster_ip.backend if had else "", lambda name: named(name).problem(run, asked.family))


def _buckets(kept: Kept, request: Request, had: Kept | None, live: Buckets | None) -> Buckets:
    total = kept.cluster_ip.total
    if had is not None and had.cluster_ip.total != total:
        live = None  # every client has another bucket now
    wrongs = [
        f"{option}: {', '.join(map(str, wrong))} not in 1..{total} (total_nodes)"
        for option, given in (
            ("local_nodes", request.local),
            ("buckets", request.buckets or ()),
            ("buckets_at_boot", request.at_boot or ()),
        )
        for wrong in [[bucket for bucket in given if not 1 <= bucket <= total]]
        if wrong
    ]
    if wrongs:
        raise BootError("; ".join(wrongs))
    return wanted(
        total,
        kept.local,
        named=request.buckets,
        live=live,
        had_local=had.local if had else (),
        given=read_given(),
        by_hand=kept.chosen,
    )


def _chosen(cluster_ip: ClusterIp, request: Request, had: Kept | None) -> Buckets | None:
    same = had is not None and had.cluster_ip.total == cluster_ip.total
    return chosen(
        cluster_ip.total,
        request.local,
        named=request.at_boot,
        had=had.chosen if had is not None and same else None,
        had_local=had.local if had else (),
    )


def _options(everything: Sequence[Kept]) -> dict[str, Any]:
    return {
        "name": install.OWNER,
        "addresses": [
            # Not the network's prefix: when a cable is out, the VIP could become the first address of the network, so
            # the source of what the node itself sends, which the other nodes drop.
            {"address": f"{it.address}/{128 if ':' in it.address else 32}", "interface": it.interface, "moves_to": []}
            # In one order, whichever of them a run is about: the file that keeps them must not differ.
            for it in sorted(kept.cluster_ip for kept in everything)
        ],
        "links": [],
        "gue": [],
        "needs": {},
        "announce": False,  # a gratuitous ARP would tell the node's own MAC
        "purge": True,
        "state": "present" if everything else "absent",
    }


def _addresses(run: Any, everything: Sequence[Kept], python: str, only_check: bool) -> addresses.Situation:
    return addresses.compare(run, _options(everything), python, only_check)


# --- the report -------------------------------------------------------------------------------------------------


def diff(situation: Situation) -> dict[str, Any]:
    """{"before": {...}, "after": {...}} with the cluster IP, its buckets, addresses and files, where they differ."""
    sides: dict[str, dict[str, Any]] = addresses.diff(situation.addresses)
    had, kept = situation.had, situation.kept
    models = (_model(had, situation.had_live), _model(kept, situation.buckets if kept else None))
    if situation.gone:
        sides.setdefault("before", {})["other VIPs"] = [it.cluster_ip.address for it in situation.gone]
        sides.setdefault("after", {})["other VIPs"] = []
    for side, model, other in (("before", *models), ("after", *reversed(models))):
        sides.setdefault(side, {}).update({key: value for key, value in model.items() if value != other.get(key)})
    for path, placed in situation.files.items():
        if situation.had_files[path] != placed:
            sides["before"].setdefault("files", {})[path] = "absent" if situation.had_files[path] is None else "present"
            sides["after"].setdefault("files", {})[path] = "absent" if placed is None else "as this version has it"
    lasts = bool(kept or situation.others)
    if situation.enabled != lasts:
        sides["before"]["at boot"], sides["after"]["at boot"] = situation.enabled, lasts
    if situation.active != lasts:
        sides["before"]["service active"], sides["after"]["service active"] = situation.active, lasts
    return sides


def _model(kept: Kept | None, buckets: Buckets | None) -> dict[str, Any]:
    if kept is None:
        return {}
    return {
        **to_json(kept.cluster_ip),
        "local_nodes": list(kept.local),
        **({"at boot by hand": list(kept.chosen)} if kept.chosen is not None else {}),
        "buckets": "none: its rules are not (all) there" if buckets is None else list(buckets),
    }


# --- the change -------------------------------------------------------------------------------------------------


def perform(run: Command, situation: Situation, python: str, warn: Callable[[str], object]) -> None:
    """Makes the change. What fails half-way is undone, and BootError says so.

    The VIP comes last and goes first: a node that has it without its rules answers every client.
    """
    try:
        if situation.kept is None:
            _take_away(run, situation, python, warn)
        else:
            _bring(run, situation, situation.kept, python, warn)
    except (BootError, OSError) as exc:
        raise _undone(run, situation, python, warn, exc) from exc


def _bring(run: Command, situation: Situation, kept: Kept, python: str, warn: Callable[[str], object]) -> None:
    had = [situation.had] if situation.had is not None else []
    taken = situation.taken
    if taken:
        _set_addresses([*situation.others, *([] if situation.moves else had)], python, warn)
    with alone():
        # What a file names is known to the next run, if this one is killed. Nobody loads it again meanwhile.
        _remove_rules(run, taken)
        files.place(situation.files, situation.had_files)
        backend = named(kept.cluster_ip.backend)
        if situation.moves or situation.stands is None:
            backend.load(run, kept.cluster_ip, situation.buckets)
        elif situation.stands != situation.buckets:
            backend.serve(run, [(kept.cluster_ip, situation.buckets)])
    had_unit, unit = situation.had_files[install.UNIT], situation.files[install.UNIT]
    if had_unit != unit:
        systemd.reload_units(run_simple)
    # It finds the rules that stand already, and leaves them. Its start waits for a look of its own, alone.
    systemd.systemctl(run_simple, "enable", "--now", "--quiet", install.SERVICE)
    if had_unit is not None and install.stays(had_unit) != install.stays(unit):
        systemd.systemctl(run_simple, "restart", install.SERVICE)
    _set_addresses([*situation.others, kept], python, warn)


def _take_away(run: Command, situation: Situation, python: str, warn: Callable[[str], object]) -> None:
    _set_addresses(situation.others, python, warn)
    taken = situation.taken
    had_files = dict(situation.had_files)
    with alone():
        _remove_rules(run, taken)
        # Before the service looks again: it would load them once more.
        unkept = {config_path(it.cluster_ip.address): None for it in taken}
        files.place(unkept, had_files)
        had_files.update(unkept)
    if not situation.others and situation.had_files[install.UNIT] is not None:
        systemd.stop(run_simple, install.SERVICE)
    files.place(situation.files, had_files)
    if not situation.others and situation.had_files[install.UNIT] is not None:
        systemd.reload_units(run_simple)
    files.remove_empty_folders()


def _remove_rules(run: Command, kept: Sequence[Kept]) -> None:
    for it in kept:
        named(it.cluster_ip.backend).remove(run, it.cluster_ip)


def _set_addresses(everything: Sequence[Kept], python: str, warn: Callable[[str], object]) -> None:
    addresses.perform(run_simple, _options(everything), python, warn)


def _undone(
    run: Command, situation: Situation, python: str, warn: Callable[[str], object], why: Exception
) -> BootError:
    """Back to the state before this run; the error that tells of it."""
    errors: list[str] = []

    def attempt(step: Callable[[], object]) -> None:
        try:
            step()
        except (BootError, OSError) as exc:
            errors.append(str(exc))

    had, kept = situation.had, situation.kept
    if kept is not None and (had is None or situation.moves):
        attempt(lambda: _set_addresses(situation.others, python, warn))
    if situation.had_files[install.UNIT] is None and files.read_file(install.UNIT) is not None:
        attempt(lambda: systemd.stop(run_simple, install.SERVICE))
    before = [*zip(situation.gone, situation.gone_live), *([(had, situation.had_live)] if had else [])]
    stood = [(it, live) for it, live in before if live is not None]

    def put_back_rules() -> None:
        with alone():
            # Files first: what the service loads from now on is what was there before.
            attempt(lambda: files.place(situation.had_files, {p: files.read_file(p) for p in situation.had_files}))
            if kept is not None and (had is None or situation.moves):
                attempt(lambda: _remove_rules(run, [kept]))
            for it, live in stood:
                attempt(partial(named(it.cluster_ip.backend).load, run, it.cluster_ip, live))

    attempt(put_back_rules)
    if stood:
        attempt(lambda: _set_addresses([*situation.others, *(it for it, _live in stood)], python, warn))
    attempt(lambda: systemd.reload_units(run_simple))
    attempt(lambda: run_simple(("systemctl", "enable" if situation.enabled else "disable", "--quiet", install.SERVICE)))
    attempt(files.remove_empty_folders)
    if errors:
        return BootError(f"{why}; putting back the state before this run failed, too: {'; '.join(errors)}")
    return BootError(f"{why}; the state before this run was put back")
