# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: plan
short_description: Turn the inventory's lvs_* variables into the plan of each host
version_added: 0.1.0
description:
  - Reads the C(lvs_*) variables of every host of the inventory, also of those that C(--limit) leaves out, checks them
    as a whole and returns either the plan of each host or all faults at once.
  - Runs on the control node and contacts no host. It never fails because of a fault, so that a task can show the faults
    while the plan, which may hold VRRP passwords, stays under C(no_log=true). The roles of this collection do that.
options:
  without:
    description: Variables that are not read, because an extra variable of that name means something else.
    type: list
    elements: str
    default: []
attributes:
  action:
    description: Runs on the control node.
    support: full
  check_mode:
    description: Changes nothing, so it is the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is no diff.
    support: none
author:
  - The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Plan the whole cluster
  lvs.cluster.plan:
  run_once: true
  no_log: true
  register: cluster

- name: Stop if the inventory contradicts itself
  ansible.builtin.assert:
    that: cluster.faults | length == 0
    fail_msg: "{{ cluster.faults | map(attribute='text') | list }}"
  run_once: true
"""

RETURN = r"""
faults:
  description:
    - What is wrong with the inventory. Each fault names hosts, variable, problem and remedy. C(text) is all of it.
  type: list
  elements: dict
  returned: always
  sample:
    - hosts: [lb1]
      variable: lvs_vrrp_instances[0].virtual_router_id
      problem: 300 is out of range
      remedy: use 1 to 255
      text: "lb1: lvs_vrrp_instances[0].virtual_router_id: 300 is out of range; use 1 to 255"
notices:
  description: What is accepted and still worth saying, in the same form as I(faults).
  type: list
  elements: dict
  returned: always
hosts:
  description: The plan of each host, empty when there are faults. May hold VRRP passwords.
  type: dict
  returned: always
"""
