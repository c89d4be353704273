# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of VRRP: instances and their addresses, sync groups, the sync daemon, and keepalived's global settings.

The limits are keepalived's (vrrp_parser.c, vrrp_track.c, global_parser.c of 2.2.7 and 2.3.3).
"""

from __future__ import annotations

from typing import Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_words import (
    ACTION,
    ADDRESS,
    BOOLEAN,
    DEVICE,
    NAME,
    NEEDED_DEVICE,
    OPTIONS,
    PORT,
    PREFIX,
    TEXT,
    USER,
    integer,
    listed,
    seconds,
)

__all__ = [
    "GARP",
    "INTERVALS",
    "KEEPALIVED_GLOBAL",
    "SYNC_DAEMON",
    "SYNC_GROUP",
    "TRACKED",
    "VRRP_INSTANCE",
]

AUTHENTICATION = Spec(
    "mapping",
    "a mapping with auth_type and auth_pass",
    secret=True,
    fields={
        "auth_type": Spec("text", "PASS or AH", choices=("PASS", "AH"), default="PASS", secret=True),
        # keepalived cuts a longer one at 8 without refusing it: two that differ later would count as equal.
        "auth_pass": Spec("text", "a password of at most 8 characters, as text", high=8, required=True, secret=True),
    },
)
VIRTUAL_ADDRESS = Spec(
    "mapping",
    "an address such as 10.0.0.5/24, or a mapping with address, dev and label",
    shorthand="address",
    fields={
        "address": Spec("bare_prefix", PREFIX.wanted, required=True),
        "dev": DEVICE,
        "label": Spec("text", "a label of at most 15 bytes, without spaces", pattern=r"\S+", high=15),
        "options": OPTIONS,
    },
)


def _tracked(name: Spec, highest: int) -> Spec:
    entry = Spec(
        "mapping",
        "a name, or a mapping with name and weight",
        shorthand="name",
        fields={"name": name, "weight": integer(-highest, highest), "reverse": BOOLEAN},
    )
    return listed(entry, "a list of names, or of mappings with name and weight", single=True)


TRACKED: Mapping[str, Spec] = {
    "track_interface": _tracked(NEEDED_DEVICE, 253),
    "track_script": _tracked(NAME, 253),
    "track_process": _tracked(NAME, 254),
    "track_file": _tracked(NAME, 254),
    "track_bfd": _tracked(NAME, 253),
}
"""What an instance or a sync group watches, each by its name."""


def _notify(*states: str) -> Spec:
    return Spec("mapping", "a mapping of states to scripts", fields=dict.fromkeys(states, ACTION))


NOTIFY_OF_ALL: Mapping[str, str] = {"notify": "notify.any"}
"""keepalived's notify is one script for all states, and the key of that name is a mapping."""
INSTANCE_WRITTEN: Mapping[str, str] = {
    **NOTIFY_OF_ALL,
    "state": "state",
    "advert_int": "advert_int",
    "priority": "priorities",
    **dict.fromkeys(("unicast_peer", "unicast_src_ip", "unicast_ttl"), "unicast"),
}
"""keepalived's keywords of what a plan has under another name, or always: under options they would contradict it."""

UNICAST = Spec(
    "switch",
    "true, or a mapping with peers and ttl",
    fields={
        "peers": Spec("table", "a mapping of directors to their addresses", item=ADDRESS),
        "ttl": integer(1, 255),
    },
)
GARP: Mapping[str, Spec] = {
    "garp_master_delay": integer(0, 4294),
    "garp_master_repeat": integer(1, 65535),
    "garp_lower_prio_delay": integer(0, 4294),
    "garp_lower_prio_repeat": integer(0, 65535),
    "garp_master_refresh": integer(0, 86400),
    "garp_master_refresh_repeat": integer(1, 65535),
}
INTERVALS: Mapping[str, Spec] = {"garp_interval": seconds(2147), "gna_interval": seconds(2147)}
"""Pauses between two gratuitous ARPs or neighbour adverts, which keepalived has for interfaces, not for instances."""
SWITCHES: Mapping[str, Spec] = {
    "vmac_xmit_base": BOOLEAN,
    "dont_track_primary": BOOLEAN,
    "smtp_alert": BOOLEAN,
}
PREEMPT: Mapping[str, Spec] = {"nopreempt": BOOLEAN, "preempt_delay": seconds(1000)}
VRRP_INSTANCE = Spec(
    "mapping",
    "a mapping",
    moved=("version", *PREEMPT, *SWITCHES, *GARP),
    elsewhere=INSTANCE_WRITTEN,
    fields={
        "name": NAME,
        # A rebooted director that starts as MASTER seizes the VIP before it has heard its peer; as BACKUP it listens
        # first, and its priority still makes it master. So BACKUP is the default on every director.
        "state": Spec(
            "text", "MASTER or BACKUP", choices=("MASTER", "BACKUP"), old_values={"SLAVE": "BACKUP"}, default="BACKUP"
        ),
        "interface": NEEDED_DEVICE,
        "virtual_router_id": integer(1, 255, required=True),
        "priorities": Spec(
            "table",
            "a mapping of each director to a whole number from 1 to 254",
            item=integer(1, 254),
        ),
        "version": integer(2, 3),
        "advert_int": Spec("number", "seconds from 0.01 to 255", low=0.01, high=255, default=1),
        "authentication": AUTHENTICATION,
        "virtual_ipaddress": listed(VIRTUAL_ADDRESS, "a list of at least one address", required=True, single=True),
        "virtual_ipaddress_excluded": listed(VIRTUAL_ADDRESS, "a list of addresses", single=True),
        "unicast": UNICAST,
        "use_vmac": Spec("switch", "true, or the name that the interface shall have", pattern=DEVICE.pattern),
        **PREEMPT,
        **SWITCHES,
        **TRACKED,
        "virtual_routes": listed(TEXT, "a list of routes, each in keepalived's words", single=True),
        "virtual_rules": listed(TEXT, "a list of rules, each in keepalived's words", single=True),
        **GARP,
        **INTERVALS,
        "notify": _notify("master", "backup", "fault", "stop", "deleted", "any"),
        "lvs_sync_daemon_interface": DEVICE,
        "options": OPTIONS,
    },
)
SYNC_GROUP = Spec(
    "mapping",
    "a mapping with name and group",
    moved=("smtp_alert",),
    elsewhere=NOTIFY_OF_ALL,
    fields={
        "name": NAME,
        "group": listed(TEXT, "a list of instance names", required=True),
        **TRACKED,
        "notify": _notify("master", "backup", "fault", "stop", "any"),
        "smtp_alert": BOOLEAN,
        "options": OPTIONS,
    },
)
SYNC_DAEMON = Spec(
    "mapping",
    "a mapping with interface, instance and id",
    fields={
        "interface": NEEDED_DEVICE,
        "instance": TEXT,
        "id": integer(0, 255),
        "port": PORT,
        "ttl": integer(1, 255),
        "group": Spec("multicast", "a multicast address such as 224.0.0.81"),
        "maxlen": integer(1, 65507),
    },
)
SMTP_SERVER = Spec(
    "text",
    "an address or a name, and the port behind a space if it isn't 25",
    # One colon parts no port from a name here, and an IPv6 address has two of them.
    pattern=r"\s*([^\s:]+|[^\s:]*(:[^\s:]*){2,})(\s+\S+)?\s*",
)
MAIL: Mapping[str, Spec] = {
    "smtp_helo_name": TEXT,
    "smtp_alert": BOOLEAN,
    "smtp_alert_vrrp": BOOLEAN,
    "smtp_alert_checker": BOOLEAN,
    "script_user": USER,
}
KEEPALIVED_GLOBAL = Spec(
    "mapping",
    "a mapping",
    moved=tuple(MAIL),
    fields={
        "router_id": TEXT,
        "notification_email": listed(TEXT, "a list of mail addresses", single=True),
        "notification_email_from": TEXT,
        "smtp_server": SMTP_SERVER,
        "smtp_connect_timeout": integer(1, 3600),
        **MAIL,
        "options": OPTIONS,
    },
)
