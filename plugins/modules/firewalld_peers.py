#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let a cluster's peers in where firewalld runs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: firewalld_peers
short_description: Let a cluster's peers in where firewalld runs
version_added: 0.1.0
description:
  - Keeps rich rules of firewalld that accept what the hosts of a cluster send each other, in the running and in the
    permanent configuration, so they need no reload and are back after a boot. What is given is the whole truth for this
    owner.
  - A rule goes into the zone of its interface; if the interface is in none, into the default zone.
  - Does nothing where firewalld is not installed or does not run; a later run adds the rules then.
  - C(/var/lib/lvs-cluster/NAME-firewalld.json) keeps what was added. Exactly that is removed when it is no longer
    wanted; a rule that was there before stays.
options:
  name:
    description:
      - The owner.
      - Small letters, digits, hyphens and underscores, 41 at most.
    type: str
    required: true
  peer_traffic:
    description: What is let in, as a plan has it.
    type: list
    elements: dict
    default: []
    suboptions:
      family:
        description: The family of the packets.
        type: str
        choices: [ipv4, ipv6]
        required: true
      interface:
        description: The interface by which they come. Without it, the rule goes into the default zone.
        type: str
      source:
        description: The address or network that they come from. Without it, any.
        type: str
      protocol:
        description: V(udp), V(tcp), V(vrrp), V(ah), V(ipip), V(ipv6), which is IPv6 in a tunnel, V(gre), or a number.
        type: str
        required: true
      port:
        description: The port of V(udp) and V(tcp).
        type: int
  state:
    description:
      - V(absent) removes every rule that this owner added, out of the files of a firewalld that does not run, too.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: lvs.cluster.firewall_chains
  - plugin: lvs.cluster.peer_chains
    plugin_type: filter
attributes:
  check_mode:
    support: full
    description: Nothing is changed.
  diff_mode:
    support: full
    description: The rules that go and the rules that come.
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Let the other director's VRRP and connections in
  lvs.cluster.firewalld_peers:
    name: lvs-director
    peer_traffic:
      - family: ipv4
        interface: eth0
        source: 10.0.0.4
        protocol: vrrp
      - family: ipv4
        interface: eth1
        protocol: udp
        port: 8848

- name: Let in what the plan says
  lvs.cluster.firewalld_peers:
    name: lvs-director
    peer_traffic: "{{ director_plan.peer_traffic }}"

- name: Take everything of this owner away
  lvs.cluster.firewalld_peers:
    name: lvs-director
    state: absent
"""

RETURN = r"""
active:
  description: Whether firewalld runs on this host.
  returned: success
  type: bool
  sample: true
rules:
  description: The rules that this owner has added, or in check mode would have.
  returned: success
  type: list
  elements: dict
  sample:
    - zone: public
      where: permanent
      rule: rule family="ipv4" source address="10.0.0.4" protocol value="112" accept
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.firewalld_peers import ARGUMENTS, run


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
