# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of VRRP: instances, their addresses and actions."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_words import (
    DEVICE,
    NAME,
    NEEDED_DEVICE,
    OPTIONS,
    PREFIX,
    integer,
    listed,
)

__all__ = [
    "ACTION",
    "VRRP_INSTANCE",
]

ACTION = Spec(
    "mapping",
    "a mapping with script and args",
    fields={
        "script": Spec("text", "the path of a script", required=True),
        "args": listed(Spec("word", "text or a number"), "a list of text", single=True),
    },
)
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
        "label": Spec("text", "a label of at most 15 characters", pattern=r"\S{1,15}"),
        "options": OPTIONS,
    },
)
VRRP_INSTANCE = Spec(
    "mapping",
    "a mapping",
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
        "advert_int": Spec("number", "seconds from 0.01 to 255", low=0.01, high=255, default=1),
        "authentication": AUTHENTICATION,
        "virtual_ipaddress": listed(VIRTUAL_ADDRESS, "a list of at least one address", required=True, single=True),
        "notify": Spec(
            "mapping",
            "a mapping of states to scripts",
            fields={"master": ACTION, "backup": ACTION, "fault": ACTION, "stop": ACTION},
        ),
        "lvs_sync_daemon_interface": DEVICE,
        "options": OPTIONS,
    },
)
