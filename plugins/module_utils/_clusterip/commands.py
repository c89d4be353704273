# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the host, with a text on their standard input."""

from __future__ import annotations

import os
import subprocess
from typing import Protocol, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

__all__ = ["LONGEST", "Command", "in_one_line", "must", "run_command"]

LONGEST = 60  # seconds; iptables waits 5 of them for its lock


class Command(Protocol):
    """Runs a program: (exit status, standard output, standard error). 127: it is missing, 124: it did not end."""

    def __call__(self, argv: Sequence[str], stdin: str = "") -> tuple[int, str, str]:
        """Run it."""


def run_command(argv: Sequence[str], stdin: str = "") -> tuple[int, str, str]:
    """As _boot.commands.run_command, but the program reads ``stdin`` and is killed after LONGEST seconds."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin:/bin"
    try:
        # At boot there is no module whose run_command it could be.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            list(argv),
            env={"LC_ALL": "C", "PATH": path},
            input=stdin.encode(),
            capture_output=True,
            check=False,
            timeout=LONGEST,
        )
    except FileNotFoundError:
        return 127, "", f"{argv[0]} is not installed"
    except subprocess.TimeoutExpired:
        return 124, "", f"{argv[0]} did not end within {LONGEST} seconds"
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace").strip()


def in_one_line(text: str) -> str:
    """A program's complaint without its line breaks and without the advice to read the help."""
    return " ".join(" ".join(line for line in text.splitlines() if "--help' for more" not in line).split())


def must(run: Command, *argv: str, stdin: str = "") -> str:
    """What the program writes; BootError if it fails."""
    code, out, err = run(argv, stdin=stdin)
    if code:
        raise BootError(f"{' '.join(argv)} failed with status {code}: {in_one_line(err or out)}")
    return out
