#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A director's virtual services, now and at boot."""

from __future__ import annotations

DOCUMENTATION = r"""
module: director_table
short_description: A director's virtual services, now and at boot
version_added: 0.1.0
description:
  - Brings the virtual services of a director without keepalived to what is given, as M(lvs.cluster.ipvs_table) does,
    and keeps them in a file from which a service of ours, C(NAME-table.service), loads them at every boot before the
    network is up. It uses the same code as the modules.
  - What is no longer given gets weight 0 first, then up to O(drain_timeout) seconds for its connections, then goes.
    Virtual services that this module did not put there are left alone.
  - A destination that is new and whose host nobody has prepared (O(unready)) gets weight 0 until a later run. One that
    serves keeps its weight.
  - A destination that somebody else has given weight 0 keeps it, now and, after a run that saw it, at the next boot. To
    end that, give it a weight by hand, with C(ipvsadm -e) or M(lvs.cluster.ipvs_dest).
options:
  name:
    description:
      - The owner. Its files are C(/etc/lvs-cluster/NAME-table.json), C(/usr/local/lib/lvs-cluster/NAME-table),
        C(/etc/systemd/system/NAME-table.service), and two records under C(/var/lib/lvs-cluster).
    type: str
    default: lvs-director
  services:
    description: All virtual services of this owner, each as in O(lvs.cluster.ipvs_table#module:services).
    type: list
    elements: dict
    default: []
  unready:
    description: Real servers that nobody has prepared.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: The destination's address.
        type: str
        required: true
      forwarding:
        description: The forwarding method that the host isn't prepared for.
        type: str
        choices: [nat, dr, tun]
        required: true
  purge:
    description:
      - V(false) leaves what is no longer given, and tells it in RV(stale). So a director can get new virtual services
        first, then the rules and addresses that lead to them, and lose the old ones last.
      - O(state=absent) takes everything, whatever this says.
    type: bool
    default: true
  drain_timeout:
    description: Seconds to wait for the active connections of what is removed.
    type: int
    default: 60
  state:
    description: V(absent) removes all virtual services of this owner, and its files.
    type: str
    choices: [present, absent]
    default: present
requirements:
  - systemd
seealso:
  - module: lvs.cluster.ipvs_table
attributes:
  check_mode:
    support: full
    description: Reads and compares; loads no kernel module. While ip_vs is not loaded, the table counts as empty.
  diff_mode:
    support: full
    description: Entries that change, in the words of the options of M(lvs.cluster.ipvs_table); files and service.
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Have these virtual services, now and at boot
  lvs.cluster.director_table:
    services:
      - fwmark: 1
        scheduler: wrr
        destinations:
          - {address: 10.0.0.11, weight: 1, forwarding: dr}
          - {address: 10.0.0.12, weight: 2, forwarding: dr}
    unready:
      - {address: 10.0.0.12, forwarding: dr}

- name: Take them away
  lvs.cluster.director_table:
    state: absent
"""

RETURN = r"""
held:
  description: Destinations that have weight 0 because nobody has prepared their host.
  returned: success
  type: list
  elements: str
  sample: ["fwmark 1 -> 10.0.0.12:0"]
drained:
  description: Destinations that have weight 0 because somebody else gave them that.
  returned: success
  type: list
  elements: str
  sample: ["fwmark 1 -> 10.0.0.11:0"]
stale:
  description: Virtual services and destinations that are no longer given and still there.
  returned: success
  type: list
  elements: str
  sample: ["tcp 10.0.0.6:80", "fwmark 1 -> 10.0.0.13:0"]
operations:
  description: What was done to the kernel's table, or would be in check mode.
  returned: success
  type: dict
  sample:
    services: {added: 1, changed: 0, deleted: 0}
    destinations: {added: 2, changed: 0, deleted: 0}
drain:
  description: How the wait for the connections of what was removed ended; C(done) is false if some were cut.
  returned: when something was removed
  type: dict
  sample: {done: true, connections: {active: 0, inactive: 4, persistent: 0}, progress: []}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.director_table import ARGUMENTS, run
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
