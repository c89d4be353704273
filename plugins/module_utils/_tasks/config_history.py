# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module config_history does."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Callable, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._boot import files
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.program import interpreter
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.kernel import read_config
from ansible_collections.lvs.cluster.plugins.module_utils._history import entries, kept, restoring
from ansible_collections.lvs.cluster.plugins.module_utils._history.entries import KEEPALIVED, TABLE, Entry
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import persistent, report, task
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import shared, weight_files, weights
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import Block, UnreadableError, read_text
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import has_header
from ansible_collections.lvs.cluster.plugins.module_utils._tasks import keepalived_config
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["listed", "restored", "absent"], "default": "listed"},
    "entry": {"type": "str", "default": "1"},
    "name": {"type": "str", "default": "lvs-director"},
    "weights_directory": {"type": "path", "default": weights.DIRECTORY},
    "drain_timeout": {"type": "int", "default": 60},
    **{name: keepalived_config.ARGUMENTS[name] for name in ("dest", "has_peers", "copied", "mode", "owner", "binary")},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """List, restore or forget: the result for exit_json."""
    try:
        if module.params["state"] == "absent":
            return _forget(module)
        host = _Present(module.params["dest"], persistent.Names(module.params["name"]).config)
        if module.params["state"] == "listed":
            return {"changed": False, "kind": host.kind, "entries": host.listing()}
        one, text = host.chosen(module.params["entry"])
        result = _keepalived(module, host, text) if one.kind == KEEPALIVED else _table(module, host, text)
    except (BootError, weight_files.WeightsError) as error:
        raise TaskError(str(error)) from error
    except OSError as error:
        raise TaskError(f"what is kept in {kept.FOLDER} could not be used: {error}") from error
    return {**result, "kind": host.kind, "entry": host.shown(one, text), "times": host.times()}


def _forget(module: AnsibleModule) -> dict[str, Any]:
    there = os.path.isdir(kept.FOLDER)
    names = [one.name for one in kept.listed()]
    if there and not module.check_mode:
        kept.forget()
        files.remove_empty_folders()
    return {
        "changed": there,
        "diff": {"before_header": kept.FOLDER, "before": "".join(f"{name}\n" for name in names), "after": ""},
    }


def _time(one: Entry) -> str:
    return one.time.strftime("%Y-%m-%dT%H:%M:%SZ")


class _Present:
    """What is in force on this host, and what was before."""

    def __init__(self, dest: str, config: str) -> None:
        self.paths = {KEEPALIVED: dest, TABLE: config}
        self.texts = {kind: store.read_text(path) for kind, path in self.paths.items()}
        conf = self.texts[KEEPALIVED]
        # A director that went from one manager to the other has what the other one had, too.
        ours = conf is not None and has_header(conf)
        self.kind = KEEPALIVED if ours else TABLE if self.texts[TABLE] is not None else ""
        known = {os.path.basename(path) for path in self.paths.values()}
        self.entries = [one for one in kept.listed() if one.file in known]
        self.numbers = {
            one: number
            for kind, path in self.paths.items()
            for mine in [entries.of_file(self.entries, os.path.basename(path))]
            for one, number in zip(
                mine, entries.numbers(mine, self.digest(kind), kept.restored(os.path.basename(path)))
            )
        }

    def digest(self, kind: str) -> str:
        text = self.texts[kind]
        return "" if text is None else entries.digest(text)

    def listing(self) -> list[dict[str, Any]]:
        """All entries, newest first; none that is damaged."""
        texts = [(one, kept.read(one)) for one in self.entries]
        return [self.shown(one, text) for one, text in texts if text is not None]

    def shown(self, one: Entry, text: str) -> dict[str, Any]:
        return {
            "name": one.name,
            "kind": one.kind,
            "number": self.numbers[one] if one.kind == self.kind else None,
            "time": _time(one),
            "run": one.run,
            "size": len(text.encode("utf-8", "surrogateescape")),
            "lines": len(text.splitlines()),
            "same_as_current": one.digest == self.digest(one.kind),
        }

    def times(self) -> list[str]:
        """When each entry of the kind that is in force here was replaced, newest first."""
        return [_time(one) for one in self.entries if one.kind == self.kind]

    def chosen(self, wanted: str) -> tuple[Entry, str]:
        """The entry with this name or number, and its text. TaskError says what there is instead."""
        if not self.kind:
            raise TaskError(
                f"no configuration of lvs.cluster is in force here (no {self.paths[KEEPALIVED]} of ours and no "
                f"{self.paths[TABLE]}), so none can be put back: run lvs.cluster.site"
            )
        mine = [one for one in self.entries if one.kind == self.kind]
        found = [one for one in self.entries if one.name == wanted]
        if not found and wanted.isdecimal():
            found = [one for one in mine if self.numbers[one] == int(wanted)]
        if not found:
            there = ", ".join(f"{self.numbers[one]} ({one.name})" for one in mine if self.numbers[one] is not None)
            raise TaskError(f"entry: {wanted!r} is not kept on this host; there is {there or 'nothing yet'}")
        if found[0].kind != self.kind:
            raise TaskError(
                f"entry: {wanted} is of a director with another lvs_manager: change it in the inventory and run "
                "lvs.cluster.site"
            )
        text = kept.read(found[0])
        if text is None:
            raise TaskError(f"entry: {found[0].name} is damaged (a power cut?): take another one")
        return found[0], text

    def mark(self, text: str) -> None:
        kept.mark_restored(self.paths[self.kind], text, self.texts[self.kind])


# -- keepalived


class _Part:
    """The module as keepalived_config sees it."""

    def __init__(self, module: AnsibleModule, params: dict[str, Any]) -> None:
        self._module = module
        self.params = params

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _keepalived(module: AnsibleModule, host: _Present, text: str) -> dict[str, Any]:
    params, directory = module.params, module.params["weights_directory"]
    blocks = _checked(host, text, params["name"], has_peers=params["has_peers"])
    present = weight_files.read_directory(directory)
    missing = [name for name in restoring.weight_file_names(blocks, directory) if name not in present]
    created = weights.plan({}, [{"file": name, "ready": True} for name in missing], unnamed=weights.KEEP)
    config: Any = _Part(module, {**params, "state": "present", "content": text, "staged": False})
    if module.check_mode:
        result = keepalived_config.run(config)
    else:
        host.mark(text)
        # Before the configuration names them: keepalived 2.3 wants to see the folder.
        weight_files.make_directory(directory)
        weight_files.apply(directory, created)
        result = _or_undo(lambda: keepalived_config.run(config), [os.path.join(directory, name) for name in missing])
    return {
        **result,
        "changed": result["changed"] or bool(missing),
        "instances": restoring.instances(blocks),
        "created": sorted(missing),
    }


def _or_undo(work: Callable[[], dict[str, Any]], created: Sequence[str]) -> dict[str, Any]:
    try:
        return work()
    except TaskError:
        for path in created:
            store.remove(path)
        raise


def _checked(host: _Present, text: str, owner: str, *, has_peers: bool) -> list[Block]:
    """The blocks of a text that may be put in force here; TaskError tells why it may not."""
    if not has_header(text):
        raise TaskError(
            "the entry is a file that lvs.cluster found here and did not write: lvs_state=absent and lvs.cluster.site "
            "take lvs.cluster away and bring that file back"
        )
    current = host.texts[KEEPALIVED] or ""
    differing = shared.differing(current, text)
    try:
        blocks = _blocks(text)
        named = restoring.named_marks(blocks)
    except UnreadableError as error:
        raise TaskError(f"the entry can't be read: {error}") from error
    faults = []
    if has_peers and (differing is None or differing):
        faults.append(
            f"what all members of a VRRP instance must share differs ({', '.join(differing or ()) or 'unreadable'}), "
            "and directors that got it one after the other would become masters side by side: change it in the "
            "inventory and run lvs.cluster.site"
        )
    gone = [path for path in restoring.scripts(blocks) if not os.path.exists(path)]
    if gone:
        faults.append(
            f"it calls scripts that are here no more ({', '.join(gone)}): name them in the inventory and run "
            "lvs.cluster.site"
        )
    unmarked = restoring.unmarked_fault(named, _marks_in_force(current) | restoring.given_marks(read_config(owner)))
    faults += [unmarked] if unmarked else []
    if faults:
        raise TaskError("the entry is not put back: " + "; ".join(faults))
    return blocks


def _blocks(text: str) -> list[Block]:
    return read_text(text, os.uname().nodename.split(".")[0])


def _marks_in_force(current: str) -> frozenset[restoring.Mark]:
    """Marks that the configuration in force names; somebody may give them by rules of his own."""
    try:
        return restoring.named_marks(_blocks(current))
    except UnreadableError:
        return frozenset()


# -- the table


def _table(module: AnsibleModule, host: _Present, text: str) -> dict[str, Any]:
    given = restoring.given_marks(read_config(module.params["name"]))

    def act(module: AnsibleModule, session: Session) -> dict[str, Any]:
        options = Options()
        try:
            table = options.table(json.loads(text)["services"])
        except (KeyError, TypeError, ValueError) as error:
            raise IpvsError(f"the entry is no table ({error}): take another one") from error
        options.finish()
        names = persistent.Names(module.params["name"])
        live = session.table()
        wanted = restoring.wanted_table(table, live, persistent.recorded(names))
        unmarked = restoring.unmarked_fault(restoring.table_marks(table), restoring.table_marks(live) | given)
        if unmarked:
            raise IpvsError(f"the entry is not put back: {unmarked}")
        if not module.check_mode:
            host.mark(text)
        request = persistent.Request(
            name=names.owner,
            services=[report.entry_options(key, entry) for key, entry in wanted.items()],
            unready=[],
            drain_timeout=module.params["drain_timeout"],
            purge=True,
            present=True,
        )
        python = interpreter(sys.executable)
        try:
            return persistent.bring(session, request, run_command, python, diff=module._diff, warn=module.warn)
        except BootError as error:
            raise IpvsError(str(error)) from error

    # What a change of keepalived.conf needs afterwards, a table doesn't.
    return {"pending": False, "restart": "", "instances": [], "created": [], **task.work(module, act)}
