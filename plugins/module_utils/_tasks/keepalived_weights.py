# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module keepalived_weights does."""

from __future__ import annotations

import dataclasses
import functools
import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import task
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weight_files, weights
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.serving import serving
from ansible_collections.lvs.cluster.plugins.module_utils._operator import overrides
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

UNNAMED = (weights.KEEP, weights.DRAIN, weights.PURGE)


SERVER = {
    "file": {"type": "str", "required": True},
    "ready": {"type": "bool", "required": True},
    "label": {"type": "str", "default": ""},
    "forwarding": {"type": "str", "choices": ["nat", "dr", "tun"]},
}
ARGUMENTS: dict[str, Any] = {
    "directory": {"type": "path", "default": weights.DIRECTORY},
    "servers": {"type": "list", "elements": "dict", "default": [], "options": SERVER},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "unnamed": {"type": "str", "choices": list(UNNAMED), "default": weights.KEEP},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    directory, absent = module.params["directory"], module.params["state"] == "absent"
    servers = [] if absent else module.params["servers"]
    unnamed = weights.PURGE if absent else module.params["unnamed"]
    faults = _faults(servers)
    if faults:
        raise TaskError("; ".join(faults))
    try:
        there = os.path.isdir(directory)
        texts = weight_files.read_directory(directory)
        servers = _with_serving(module, texts, servers)
        old = weights.renamed(texts, [server["file"] for server in servers])
        present = _without_expired({**texts, **_without_weight({**old, **texts}, servers)})
        wanted = _with_updated(weights.plan(present, servers, unnamed=unnamed), present, servers)
        empty = there and weight_files.is_emptied(directory, wanted)
        if not module.check_mode:
            if not absent:
                weight_files.make_directory(directory)
            weight_files.apply(directory, wanted)
            if absent:
                weight_files.remove_directory(directory)
    except (weight_files.WeightsError, OSError) as error:
        raise TaskError(str(error)) from error
    for name in wanted.invalid:
        module.warn(f"{directory}/{name} holds a number that keepalived ignores; write 0 or a drained value into it")
    before, after = _shown(wanted, texts)
    return {
        # A server that leaves is a change even if a person drained it before: its file is to go.
        "changed": bool(wanted.write or wanted.purge or wanted.leaving or (empty if absent else not there)),
        "held": list(wanted.held),
        "drained": list(wanted.drained),
        "released": list(wanted.released),
        "leaving": list(wanted.leaving),
        "purged": list(wanted.purge),
        "diff": {"before_header": directory, "after_header": directory, "before": before, "after": after},
    }


def _faults(servers: list[dict[str, Any]]) -> list[str]:
    names = [server["file"] for server in servers]
    faults = [f"servers: {name!r}: {fault}" for name in names for fault in [weights.file_name_fault(name)] if fault]
    twice = sorted({name for name in names if names.count(name) > 1})
    return faults + [f"servers: {name} is named more than once" for name in twice]


def _with_serving(module: AnsibleModule, texts: dict[str, str], servers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The servers, those as ready that have no file yet and serve: keepalived was set up by somebody else before."""
    unknown = [server for server in servers if not server["ready"] and server["file"] not in texts]
    if not unknown:
        return servers
    found = task.work(module, functools.partial(_serving, unknown))["serving"]
    return [{**server, "ready": server["ready"] or server["file"] in found} for server in servers]


def _serving(unknown: list[dict[str, Any]], _module: AnsibleModule, session: Session) -> dict[str, frozenset[str]]:
    return {"serving": serving(session.table(), unknown)}


def _with_updated(wanted: weights.Plan, present: dict[str, str], servers: list[dict[str, Any]]) -> weights.Plan:
    """Of a server that an operator has set, note what it was prepared for, and if it is held when it comes back.

    What was drained in a virtual server group, or before there was one, tells nothing of the services that it has now.
    """
    noted: dict[str, str] = {}
    known = {weights.whose(name) for name in present}
    for server in servers:
        name = server["file"]
        text = wanted.write.get(name, present.get(name))
        if text is None:
            continue
        updated = overrides.updated_text(
            text, server["forwarding"] or "", ready=server["ready"], other=weights.whose(name) not in known
        )
        if updated is not None:
            noted[name] = updated
    return dataclasses.replace(wanted, write={**wanted.write, **noted})


def _without_weight(texts: dict[str, str], servers: list[dict[str, Any]]) -> dict[str, str]:
    """Files in which an operator gave a weight to a server that isn't prepared for its forwarding method now.

    They count as ready for the old method: the weight ends, and the server is held.
    """
    found = {}
    for server in servers:
        text = texts.get(server["file"], "")
        given = overrides.file_override(text)
        if (
            given is not None
            and given.weight
            and not server["ready"]
            and weights.is_other(text, server["forwarding"] or "")
        ):
            found[server["file"]] = weights.text_for(weights.READY, forwarding=weights.forwarding_of(text))
    return found


def _without_expired(present: dict[str, str]) -> dict[str, str]:
    """The files, a weight whose time has come being one that the server is held at until it is ready."""
    moment = overrides.now()
    given = {name: overrides.file_override(text) for name, text in present.items()}
    expired = {name for name, one in given.items() if one is not None and overrides.is_expired(one, moment)}
    return {name: weights.text_for(weights.HELD) if name in expired else text for name, text in present.items()}


def _shown(wanted: weights.Plan, texts: dict[str, str]) -> tuple[str, str]:
    """Return the states before and after as lines ``file: state (forwarding method)``."""
    before = after = ""
    for name, (old, new) in sorted(wanted.states.items()):
        text = texts.get(name, "")
        before += f"{name}: {old}{_method(text)}\n" if name in texts else ""
        after += f"{name}: {new}{_method(wanted.write.get(name, text))}\n" if new else ""
    return before, after


def _method(text: str) -> str:
    forwarding = weights.forwarding_of(text)
    return f" ({forwarding})" if forwarding else ""
