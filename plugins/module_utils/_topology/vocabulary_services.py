# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of virtual services and their real servers."""

from __future__ import annotations

from typing import Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_checks import (
    HEALTH_CHECKS,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_words import (
    ADDRESS,
    FORWARDING,
    MARK,
    NAME,
    NEEDED_ADDRESS,
    OPTIONS,
    PORT,
    PORTS,
    PROTOCOLS,
    SCHEDULERS,
    TEXT,
    TUNNEL,
    WEIGHT,
    choice,
    integer,
    listed,
    seconds,
)

__all__ = [
    "OLD_SERVICE_WORDS",
    "SERVICE",
    "SERVICE_SETTINGS",
]

OLD_SERVICE_WORDS = {
    "lb_algo": "scheduler",
    "lvs_sched": "scheduler",
    "lb_kind": "forwarding",
    "lvs_method": "forwarding",
}
REAL_SERVER = Spec(
    "mapping",
    "a mapping with host, group or address",
    one_of=("host", "group", "address"),
    old_words={"lb_kind": "forwarding", "lvs_method": "forwarding"},
    fields={
        "host": TEXT,
        "group": TEXT,
        "address": ADDRESS,
        "port": PORT,
        "weight": WEIGHT,
        "forwarding": FORWARDING,
        "tunnel": TUNNEL,
        "health_checks": HEALTH_CHECKS,
        "options": OPTIONS,
    },
)
SERVICE_SETTINGS: Mapping[str, Spec] = {
    "protocol": choice(*PROTOCOLS),
    "scheduler": choice(*SCHEDULERS),
    "forwarding": FORWARDING,
    "tunnel": TUNNEL,
    "persistence_timeout": integer(1, 2678400),
    "delay_loop": seconds(low=0.001),
    "virtualhost": TEXT,
    "sorry_server": Spec(
        "mapping", "a mapping with address and port", fields={"address": NEEDED_ADDRESS, "port": PORT}
    ),
    "health_checks": HEALTH_CHECKS,
    "options": OPTIONS,
}
MATCH = Spec(
    "mapping",
    "a mapping with address, protocol and ports",
    one_of=("port", "ports"),
    fields={
        "address": NEEDED_ADDRESS,
        "protocol": Spec("text", f"one of {', '.join(PROTOCOLS)}", choices=PROTOCOLS, default="tcp"),
        "port": PORT,
        "ports": PORTS,
    },
)
SERVICE = Spec(
    "mapping",
    "a mapping",
    one_of=("port", "ports", "fwmark"),
    old_words=OLD_SERVICE_WORDS,
    fields={
        "name": NAME,
        "address": ADDRESS,
        "port": PORT,
        "ports": PORTS,
        "fwmark": MARK,
        "match": listed(MATCH, "a list of mappings with address, protocol and ports"),
        "family": choice("ipv4", "ipv6"),
        **SERVICE_SETTINGS,
        "real_servers": listed(REAL_SERVER, "a list that names a real server by host, group or address", required=True),
    },
)
