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
    ACTION,
    ADDRESS,
    BOOLEAN,
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
    "FLAGS",
    "OLD_SERVICE_WORDS",
    "SERVICE",
    "SERVICE_SETTINGS",
    "SERVICE_WRITTEN",
]

OLD_SERVICE_WORDS = {
    "lb_algo": "scheduler",
    "lvs_sched": "scheduler",
    "lb_kind": "forwarding",
    "lvs_method": "forwarding",
}
FLAGS = ("flag-1", "flag-2", "flag-3", "sh-fallback", "sh-port", "mh-fallback", "mh-port")
THRESHOLD = integer(0, 2147483647)
CHECKING: Mapping[str, Spec] = {
    "delay_loop": seconds(low=0.001),
    "retry": integer(1, 1000),
    "delay_before_retry": seconds(),
    "warmup": seconds(),
    "virtualhost": TEXT,
}
"""What the health checks of a service or a real server have that don't say otherwise."""
SWITCHES: Mapping[str, Spec] = {"alpha": BOOLEAN, "inhibit_on_failure": BOOLEAN, "smtp_alert": BOOLEAN}
REAL_SERVER_WRITTEN: Mapping[str, str] = {
    "lvs_method": "forwarding",
    "lb_kind": "forwarding",
    "weight": "weight",
    "uthreshold": "upper_threshold",
    "lthreshold": "lower_threshold",
}
SERVICE_WRITTEN: Mapping[str, str] = {
    **OLD_SERVICE_WORDS,
    "protocol": "protocol",
    "persistence_granularity": "persistence_netmask",
}
"""keepalived's keywords of what a plan has under another name, or always: under options they would contradict it."""
REAL_SERVER = Spec(
    "mapping",
    "a mapping with host, group or address",
    one_of=("host", "group", "address"),
    old_words={"lb_kind": "forwarding", "lvs_method": "forwarding"},
    elsewhere=REAL_SERVER_WRITTEN,
    fields={
        "host": TEXT,
        "group": TEXT,
        "address": ADDRESS,
        "port": PORT,
        "weight": WEIGHT,
        "forwarding": FORWARDING,
        "tunnel": TUNNEL,
        "upper_threshold": THRESHOLD,
        "lower_threshold": THRESHOLD,
        "health_checks": HEALTH_CHECKS,
        **CHECKING,
        **SWITCHES,
        "notify": Spec("mapping", "a mapping of up and down to scripts", fields={"up": ACTION, "down": ACTION}),
        "options": OPTIONS,
    },
)
SERVICE_SETTINGS: Mapping[str, Spec] = {
    "protocol": choice(*PROTOCOLS),
    "scheduler": choice(*SCHEDULERS),
    "scheduler_flags": listed(choice(*FLAGS), f"a list of {', '.join(FLAGS)}", single=True),
    "one_packet": BOOLEAN,
    "forwarding": FORWARDING,
    "tunnel": TUNNEL,
    "persistence_timeout": integer(0, 2678400),
    "persistence_netmask": Spec("word", "a netmask such as 255.255.255.0, or a prefix length"),
    "persistence_engine": choice("sip"),
    **CHECKING,
    **SWITCHES,
    "omega": BOOLEAN,
    "ha_suspend": BOOLEAN,
    "quorum": integer(1, 2147483647),
    "hysteresis": integer(0, 2147483647),
    "quorum_up": ACTION,
    "quorum_down": ACTION,
    "sorry_server": Spec(
        "optional",
        "a mapping with address and port, or false",
        fields={"address": NEEDED_ADDRESS, "port": PORT, "forwarding": FORWARDING, "inhibit": BOOLEAN},
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
    elsewhere=SERVICE_WRITTEN,
    fields={
        "name": NAME,
        "address": ADDRESS,
        "addresses": Spec("list", "a list of addresses", item=ADDRESS, at_least=1, single=True),
        "port": PORT,
        "ports": PORTS,
        "fwmark": MARK,
        "match": listed(MATCH, "a list of mappings with address, protocol and ports"),
        "family": choice("ipv4", "ipv6"),
        "virtual_server_group": BOOLEAN,
        **SERVICE_SETTINGS,
        "real_servers": listed(REAL_SERVER, "a list that names a real server by host, group or address", required=True),
    },
)
