# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the host."""

from __future__ import annotations

import os
import subprocess
from typing import Callable, Sequence, Tuple

__all__ = ["Command", "run_command"]

Command = Callable[[Sequence[str]], Tuple[int, str, str]]


def run_command(argv: Sequence[str]) -> tuple[int, str, str]:
    """Runs a program with the C locale: (exit status, standard output, standard error). A missing one gives 127."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin:/bin"
    try:
        # At boot there is no module whose run_command it could be.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            list(argv), env={"LC_ALL": "C", "PATH": path}, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except FileNotFoundError:
        return 127, "", f"{argv[0]} is not installed"
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace").strip()
