# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory's vocabulary as tables: which ``lvs_*`` variables there are and what each may hold.

``HOST`` holds the variables that any host may have, ``DIRECTOR`` those that are read from directors, ``NODE`` those of
cluster nodes, and ``NODE_ROLE`` what is read of their role's own variables. A variable is checked only on hosts that
read it: a service list that all hosts inherit from ``group_vars/all`` is checked on the directors, not a thousand
times. The words are IPVS's and keepalived's own (ipvsadm(8), keepalived.conf(5)).
"""

from __future__ import annotations

from typing import Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_nodes import (
    BUCKET_VRRP,
    CLUSTER_IPS,
    NODE_ROLE,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_services import (
    OLD_SERVICE_WORDS,
    SERVICE,
    SERVICE_SETTINGS,
    SERVICE_WRITTEN,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_tracking import (
    BFD_INSTANCES,
    TRACK_FILES,
    TRACK_PROCESSES,
    VRRP_SCRIPTS,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_vrrp import (
    KEEPALIVED_GLOBAL,
    SYNC_DAEMON,
    SYNC_GROUP,
    VRRP_INSTANCE,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_words import (
    ADDRESS,
    DEVICE,
    NAME,
    NEEDED_DEVICE,
    OPTIONS,
    PREFIX,
    WEIGHT,
    choice,
    integer,
    listed,
)

__all__ = ["DIRECTOR", "FORWARDING_GROUPS", "HOST", "NODE", "NODE_ROLE", "ROLE_GROUPS"]

ROLE_GROUPS = {
    "directors": "director",
    "real_servers_nat": "real_server_nat",
    "real_servers_dr": "real_server_dr",
    "real_servers_tun": "real_server_tun",
    "clusterip_nodes": "clusterip_node",
}
"""The groups that give a host a role, in the order in which a plan lists the roles."""

FORWARDING_GROUPS = {"nat": "real_servers_nat", "dr": "real_servers_dr", "tun": "real_servers_tun"}

DIRECTOR: Mapping[str, Spec] = {
    "lvs_manager": choice("keepalived", "static"),
    "lvs_virtual_service_defaults": Spec(
        "mapping", "a mapping", old_words=OLD_SERVICE_WORDS, elsewhere=SERVICE_WRITTEN, fields=SERVICE_SETTINGS
    ),
    # Missing is a fault, empty is not: a typing error in a file's name must never read as "no service is wanted".
    "lvs_virtual_services": Spec(
        "list", "the cluster's services ([] for a director that shall have none)", item=SERVICE, required=True
    ),
    "lvs_virtual_addresses": listed(
        Spec(
            "mapping",
            "a mapping with address and interface",
            shorthand="address",
            fields={"address": Spec("bare_prefix", PREFIX.wanted, required=True), "interface": DEVICE},
        ),
        "a list of mappings with address and interface",
        single=True,
    ),
    "lvs_mark_mask": Spec(
        "mark", 'a whole number from 1 to 4294967295, or as hexadecimal text such as "0xff"', low=1, high=4294967295
    ),
    "lvs_vrrp_instances": listed(VRRP_INSTANCE, "a list of VRRP instances"),
    "lvs_vrrp_sync_groups": listed(SYNC_GROUP, "a list of mappings with name and group"),
    "lvs_vrrp_scripts": VRRP_SCRIPTS,
    "lvs_track_processes": TRACK_PROCESSES,
    "lvs_track_files": TRACK_FILES,
    "lvs_bfd_instances": BFD_INSTANCES,
    "lvs_sync_daemon": SYNC_DAEMON,
    "lvs_keepalived_global": KEEPALIVED_GLOBAL,
    "lvs_keepalived_options": OPTIONS,
    "lvs_masquerade": listed(
        Spec(
            "mapping",
            "a mapping with source, interface and to",
            fields={
                "source": Spec("network", "a network such as 192.168.1.0/24", required=True),
                "interface": NEEDED_DEVICE,
                "to": Spec("text", "vip or interface", choices=("vip", "interface"), default="vip"),
            },
        ),
        "a list of mappings with source, interface and to",
    ),
    "lvs_colocated": choice("backup_only", "handover", "mark_source"),
    "lvs_sysctls": Spec(
        "table",
        "a mapping of sysctl names such as net.ipv4.vs.expire_nodest_conn to their values",
        pattern=r"[a-z]+(\.[A-Za-z0-9_/-]+)+",
        item=Spec("word", "text or a number"),
    ),
}

NODE: Mapping[str, Spec] = {
    "lvs_cluster_ips": CLUSTER_IPS,
    "lvs_node_number": integer(1, 1024),
    "lvs_bucket_vrrp": BUCKET_VRRP,
}

HOST: Mapping[str, Spec] = {
    "lvs_cluster": Spec(NAME.kind, NAME.wanted, pattern=NAME.pattern, default="default"),
    "lvs_interfaces": Spec(
        "table",
        "interface names with one address each or a list of them, such as {eth0: 192.168.0.12/24}",
        pattern=DEVICE.pattern,
        item=listed(PREFIX, "an address with its prefix length, or a list of them", single=True),
        default={},
    ),
    "lvs_state": Spec("text", "present or absent", choices=("present", "absent"), default="present"),
    "lvs_address": ADDRESS,
    "lvs_address6": ADDRESS,
    "lvs_weight": Spec("integer", WEIGHT.wanted, low=WEIGHT.low, high=WEIGHT.high, default=1),
    "lvs_route": Spec("text", "policy or default", choices=("policy", "default"), default="policy"),
    "lvs_gateway": ADDRESS,
    "lvs_gateway6": ADDRESS,
    "lvs_tunnel_mss": integer(536, 65495),
}
