# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which chains this host needs now: some only where another program filters packets."""

from __future__ import annotations

import os
import re
import shutil
from typing import Iterable

from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import read_file
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.model import Chain

__all__ = ["PROGRAMS", "active_chains", "is_active"]

UFW_CONFIG = "/etc/ufw/ufw.conf"

# A line of shell, as ufw's start script reads it; the last one counts.
_ENABLED = re.compile(rb"""^[ \t]*ENABLED=["']?(\w+)["']?[ \t]*(?:#.*)?$""", re.MULTILINE)


def _ufw() -> bool:
    # A package that was removed leaves its configuration behind, with ENABLED=yes.
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin:/bin"
    found = read_file(UFW_CONFIG) if shutil.which("ufw", path=path) else None
    values = _ENABLED.findall(found.data) if found is not None else []
    return bool(values) and values[-1] in (b"yes", b"YES")


PROGRAMS = {"ufw": _ufw}


def is_active(program: str) -> bool:
    """Whether a program filters packets on this host, now and after a boot; BootError where that cannot be told."""
    return PROGRAMS[program]()


def active_chains(chains: Iterable[Chain]) -> tuple[Chain, ...]:
    """Without the chains whose programs are all inactive."""
    answers: dict[str, bool] = {}
    found = []
    for chain in chains:
        for program in chain.when_active:
            if program not in answers:
                answers[program] = is_active(program)
        if not chain.when_active or any(answers[program] for program in chain.when_active):
            found.append(chain)
    return tuple(found)
