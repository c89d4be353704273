# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which program a process runs: its name alone may be that of an exporter, of a script, or one of process_name."""

from __future__ import annotations

import os

__all__ = ["is_keepalived", "runs_keepalived"]

_NAME = "keepalived"


def is_keepalived(pid: int | str, proc: str = "/proc") -> bool:
    """Whether a process is a keepalived, whatever its name is.

    Raises OSError where it bears that name, as keepalived_vrrp and the like do too, and can't be looked at.
    """
    try:
        return runs_keepalived(pid, proc)
    except (FileNotFoundError, ProcessLookupError):
        return False  # it has ended, or is a thread of the kernel
    except OSError:
        # Who may not look at another user's process is told its name.
        with open(f"{proc}/{pid}/comm", encoding="utf-8", errors="replace") as stream:
            if stream.read().startswith(_NAME):
                raise
        return False


def runs_keepalived(pid: int | str, proc: str = "/proc") -> bool:
    """Whether a process runs the program. Raises OSError where it can't be looked at, or has ended meanwhile."""
    # The kernel adds " (deleted)" to what a package has replaced meanwhile (proc(5)).
    return os.path.basename(os.readlink(f"{proc}/{pid}/exe")).split(" ")[0] == _NAME
