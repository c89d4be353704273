#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: clusterip_buckets
short_description: Say which buckets this node shall take or give, where VRRP decides who serves them
version_added: 0.1.0
description:
  - Notes what a person wants of buckets on this node, in a file for each under C(/var/lib/lvs-cluster/buckets), whose
    number keepalived adds to the node's priority at once. Nothing is stopped or reloaded, and the node that has a
    bucket serves it until another one takes it.
  - The notes stay over reboots, restarts of the service and runs of the role.
  - A node whose health checks are bad has no bucket, whatever is noted.
  - Without options it only reads.
  - The playbook C(lvs.cluster.buckets) says which options all nodes of a cluster need, and refuses what would leave a
    bucket to nobody. This module knows its own node alone.
options:
  taken:
    description: Buckets in which this node comes before all that have not taken them, too.
    type: list
    elements: int
    default: []
  given:
    description: Buckets in which this node comes after all that have not given them, too. It serves them while no other
      node lives.
    type: list
    elements: int
    default: []
  home:
    description: Buckets of which nothing is noted any more, so that the inventory's order counts.
    type: list
    elements: int
    default: []
  let_go:
    description:
      - Buckets that this node lets go for a moment, if it serves them, so that whoever comes first now takes them. The
        others are told, and take less than O(timeout), as a rule less than the time between two adverts.
      - Needed where the failback is manual, because there nobody takes what another one serves.
    type: list
    elements: int
    default: []
  await_serving:
    description: Wait until this node's kernel serves these buckets.
    type: list
    elements: int
    default: []
  await_without:
    description: Wait until it serves none of these.
    type: list
    elements: int
    default: []
  mend:
    description:
      - Forget what a run left that was killed while a bucket was let go. Such a bucket is in FAULT here, and this node
        would not serve it before its service starts again.
      - With any other option that names a bucket this is done in any case.
      - Only for who has the cluster's lock, as what another run lets go at this moment looks the same.
    type: bool
    default: false
  timeout:
    description: Seconds to wait, at most. It fails if that is not enough; what was noted stays noted.
    type: float
    default: 30
attributes:
  check_mode:
    support: full
    description: Nothing is changed, and nothing waited for.
  diff_mode:
    support: full
    description: The buckets that are taken and given, before and after.
requirements:
  - systemd
seealso:
  - module: lvs.cluster.clusterip_failover
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Let the others have bucket 3
  lvs.cluster.clusterip_buckets:
    given: [3]
    await_without: [3]

- name: Read who wanted what
  lvs.cluster.clusterip_buckets:
  register: mine
"""

RETURN = r"""
taken:
  description: The buckets that are noted as taken.
  returned: success
  type: list
  elements: int
  sample: []
given:
  description: The buckets that are noted as given.
  returned: success
  type: list
  elements: int
  sample: [3]
released:
  description: The buckets that this run let go, or in check mode would.
  returned: success
  type: list
  elements: int
  sample: []
serves:
  description: The buckets that VRRP has given this node and its kernel serves.
  returned: success
  type: list
  elements: int
  sample: [1, 5, 6]
active:
  description: Whether the failover runs.
  returned: success
  type: bool
  sample: true
preempts:
  description: Whether this node takes a bucket from one that comes after it, which is not so with manual failback.
  returned: success
  type: bool
  sample: true
healthy:
  description: Whether it runs and all health checks are good.
  returned: success
  type: bool
  sample: true
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.clusterip_buckets import ARGUMENTS, run
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
