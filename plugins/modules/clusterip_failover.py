#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: clusterip_failover
short_description: Let VRRP decide which buckets of its cluster IPs this node serves
version_added: 0.1.0
description:
  - Has the service C(lvs-clusterip-failover) run, with a keepalived of its own beside the distribution's. There is one
    VRRP instance for each bucket. The kernel serves the buckets of which this node is the master, for every VIP that
    M(lvs.cluster.clusterip_node) has put here.
  - The service checks the servers of this node, too. While one is bad, the node gives all its buckets away.
  - A check that the service does not know yet is asked first, if the node is good. If it is bad O(fall) times in a row,
    the module fails and changes nothing. So the node goes on with the checks that it has, and no other gets that one.
  - When the service ends, in whatever way, it gives all buckets back.
  - A change is a reload where that will do. Only another version of the service's program restarts it, which moves this
    node's buckets away and back.
options:
  content:
    description:
      - The configuration of keepalived, as P(lvs.cluster.bucket_keepalived_conf#filter) makes it.
      - Required with O(state=present).
    type: str
  buckets:
    description: How many buckets there are, on all nodes together. Required with O(state=present).
    type: int
  checks:
    description: What shows that this node can serve. A node without any always can.
    type: list
    elements: dict
    default: []
    suboptions:
      type:
        description: V(tcp) connects, V(http) asks for a page.
        type: str
        choices: [tcp, http]
        default: tcp
      address:
        description: Where to, which is the VIP as a rule.
        type: str
        required: true
      port:
        description: The port.
        type: int
        required: true
      path:
        description: The page, with V(http).
        type: str
        default: /
      status:
        description: The answers that are good, with V(http).
        type: list
        elements: int
        default: [200]
      timeout:
        description: Seconds until no answer is a bad one.
        type: float
        default: 2
  interval:
    description: Seconds between two checks.
    type: float
    default: 1
  fall:
    description: After how many bad answers in a row a server is bad.
    type: int
    default: 2
  rise:
    description: After how many good answers in a row it is good again.
    type: int
    default: 2
  state:
    description: V(absent) stops the service, which gives all buckets back, and removes it.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Nothing is changed, and keepalived does not test the configuration.
  diff_mode:
    support: full
    description: The configurations, and the files and the service where they differ.
requirements:
  - systemd
  - keepalived 2.2.7 or newer
seealso:
  - module: lvs.cluster.clusterip_node
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Have VRRP give this node its buckets
  lvs.cluster.clusterip_failover:
    content: "{{ plan | lvs.cluster.bucket_keepalived_conf }}"
    buckets: 12
    checks:
      - {type: http, address: 10.0.0.9, port: 80, path: /alive}

- name: Leave that to the administrator
  lvs.cluster.clusterip_failover:
    state: absent
"""

RETURN = r"""
restarted:
  description: Whether the service was restarted, or in check mode would be, so that buckets moved away and back.
  returned: success
  type: bool
  sample: false
good:
  description: Whether the failover ran before, and its health checks were good.
  returned: success
  type: bool
  sample: true
shared:
  description: Whether something changes that all nodes must agree on, as the VRRP ids, or whether there is a failover.
  returned: success
  type: bool
  sample: false
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.clusterip_failover import ARGUMENTS, REQUIRED_IF, run
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, required_if=REQUIRED_IF, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
