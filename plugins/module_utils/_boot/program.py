# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program of ours as one file, made of the modules of this collection that it needs."""

from __future__ import annotations

import importlib.util
import io
import os
import zipfile
from typing import Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

__all__ = ["FOLDER", "archive", "interpreter"]

FOLDER = "/usr/local/lib/lvs-cluster"
_UTILS = "ansible_collections.lvs.cluster.plugins.module_utils"


def interpreter(running: str) -> str:
    """The distribution's Python where there is one: the module's own may be a virtual environment's."""
    return "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else running


def archive(python: str, main: str, modules: Sequence[str]) -> bytes:
    """A zip archive with a "#!" line (PEP 441), the same bytes for the same sources.

    ``main`` and ``modules`` are named as under module_utils, as in ``_boot.files``; main(argv) returns the exit status.
    Read through the import system, because a module itself runs out of a zip archive (AnsiballZ).
    """
    members: dict[str, bytes] = {}
    for name in {main, *modules}:
        whole = f"{_UTILS}.{name}"
        parents = whole.split(".")[:-1]
        for depth in range(len(parents)):
            members.setdefault("/".join(parents[: depth + 1]) + "/__init__.py", b"")
        members[whole.replace(".", "/") + ".py"] = _source(whole).encode()
    members["__main__.py"] = f"import sys\nfrom {_UTILS}.{main} import main\nsys.exit(main(sys.argv))\n".encode()
    buffer = io.BytesIO()
    buffer.write(f"#!{python} -IS\n".encode())
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as packed:
        for path in sorted(members):
            packed.writestr(zipfile.ZipInfo(path), members[path])
    return buffer.getvalue()


def _source(module: str) -> str:
    spec = importlib.util.find_spec(module)
    find = getattr(spec.loader, "get_source", None) if spec else None
    source = find(module) if find else None
    if not source:
        raise BootError(f"the collection lacks {module}: install it again")
    return str(source)
