# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Putting a staged configuration in force on all directors of a cluster at once.

The backups follow: each leaves a process behind that hears the adverts, and takes its own staged configuration as soon
as the master's adverts are those of the new one. Then one leads. What did not follow is finished at the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import install, shared
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.adverts import Watch
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import UnreadableError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.detach import detach
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.listen import Ears
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import Notes, make_folder
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.process import Process, process

__all__ = ["ADVERT", "FINISH", "LEAD", "NOTHING", "Result", "SwitchError", "finish", "follow", "lead"]

ADVERT, FINISH, LEAD, NOTHING = "advert", "finish", "lead", "nothing"

OUTCOME = "keepalived-switch.json"
_PRIVATE = store.Owner(mode=0o600)
_WAITING, _SWITCHED, _TIMEOUT, _FAILED = "waiting", "switched", "timeout", "failed"
_PAUSE = 0.005
_TO_END = 10.0
# How long after the master's reload its advert may come, beside its interval.
_RELOAD_SECONDS = 1.0


class SwitchError(Exception):
    """The switch could not be made; the message says why and what to do."""


@dataclass(frozen=True)
class Result:
    """What was done. ``seconds``: from the advert to the signal; None if no advert was followed."""

    changed: bool = False
    switched_by: str = NOTHING
    following: bool = False
    pid: int | None = None
    pending: bool = False
    restart: str = ""
    reason: str = ""
    seconds: float | None = None


class _Change(NamedTuple):
    """A switch, made ready so that it takes no time once it is due."""

    dest: str
    process: Process | None
    note: str
    restart: str
    prepare: Sequence[str]


def lead(dest: str, *, check_mode: bool, prepare: Sequence[str] = (), notes: Notes | None = None) -> Result:
    """Put the staged configuration in force here, now. ``prepare``: what runs before keepalived is told."""
    notes = notes or Notes()
    if not check_mode:
        _end_child(notes)
        _forget_outcome(notes)
    return _switch(dest, LEAD, check_mode=check_mode, prepare=prepare, notes=notes)


def follow(
    dest: str,
    *,
    own: Callable[[], Collection[str]],
    timeout: float,
    check_mode: bool,
    prepare: Sequence[str] = (),
    notes: Notes | None = None,
) -> Result:
    """Leave a process behind that puts the staged configuration in force as soon as the master has it.

    It hears adverts when this returns. ``own``: asks for the addresses of this host.
    """
    notes = notes or Notes()
    if check_mode:
        return Result(pid=_pid(notes))
    _end_child(notes)
    _forget_outcome(notes)
    change = _prepare(dest, prepare, notes)
    if change is None or change.process is None:
        return Result(pid=_pid(notes))
    _keep_present(dest)
    old, new = _instances(dest), _instances(dest + install.STAGED_SUFFIX) or {}
    watch = Watch(old, new, own())
    longest = max((one.seconds for one in [*(old or {}).values(), *new.values()]), default=1.0)
    make_folder(notes.folder)
    try:
        ears = Ears(new.values())
    except OSError as error:
        raise SwitchError(f"the adverts of the other directors can't be heard: {error.strerror}") from error
    try:
        outcome = {"dest": dest, "visible": watch.visible, "longest": longest}
        if not detach(lambda: _child(change, watch, ears, timeout, outcome, notes), ears.handles(), _WAITING.encode()):
            raise SwitchError("no process could be left behind that follows the other directors")
    finally:
        ears.close()
    return Result(following=True, pid=change.process.pid)


def finish(
    dest: str, *, wait: float | None, check_mode: bool, prepare: Sequence[str] = (), notes: Notes | None = None
) -> Result:
    """See that the staged configuration is in force: by the process that follows, or else here and now.

    ``wait``: how long the process may still need, None for as long as an advert of the master may take.
    """
    notes = notes or Notes()
    outcome = _read_outcome(notes)
    if check_mode:
        waits = os.path.lexists(dest + install.STAGED_SUFFIX)
        return Result(changed=waits or outcome.get("state") == _SWITCHED, pid=_pid(notes))
    if outcome.get("state") == _WAITING:
        if wait is None:
            visible = bool(outcome.get("visible"))
            wait = _RELOAD_SECONDS + 2 * float(outcome.get("longest") or 0) if visible else 0.0
        _wait(notes, wait)
        _end_child(notes)
        outcome = _read_outcome(notes)
    _forget_outcome(notes)
    result = _switch(dest, FINISH, check_mode=False, prepare=prepare, notes=notes)
    if outcome.get("state") == _SWITCHED and outcome.get("dest") == dest and not result.changed:
        return replace(
            result,
            changed=True,
            switched_by=ADVERT,
            reason=str(outcome.get("reason") or ""),
            seconds=outcome.get("seconds"),
        )
    if result.changed and outcome.get("state") in (_WAITING, _TIMEOUT, _FAILED):
        said = outcome.get("reason") or "no advert told of the switch"
        result = replace(result, reason=str(said))
    return result


def _switch(dest: str, by: str, *, check_mode: bool, prepare: Sequence[str], notes: Notes) -> Result:
    change = _prepare(dest, prepare, notes)
    if change is not None:
        if check_mode:
            return Result(True, by, pid=_pid(notes), restart=change.restart)
        _keep_present(dest)
        _apply(change, notes)
    current = store.read_text(dest)
    found = notes.find()
    note = notes.read(dest, current)
    result = Result(
        changed=change is not None,
        switched_by=by if change is not None else NOTHING,
        pid=found.pid if found else None,
        pending=note is not None,
        restart=note.restart if note else "",
    )
    if note is None or note.restart or found is None or check_mode:
        return result
    # An earlier run replaced the file and did not come to tell keepalived.
    _tell(found, prepare)
    notes.forget()
    return replace(result, changed=True, switched_by=by, pending=False)


def _prepare(dest: str, prepare: Sequence[str], notes: Notes) -> _Change | None:
    """Make the switch ready; None if nothing is staged."""
    staged = store.read_text(dest + install.STAGED_SUFFIX)
    if staged is None:
        return None
    found = notes.find()
    restart = shared.needs_restart(store.read_text(dest) or "", staged)
    note = notes.noting(dest, staged, restart, found) if found else ""
    return _Change(dest, found, note, restart, prepare)


def _keep_present(dest: str) -> None:
    """Keep what is to be replaced, before anybody waits for the switch."""
    try:
        install.keep_present(dest)
    except install.ConfigError as error:
        raise SwitchError(str(error)) from error


def _apply(change: _Change, notes: Notes) -> float:
    """Replace the file and tell keepalived; when that was done."""
    told = change.process is not None and change.process.lives(notes.proc)
    if told:
        notes.put(change.note)
    install.take_staged(change.dest)
    if told and change.process and not change.restart:
        _tell(change.process, change.prepare)
    moment = time.monotonic()
    # The disk may take its time, keepalived need not wait for it.
    store.sync_directory(os.path.dirname(change.dest))
    if told and not change.restart:
        notes.forget()
    return moment


def _tell(found: Process, prepare: Sequence[str]) -> None:
    if prepare:
        # The process that a module left behind has no run_command.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            prepare, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise SwitchError(f"{prepare[0]} ended with {done.returncode}, so keepalived was not told: {said}")
    with contextlib.suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGHUP)


def _pid(notes: Notes) -> int | None:
    found = notes.find()
    return found.pid if found else None


def _instances(path: str) -> dict[str, shared.Instance] | None:
    """None for a text of somebody else that can't be read."""
    try:
        return shared.instances(store.read_text(path) or "")
    except UnreadableError:
        return None


# -- the process that follows


def _child(
    change: _Change, watch: Watch, ears: Ears, timeout: float, outcome: dict[str, Any], notes: Notes
) -> Callable[[], None]:
    """Note that this process waits; what it does then is returned."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    me = process(os.getpid(), notes.proc)
    outcome = {**outcome, "state": _WAITING, "process": me}
    _write_outcome(notes, outcome)

    def work() -> None:
        try:
            found = _hear(change, watch, ears, timeout, notes)
        except Exception as error:
            found = {"state": _FAILED, "reason": f"{type(error).__name__}: {error}"}
        _write_outcome(notes, {**outcome, **found})

    return work


def _hear(change: _Change, watch: Watch, ears: Ears, timeout: float, notes: Notes) -> dict[str, Any]:
    for moment, advert in ears.adverts(time.monotonic() + timeout):
        reason = watch.seen(advert)
        if not reason:
            continue
        # Whoever ends this process must not do so between the rename and the signal.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        if change.process is None or not change.process.lives(notes.proc):
            change = _prepare(change.dest, change.prepare, notes) or change
        seconds = _apply(change, notes) - moment
        return {"state": _SWITCHED, "reason": reason, "seconds": round(seconds, 6)}
    return {"state": _TIMEOUT, "reason": f"no advert told of the switch within {timeout:g} seconds"}


def _end_child(notes: Notes) -> None:
    """End a process that still waits; if it is switching, let it come to its end."""
    follower = _follower(_read_outcome(notes), notes)
    if follower is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(follower.pid, signal.SIGTERM)
    if not _until(lambda: not follower.lives(notes.proc), _TO_END):
        raise SwitchError(f"the process {follower.pid} that follows the other directors does not end: end it yourself")


def _wait(notes: Notes, seconds: float) -> None:
    """Wait until the process that follows has come to its end."""
    follower = _follower(_read_outcome(notes), notes)
    if follower is not None:
        _until(lambda: not follower.lives(notes.proc), seconds)


def _follower(outcome: dict[str, Any], notes: Notes) -> Process | None:
    """The process that waits, None if there is none any more."""
    try:
        pid, start = outcome["process"]
        found = Process(int(pid), int(start))
    except (KeyError, TypeError, ValueError):
        return None
    return found if found.lives(notes.proc) else None


def _until(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE)
    return True


def _read_outcome(notes: Notes) -> dict[str, Any]:
    text = store.read_text(os.path.join(notes.folder, OUTCOME))
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _write_outcome(notes: Notes, outcome: dict[str, Any]) -> None:
    store.write_text(os.path.join(notes.folder, OUTCOME), json.dumps(outcome, indent=1) + "\n", _PRIVATE)


def _forget_outcome(notes: Notes) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(notes.folder, OUTCOME))
