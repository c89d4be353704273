# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module clusterip_buckets does."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot import systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import read_file
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover import choices
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.install import SERVICE, is_good
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.settings import Places, conf_path
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

CHOICES = (choices.TAKEN, choices.GIVEN, choices.HOME)
_NUMBERS: dict[str, Any] = {"type": "list", "elements": "int", "default": []}
_LISTS = (*CHOICES, "let_go", "await_serving", "await_without")
ARGUMENTS: dict[str, Any] = {
    **dict.fromkeys(_LISTS, _NUMBERS),
    "mend": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 30},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change and wait: the result for exit_json."""
    params, places = module.params, Places()
    wanted = _wanted(params)
    active = systemd.is_active(run_command, SERVICE)
    asked = any(params[name] for name in _LISTS)
    if asked and not active:
        raise TaskError(
            f"{SERVICE} does not run on this host, so VRRP gives it no buckets: see journalctl -u {SERVICE}"
        )
    try:
        before = choices.read_choices(places)
        after = {**{bucket: one for bucket, one in before.items() if one != choices.LEFT}, **wanted}
        left = [bucket for bucket, one in sorted(before.items()) if one == choices.LEFT and (asked or params["mend"])]
        released = sorted(choices.served(places) & set(params["let_go"])) if active else []
        fresh = {bucket: one for bucket, one in wanted.items() if before.get(bucket, choices.HOME) != one}
        if not module.check_mode:
            if left:  # by a run that was killed: whoever asks has the cluster's lock
                choices.mend(places)
            choices.choose(places, {bucket: one for bucket, one in fresh.items() if bucket not in released})
            if released:
                gone = {bucket: after.get(bucket, choices.HOME) for bucket in released}
                choices.let_go(places, gone, params["timeout"])
            choices.await_buckets(places, params["await_serving"], params["await_without"], params["timeout"])
        conf, healthy = read_file(conf_path(places)), active and is_good(places)
        serves = sorted(choices.served(places)) if active else []
    except (BootError, OSError) as exc:
        raise TaskError(str(exc)) from exc
    sides = choices.by_choice(before), choices.by_choice(after)
    return {
        "changed": bool(fresh or released or left),
        "diff": {"before": {**sides[0], **({"left in FAULT": left} if left else {})}, "after": sides[1]},
        **sides[1],
        "released": released,
        "serves": serves,
        "active": active,
        "preempts": conf is None or b"nopreempt" not in conf.data.split(),
        "healthy": healthy,
    }


def _wanted(params: dict[str, Any]) -> dict[int, str]:
    """Bucket -> choice; TaskError for a bucket that is named twice or cannot be."""
    found: dict[int, str] = {}
    for choice in CHOICES:
        for bucket in params[choice]:
            if not 1 <= bucket <= 1024:
                raise TaskError(f"{choice}: {bucket} is no bucket: they are numbered from 1 to at most 1024")
            if found.setdefault(bucket, choice) != choice:
                raise TaskError(f"{choice}: bucket {bucket} is in {found[bucket]}, too: name it once")
    return found
