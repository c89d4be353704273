#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurations that a director had before."""

from __future__ import annotations

DOCUMENTATION = r"""
module: config_history
short_description: The configurations that a director had before
version_added: 0.1.0
description:
  - The last 10 configurations of a director are kept on it, in C(/var/lib/lvs-cluster/history), when they are replaced.
    That is C(keepalived.conf), and without keepalived the table for boot, C(/etc/lvs-cluster/NAME-table.json).
  - This module lists them, or puts one of them back, in the way in which a run puts a new one in force.
  - A C(keepalived.conf) is tested by keepalived first. Whoever calls this module reloads keepalived if RV(pending), as
    with M(lvs.cluster.keepalived_config).
  - An entry that balances by a firewall mark is refused where neither the chains of O(name) give that mark, as
    M(lvs.cluster.firewall_chains) keeps them, nor a service in force has it. Rules do not come back with an entry.
  - A table is brought into the kernel as M(lvs.cluster.director_table) does it. What leaves is drained.
  - The inventory doesn't change. The next run of C(lvs.cluster.site) puts its state back.
options:
  state:
    description:
      - V(listed) lists what is kept, without contents.
      - V(restored) puts O(entry) in force.
      - V(absent) removes what is kept. The configuration in force stays.
    type: str
    choices: [listed, restored, absent]
    default: listed
  entry:
    description:
      - What to put back, by its number or by its name. V(1) is what was in force before the present.
      - After a rollback the numbers stay what they were, so that the same rollback again changes nothing, and V(0) is
        what the rollback has replaced. They begin anew when something else is in force.
    type: str
    default: "1"
  name:
    description: The owner of the table and of the firewall chains, as O(lvs.cluster.director_table#module:name).
    type: str
    default: lvs-director
  weights_directory:
    description:
      - Where the weight files are. Those that the entry names and that are missing are made first, with the full
        weight, because that is what a missing one means to keepalived.
    type: path
    default: /var/lib/lvs-cluster/weights
  drain_timeout:
    description: Seconds to wait for the active connections of what leaves a table.
    type: int
    default: 60
  dest:
    description: keepalived's configuration, by its absolute path; not a link.
    type: path
    default: /etc/keepalived/keepalived.conf
  has_peers:
    description:
      - Whether other hosts are members of the same VRRP instances. An entry that differs in what all of them must
        share is refused then.
    type: bool
    default: false
  copied:
    description: As O(lvs.cluster.keepalived_config#module:copied).
    type: bool
    default: false
  mode:
    description: The mode of O(dest), octal.
    type: str
    default: "0640"
  owner:
    description: The owner of O(dest).
    type: str
    default: root
  binary:
    description: The keepalived program, by name or path.
    type: str
    default: keepalived
attributes:
  check_mode:
    support: full
    description: Compares, and has keepalived test the entry. Nothing is changed.
  diff_mode:
    support: full
    description: Passwords are masked; that they differ is said.
seealso:
  - module: lvs.cluster.keepalived_config
  - module: lvs.cluster.director_table
  - module: lvs.cluster.firewall_chains
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: List what this director had before
  lvs.cluster.config_history:
  register: kept

- name: Put back what was in force before the present
  lvs.cluster.config_history:
    state: restored
    has_peers: true
  register: restored

- name: Reload keepalived
  ansible.builtin.systemd_service:
    name: keepalived.service
    state: reloaded
  when: restored.pending
"""

RETURN = r"""
kind:
  description: By what this director has its services, C(keepalived) or C(table); empty if lvs.cluster has none here.
  returned: with O(state=listed) and O(state=restored)
  type: str
  sample: keepalived
entries:
  description: What is kept, newest first. Those of the other kind have no C(number).
  returned: with O(state=listed)
  type: list
  elements: dict
  sample:
    - name: keepalived.conf@20261126T203000.123456Z-0123456789ab
      kind: keepalived
      number: 1
      time: "2026-11-26T20:30:00Z"
      run: 89abcdef
      size: 2177
      lines: 91
      same_as_current: false
entry:
  description: What was put back, as in RV(entries).
  returned: with O(state=restored)
  type: dict
  sample: {name: "keepalived.conf@20261126T203000.123456Z-0123456789ab", number: 1, same_as_current: false}
times:
  description: When each entry of that kind was replaced, newest first.
  returned: with O(state=restored)
  type: list
  elements: str
  sample: ["2026-11-26T20:30:00Z", "2026-11-20T09:00:00Z"]
pending:
  description: Whether keepalived runs and has not loaded what is in the file. It wants a reload, or a restart.
  returned: with O(state=restored)
  type: bool
  sample: true
restart:
  description: What of the change keepalived takes with a restart only; empty if a reload will do.
  returned: with O(state=restored)
  type: str
  sample: ""
instances:
  description: The VRRP instances that the entry has.
  returned: with O(state=restored)
  type: list
  elements: str
  sample: [VI_1]
created:
  description: Weight files that were missing and were made.
  returned: with O(state=restored)
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.config_history import ARGUMENTS, run
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
