#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep firewall rules of one owner in chains of their own, now and at every boot."""

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_chains
short_description: Firewall rules of one owner in chains of their own, now and at every boot
version_added: 0.1.0
description:
  - Puts firewall rules into chains that belong to O(name), the owner, each with one jump at the end of its hook, or at
    its top with O(chains[].first). What is given is the whole truth for this owner, so a chain that is no longer given
    goes, with its jump. See O(purge).
  - Rules and chains of others are never changed, moved or flushed, and no rule set is saved over a file of others. A
    rule of others that ends the way of a packet before our jump (C(ACCEPT), C(DROP)) ends it before our rules, too.
  - All changes of a family's table are one transaction of C(iptables-restore), so no packet meets a half of them. All
    of them are checked with C(iptables-restore --test) first. If the kernel then refuses one, what the run had changed
    is put back.
  - Nothing is sent when chains and jumps are as they should be. C(/var/lib/lvs-cluster/NAME-firewall.json) keeps how
    iptables printed our rules when they were applied; what it prints now is compared with that.
  - At boot, C(NAME-firewall.service) puts the chains there before the network comes up, and again when
    C(netfilter-persistent), C(iptables), C(nftables) or C(ufw) is restarted or reloaded by systemd, or firewalld has
    loaded rules or stopped, of those that run or start at boot when the module runs.
    Stopping the service takes no rule away.
  - Works with both backends of iptables (legacy and nft), through the C(iptables) and C(ip6tables) of the host.
options:
  name:
    description:
      - The owner. Its files are C(/etc/lvs-cluster/NAME-firewall.json) and C(/usr/local/lib/lvs-cluster/NAME-firewall).
      - Small letters, digits, hyphens and underscores, 41 at most.
    type: str
    required: true
  chains:
    description:
      - The chains. A name is used once in each table of a family.
      - A chain of such a name that is there, but not in our records, is an error, unless it has exactly these rules.
    type: list
    elements: dict
    default: []
    suboptions:
      family:
        description: V(ipv4) for C(iptables), V(ipv6) for C(ip6tables).
        type: str
        choices: [ipv4, ipv6]
        default: ipv4
      table:
        description: The table.
        type: str
        choices: [mangle, nat, filter, raw]
        required: true
      hook:
        description: The chain of the kernel that jumps to ours. It must be one that O(chains[].table) has.
        type: str
        choices: [PREROUTING, INPUT, FORWARD, OUTPUT, POSTROUTING]
        required: true
      chain:
        description: The name, C(LVS-) and up to 24 capital letters, digits and hyphens.
        type: str
        required: true
      rules:
        description: Rules in their order, each a list of the words that follow C(iptables -A CHAIN).
        type: list
        elements: raw
        default: []
      first:
        description:
          - Whether the jump stands before all rules of others in its hook, so none of them ends a packet's way first.
            Only jumps to chains whose names begin with C(LVS-) may stand before it.
          - A jump that somebody else got a rule before is put to the top again, in one transaction.
          - With V(false), a jump that is there stays where it is.
        type: bool
        default: false
      when_active:
        description:
          - The chain is there only where one of these programs filters packets; everywhere else it is absent. Without
            any, it is everywhere.
          - C(NAME-firewall.service) looks again at every boot, and when systemd restarts or reloads the program.
          - V(ufw) does if it is installed and C(/etc/ufw/ufw.conf) has C(ENABLED=yes), which C(ufw enable) writes.
        type: list
        elements: str
        choices: [ufw]
        default: []
  purge:
    description:
      - Whether the owner's chains that are not among O(chains) go. With V(false) they stay as they are, for a run that
        must let something else go first.
      - It is ignored with O(state=absent).
    type: bool
    default: true
    version_added: 0.1.0
  state:
    description: V(absent) removes everything that this owner has on the host.
    type: str
    choices: [present, absent]
    default: present
requirements:
  - iptables 1.8 or newer
  - systemd
seealso:
  - module: ansible.builtin.iptables
  - module: lvs.cluster.firewalld_peers
  - plugin: lvs.cluster.mark_chains
    plugin_type: filter
  - plugin: lvs.cluster.masquerade_chains
    plugin_type: filter
  - plugin: lvs.cluster.mss_chains
    plugin_type: filter
  - plugin: lvs.cluster.peer_chains
    plugin_type: filter
attributes:
  check_mode:
    support: full
    description: Nothing is changed. Where iptables is not installed yet, everything is reported as still to do.
  diff_mode:
    support: full
    description:
      - Our chains and jumps of each table that changes, in the words of C(iptables -S), files and service.
      - A rule that iptables has not printed yet is shown as it is given. A jump that is first, as it should be, has
        C(-I).
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Count new connections to a VIP
  lvs.cluster.firewall_chains:
    name: lvs-count
    chains:
      - table: mangle
        hook: PREROUTING
        chain: LVS-COUNT
        rules:
          - [-d, 10.0.0.6, -p, tcp, --syn]

- name: Mark packets for the services of a director
  lvs.cluster.firewall_chains:
    name: lvs-director
    chains: "{{ director_plan.marks | lvs.cluster.mark_chains }}"

- name: Let VRRP in where ufw would keep it out
  lvs.cluster.firewall_chains:
    name: lvs-vrrp
    chains:
      - table: filter
        hook: INPUT
        chain: LVS-VRRP
        first: true
        when_active: [ufw]
        rules:
          - [-s, 10.0.0.4, -p, 112, -j, ACCEPT]

- name: Take everything of this owner away
  lvs.cluster.firewall_chains:
    name: lvs-director
    state: absent
"""

RETURN = r"""
tables:
  description: Families and tables in which rules were changed, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: ["ipv4 mangle"]
inactive:
  description: Names of the chains that are left out because none of their O(chains[].when_active) is active here.
  returned: success
  type: list
  elements: str
  sample: [LVS-PEERS]
active:
  description: The programs that filter packets here, of those that O(chains[].when_active) knows.
  returned: success
  type: list
  elements: str
  sample: [ufw]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.firewall_chains import ARGUMENTS, run


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
