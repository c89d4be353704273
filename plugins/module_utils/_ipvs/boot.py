# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that brings a director's table back at boot: what the last run of the playbook had there."""

from __future__ import annotations

import sys
from typing import Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.netlink import WireError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.whole import Request, bring

__all__ = ["main"]


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main(argv: Sequence[str]) -> int:
    """PROGRAM FILE: add and edit what the file holds, through the same code as the modules. Nothing is deleted."""
    if len(argv) != 2:
        _say("usage: table FILE")
        return 64
    try:
        with Session(check=False) as session:
            bring(session, Request(src=argv[1]), diff=False, warn=_say)
    except (IpvsError, WireError, OSError) as error:
        _say(f"{argv[1]}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
