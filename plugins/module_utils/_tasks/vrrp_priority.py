# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module vrrp_priority does."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import failover_files as files
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import Block, UnreadableError, read_blocks
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import Notes
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

__all__ = ["ARGUMENTS", "followed", "run"]

ARGUMENTS: dict[str, Any] = {
    "numbers": {"type": "dict", "default": {}},
    "purge": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "give_way": {"type": "list", "elements": "str", "default": []},
    "give_way_seconds": {"type": "float", "default": 5.0},
    "directory": {"type": "path", "default": files.DIRECTORY},
    "config": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
}
_LONGEST_FAULT = 600
_TRACKERS = ("vrrp_instance", "vrrp_sync_group")


def run(module: AnsibleModule, sleep: Callable[[float], None] = time.sleep) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    directory, config = module.params["directory"], module.params["config"]
    ways, seconds = module.params["give_way"], module.params["give_way_seconds"]
    wanted = _numbers(module.params["numbers"], ways, seconds)
    try:
        present = files.read(directory)
        # FAULT for good is nobody's wish: a run that gave way was killed.
        wanted = {**{name: 0 for name, number in present.items() if number <= files.FAULT}, **wanted}
        if module.params["state"] == "absent":
            wanted = {**wanted, **dict.fromkeys(present, 0)}
        follows = [] if module.params["state"] == "absent" else followed(config)
        if module.params["purge"]:
            wanted = {**dict.fromkeys({*present} - {*follows}, 0), **wanted}
        after = files.numbers(present, wanted)
        if not module.check_mode:
            _carry_out(directory, present, after, ways, lambda: sleep(seconds))
        pending = Notes().read(config, store.read_text(config)) is not None
    except OSError as error:
        raise TaskError(f"{error.filename or directory}: {error.strerror}") from error
    return {
        "changed": after != present or bool(ways),
        "before": present,
        "after": after,
        "followed": follows,
        "pending": pending,
        "diff": {
            "before_header": directory,
            "after_header": directory,
            "before": _shown(present),
            "after": _shown(after),
        },
    }


def followed(config: str) -> list[str]:
    """The failover files that the instances and groups of a configuration follow; none if it isn't there."""
    if not os.path.exists(config):
        return []
    try:
        blocks = read_blocks(config, os.uname().nodename.split(".")[0])
    except UnreadableError as error:
        raise TaskError(f"whether keepalived follows the failover files is not known: {error}") from error
    return sorted({one.words[0] for block in blocks if block.words[0] in _TRACKERS for one in _tracked(block)})


def _tracked(block: Block) -> list[Block]:
    inside = [one.inside or [] for one in block.inside or [] if one.words[0] == "track_file"]
    return [line for lines in inside for line in lines if line.words[0].startswith(files.PREFIX)]


def _carry_out(
    directory: str, present: dict[str, int], after: dict[str, int], ways: list[str], wait: Callable[[], None]
) -> None:
    if not ways:
        files.write(directory, present, after)
        return
    fault = {**after, **dict.fromkeys(ways, files.FAULT)}
    with _signals_raise():
        try:
            files.write(directory, present, fault)
            wait()
        finally:
            # Whatever ends this run, the director must not stay in FAULT.
            files.write(directory, files.read(directory), after)


@contextlib.contextmanager
def _signals_raise() -> Iterator[None]:
    """Have the signals that end a program, as when Ansible's connection is lost, end the block like an error."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {one: signal.signal(one, end) for one in (signal.SIGHUP, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _numbers(given: dict[str, Any], ways: list[str], seconds: float) -> dict[str, int]:
    """The numbers as such; templates may have made texts of them."""
    numbers: dict[str, int] = {}
    faults = []
    for name, value in given.items():
        fault = files.name_fault(name)
        if fault:
            faults.append(f"numbers: {name} {fault}")
        try:
            numbers[name] = int(value)
        except (TypeError, ValueError):
            faults.append(f"numbers: {name}: {value!r} is no whole number")
            continue
        if not files.FAULT < numbers[name] < -files.FAULT:
            faults.append(f"numbers: {name}: {value} is not within -253 to 253")
    faults += [f"give_way: {name} {fault}" for name in ways for fault in [files.name_fault(name)] if fault]
    if not 0 < seconds <= _LONGEST_FAULT:
        faults.append(f"give_way_seconds: {seconds:g} is not within 0 to {_LONGEST_FAULT}")
    if faults:
        raise TaskError("; ".join(faults))
    return numbers


def _shown(numbers: dict[str, int]) -> str:
    return "".join(f"{name}: {number}\n" for name, number in sorted(numbers.items()))
