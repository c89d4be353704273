#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: clusterip_node
short_description: Make this host one of the nodes that share a VIP without a director
version_added: 0.1.0
description:
  - All nodes of a cluster have the VIP at once, and answer ARP for it with one multicast MAC, so that each sees every
    packet. A hash of the client decides the bucket that it belongs to, from 1 to O(total_nodes), and a node drops what
    is in no bucket of its own.
  - Has the kernel's rules, the VIP and a service that brings both back before the network at boot.
  - The VIP comes after the rules and goes before them, because a node that has it without rules answers every client.
    With V(clusterip) it goes for a moment where something changes that all nodes must be given the same.
  - A change of buckets is one step for the kernel. What else O(state=present) names is compared with the kernel, and
    put back if somebody removed it.
  - Every node of a cluster must be given the same O(total_nodes), O(hash_mode), O(hash_seed), O(protocol), O(ports),
    O(cluster_mac) and backend. The role P(lvs.cluster.clusterip_node#role) sees to that.
options:
  address:
    description:
      - The VIP with the prefix length of its network, as in V(10.0.0.9/24), IPv4 or IPv6.
      - Required with O(state=present).
      - On the interface it has its whole length, /32 or /128, so that it never is the source of what the node itself
        sends.
      - With O(state=absent) the prefix may be left out, and without an address every VIP of this module
        is meant.
    type: str
  interface:
    description: Where the clients' packets come in. Required with O(state=present).
    type: str
  cluster_mac:
    description:
      - The multicast MAC of the VIP, the same on all nodes. The lowest bit of its first octet is set.
      - Without it, one that is derived from the VIP, V(03:4c) and the four octets of an IPv4 address.
    type: str
  total_nodes:
    description:
      - How many buckets there are on all nodes together, CLUSTERIP's C(--total-nodes). It may exceed the nodes, so that
        what a dead node served can be spread.
      - At most 16 with V(clusterip), 32 with V(xt_cluster), 1024 with V(nftables). Required with O(state=present).
    type: int
  local_nodes:
    description:
      - The buckets that this node serves from boot, CLUSTERIP's C(--local-node). None where something else gives them,
        as VRRP does with the role.
      - Where the list changes in a later run, the node takes what is new in it and gives what is gone.
    type: list
    elements: int
    default: []
  buckets:
    description:
      - The buckets that it serves now, until the next boot. What the recipe of CLUSTERIP did with C(echo +2).
      - If left out, those that it serves already, whoever moved them. A node that has no rules yet gets O(local_nodes).
    type: list
    elements: int
  at_boot:
    description:
      - Whether O(buckets) is served from boot, too, in place of O(local_nodes). Later runs without O(buckets) leave it
        so, until one names O(local_nodes) as O(buckets) with V(true) again.
      - Not where VRRP gives the buckets, so that O(local_nodes) is empty.
    type: bool
    default: false
  buckets_at_boot:
    description:
      - Which ones O(at_boot) means, where they are others than O(buckets), because somebody moved some until the next
        boot only.
    type: list
    elements: int
  hash_mode:
    description:
      - What the hash is made of. V(xt_cluster) has V(sourceip) only.
    type: str
    choices: [sourceip, sourceip-sourceport, sourceip-sourceport-destport]
    default: sourceip
  hash_seed:
    description: A number from 0 to 4294967295 that goes into the hash.
    type: int
    default: 0
  protocol:
    description: What is shared out.
    type: str
    choices: [all, tcp, udp, sctp]
    default: all
  ports:
    description:
      - The ports that are shared out, at most 15; every port if empty. All other packets to the VIP are dropped, except
        ICMP errors, because each node would answer them.
    type: list
    elements: int
    default: []
  backend:
    description:
      - V(clusterip) is the iptables target CLUSTERIP, which Linux lost with 6.3. V(xt_cluster) is the iptables match
        C(cluster). V(nftables) needs neither iptables nor connection tracking.
      - V(auto) keeps the one that the VIP has on this host while it works, else takes the first of V(nftables),
        V(xt_cluster) and V(clusterip) that does. Each is tried in a chain or table of its own that no packet passes,
        in check mode, too.
      - Nodes with different backends put clients into different buckets.
    type: str
    choices: [auto, clusterip, xt_cluster, nftables]
    default: auto
  keep:
    description:
      - The other VIPs of this node that may stay. All that this module put here and that are not named go.
      - If left out, all stay.
    type: list
    elements: str
  state:
    description: V(absent) takes away the VIP, its rules and, with the last VIP, the service.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Nothing is changed. A backend that the VIP has not yet is tried as with O(backend=auto).
  diff_mode:
    support: full
    description: The VIP with its options and buckets, addresses and files, where they differ.
requirements:
  - systemd and iproute2
  - nftables, or iptables and arptables, or the legacy variant of iptables, by O(backend)
  - C(tc) and the kernel's C(act_pedit) and C(act_csum) for IPv6
notes:
  - Some routers refuse a multicast MAC in an ARP reply and need a static entry.
seealso:
  - name: iptables-extensions(8)
    description: The target CLUSTERIP and the match cluster.
    link: https://man7.org/linux/man-pages/man8/iptables-extensions.8.html
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Share a VIP among two nodes, of which this is the first
  lvs.cluster.clusterip_node:
    address: 10.0.0.9/24
    interface: eth0
    cluster_mac: "01:02:03:04:05:06"
    total_nodes: 2
    local_nodes: [1]
    protocol: tcp
    ports: [80]

- name: Take over what the second one served
  lvs.cluster.clusterip_node:
    address: 10.0.0.9/24
    interface: eth0
    cluster_mac: "01:02:03:04:05:06"
    total_nodes: 2
    local_nodes: [1]
    buckets: [1, 2]
    protocol: tcp
    ports: [80]

- name: Leave the cluster
  lvs.cluster.clusterip_node:
    address: 10.0.0.9
    state: absent
"""

RETURN = r"""
backend:
  description: The backend that the VIP has, or in check mode would get; empty with O(state=absent).
  returned: success
  type: str
  sample: nftables
backends:
  description: The backends that were looked at, each with the reason why it does not work here, or an empty text.
  returned: success
  type: dict
  sample: {nftables: "", xt_cluster: "", clusterip: "iptables-legacy: No chain/target/match by that name"}
cluster_mac:
  description: The VIP's MAC.
  returned: success
  type: str
  sample: "03:4c:0a:00:00:09"
buckets:
  description: The buckets that this node serves, or in check mode would serve.
  returned: success
  type: list
  elements: int
  sample: [1, 4]
buckets_before:
  description: The buckets that the kernel served before this run; null where the VIP's rules were not (all) there.
  returned: success
  type: list
  elements: int
  sample: [1, 2, 3, 4]
gone:
  description:
    - The VIPs that this run took off their interfaces, or in check mode would - those that O(keep) does not name, and
      this one where it goes, or comes back elsewhere because its interface, its MAC or its backend changes.
  returned: success
  type: list
  elements: str
  sample: [10.0.0.10]
by_hand:
  description:
    - What a person chose, for longer than to the next boot - C(taken) and C(given), each a list of buckets. With VRRP
      by M(lvs.cluster.clusterip_buckets), without it by O(at_boot).
  returned: success
  type: dict
  sample: {taken: [], given: [3]}
left:
  description:
    - Buckets that M(lvs.cluster.clusterip_buckets) lets go at this moment, or that a killed run of it left in
      FAULT. This node cannot serve them.
  returned: success
  type: list
  elements: int
  sample: []
shared:
  description: Whether something changes that all nodes must agree on, on a host that was a node before.
  returned: success
  type: bool
  sample: false
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.clusterip_node import ARGUMENTS, REQUIRED_IF, run
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, required_if=REQUIRED_IF, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
