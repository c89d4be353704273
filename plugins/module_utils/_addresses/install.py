# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of one owner's virtual addresses, and the service."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._addresses.agent import SUFFIX
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.kernel import config_path
from ansible_collections.lvs.cluster.plugins.module_utils._boot import program, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import HEADER, STATE_DIR, Placed, to_json

AGENT_MODULES = (
    "_addresses.announce",
    "_addresses.kernel",
    "_addresses.model",
    "_boot.alone",
    "_boot.commands",
    "_boot.errors",
    "_boot.files",
    "_boot.systemd",
    "_boot.watch",
)


def service(name: str) -> str:
    return f"{name}{SUFFIX}.service"


def agent_path(name: str) -> str:
    return f"{program.FOLDER}/{name}{SUFFIX}"


def unit_path(name: str) -> str:
    return f"{systemd.FOLDER}/{service(name)}"


def paths(name: str) -> tuple[str, str, str]:
    return config_path(name), agent_path(name), unit_path(name)


def agent_archive(python: str) -> bytes:
    """The service's program."""
    return program.archive(python, "_addresses.agent", AGENT_MODULES)


def unit_text(name: str, python: str) -> str:
    """The service.

    Before the network, so that a real server never has a network without its VIPs; hence without the default
    dependencies, which would have it wait for all of early boot. A director has its table and its rules before its
    VIPs; where there are no such services, the order says nothing.
    """
    return f"""{HEADER}
[Unit]
Description=Virtual addresses of {name}
DefaultDependencies=no
Wants=network-pre.target
After=local-fs.target systemd-modules-load.service systemd-sysctl.service
After={name}-table.service {name}-firewall.service
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
RequiresMountsFor={STATE_DIR} {program.FOLDER}

[Service]
Type=notify
ExecStart={python} -IS {agent_path(name)} run
Restart=on-failure
RestartSec=2
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
"""


def wanted_files(name: str, config: Mapping[str, Any] | None, python: str) -> dict[str, Placed | None]:
    """What each of paths() should be; None: absent."""
    if config is None:
        return dict.fromkeys(paths(name))
    return {
        config_path(name): Placed(to_json(config)),
        agent_path(name): Placed(agent_archive(python), 0o755),
        unit_path(name): Placed(unit_text(name, python).encode()),
    }
