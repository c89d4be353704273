# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps cluster IPs over reboots: a file for each, the program that loads them, and its service."""

from __future__ import annotations

from typing import Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot import loaders, program, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import HEADER, Placed, to_json
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import boot
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.kept import FOLDER, Kept, config_path
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import to_json as cluster_ip_to_json

__all__ = ["AGENT", "AGENT_MODULES", "MAIN", "OWNER", "SERVICE", "UNIT", "stays", "wanted_files"]

OWNER = "lvs-clusterip"
SERVICE = f"{OWNER}.service"
# By import, or Ansible does not bring it to the host.
MAIN = boot.__name__.rpartition(".module_utils.")[2]
AGENT = f"{program.FOLDER}/{OWNER}"
UNIT = f"{systemd.FOLDER}/{SERVICE}"
AGENT_MODULES = (
    *("_boot.alone", "_boot.commands", "_boot.errors", "_boot.files", "_boot.follow", "_boot.watch"),
    *(
        "_clusterip.arp",
        "_clusterip.commands",
        "_clusterip.kept",
        "_clusterip.model",
        "_clusterip.ndp",
        "_clusterip.nft",
        "_clusterip.reach",
    ),
    *("_clusterip.backends.chains", "_clusterip.backends.legacy", "_clusterip.backends.nftables"),
    *("_clusterip.backends.interface", "_clusterip.backends.known", "_clusterip.backends.xt_cluster"),
)


def unit_text(python: str, used: tuple[str, ...]) -> str:
    """The service. The VIPs have one of their own, which comes after it: a node never has a VIP without its rules.

    Where an interface comes later than this service, as a bond or VLAN does that the network's own service makes, it is
    tried again. The service of the VIPs, whose start has failed by then, is started by it.
    It loads them again after a restart of what loads rules over whole tables, used (loaders.in_use()). Without them a
    node that has the VIP takes every bucket.
    """
    addresses = f"{OWNER}-addresses.service"
    program_lines = loaders.service_lines(f"{python} -IS {AGENT}", "load", used)
    after = f"systemctl --quiet is-enabled {addresses} && systemctl --no-block start {addresses}"
    return f"""{HEADER}
[Unit]
Description=Cluster IPs of this node
DefaultDependencies=no
Wants=network-pre.target
RequiresMountsFor={FOLDER} {program.FOLDER}
After=local-fs.target systemd-modules-load.service systemd-sysctl.service systemd-udevd.service
{loaders.unit_lines(used)}Before=network-pre.target {addresses} shutdown.target
Conflicts=shutdown.target
StartLimitIntervalSec=0

[Service]
{program_lines}ExecStartPost=-/bin/sh -c "{after}"
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
RequiredBy={addresses}
"""


def stays(unit: Placed | None) -> bool:
    """Whether the service of this unit runs on to follow firewalld; it must be started again where that changes."""
    return unit is not None and b"Type=notify" in unit.data.split()


def wanted_files(
    address: str, kept: Kept | None, others: Sequence[Kept], python: str, used: tuple[str, ...] = ()
) -> dict[str, Placed | None]:
    """The file of this cluster IP, the program and its unit, and what each should be; None: absent."""
    files: dict[str, Placed | None] = {AGENT: None, UNIT: None}
    if address:
        files[config_path(address)] = None
    if kept is not None:
        content = {"cluster_ip": cluster_ip_to_json(kept.cluster_ip), "local": list(kept.local)}
        if kept.chosen is not None:
            content["chosen"] = list(kept.chosen)
        files[config_path(address)] = Placed(to_json(content))
    if kept is not None or others:
        files[AGENT] = Placed(program.archive(python, MAIN, AGENT_MODULES), 0o755)
        files[UNIT] = Placed(unit_text(python, used).encode())
    return files
