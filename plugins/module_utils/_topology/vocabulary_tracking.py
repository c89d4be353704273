# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of what keepalived watches beside real servers: scripts, processes, files, and paths by BFD.

The limits are keepalived's (vrrp_parser.c, track_file.c, bfd_parser.c of 2.2.7 and 2.3.3).
"""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_words import (
    ACTION_FIELDS,
    ADDRESS,
    BOOLEAN,
    DEVICE,
    NAME,
    OPTIONS,
    integer,
    listed,
    seconds,
)

__all__ = ["BFD_INSTANCES", "TRACK_FILES", "TRACK_PROCESSES", "VRRP_SCRIPTS"]

DELAY = seconds(3600, 0.001)
MILLISECONDS = Spec("number", "milliseconds from 1 to 4294967", low=1, high=4294967)

VRRP_SCRIPTS = listed(
    Spec(
        "mapping",
        "a mapping with name and script",
        fields={
            "name": NAME,
            **ACTION_FIELDS,
            # Fractions came after 2.2.7.
            "interval": integer(1, 4294),
            "timeout": integer(1, 4294),
            "weight": integer(-253, 253),
            "rise": integer(1, 2147483647),
            "fall": integer(1, 2147483647),
            "init_fail": BOOLEAN,
            "options": OPTIONS,
        },
    ),
    "a list of mappings with name and script",
)
TRACK_PROCESSES = listed(
    Spec(
        "mapping",
        "a mapping with name and process",
        fields={
            "name": NAME,
            "process": Spec("text", "the name of a program, or its path and its arguments", required=True),
            "full_command": BOOLEAN,
            "weight": integer(-254, 254),
            "quorum": integer(1, 65535),
            "quorum_max": integer(0, 65535),
            "delay": DELAY,
            "fork_delay": DELAY,
            "terminate_delay": DELAY,
            "options": OPTIONS,
        },
    ),
    "a list of mappings with name and process",
)
TRACK_FILES = listed(
    Spec(
        "mapping",
        "a mapping with name and file",
        fields={
            "name": NAME,
            "file": Spec("text", "the absolute path of a file, without spaces", pattern=r"/\S+", required=True),
            "weight": integer(-254, 254),
            "options": OPTIONS,
        },
    ),
    "a list of mappings with name and file",
)
BFD_INSTANCES = listed(
    Spec(
        "mapping",
        "a mapping with name, and interface or neighbor_ip",
        one_of=("interface", "neighbor_ip"),
        fields={
            "name": Spec(
                "text", "a name of at most 31 letters, digits and _ . -", pattern=NAME.pattern, high=31, required=True
            ),
            "interface": DEVICE,
            "neighbor_ip": ADDRESS,
            "source_ip": ADDRESS,
            "min_rx": MILLISECONDS,
            "min_tx": MILLISECONDS,
            "idle_tx": Spec("number", "milliseconds from 1000 to 4294967", low=1000, high=4294967),
            "multiplier": integer(1, 255),
            "passive": BOOLEAN,
            "ttl": integer(1, 255),
            "max_hops": integer(0, 255),
            "options": OPTIONS,
        },
    ),
    "a list of mappings with name, and interface or neighbor_ip",
)
