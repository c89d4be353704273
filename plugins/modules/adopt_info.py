#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: adopt_info
short_description: Read all of a host that a load balancer which was set up by hand can consist of
version_added: 0.1.0
description:
  - Reads the kernel's IPVS table, keepalived's configuration with the files that it includes, addresses, rules and
    default routes, sysctls, and the tables mangle and nat of both variants of iptables, in one task.
  - Changes nothing, and loads no kernel module of IPVS or of the older iptables to look.
  - Use it with C(no_log=true), because RV(secrets) has the passwords of keepalived's configuration. For that reason it
    does not fail. What is there and can't be read is named in RV(unread); an absent thing is null or empty.
options:
  config_file:
    description: keepalived's configuration, if no keepalived runs. One that runs says itself which file it has read.
    type: path
    default: /etc/keepalived/keepalived.conf
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
  - plugin: lvs.cluster.adopt_inventory
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read this host
  lvs.cluster.adopt_info:
  no_log: true
  register: found
"""

RETURN = r"""
table:
  description:
    - C(loaded), C(services), C(timeouts) and C(sync_daemons), as M(lvs.cluster.ipvs_info) returns them without
      statistics.
    - Null where it can't be read.
  returned: always
  type: dict
  sample: {loaded: false, services: [], timeouts: null, sync_daemons: []}
keepalived:
  description:
    - Null where no keepalived runs and there is no such file.
    - C(items) are the lines of its configuration, each a list of its words, the place where it stands, and a list of
      the lines in its braces or null; null where the file can't be read. A token such as C(<secret 1>) stands for a
      password.
    - C(running), C(file), C(programs) (where programs are that are named without a path), C(has_script_user).
  returned: always
  type: dict
  sample:
    running: true
    file: /etc/keepalived/keepalived.conf
    items: [[[vrrp_instance, VI_1], "/etc/keepalived/keepalived.conf, line 3", []]]
    programs: {killall: /usr/bin/killall}
    has_script_user: false
secrets:
  description: The keyword and the value of each token in C(keepalived).
  returned: always
  type: dict
  sample: {<secret 1>: {keyword: auth_pass, value: rehearse}}
links:
  description: Interfaces with their addresses.
  returned: always
  type: list
  elements: dict
  sample:
    - name: eth0
      kind: ""
      loopback: false
      addresses: [{address: 10.0.0.3/24, label: eth0, scope: global, secondary: false, temporary: false}]
sysctls:
  description: Sysctls of IPVS, forwarding, ARP and reverse path filters, with C(/) for a C(.) within a name.
  returned: always
  type: dict
  sample: {net.ipv4.ip_forward: "1"}
firewall:
  description: The tables mangle and nat that have rules, as iptables-save prints them.
  returned: always
  type: list
  elements: dict
  sample: [{family: ipv4, variant: nft, table: mangle, chains: {PREROUTING: ["-j MARKS"], MARKS: []}}]
native_rules:
  description: Rules of nft outside of the tables of iptables that mark packets or translate their source.
  returned: always
  type: list
  elements: dict
  sample: [{table: inet lb, chain: prerouting, text: tcp dport 80 meta mark set 0x00000001}]
rules:
  description: Rules of policy routing, as ip(8) prints them with C(-N -j), each with its family.
  returned: always
  type: list
  elements: dict
  sample: [{priority: 100, src: 192.168.0.12, table: "200", family: ipv4}]
routes:
  description: Default routes of all tables, in the same form.
  returned: always
  type: list
  elements: dict
  sample: [{dst: default, gateway: 192.168.0.1, dev: eth0, table: "200", flags: [], family: ipv4}]
unread:
  description: What is there and was not read, with the reason.
  returned: always
  type: list
  elements: dict
  sample: [{what: the IPVS table, why: "the user of this task has no CAP_NET_ADMIN"}]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.adopt_info import ARGUMENTS, run
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
