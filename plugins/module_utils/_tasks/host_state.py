# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a host other modules than ours look after, compared: packages, files, services."""

from __future__ import annotations

import os
from typing import Any, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command

__all__ = ["compare_file", "compare_service", "installed"]


# Each prints NAME installed, or something else, for each package.
_QUERIES = {
    "Debian": ("dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n"),
    "RedHat": ("rpm", "--query", "--queryformat", "%{NAME} installed\n"),
}


def installed(run: Command, names: Sequence[str], family: str = "Debian") -> list[str] | None:
    """Those of these packages that are installed; None where there is nobody to ask.

    ``family`` is the system's os_family.
    """
    status, out, _err = run([*_QUERIES[family], *names])
    if status == 127:
        return None
    lines = [line.split() for line in out.splitlines()]
    return [words[0] for words in lines if words[1:] == ["installed"]]


def compare_file(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """``wanted`` is {"path", "content", "mode"} (octal text); the file is to be root's and just so."""
    path = wanted["path"]
    placed = files.Placed(wanted["content"].encode(), int(wanted["mode"], 8))
    had = files.read_file(path)
    owned = had is None or os.stat(path).st_uid == os.stat(path).st_gid == 0
    before = "" if had is None else had.data.decode(errors="replace")
    return {
        "changed": had != placed or not owned,
        "diff": {"before_header": path, "after_header": path, "before": before, "after": wanted["content"]},
    }


def compare_service(run: Command, name: str) -> dict[str, Any]:
    """The service is to be enabled and running."""
    before = {
        "enabled": systemd.is_enabled(run, name, name),
        "running": systemd.is_active(run, name),
    }
    after = {"enabled": True, "running": True}
    return {"changed": before != after, "diff": {"before": {name: before}, "after": {name: after}}}
