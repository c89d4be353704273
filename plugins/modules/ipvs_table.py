#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_table
short_description: Many virtual services at once, timeouts and sync daemons of the kernel's IPVS
version_added: 0.1.0
description:
  - Brings the virtual services that are given, with all their destinations, into the kernel's table in one task, with
    the fewest operations.
  - What is given is the whole description of a service, so an option that is not given has its default; to change
    single options use M(lvs.cluster.ipvs_service) and M(lvs.cluster.ipvs_dest).
  - What is there beside it stays, unless O(purge=true). Nothing is flushed.
  - Everything is checked before the first change. If the kernel refuses an entry nevertheless, the task fails with its
    name and with what was done, and the next run goes on from there.
options:
  services:
    description:
      - The virtual services, each a dictionary with the options of M(lvs.cluster.ipvs_service) that describe one,
        C(address), C(port), C(protocol), C(fwmark), C(family), C(scheduler), C(scheduler_flags), C(one_packet),
        C(persistence_timeout), C(persistence_netmask), C(persistence_engine), and with C(destinations).
      - RV(lvs.cluster.ipvs_info#module:services) can be given as it is; figures in it are passed over.
    type: list
    elements: dict
  src:
    description:
      - A JSON file on the host to take the services from, so that a large table is neither sent twice nor shown in the
        result. It holds a dictionary with C(services), and may hold C(timeouts) and C(sync_daemons).
      - Excludes O(services).
    type: path
  purge:
    description:
      - Delete virtual services that are not given, and destinations of given ones that are not given.
      - With O(state_file) only services that this file says are ours.
    type: bool
    default: false
  quiesce:
    description:
      - Before O(purge) deletes destinations they get weight 0, and O(drain_timeout) for their connections to end.
      - With V(false) they are deleted at once.
    type: bool
    default: true
  drain_timeout:
    description:
      - How many seconds the active connections of what O(purge) deletes may take to end. Those that are left are cut,
        and a warning says how many.
    type: int
    default: 60
  state_file:
    description:
      - An absolute path on the host, where the module keeps the names of the virtual services that it manages. All
        others in the table are foreign and are never purged.
      - A service that is given and was there before is ours from then on.
      - Only root can read or write it. Without it the whole table is ours.
    type: path
  timeouts:
    description:
      - Seconds after which idle connections are forgotten, C(tcp), C(tcp_fin) and C(udp), 1 to 2147483 each.
      - What is not given stays.
    type: dict
  sync_daemons:
    description:
      - The sync daemons that shall run, at most one of each role; others are stopped. An empty list stops both.
      - A daemon that is to run with other values is stopped and started. If it can't be started, the one that ran
        before is started again, and the task fails.
      - Without this option they are left alone.
    type: list
    elements: dict
    suboptions:
      role:
        description: V(master) sends connections to the peers, V(backup) receives them.
        type: str
        required: true
        choices: [master, backup]
      interface:
        description: The interface for the multicast.
        type: str
        required: true
      id:
        description: A number from 0 to 255 that both sides share.
        type: int
      maxlen:
        description: Bytes in a datagram, 1024 to 65487; by default 1472, a V(backup) takes what the interface takes.
        type: int
      group:
        description: The multicast group, 224.0.0.81 by default.
        type: str
      port:
        description: The UDP port, 8848 by default.
        type: int
      ttl:
        description: The multicast's TTL, 1 by default.
        type: int
extends_documentation_fragment:
  - lvs.cluster.ipvs
  - lvs.cluster.ipvs.force
attributes:
  check_mode:
    description: Reads and compares; loads no kernel module. While ip_vs is not loaded, the table counts as empty.
    support: full
  diff_mode:
    description: The entries that change, in the words of the options.
    support: full
seealso:
  - module: lvs.cluster.ipvs_info
  - module: lvs.cluster.ipvs_service
  - module: lvs.cluster.ipvs_dest
"""

EXAMPLES = r"""
- name: Have these two services and no other of ours
  lvs.cluster.ipvs_table:
    services:
      - address: 192.0.2.80
        port: 80
        scheduler: wrr
        destinations:
          - {address: 198.51.100.11, weight: 2, forwarding: dr}
          - {address: 198.51.100.12, weight: 1, forwarding: dr}
      - fwmark: 1
        destinations:
          - {address: 198.51.100.11, port: 8080}
    purge: true
    state_file: /var/lib/lvs-cluster/ipvs.json

- name: Send connections to the peers, and forget idle ones earlier
  lvs.cluster.ipvs_table:
    timeouts: {tcp: 600}
    sync_daemons:
      - {role: master, interface: eth0, id: 1}
"""

RETURN = r"""
operations:
  description: What was done to the kernel's table, or would be in check mode.
  returned: always, once something was tried
  type: dict
  sample:
    services: {added: 2, changed: 0, deleted: 0}
    destinations: {added: 3, changed: 0, deleted: 0}
    timeouts: {changed: 1}
    sync_daemons: {started: 1, stopped: 0}
drain:
  description: How the wait for the connections of what was purged ended; C(done) is false if some were cut.
  returned: when something was quiesced
  type: dict
  sample:
    done: true
    connections: {active: 0, inactive: 4, persistent: 0}
    progress: [{seconds: 0.0, active: 0, inactive: 4, persistent: 0}]
refused:
  description: The entry that the kernel refused.
  returned: when it refused one
  type: dict
  sample: {service: {fwmark: 1, family: ipv4}, destination: {address: 203.0.113.7, port: 0}}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import task
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.whole import Request, bring

ARGUMENTS: dict[str, Any] = {
    # Plain dictionaries: they are read once, by _ipvs.options, and AnsibleModule's own check of nested options costs
    # more than all the rest of a large table.
    "services": {"type": "list", "elements": "dict"},
    "src": {"type": "path"},
    "purge": {"type": "bool", "default": False},
    "quiesce": {"type": "bool", "default": True},
    "drain_timeout": {"type": "int", "default": 60},
    "state_file": {"type": "path"},
    "timeouts": {"type": "dict"},
    "sync_daemons": {
        "type": "list",
        "elements": "dict",
        "options": {
            "role": {"type": "str", "required": True, "choices": ["master", "backup"]},
            "interface": {"type": "str", "required": True},
            "id": {"type": "int"},
            "maxlen": {"type": "int"},
            "group": {"type": "str"},
            "port": {"type": "int"},
            "ttl": {"type": "int"},
        },
    },
    **task.WRITING,
}


def act(module: AnsibleModule, session: Session) -> dict[str, Any]:
    names = Request._fields
    return bring(session, Request(**{name: module.params[name] for name in names}), diff=module._diff, warn=module.warn)


def main() -> None:
    task.run(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), act)


if __name__ == "__main__":
    main()
