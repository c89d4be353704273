# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""keepalived.conf on a host: tested before it takes the place of the one that runs.

``run`` is the only door to a program: ``(argv) -> (exit status, all output)``. Everything else here is files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import secret, verdict
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import HEADER, has_header

__all__ = ["ConfigError", "Outcome", "Runner", "absent", "present"]


class Runner(Protocol):
    """Runs a command to its end: exit status, and all that it printed."""

    def __call__(self, argv: Sequence[str]) -> tuple[int, str]: ...


SAVED_SUFFIX = ".lvs-cluster-saved"
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
    ``foreign``: what stands there afterwards is somebody else's.
    """

    changed: bool
    before: str = ""
    after: str = ""
    tested: bool = False
    complaints: tuple[str, ...] = ()
    message: str = ""
    saved: str = ""
    foreign: bool = False


def present(
    content: str, dest: str, *, binary: str | None, run: Runner, owner: store.Owner, check_mode: bool
) -> Outcome:
    """Make ``content`` the text of ``dest``; ``binary`` is keepalived's path, None where it is not installed.

    A text that stands there already is not tested again: it was tested before it was put there, and a test would cost
    every run that changes nothing. Raise ConfigError if keepalived refuses the text, OSError if a file cannot be read.
    """
    if not has_header(content):
        raise ConfigError(f"content does not begin with the line '{HEADER}': make it with lvs.cluster.keepalived_conf")
    _refuse_odd(dest)
    current = store.read_text(dest)
    if current == content:
        return Outcome(changed=False, message="the configuration is as wanted")
    directory = os.path.dirname(dest)
    if not check_mode and not os.path.isdir(directory):
        raise ConfigError(f"the directory {directory} does not exist: install keepalived first")
    before, after = secret.diff_texts(current or "", content)
    notes: tuple[str, ...] = ()
    message = _NOT_TESTED
    saved = dest + SAVED_SUFFIX if current is not None and not has_header(current) else ""
    with _candidate(content) as candidate:
        if binary:
            notes, message = _test(candidate, content, dest, binary, run, check_mode=check_mode)
        elif not check_mode:
            raise ConfigError("keepalived is not installed, so the configuration cannot be tested: install it first")
        if not check_mode:
            if saved:
                # The first one is the user's own; a later one replaced ours and is in that user's diff.
                with contextlib.suppress(FileExistsError):
                    os.link(dest, saved)
            store.write_text(dest, content, owner)
    return Outcome(
        changed=True,
        before=before,
        after=after,
        tested=binary is not None,
        complaints=notes,
        message=message,
        saved=saved,
    )


def absent(dest: str, *, check_mode: bool) -> Outcome:
    """Take our file away and put back the one that it replaced; a file of somebody else stays."""
    _refuse_odd(dest)
    current = store.read_text(dest)
    if current is not None and not has_header(current):
        return Outcome(changed=False, message=f"{dest} is not managed by lvs.cluster and stays", foreign=True)
    saved = store.read_text(dest + SAVED_SUFFIX)
    if current is None and saved is None:
        return Outcome(changed=False, message=f"there is no {dest}")
    if not check_mode:
        if saved is not None:
            os.rename(dest + SAVED_SUFFIX, dest)
            store.sync_directory(os.path.dirname(dest))
        else:
            store.remove(dest)
    before, after = secret.diff_texts(current or "", saved or "")
    message = f"{dest} was removed" if saved is None else f"{dest} is again what it was before lvs.cluster"
    return Outcome(changed=True, before=before, after=after, message=message, foreign=saved is not None)


def _refuse_odd(dest: str) -> None:
    """Refuse a link or a directory: a rename would replace the link and leave the file that is meant."""
    if not os.path.isabs(dest):
        raise ConfigError(f"dest must be an absolute path, not {dest}")
    if os.path.lexists(dest) and (os.path.islink(dest) or not os.path.isfile(dest)):
        raise ConfigError(f"{dest} is not a regular file: name the file itself as dest")


@contextlib.contextmanager
def _candidate(content: str) -> Iterator[str]:
    """Write the text to a file that only root reads, give its path, and leave nothing behind."""
    private = tempfile.mkdtemp(prefix=store.TEMPORARY, dir=SCRATCH)
    try:
        candidate = os.path.join(private, "keepalived.conf")
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
    lines = content.split("\n")
    said = "".join(f"\n  {_explain(complaint, lines, secrets)}" for complaint in ruling.complaints)
    raise ConfigError(f"{dest} was not changed: {'; '.join(ruling.reasons)}{said}")


def _explain(complaint: verdict.Complaint, lines: Sequence[str], secrets: list[str]) -> str:
    text = secret.mask_words(complaint.text, secrets)
    if complaint.line is None or not 0 < complaint.line <= len(lines):
        return text
    return f"line {complaint.line}: {text}: {secret.mask_lines(lines[complaint.line - 1]).strip()}"
