# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""keepalived.conf on a host: tested before it takes the place of the one that runs.

``run`` is the only door to a program: ``(argv) -> (exit status, all output)``. Everything else here is files.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._history import kept
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import secret, shared, verdict
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.dump import DumpError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import Note, Notes, joined
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import HEADER, has_header

__all__ = [
    "STAGED_SUFFIX",
    "ConfigError",
    "Outcome",
    "Runner",
    "absent",
    "keep_present",
    "loaded",
    "present",
    "take_staged",
]


class Runner(Protocol):
    """Runs a command to its end: exit status, and all that it printed."""

    def __call__(self, argv: Sequence[str]) -> tuple[int, str]:
        """Run it."""


SAVED_SUFFIX = ".lvs-cluster-saved"
STAGED_SUFFIX = ".lvs-cluster-next"
# Where a candidate is tested: root's alone, unlike /tmp, and in memory, so that a power cut leaves no password behind.
SCRATCH = "/run"

_PRIVATE = store.Owner(mode=0o600)
_ACCEPTED = "keepalived accepts the configuration"
_HALF_TESTED = "keepalived found no fault, but ended before its test was complete (see complaints)"
_NOT_TESTED = "the configuration was not tested: keepalived is not installed"


class ConfigError(Exception):
    """The file was not changed; the message says why and what to do, without secrets."""


@dataclass(frozen=True)
class Outcome:
    """What was done, or would be in check mode.

    ``before`` and ``after``: masked texts for the diff ("" for no file). ``tested``: keepalived judged the text.
    ``complaints``: what it printed and was accepted. ``saved``: where the file of somebody else is kept, or "".
    ``foreign``: what stands there afterwards is somebody else's. ``staged``: where the text waits for its switch.
    ``shared``: the text differs from the one that stands there in what the members of VRRP instances must agree on,
    ``instances``: those instances. ``restart``: what of the change needs a restart, or "". ``pending``: keepalived runs
    and has not loaded what stands there now.
    """

    changed: bool
    before: str = ""
    after: str = ""
    tested: bool = False
    complaints: tuple[str, ...] = ()
    message: str = ""
    saved: str = ""
    foreign: bool = False
    staged: str = ""
    shared: bool = False
    instances: tuple[str, ...] = ()
    restart: str = ""
    pending: bool = False


def present(
    content: str,
    dest: str,
    *,
    binary: str | None,
    run: Runner,
    owner: store.Owner,
    check_mode: bool,
    staged: bool = False,
    has_peers: bool = False,
    notes: Notes | None = None,
) -> Outcome:
    """Make ``content`` the text of ``dest``; ``binary`` is keepalived's path, None where it is not installed.

    ``staged``: leave ``dest`` as it is, and put the text beside it. ``has_peers``: refuse what those must have as well,
    unless it is staged or keepalived does not run. A text that stands there already is not tested
    again: it was tested before it was put there, and a test would cost every run that changes nothing. Raise
    ConfigError if keepalived refuses the text or a disk is full, OSError if a file cannot be read.
    """
    if not has_header(content):
        raise ConfigError(f"content does not begin with the line '{HEADER}': make it with lvs.cluster.keepalived_conf")
    _refuse_odd(dest)
    notes = notes or Notes()
    current = store.read_text(dest)
    waiting = dest + STAGED_SUFFIX
    if current == content:
        if not check_mode:
            _remove_stale(waiting)
        return _with_note(Outcome(changed=False, message="the configuration is as wanted"), notes.read(dest, current))
    difference = shared.differing(current, content) if current is not None else ()
    outcome = Outcome(
        changed=True,
        shared=difference is None or len(difference) > 0,
        instances=difference or (),
        restart=shared.needs_restart(current or "", content),
        staged=waiting if staged else "",
    )
    if staged and store.read_text(waiting) == content:
        outcome = replace(outcome, changed=False, message="the configuration waits for its switch")
        return _with_note(outcome, notes.read(dest, current))
    if has_peers and outcome.shared and not (staged or check_mode) and notes.find() is not None:
        raise ConfigError(
            f"{dest} was not changed: what all members of a VRRP instance must share changes "
            f"({', '.join(outcome.instances) or 'the text that stands there is not understood'}), and this host alone "
            "would be a second master: let lvs.cluster.site change all directors together"
        )
    directory = os.path.dirname(dest)
    if not check_mode and not os.path.isdir(directory):
        raise ConfigError(f"the directory {directory} does not exist: install keepalived first")
    complaints: tuple[str, ...] = ()
    message = _NOT_TESTED
    with _candidate(content, dest) as candidate:
        if binary:
            complaints, message = _test(candidate, content, dest, binary, run, check_mode=check_mode)
        elif not check_mode:
            raise ConfigError("keepalived is not installed, so the configuration cannot be tested: install it first")
    before, after = secret.diff_texts(current or "", content)
    saved = _saved(dest, current) if not staged else ""
    outcome = replace(
        outcome,
        before=before,
        after=after,
        tested=binary is not None,
        complaints=complaints,
        message=message,
        saved=saved,
    )
    if check_mode:
        return _with_note(outcome, notes.read(dest, current))
    if staged:
        with _room(dest, directory):
            store.write_text(waiting, content, owner)
        return _with_note(outcome, notes.read(dest, current))
    with _room(dest, kept.FOLDER):
        kept.keep(dest, current)
    with _room(dest, notes.folder):
        _note(notes, dest, content, outcome.restart)
    with _room(dest, directory), _keeping(dest, saved):
        store.write_text(dest, content, owner)
    _remove_stale(waiting)
    return _with_note(outcome, notes.read(dest, content))


def absent(dest: str, *, check_mode: bool, notes: Notes | None = None) -> Outcome:
    """Take our file away and put back the one that it replaced; a file of somebody else stays."""
    _refuse_odd(dest)
    notes = notes or Notes()
    current = store.read_text(dest)
    if not check_mode:
        _remove_stale(dest + STAGED_SUFFIX)
    if current is not None and not has_header(current):
        outcome = Outcome(changed=False, message=f"{dest} is not managed by lvs.cluster and stays", foreign=True)
        return _with_note(outcome, notes.read(dest, current))
    saved = store.read_text(dest + SAVED_SUFFIX)
    if current is None and saved is None:
        return Outcome(changed=False, message=f"there is no {dest}")
    restart = shared.needs_restart(current or "", saved) if saved is not None else ""
    if not check_mode:
        if saved is not None:
            with _room(dest, notes.folder):
                _note(notes, dest, saved, restart)
            os.rename(dest + SAVED_SUFFIX, dest)
            store.sync_directory(os.path.dirname(dest))
        else:
            store.remove(dest)
            notes.forget()
    before, after = secret.diff_texts(current or "", saved or "")
    message = f"{dest} was removed" if saved is None else f"{dest} is again what it was before lvs.cluster"
    outcome = Outcome(True, before, after, message=message, foreign=saved is not None, restart=restart)
    return _with_note(outcome, None if check_mode else notes.read(dest, saved))


def loaded(dest: str, *, check_mode: bool, notes: Notes | None = None) -> Outcome:
    """Take note that keepalived has loaded what stands there: it was reloaded, or started."""
    notes = notes or Notes()
    if check_mode:
        return _with_note(Outcome(changed=os.path.lexists(notes.path)), notes.read(dest, store.read_text(dest)))
    return Outcome(changed=notes.forget())


def take_staged(dest: str) -> None:
    """Put the staged file in the place of ``dest``. Not synced, as whoever calls has something urgent to do first.

    Nor is what it replaces kept here: ``keep_present`` does that, while there is time.
    """
    with _keeping(dest, _saved(dest, store.read_text(dest))):
        os.rename(dest + STAGED_SUFFIX, dest)


def keep_present(dest: str) -> None:
    """Keep the configuration that stands there, before a staged one takes its place. Raise ConfigError if it can't."""
    with _room(dest, kept.FOLDER):
        kept.keep(dest, store.read_text(dest))


def _saved(dest: str, current: str | None) -> str:
    """Where the file that stands there must be kept; "" if it is ours."""
    return dest + SAVED_SUFFIX if current is not None and not has_header(current) else ""


@contextlib.contextmanager
def _keeping(dest: str, saved: str) -> Iterator[None]:
    """Keep the file of somebody else while it is replaced."""
    made = False
    if saved:
        # The first one is the user's own; a later one replaced ours and is in that user's diff.
        with contextlib.suppress(FileExistsError):
            os.link(dest, saved)
            made = True
    try:
        yield
    except BaseException:
        if made:
            os.unlink(saved)
        raise


@contextlib.contextmanager
def _room(dest: str, directory: str) -> Iterator[None]:
    """Say which disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ConfigError(
            f"{dest} was not changed: no space is left for {directory} ({error.strerror}): free some and run again"
        ) from error


def _note(notes: Notes, dest: str, text: str, restart: str) -> None:
    # Where several run, whoever uses this module alone knows which one takes the file, and reloads it.
    with contextlib.suppress(DumpError):
        notes.write(dest, text, restart)


def _with_note(outcome: Outcome, note: Note | None) -> Outcome:
    if note is None:
        return outcome
    return replace(outcome, pending=True, restart=joined(note.restart, outcome.restart))


def _remove_stale(staged: str) -> None:
    """A text that was staged and never put in force is no longer wanted."""
    with contextlib.suppress(FileNotFoundError):
        store.remove(staged)


def _refuse_odd(dest: str) -> None:
    """Refuse a link or a directory: a rename would replace the link and leave the file that is meant."""
    if not os.path.isabs(dest):
        raise ConfigError(f"dest must be an absolute path, not {dest}")
    if os.path.lexists(dest) and (os.path.islink(dest) or not os.path.isfile(dest)):
        raise ConfigError(f"{dest} is not a regular file: name the file itself as dest")


@contextlib.contextmanager
def _candidate(content: str, dest: str) -> Iterator[str]:
    """Write the text to a file that only root reads, give its path, and leave nothing behind."""
    with _room(dest, SCRATCH):
        private = tempfile.mkdtemp(prefix=store.TEMPORARY, dir=SCRATCH)
    try:
        candidate = os.path.join(private, "keepalived.conf")
        with _room(dest, SCRATCH):
            store.write_text(candidate, content, _PRIVATE)
        yield candidate
    finally:
        shutil.rmtree(private)


def _test(
    candidate: str, content: str, dest: str, binary: str, run: Runner, *, check_mode: bool
) -> tuple[tuple[str, ...], str]:
    status, output = run([binary, "-t", "-f", candidate])
    ruling = verdict.judge(status, output.replace(candidate, dest), content, check_mode=check_mode)
    secrets = secret.secrets_of(content)
    if isinstance(ruling, verdict.Accept):
        notes = tuple(secret.mask_words(note, secrets) for note in ruling.notes)
        return notes, _ACCEPTED if ruling.complete else _HALF_TESTED
    lines = secret.mask_lines(content).split("\n")
    said = "".join(f"\n  {_explain(complaint, lines, secrets)}" for complaint in ruling.complaints)
    raise ConfigError(f"{dest} was not changed: {'; '.join(ruling.reasons)}{said}")


def _explain(complaint: verdict.Complaint, lines: Sequence[str], secrets: list[str]) -> str:
    text = secret.mask_words(complaint.text, secrets)
    if complaint.line is None or not 0 < complaint.line <= len(lines):
        return text
    return f"line {complaint.line}: {text}: {lines[complaint.line - 1].strip()}"
