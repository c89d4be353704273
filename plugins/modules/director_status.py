#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: director_status
short_description: Tell everything about a director in one look
version_added: 0.1.0
description:
  - Reads the kernel's table with connections and statistics, what keepalived does, what operators set, the addresses,
    and who holds the cluster's lock. Changes nothing, and loads no kernel module.
  - Where something is not there (IPVS not loaded, keepalived not installed or not running) the result says so, and it
    is no failure. A keepalived that runs and can't be asked is one of its problems.
options:
  instances:
    description: The VRRP instances that keepalived should have. One that it lacks is a problem.
    type: list
    elements: str
    default: []
  owner:
    description: The name under which M(lvs.cluster.director_table) keeps the table of a static director.
    type: str
    default: lvs-director
  directory:
    description: The directory of the weight files, as M(lvs.cluster.keepalived_weights) has it.
    type: path
    default: /var/lib/lvs-cluster/weights
attributes:
  check_mode:
    description: Changes nothing, so it is the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is no diff.
    support: none
  platform:
    description: Linux hosts.
    platforms: linux
    support: full
author:
  - The lvs.cluster authors (@lvs-cluster)
seealso:
  - module: lvs.cluster.ipvs_info
  - module: lvs.cluster.keepalived_state
  - plugin: lvs.cluster.cluster_status
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look at this director
  lvs.cluster.director_status:
    instances: [VI_1]
  register: director

- name: Say whether it is master
  ansible.builtin.debug:
    msg: "{{ director.keepalived.instances.VI_1.state | default('no such instance') }}"
"""

RETURN = r"""
loaded:
  description: Whether the kernel has IPVS now.
  returned: always
  type: bool
  sample: true
version:
  description: The version of IPVS; empty while it is not loaded.
  returned: always
  type: str
  sample: 1.2.1
services:
  description: The virtual services with connections and statistics, as M(lvs.cluster.ipvs_info) returns them.
  returned: always
  type: list
  elements: dict
  sample:
    - address: 10.0.0.5
      port: 80
      protocol: tcp
      family: ipv4
      scheduler: wlc
      scheduler_flags: []
      one_packet: false
      persistence_timeout: 50
      persistence_netmask: ""
      persistence_engine: ""
      statistics: {conns: 3, inpkts: 18, outpkts: 15, inbytes: 1200, outbytes: 9000, cps: 0, inpps: 2, outpps: 2}
      destinations:
        - address: 192.168.0.12
          port: 80
          forwarding: nat
          weight: 20
          upper_threshold: 0
          lower_threshold: 0
          connections: {active: 1, inactive: 2, persistent: 1}
          statistics: {conns: 3, inpkts: 18, outpkts: 15, inbytes: 1200, outbytes: 9000, cps: 0, inpps: 2, outpps: 2}
timeouts:
  description: Seconds after which idle connections are forgotten; empty while IPVS is not loaded.
  returned: always
  type: dict
  sample: {tcp: 900, tcp_fin: 120, udp: 300}
sync_daemons:
  description: The sync daemons that run.
  returned: always
  type: list
  elements: dict
  sample: [{role: master, interface: eth0, id: 1, maxlen: 1472, group: 224.0.0.81, port: 8848, ttl: 1}]
keepalived:
  description:
    - What keepalived does, RV(keepalived.instances) and RV(keepalived.problems) among it as
      M(lvs.cluster.keepalived_state) returns them.
  returned: always
  type: dict
  contains:
    installed:
      description: Whether it is installed.
      type: bool
    running:
      description: Whether one runs in the network namespace of the task.
      type: bool
    pid:
      description: Its main process; none if it does not run.
      type: int
    version:
      description: The version of the one that runs.
      type: str
    instances:
      description: Its VRRP instances by name, each with state, priority, effective_priority, interface and vips.
      type: dict
    missing:
      description: Virtual services of its configuration that are not in the kernel's table.
      type: list
      elements: str
    problems:
      description: What keeps it from being healthy.
      type: list
      elements: str
    healthy:
      description: Whether this director could serve.
      type: bool
    error:
      description: Why its state could not be read while it runs, so that no instance is known; empty if it could.
      type: str
    pending:
      description: Whether it runs and has not loaded the configuration that stands there.
      type: bool
  sample:
    installed: true
    running: true
    pid: 812
    version: 2.2.7
    instances:
      VI_1: {state: MASTER, priority: 200, effective_priority: 200, interface: eth0, vips: [10.0.0.5/24]}
    missing: []
    problems: []
    healthy: true
    error: ""
    pending: false
overrides:
  description:
    - Real servers whose weight an operator set, or which are held until they are prepared.
    - C(server) is the name of the weight file, or service and destination on a static director. C(state) is V(drained),
      V(weighted) or V(held).
  returned: always
  type: list
  elements: dict
  sample:
    - server: intranet_10.0.0.5_tcp_80_192.168.0.12_80
      state: drained
      weight: 0
      since: "2026-03-01T10:00:00Z"
      until: ""
      by: anna
addresses:
  description: The addresses of global scope, of both families.
  returned: always
  type: list
  elements: str
  sample: [10.0.0.3/24 dev eth0, 10.0.0.5/24 dev eth0]
lock:
  description: What the run that changes the cluster now wrote about itself; none if there is no such run.
  returned: always
  type: dict
  sample: null
now:
  description: The host's clock, in UTC.
  returned: always
  type: str
  sample: "2026-03-01T10:00:00Z"
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.director_status import ARGUMENTS, run
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
