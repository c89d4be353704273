#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: director_weights
short_description: Drain real servers on a director, give them a temporary weight, or give them back the planned one
version_added: 0.1.0
description:
  - What it sets holds until it is taken back, also over a reload, a reboot, a change of master and a run of
    P(lvs.cluster.director#role). A temporary weight ends at O(until) with the next run of that role.
  - With keepalived the server's weight file is written, which changes the weight at once and without a reload. Without
    it the kernel's table, the table for the next boot and a record are.
  - Nothing is done where a server would be the last of its virtual service that serves, unless O(last) says so.
  - Used by the playbooks C(lvs.cluster.drain) and the like, on every director of the cluster.
options:
  manager:
    description: Who keeps the table of this director, as the plan's C(manager) says.
    type: str
    choices: [keepalived, static]
    required: true
  servers:
    description:
      - The real servers, each in one virtual service, as the filter P(lvs.cluster.operation_targets#filter) lists them.
    type: list
    elements: dict
    required: true
    suboptions:
      key:
        description: The virtual service in the kernel's table, by address, port and protocol, or by firewall mark.
        type: dict
        required: true
        suboptions:
          address:
            description: The VIP.
            type: str
          port:
            description: The port.
            type: int
          protocol:
            description: The protocol.
            type: str
            choices: [tcp, udp, sctp]
          fwmark:
            description: The firewall mark, in place of the others.
            type: int
          family:
            description: The family of a service with a firewall mark.
            type: str
            choices: [ipv4, ipv6]
      address:
        description: The real server's address.
        type: str
        required: true
      port:
        description: Its port; the service's where it isn't given.
        type: int
      file:
        description: The name of its weight file.
        type: str
        required: true
      weight:
        description: Its planned weight.
        type: int
        required: true
      label:
        description: What messages call it.
        type: str
        default: ""
      service:
        description: The name of the virtual service in the inventory. Not used here.
        type: str
        default: ""
      tcp:
        description: Addresses and ports of the real server for playbooks that look at it. Not used here.
        type: list
        elements: list
        default: []
      need:
        description:
          - The quorum of the service less its hysteresis. Below this sum of weights keepalived takes out all its real
            servers.
        type: int
        default: 1
      sorry:
        description:
          - The sorry server of the service. With keepalived it gets weight 1 just before the last real servers get
            weight 0, so that no client meets a service with nobody.
        type: dict
        suboptions:
          address:
            description: Its address.
            type: str
            required: true
          port:
            description: Its port; the service's where it isn't given.
            type: int
          forwarding:
            description: Its forwarding method.
            type: str
            choices: [nat, dr, tun]
            required: true
      vips:
        description: The addresses at which clients reach the service.
        type: list
        elements: str
        default: []
  state:
    description:
      - V(drained) gives them weight 0. Connections that are there go on.
      - V(weighted) gives them O(weight), or O(percent) of the planned weight.
      - V(restored) gives them the planned weight back.
    type: str
    choices: [drained, weighted, restored]
    required: true
  weight:
    description: The temporary weight.
    type: int
  percent:
    description: The temporary weight as a part of the planned one, 1 to 100, at least weight 1.
    type: int
  until:
    description: When a temporary weight ends, in UTC as C(2026-11-26T20:31:00Z); never where it is empty.
    type: str
    default: ""
  by:
    description: Who wants it so, for those who look later.
    type: str
    default: ""
  why:
    description:
      - What it is for, for those who look later.
      - With V(restored) only what was set for this is taken back. With V(rolling) and O(percent) only that
        is warmed up.
    type: str
    choices: ["", drain, weight, maintenance, rolling]
    default: ""
  last:
    description: Do it although nobody else serves.
    type: bool
    default: false
  wait:
    description:
      - With V(drained), how many seconds to wait at most until their connections have ended.
      - With the other states, how many seconds keepalived's health checks may need at most until they let the servers
        serve. With V(0) nobody waits. It is an error if they don't by then; the servers keep the weight that was given
        back. Only the director that has the VIPs is looked at, or each one where nobody knows them.
    type: int
    default: 0
  name:
    description: The owner of the table without keepalived, as in M(lvs.cluster.director_table).
    type: str
    default: lvs-director
  directory:
    description: The directory of the weight files.
    type: path
    default: /var/lib/lvs-cluster/weights
  config_file:
    description: keepalived's configuration, which tells the weight that a weight file is added to.
    type: path
    default: /etc/keepalived/keepalived.conf
attributes:
  check_mode:
    support: full
    description: Says what would change, and fails where it would. Does not wait.
  diff_mode:
    support: full
    description: The state of each server before and after.
  platform:
    description: Linux hosts.
    platforms: linux
    support: full
author:
  - The lvs.cluster authors (@lvs-cluster)
seealso:
  - module: lvs.cluster.keepalived_weights
  - module: lvs.cluster.director_table
"""

EXAMPLES = r"""
- name: Take a real server out of a service
  lvs.cluster.director_weights:
    manager: keepalived
    state: drained
    servers:
      - key: {address: 10.0.0.5, port: 80, protocol: tcp}
        address: 192.168.0.12
        port: 80
        file: intranet_10.0.0.5_tcp_80_192.168.0.12_80
        weight: 20
        label: rs1 in intranet
"""

RETURN = r"""
servers:
  description:
    - What became of each server that this director knows.
    - C(outcome) is V(changed), V(already) for one that was so before, or V(left) for one that must not be touched, such
      as one that is held until its host is prepared.
    - C(before) and C(after) are V(ready), V(drained), V(weighted) or V(held).
  returned: success
  type: list
  elements: dict
  sample:
    - label: rs1 in intranet
      outcome: changed
      before: ready
      after: drained
      weight: 0
      since: "2026-11-26T20:31:00Z"
      until: ""
      by: alice
unknown:
  description: The servers that this director does not know, and what to do.
  returned: success
  type: list
  elements: str
  sample: []
active_director:
  description: Whether one of the VIPs is on this host, so that clients' packets come to it.
  returned: success
  type: bool
  sample: true
connections:
  description: The connections that the servers still have here, with V(drained) after the wait, else zeros.
  returned: success
  type: dict
  sample: {active: 0, inactive: 4, persistent: 0}
progress:
  description: How the connections ended while it waited.
  returned: success
  type: list
  elements: dict
  sample: [{seconds: 0.0, active: 2, inactive: 0, persistent: 0}]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.director_weights import ARGUMENTS, REQUIRED_IF, run
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end


def main() -> None:
    end(
        AnsibleModule(
            argument_spec=ARGUMENTS,
            required_if=REQUIRED_IF,
            mutually_exclusive=[("weight", "percent")],
            supports_check_mode=True,
        ),
        run,
    )


if __name__ == "__main__":
    main()
