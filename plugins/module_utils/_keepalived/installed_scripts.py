# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts that keepalived calls: files in one folder of ours on a director, and the user that they run as.

Script security wants that nobody but root can write a script or a folder above it (keepalived.conf(5),
enable_script_security). A script can carry no mark of ours, so an index beside them says which ones are.
"""

from __future__ import annotations

import contextlib
import grp
import hashlib
import json
import os
import pwd
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store

__all__ = ["INDEX", "ROOT", "Outcome", "ScriptsError", "bring", "name_fault", "user_command"]

INDEX = ".index.json"
ROOT = store.Owner(mode=0o755, uid=0, gid=0)

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}\Z")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}\Z")
_SHELLS = ("/usr/sbin/nologin", "/sbin/nologin", "/bin/false")


class ScriptsError(Exception):
    """Nothing was changed; the message says why and what to do."""


@dataclass(frozen=True)
class Outcome:
    """What was done, or would be in check mode.

    ``stale``: scripts of ours that are no longer wanted and still there. ``before`` and ``after``: a line for each
    file, with its digest and not its text, which may hold a secret.
    """

    changed: bool
    installed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    before: str = ""
    after: str = ""


class _File(NamedTuple):
    content: bytes
    mode: int
    uid: int
    gid: int

    def line(self, name: str) -> str:
        return f"{name} {self.mode:04o} {self.uid}:{self.gid} sha256:{hashlib.sha256(self.content).hexdigest()}\n"


def name_fault(name: str) -> str | None:
    """What is wrong with a script's name, None if nothing is."""
    if _NAME.match(name):
        return None
    return "a script's name has letters, digits, _ . + and - only, at most 200, and does not begin with . + or -"


def bring(
    directory: str, wanted: Mapping[str, bytes], *, purge: bool, check_mode: bool, owner: store.Owner = ROOT
) -> Outcome:
    """Bring the scripts of ours to ``wanted`` (name to content); others in the folder stay.

    ``purge``: what is no longer wanted goes, and the folder with the last script. Raise ScriptsError where something
    that isn't ours is in the way, OSError from the file system.
    """
    _refuse_odd(directory)
    recorded = _recorded(directory)
    present = {name: file for name in {*recorded, *wanted} for file in [_read(directory, name)] if file is not None}
    after = {name: _File(content, owner.mode, owner.uid, owner.gid) for name, content in wanted.items()}
    foreign = sorted(name for name in wanted if name in present and name not in recorded)
    foreign = [name for name in foreign if present[name].content != wanted[name]]
    if foreign:
        names = ", ".join(os.path.join(directory, name) for name in foreign)
        raise ScriptsError(f"{names} is there and was not put there by lvs.cluster: remove it, or rename the script")
    changed = sorted(name for name in wanted if present.get(name) != after[name])
    extra = sorted(name for name in recorded if name in present and name not in wanted)
    stale = [] if purge else extra
    removed = extra if purge else []
    after.update({name: present[name] for name in stale})
    others = _others(directory, recorded)
    folder_differs = _folder_differs(directory, owner) if after else not others and os.path.isdir(directory)
    if not check_mode:
        if after:
            _make_folder(directory, owner)
            # Before the first file is written: what a killed run leaves must be known as ours.
            _record(directory, recorded, {*recorded, *after}, owner)
        for name in changed:
            text = wanted[name].decode("utf-8", "surrogateescape")
            store.write_text(os.path.join(directory, name), text, owner)
        for name in removed:
            store.remove(os.path.join(directory, name))
        if after:
            _record(directory, {*recorded, *after}, set(after), owner)
        else:
            _remove_folder(directory)
    return Outcome(
        changed=bool(changed or removed or folder_differs or recorded != set(after)),
        installed=tuple(changed),
        removed=tuple(removed),
        stale=tuple(stale),
        before=_lines(present),
        after=_lines(after),
    )


def _lines(files: Mapping[str, _File]) -> str:
    return "".join(files[name].line(name) for name in sorted(files))


def _refuse_odd(directory: str) -> None:
    if os.path.islink(directory) or (os.path.lexists(directory) and not os.path.isdir(directory)):
        raise ScriptsError(f"{directory} is a link or no folder: remove it, so that nobody else can write there")


def _recorded(directory: str) -> set[str]:
    """The names that the index has; a name that can't be one of ours would lead elsewhere."""
    path = os.path.join(directory, INDEX)
    text = store.read_text(path)
    if text is None:
        return set()
    try:
        names = set(map(str, json.loads(text)["scripts"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ScriptsError(f"{path} is damaged: remove it, and the scripts beside it that are not yours") from error
    return {name for name in names if name_fault(name) is None}


def _record(directory: str, before: Iterable[str], names: set[str], owner: store.Owner) -> None:
    path = os.path.join(directory, INDEX)
    if set(before) != names or not os.path.exists(path):
        text = json.dumps({"scripts": sorted(names)}, indent=1) + "\n"
        store.write_text(path, text, store.Owner(mode=0o644, uid=owner.uid, gid=owner.gid))


def _read(directory: str, name: str) -> _File | None:
    path = os.path.join(directory, name)
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise ScriptsError(f"{path} is not a regular file: remove it")
    with open(path, "rb") as stream:
        return _File(stream.read(), stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def _others(directory: str, recorded: set[str]) -> list[str]:
    """What is in the folder and isn't ours."""
    if not os.path.isdir(directory):
        return []
    names = os.listdir(directory)
    return [name for name in names if name not in recorded and name != INDEX and not name.startswith(store.TEMPORARY)]


def _folder_differs(directory: str, owner: store.Owner) -> bool:
    if not os.path.isdir(directory):
        return True
    status = os.stat(directory)
    return (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) != (owner.mode, owner.uid, owner.gid)


def _make_folder(directory: str, owner: store.Owner) -> None:
    parent = os.path.dirname(directory)
    if not os.path.isdir(parent):
        _make_folder(parent, owner)
    if not os.path.isdir(directory):
        os.mkdir(directory, 0o700)
    if _folder_differs(directory, owner):
        os.chown(directory, owner.uid, owner.gid)
        os.chmod(directory, owner.mode)


def _remove_folder(directory: str) -> None:
    """Remove the index and what a killed run left, and the folder if nothing of somebody else is in it."""
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(directory):
            if name == INDEX or name.startswith(store.TEMPORARY):
                store.remove(os.path.join(directory, name))
    with contextlib.suppress(OSError):
        os.rmdir(directory)


def user_command(name: str) -> list[str]:
    """The command that makes this system user, without a home and a shell; [] if there is such a user."""
    if not _USER.match(name):
        raise ScriptsError(f"user: {name!r} is no name of a user")
    with contextlib.suppress(KeyError):
        pwd.getpwnam(name)
        return []
    shell = next(filter(os.path.exists, _SHELLS), _SHELLS[-1])
    command = ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", shell]
    try:
        grp.getgrnam(name)
        command += ["--gid", name]
    except KeyError:
        command += ["--user-group"]
    return [*command, name]
