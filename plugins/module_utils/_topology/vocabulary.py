# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory's vocabulary as tables: which ``lvs_*`` variables there are and what each may hold.

``HOST`` holds the variables that any host may have, ``DIRECTOR`` those that are read from directors, ``NODE`` those of
cluster nodes. A variable is checked only on hosts that read it: a service list that all hosts inherit from
``group_vars/all`` is checked on the directors, not a thousand times. The words are IPVS's and keepalived's own
(ipvsadm(8), keepalived.conf(5)).
"""

from __future__ import annotations

from typing import Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec

__all__ = ["DIRECTOR", "FORWARDING_GROUPS", "HOST", "NODE", "ROLE_GROUPS"]

ROLE_GROUPS = {
    "directors": "director",
    "real_servers_nat": "real_server_nat",
    "real_servers_dr": "real_server_dr",
    "real_servers_tun": "real_server_tun",
    "clusterip_nodes": "clusterip_node",
}
"""The groups that give a host a role, in the order in which a plan lists the roles."""

FORWARDING_GROUPS = {"nat": "real_servers_nat", "dr": "real_servers_dr", "tun": "real_servers_tun"}

SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos")
PROTOCOLS = ("tcp", "udp", "sctp")


def integer(low: int, high: int, required: bool = False) -> Spec:
    return Spec("integer", f"a whole number from {low} to {high}", low=low, high=high, required=required)


def seconds(high: float = 86400, low: float = 0) -> Spec:
    return Spec("number", f"seconds from {low:g} to {high:g}", low=low, high=high)


def choice(*words: str) -> Spec:
    return Spec("text", f"one of {', '.join(words)}", choices=words)


def listed(item: Spec, wanted: str, required: bool = False, single: bool = False) -> Spec:
    return Spec("list", wanted, item=item, required=required, at_least=1 if required else 0, single=single)


TEXT = Spec("text", "some text")
NAME = Spec("text", "a name of letters, digits and _ . -", pattern=r"[A-Za-z0-9][A-Za-z0-9_.-]*", required=True)
# 15 characters is the kernel's IFNAMSIZ less its end; a name with ":" is an address label, never an interface.
DEVICE = Spec("text", "the name of an interface (at most 15 characters, no space, / or :)", pattern=r"[^\s/:]{1,15}")
NEEDED_DEVICE = Spec("text", DEVICE.wanted, pattern=DEVICE.pattern, required=True)
ADDRESS = Spec("address", "an address such as 192.168.0.12, without a prefix length")
NEEDED_ADDRESS = Spec("address", ADDRESS.wanted, required=True)
PREFIX = Spec("prefix", "an address with its prefix length, such as 10.0.0.5/24")
OPTIONS = Spec("options", "a mapping of keepalived keywords")
PORT = integer(1, 65535)
PORTS = Spec("ports", 'a port, a range such as "8000-8010", or a list of them')
WEIGHT = integer(0, 65535)
FORWARDING = choice("nat", "dr", "tun")
MARK = Spec("mark", 'a whole number from 1 to 4294967295, or as hexadecimal text such as "0x1"', low=1, high=4294967295)
TUNNEL = Spec(
    "mapping",
    "a mapping with type, port and checksum",
    fields={
        "type": Spec("text", "ipip, gue or gre", choices=("ipip", "gue", "gre"), default="ipip"),
        "port": PORT,
        "checksum": Spec("text", "none, csum or remcsum", choices=("none", "csum", "remcsum"), default="none"),
    },
)

CHECK_TIMING = {
    "type": TEXT,
    "connect_port": PORT,
    "connect_timeout": seconds(low=0.001),
    "retry": integer(0, 1000),
    "delay_before_retry": seconds(),
    "options": OPTIONS,
}
STATUS = integer(100, 599)
DIGEST = Spec("text", "the MD5 digest of the page, 32 hexadecimal digits", pattern="[0-9a-fA-F]{32}")
PATH = Spec("text", "a path that begins with /", pattern=r"/\S*")
URL = Spec(
    "mapping",
    "a mapping with path and status_code or digest",
    fields={
        "path": Spec("text", PATH.wanted, pattern=PATH.pattern, required=True),
        "status_code": STATUS,
        "digest": DIGEST,
        "virtualhost": TEXT,
        "options": OPTIONS,
    },
)
HTTP_CHECK = Spec(
    "mapping",
    "a health check",
    # keepalived 2.2.7 crashes on an HTTP_GET without a url, so one of these is needed (FACTS.md).
    one_of=("path", "urls"),
    old_words={"nb_get_retry": "retry"},
    fields={
        **CHECK_TIMING,
        "path": PATH,
        "status_code": STATUS,
        "digest": DIGEST,
        "urls": Spec("list", "a list of mappings with path", item=URL, at_least=1),
        "virtualhost": TEXT,
    },
)
TCP_CHECK = Spec("mapping", "a health check", old_words={"nb_get_retry": "retry"}, fields=CHECK_TIMING)
CHECKS: Mapping[str, Spec] = {"tcp": TCP_CHECK, "http": HTTP_CHECK, "https": HTTP_CHECK}
HEALTH_CHECKS = listed(
    Spec("variant", f"type: one of {', '.join(CHECKS)}", variants=CHECKS), "a list of mappings, each with its type"
)

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

DIRECTOR: Mapping[str, Spec] = {
    "lvs_manager": choice("keepalived", "static"),
    "lvs_virtual_service_defaults": Spec("mapping", "a mapping", old_words=OLD_SERVICE_WORDS, fields=SERVICE_SETTINGS),
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
    "lvs_vrrp_sync_groups": listed(
        Spec(
            "mapping",
            "a mapping with name and group",
            fields={"name": NAME, "group": listed(TEXT, "a list of instance names", required=True), "options": OPTIONS},
        ),
        "a list of mappings with name and group",
    ),
    "lvs_sync_daemon": Spec(
        "mapping",
        "a mapping with interface, instance and id",
        fields={"interface": NEEDED_DEVICE, "instance": TEXT, "id": integer(0, 255)},
    ),
    "lvs_keepalived_global": Spec(
        "mapping",
        "a mapping",
        fields={
            "router_id": TEXT,
            "notification_email": listed(TEXT, "a list of mail addresses", single=True),
            "notification_email_from": TEXT,
            "smtp_server": TEXT,
            "smtp_connect_timeout": integer(1, 3600),
            "options": OPTIONS,
        },
    ),
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
    "lvs_cluster_ips": listed(
        Spec(
            "mapping",
            "a mapping",
            fields={
                "address": Spec("prefix", PREFIX.wanted, required=True),
                "interface": NEEDED_DEVICE,
                "cluster_mac": Spec(
                    "text", "a MAC address such as 01:02:03:04:05:06", pattern="[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}"
                ),
                "hash_mode": choice("sourceip", "sourceip-sourceport", "sourceip-sourceport-destport"),
                "protocol": choice(*PROTOCOLS),
                "ports": PORTS,
                "buckets": integer(1, 1024),
            },
        ),
        "a list of mappings with address and interface",
    ),
    "lvs_node_number": integer(1, 32),
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
