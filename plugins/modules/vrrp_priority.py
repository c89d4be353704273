#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vrrp_priority
short_description: Add a number to the priority of a director's VRRP instances, without a reload
version_added: 0.1.0
description:
  - Writes the files that the sync groups of a director's C(keepalived.conf), and its VRRP instances in no group,
    follow. keepalived adds a file's number to the priority at once. Nothing is reloaded and no connection is touched.
  - The numbers stay over a reboot, a reload and a run of the site playbook, until another number is written.
  - Without options it only says which numbers are in force.
options:
  numbers:
    description:
      - Name of a file to its number, from V(-253) to V(253). The file of the instance C(VI_1) is called
        V(lvs_failover_instance_VI_1), that of the sync group C(VG1) is V(lvs_failover_group_VG1).
      - With V(0) the file is removed, which is the usual state. Files that are not named stay as they are, but for one
        with V(-254) or less. That means FAULT, a run with O(give_way) that was killed has left it, and it is removed.
    type: dict
    default: {}
  purge:
    description:
      - Whether files that O(config) doesn't follow are removed, as those of an instance that has another name now.
        Their numbers count for nothing.
    type: bool
    default: false
  state:
    description: V(absent) removes all such files.
    type: str
    choices: [present, absent]
    default: present
  give_way:
    description:
      - Names of files. What follows them goes to FAULT for O(give_way_seconds) before O(numbers) get in force, so that
        the backup becomes master.
      - For instances with C(nopreempt), where a higher priority alone moves nothing.
    type: list
    elements: str
    default: []
  give_way_seconds:
    description: How long O(give_way) lasts, more than 0 and at most 600.
    type: float
    default: 5.0
  directory:
    description: Where the files are. It is not made; M(lvs.cluster.keepalived_weights) has made it.
    type: path
    default: /var/lib/lvs-cluster
  config:
    description: The configuration that keepalived reads, for O(purge), RV(followed) and RV(pending).
    type: path
    default: /etc/keepalived/keepalived.conf
attributes:
  check_mode:
    description: Can run in check mode and return what would change.
    support: full
  diff_mode:
    description: Shows the numbers before and after.
    support: full
  platform:
    description: Linux hosts.
    platforms: linux
    support: full
notes:
  - An instance with priority 255 follows no file, because keepalived adds nothing to that priority.
author:
  - The lvs.cluster authors (@lvs-cluster)
seealso:
  - module: lvs.cluster.keepalived_state
"""

EXAMPLES = r"""
- name: See which numbers are in force
  lvs.cluster.vrrp_priority:
  register: priority

- name: Make this director the one with the highest priority
  lvs.cluster.vrrp_priority:
    numbers:
      lvs_failover_instance_VI_1: 51

- name: Give the priority of the configuration back
  lvs.cluster.vrrp_priority:
    state: absent
"""

RETURN = r"""
before:
  description: The numbers that were in force, by file. A file that isn't there counts 0 and is left out.
  returned: always
  type: dict
  sample: {}
after:
  description: The numbers that are in force now, or would be in check mode.
  returned: always
  type: dict
  sample: {lvs_failover_instance_VI_1: 51}
followed:
  description: The files that the configuration follows.
  returned: always
  type: list
  elements: str
  sample: [lvs_failover_instance_VI_1]
pending:
  description: Whether keepalived runs and has not loaded that configuration yet.
  returned: always
  type: bool
  sample: false
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.vrrp_priority import ARGUMENTS, run


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
