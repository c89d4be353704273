# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of cluster nodes: cluster IPs, their buckets, and the VRRP that moves them."""

from __future__ import annotations

from typing import Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_words import (
    BOOLEAN,
    PORT,
    PORTS,
    PREFIX,
    PROTOCOLS,
    choice,
    integer,
    listed,
)

__all__ = ["BUCKET_VRRP", "CLUSTER_IPS", "NODE_ROLE"]

# It becomes a word of nft and iptables-restore, where other characters mean something.
DEVICE = Spec(
    "text", "the name of an interface (letters, digits and _ . @ -)", pattern=r"[A-Za-z0-9_@-][A-Za-z0-9_.@-]{0,14}"
)
HASH_MODES = ("sourceip", "sourceip-sourceport", "sourceip-sourceport-destport")
CHECK = Spec(
    "mapping",
    "a mapping with type and port",
    fields={
        "type": Spec("text", "tcp or http", choices=("tcp", "http"), required=True),
        "port": PORT,
        # What a request line may hold: Python's http.client, which asks, refuses all else.
        "path": Spec("text", "a path that begins with /, in ASCII without spaces", pattern=r"/[!-~]*"),
        "status_code": listed(
            Spec("codes", 'a whole number from 100 to 599, or a text such as "200-299 404"', low=100, high=599),
            'a whole number from 100 to 599, a text such as "200-299 404", or a list of them',
            single=True,
        ),
        "connect_timeout": Spec("number", "seconds from 0.1 to 60", low=0.1, high=60, default=2),
    },
)
CLUSTER_IPS = listed(
    Spec(
        "mapping",
        "a mapping with address and interface",
        fields={
            "address": Spec("prefix", PREFIX.wanted, required=True),
            "interface": Spec("text", DEVICE.wanted, pattern=DEVICE.pattern, required=True),
            "cluster_mac": Spec(
                "text", "a MAC address such as 03:4c:0a:00:00:09", pattern="[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}"
            ),
            "hash_mode": Spec("text", f"one of {', '.join(HASH_MODES)}", choices=HASH_MODES, default="sourceip"),
            "hash_seed": integer(0, 4294967295),
            "protocol": choice("all", *PROTOCOLS),
            "ports": PORTS,
            "buckets": Spec("integer", "a whole number from 1 to 1024", low=1, high=1024, default=12),
            "backend": Spec(
                "text",
                "one of auto, clusterip, xt_cluster, nftables",
                choices=("auto", "clusterip", "xt_cluster", "nftables"),
                default="auto",
            ),
            "health_checks": listed(CHECK, "a list of mappings with type and port ([] for none)"),
        },
    ),
    "a list of mappings with address and interface",
    # Missing or empty would read as "take all of them away"; lvs_state: absent says that.
    required=True,
)
BUCKET_VRRP = Spec(
    "mapping",
    "a mapping with interface, virtual_router_id_base and advert_int",
    fields={
        "interface": DEVICE,
        "virtual_router_id_base": Spec("integer", "a whole number from 1 to 255", low=1, high=255, default=101),
        "advert_int": Spec("number", "seconds from 0.01 to 40", low=0.01, high=40, default=1),
        "health_interval": Spec("number", "seconds from 0.1 to 3600", low=0.1, high=3600, default=1),
        "health_fall": Spec("integer", "a whole number from 1 to 1000", low=1, high=1000, default=2),
        "health_rise": Spec("integer", "a whole number from 1 to 1000", low=1, high=1000, default=2),
    },
)
NODE_ROLE: Mapping[str, Spec] = {
    "clusterip_node_failover": Spec(BOOLEAN.kind, BOOLEAN.wanted, default=True),
    "clusterip_node_failback": Spec("text", "auto or manual", choices=("auto", "manual"), default="auto"),
}
"""Variables of the role clusterip_node that the plan reads, too, with the defaults that the role has."""
