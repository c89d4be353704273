# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an owner's chains and the service that brings them back at boot."""

from __future__ import annotations

import glob
import os
from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._boot import loaders, program, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import (
    HEADER,
    STATE_DIR,
    Placed,
    to_json,
)
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.agent import SUFFIX
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.kernel import config_path, read_config, record_path

__all__ = ["AGENT_MODULES", "agent_path", "other_owners", "paths", "service", "unit_path", "unit_text", "wanted_files"]

AGENT_MODULES = (
    *("_boot.alone", "_boot.commands", "_boot.errors", "_boot.files", "_boot.follow", "_boot.watch"),
    *("_firewall.active", "_firewall.jumps", "_firewall.kernel", "_firewall.model"),
)


def service(owner: str) -> str:
    return f"{owner}{SUFFIX}.service"


def agent_path(owner: str) -> str:
    return f"{program.FOLDER}/{owner}{SUFFIX}"


def unit_path(owner: str) -> str:
    return f"{systemd.FOLDER}/{service(owner)}"


def paths(owner: str) -> tuple[str, ...]:
    """Every file of an owner; the record comes last."""
    return config_path(owner), agent_path(owner), unit_path(owner), record_path(owner)


def unit_text(owner: str, python: str, used: tuple[str, ...]) -> str:
    """The service. It takes nothing away when it stops, and has no start-up before it but what it needs itself.

    used: the loaders of rules that this host uses, see loaders.in_use().
    """
    program_lines = loaders.service_lines(f"{python} -IS {agent_path(owner)}", "apply", used)
    return f"""{HEADER}
[Unit]
Description=Firewall chains of {owner}
DefaultDependencies=no
RequiresMountsFor=/etc/lvs-cluster {program.FOLDER} {STATE_DIR}
After=systemd-modules-load.service local-fs.target
{loaders.unit_lines(used)}Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
{program_lines}NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
"""


def wanted_files(
    owner: str, config: Mapping[str, Any] | None, python: str, used: tuple[str, ...] = ()
) -> dict[str, Placed | None]:
    """What each of paths() but the record should be; None: absent."""
    if config is None:
        return dict.fromkeys(paths(owner)[:-1])
    return {
        config_path(owner): Placed(to_json(config)),
        agent_path(owner): Placed(program.archive(python, "_firewall.agent", AGENT_MODULES), 0o755),
        unit_path(owner): Placed(unit_text(owner, python, used).encode()),
    }


def other_owners(owner: str) -> dict[tuple[str, str, str], str]:
    """The chains of other owners on this host, and whose they are."""
    found = {}
    for path in sorted(glob.glob(config_path("*"))):
        other = os.path.basename(path)[: -len(f"{SUFFIX}.json")]
        if other != owner:
            found.update({chain.key: other for chain in read_config(other)})
    return found
