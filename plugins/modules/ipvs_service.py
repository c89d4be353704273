#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_service
short_description: One virtual service in the kernel's IPVS table
version_added: 0.1.0
description:
  - Adds, edits or deletes one virtual service, and its destinations if they are given.
  - Options that are not given keep their present value; a new service gets the default.
  - An edit is done in place. Connections, statistics and the destinations stay.
  - What the kernel accepts although it makes no sense is refused.
options:
  address:
    description:
      - The VIP, an IPv4 or IPv6 address; no name is looked up.
      - Either this with O(port), or O(fwmark).
    type: str
  port:
    description: The port; V(0) stands for all ports and needs persistence.
    type: int
  protocol:
    description: The protocol, V(tcp) where it isn't given.
    type: str
    choices: [tcp, udp, sctp]
  fwmark:
    description: The firewall mark, 1 to 4294967295, in place of O(address), O(port) and O(protocol).
    type: int
  family:
    description: The family of a service with O(fwmark), V(ipv4) where it isn't given. An address has its own.
    type: str
    choices: [ipv4, ipv6]
  scheduler:
    description:
      - How a destination is chosen, such as V(wlc), V(wrr) or V(mh); the kernel loads C(ip_vs_NAME). V(wlc) by default.
      - Another scheduler than before loses the flags that are not given.
    type: str
  scheduler_flags:
    description:
      - The scheduler's flags. V(fallback) and V(port) are for the schedulers V(sh) and V(mh), V(flag-1) to V(flag-3)
        for others, as in ipvsadm(8).
      - An empty list takes them away.
    type: list
    elements: str
    choices: [fallback, port, flag-1, flag-2, flag-3]
  one_packet:
    description: Schedule each packet by itself; for UDP, or for a firewall mark.
    type: bool
  persistence_timeout:
    description:
      - Seconds for which a client stays with its destination, 0 (not at all) to 2678400.
      - V(0) takes O(persistence_netmask) and O(persistence_engine) away, too.
    type: int
  persistence_netmask:
    description:
      - Clients whose addresses are the same under this mask stay together. A netmask or a prefix length for IPv4, a
        prefix length for IPv6.
    type: str
  persistence_engine:
    description: What tells clients apart in place of their address, such as V(sip); empty for none.
    type: str
  destinations:
    description:
      - Destinations that shall be there. Their options are those of M(lvs.cluster.ipvs_dest); what is not given keeps
        its present value.
    type: list
    elements: dict
    suboptions:
      address:
        description: The real server's address.
        type: str
        required: true
      port:
        description: Its port; by default the service's, V(0) with a firewall mark.
        type: int
      weight:
        description: Its weight, 0 to 2147483647; V(1) by default. V(0) gets no new connection.
        type: int
      forwarding:
        description: How packets reach it, V(nat) by default.
        type: str
        choices: [nat, dr, tun]
      tunnel_type:
        description: The tunnel of forwarding V(tun), V(ipip) by default.
        type: str
        choices: [ipip, gue, gre]
      tunnel_port:
        description: The UDP port of a V(gue) tunnel.
        type: int
      tunnel_checksum:
        description: Checksums in a V(gue) or V(gre) tunnel, V(none) by default. V(remcsum) is for V(gue).
        type: str
        choices: [none, csum, remcsum]
      upper_threshold:
        description: With so many connections it gets no new one; V(0), the default, is no limit.
        type: int
      lower_threshold:
        description:
          - Below so many connections it gets new ones again; not above O(destinations[].upper_threshold).
          - With V(0), the default, the kernel takes three quarters of O(destinations[].upper_threshold).
        type: int
  purge_destinations:
    description:
      - Delete destinations that O(destinations) does not name, at once. To let their connections end first, use
        M(lvs.cluster.ipvs_dest) with C(state=drained), or M(lvs.cluster.ipvs_table).
    type: bool
    default: false
  state:
    description: V(absent) deletes the service with all its destinations, at once.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - lvs.cluster.ipvs
  - lvs.cluster.ipvs.force
attributes:
  check_mode:
    description: Reads and compares; loads no kernel module. While ip_vs is not loaded, the table counts as empty.
    support: full
  diff_mode:
    description: The service and those of its destinations that change, in the words of the options.
    support: full
seealso:
  - module: lvs.cluster.ipvs_dest
  - module: lvs.cluster.ipvs_table
  - module: lvs.cluster.ipvs_info
"""

EXAMPLES = r"""
- name: Balance the shop over two real servers
  lvs.cluster.ipvs_service:
    address: 192.0.2.80
    port: 80
    scheduler: wrr
    persistence_timeout: 300
    destinations:
      - {address: 198.51.100.11, weight: 2, forwarding: dr}
      - {address: 198.51.100.12, weight: 1, forwarding: dr}
    purge_destinations: true

- name: Balance what the firewall marked with 1
  lvs.cluster.ipvs_service:
    fwmark: 1
    scheduler: mh
    scheduler_flags: [fallback, port]

- name: Take the shop out
  lvs.cluster.ipvs_service:
    address: 192.0.2.80
    port: 80
    state: absent
"""

RETURN = r"""
operations:
  description: What was done to the kernel's table, or would be in check mode.
  returned: always, once something was tried
  type: dict
  sample:
    services: {added: 1, changed: 0, deleted: 0}
    destinations: {added: 2, changed: 0, deleted: 0}
service:
  description: The service as it is wanted, in this module's options; what is not named there was not touched.
  returned: with O(state=present)
  type: dict
  sample: {address: 192.0.2.80, port: 80, protocol: tcp, family: ipv4, scheduler: wrr}
refused:
  description: The entry that the kernel refused.
  returned: when it refused one
  type: dict
  sample: {service: {fwmark: 1, family: ipv4}}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host, plan, report, task
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Entry, ServiceKey, Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import (
    Given,
    Options,
    merge_destination,
    merge_settings,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.ownership import keepalived_owns, refuse_owned
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session

ARGUMENTS: dict[str, Any] = {
    **task.SERVICE_KEY_ARGUMENTS,
    "scheduler": {"type": "str"},
    "scheduler_flags": {
        "type": "list",
        "elements": "str",
        "choices": ["fallback", "port", "flag-1", "flag-2", "flag-3"],
    },
    "one_packet": {"type": "bool"},
    "persistence_timeout": {"type": "int"},
    "persistence_netmask": {"type": "str"},
    "persistence_engine": {"type": "str"},
    "destinations": {"type": "list", "elements": "dict", "options": task.DESTINATION_ARGUMENTS},
    "purge_destinations": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    **task.WRITING,
}


def present(module: AnsibleModule, session: Session, key: ServiceKey, options: Options) -> dict[str, Any]:
    """Add or edit the service and its destinations, then purge."""
    params = module.params
    settings = options.settings(params, "", key.family)
    destinations = options.destinations(params["destinations"] or [], "destinations", key.port)
    if params["purge_destinations"] and params["destinations"] is None:
        options.fault("purge_destinations", "is given without destinations", "list those that stay, [] for none")
    options.finish()
    host.require_ipv6({key.family, *(name.family for name in destinations)})

    def read() -> Table:
        return session.service(key)

    before, wanted = session.load(read, lambda table: want(table, key, settings, destinations))
    after = plan.apply(before, plan.load(before, wanted))
    if params["purge_destinations"]:
        removable = plan.Removable(destinations=frozenset([key]))
        session.purge(read, wanted, removable, grace=None)
        after = plan.apply(after, plan.purge(before, wanted, removable))
    return {**session.result(before, after), "service": report.entry_options(key, wanted[key])}


def want(table: Table, key: ServiceKey, settings: dict[str, Any], destinations: Given) -> Table:
    """What is given over what is there, checked as a whole."""
    options = Options()
    entry = table.get(key)
    whole = merge_settings(entry.settings if entry else None, settings)
    options.check_settings(key, whole, "")
    wanted = Entry(whole, {})
    for name, given in destinations.items():
        merged = merge_destination(entry.destinations.get(name) if entry else None, given.values)
        options.check_destination(key, name, merged, given.place)
        wanted.destinations[name] = merged
    options.finish()
    return {key: wanted}


def absent(session: Session, key: ServiceKey) -> dict[str, Any]:
    """Delete the service."""
    before = session.service(key)
    session.purge(lambda: before, {}, plan.Removable(services=frozenset([key])), grace=None)
    return session.result(before, {})


def act(module: AnsibleModule, session: Session) -> dict[str, Any]:
    options = Options()
    key = options.checked(options.service_key(module.params, ""))
    if not module.params["force"]:
        refuse_owned(keepalived_owns([key]), "the virtual service")
    if module.params["state"] == "absent":
        return absent(session, key)
    return present(module, session, key, options)


def main() -> None:
    task.run(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), act)


if __name__ == "__main__":
    main()
