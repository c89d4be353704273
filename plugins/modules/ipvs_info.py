#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_info
short_description: The kernel's IPVS table, with connections and statistics
version_added: 0.1.0
description:
  - Reads virtual services, destinations, timeouts and sync daemons. What it returns can be given to
    M(lvs.cluster.ipvs_table) as it is, and changes nothing there, unless somebody wrote what that module refuses.
  - Never loads a kernel module. While ip_vs is not loaded, the table is empty.
options:
  address:
    description: Only virtual services with this VIP.
    type: str
  port:
    description: Only virtual services with this port.
    type: int
  protocol:
    description: Only virtual services with this protocol.
    type: str
    choices: [tcp, udp, sctp]
  fwmark:
    description: Only the virtual services with this firewall mark.
    type: int
  family:
    description: Only virtual services of this family.
    type: str
    choices: [ipv4, ipv6]
  destination:
    description: Only virtual services that have a destination with this address, and of their destinations only those.
    type: str
  statistics:
    description: Return counters and connections, too.
    type: bool
    default: true
extends_documentation_fragment:
  - lvs.cluster.ipvs
attributes:
  check_mode:
    description: Changes nothing.
    support: full
  diff_mode:
    description: Changes nothing, so there is no diff.
    support: none
seealso:
  - module: lvs.cluster.ipvs_table
"""

EXAMPLES = r"""
- name: Look at the table
  lvs.cluster.ipvs_info:
  register: ipvs

- name: Say how many connections each real server has
  ansible.builtin.debug:
    msg: "{{ item.1.address }} {{ item.1.connections.active }}"
  loop: "{{ ipvs.services | subelements('destinations') }}"

- name: Bring back the table that was read
  lvs.cluster.ipvs_table:
    services: "{{ ipvs.services }}"
    timeouts: "{{ ipvs.timeouts }}"
    sync_daemons: "{{ ipvs.sync_daemons }}"
"""

RETURN = r"""
loaded:
  description: Whether the kernel has IPVS now.
  returned: always
  type: bool
  sample: true
version:
  description: The version of IPVS.
  returned: while it is loaded
  type: str
  sample: 1.2.1
connection_table_size:
  description: Entries in the hash table of connections.
  returned: while it is loaded
  type: int
  sample: 4096
services:
  description:
    - The virtual services, in the options of M(lvs.cluster.ipvs_table). With O(statistics) each service and destination
      has C(statistics), each destination C(connections), too.
    - Counters are those since the entry was added, with 64 bits. The kernel renews counters and rates every 2 seconds.
  returned: always
  type: list
  elements: dict
  sample:
    - address: 192.0.2.80
      port: 80
      protocol: tcp
      family: ipv4
      scheduler: wrr
      scheduler_flags: []
      one_packet: false
      persistence_timeout: 0
      persistence_netmask: ""
      persistence_engine: ""
      statistics: {conns: 3, inpkts: 18, outpkts: 0, inbytes: 1200, outbytes: 0, cps: 0, inpps: 2}
      destinations:
        - address: 198.51.100.11
          port: 80
          forwarding: dr
          weight: 2
          upper_threshold: 0
          lower_threshold: 0
          connections: {active: 1, inactive: 2, persistent: 0}
          statistics: {conns: 3, inpkts: 18, outpkts: 0, inbytes: 1200, outbytes: 0, cps: 0, inpps: 2}
timeouts:
  description: Seconds after which idle connections are forgotten.
  returned: while it is loaded
  type: dict
  sample: {tcp: 900, tcp_fin: 120, udp: 300}
sync_daemons:
  description: The sync daemons that run.
  returned: always
  type: list
  elements: dict
  sample: [{role: master, interface: eth0, id: 1, maxlen: 1472, group: 224.0.0.81, port: 8848, ttl: 1}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host, report, task
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.figures import show
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session

ARGUMENTS: dict[str, Any] = {
    **task.SERVICE_KEY_ARGUMENTS,
    "destination": {"type": "str"},
    "statistics": {"type": "bool", "default": True},
    **task.NAMESPACE,
}


def act(module: AnsibleModule, session: Session) -> dict[str, Any]:
    params = module.params
    options = Options()
    wanted = {name: params[name] for name in ("port", "protocol", "fwmark", "family") if params[name] is not None}
    for name in ("address", "destination"):
        if params[name] is not None:
            found = options.reader.address(params[name], name)
            wanted[name] = found[1] if found else ""
    options.finish()
    if not host.is_loaded():
        return {"changed": False, "loaded": False, "services": [], "sync_daemons": []}
    kernel = session.kernel
    version, size = kernel.info()
    destination = wanted.pop("destination", None)
    shown = [
        show(key, service, destination, params["statistics"])
        for key, service in sorted(kernel.details().items())
        if all(getattr(key, name) == value for name, value in wanted.items()) and not ("port" in wanted and key.fwmark)
    ]
    return {
        "changed": False,
        "loaded": True,
        "version": version,
        "connection_table_size": size,
        "services": [service for service in shown if destination is None or service["destinations"]],
        "timeouts": kernel.timeouts()._asdict(),
        "sync_daemons": [report.daemon_options(daemon) for daemon in kernel.daemons().values()],
    }


def main() -> None:
    task.run(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), act)


if __name__ == "__main__":
    main()
