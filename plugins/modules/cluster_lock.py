#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_lock
short_description: Let one run at a time change a host of a cluster
version_added: 0.1.0
description:
  - Takes a lock on a host, in a file that says which run of C(ansible-playbook) changes it, since when and what for. A
    second run fails and is told that. The playbooks of this collection take it on all directors of a cluster.
  - A lock is taken over when it has expired, and when its run was started on this very control node and its process is
    no longer there. Of a run on another control node, or in another container, that can't be known.
  - The action plugin fills in who this run is. The user is that of AWX if it started the run, else the one who called
    C(sudo), else the login's.
options:
  state:
    description:
      - V(taken) takes the lock. The run that has it may take it again, which moves the time at which it expires.
      - V(released) gives it back. The lock of another run stays.
      - V(looked) only says who has it.
    type: str
    choices: [taken, released, looked]
    default: taken
  purpose:
    description: What the lock is taken for, such as the name of the playbook; others are told.
    type: str
    default: a playbook
  expires:
    description: Seconds after which another run may take the lock over.
    type: int
    default: 3600
  break_lock:
    description: Take another run's lock over, because that run is known to be gone. A file that is no lock is replaced.
    type: bool
    default: false
  path:
    description: The file. A folder that it lacks is made, and stays unless it is that of the default.
    type: path
    default: /var/lib/lvs-cluster/lock.json
  host:
    description: What messages call the host. The action plugin fills it in; not for playbooks.
    type: str
  holder:
    description: Which run this is. The action plugin fills it in; not for playbooks.
    type: dict
  gone:
    description: A run that has ended. The action plugin fills it in; not for playbooks.
    type: str
    default: ""
attributes:
  check_mode:
    description: Nothing is taken, and another run's lock is no failure but stands in RV(would_fail).
    support: full
  diff_mode:
    description: Shows no diff.
    support: none
  platform:
    description: Linux hosts.
    platforms: linux
    support: full
notes:
  - Times are those of the host's own clock, in UTC.
author:
  - The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Take the lock of this director
  lvs.cluster.cluster_lock:
    purpose: change of the certificates
    expires: 600

- name: Give it back
  lvs.cluster.cluster_lock:
    state: released
"""

RETURN = r"""
mine:
  description: Whether this run has the lock now.
  returned: success
  type: bool
  sample: true
lock:
  description: The lock that is there now, null if there is none.
  returned: success, and when another run has it
  type: dict
  contains:
    purpose:
      description: What it was taken for.
      type: str
      sample: lvs.cluster.site
    since:
      description: When it was taken.
      type: str
      sample: "2026-11-26T20:31:00Z"
    expires:
      description: When it may be taken over.
      type: str
      sample: "2026-11-26T21:31:00Z"
    holder:
      description: The run that has it.
      type: dict
      sample: {user: anna, controller: control1, pid: 4711, job: "", run: control1/6f1c/4:4026531836/4711/90210,
        start: "90210", boot: 6f1c, namespace: "4:4026531836"}
expired:
  description: Whether this lock has expired.
  returned: success
  type: bool
  sample: false
taken_over:
  description: The lock of the run from which it was taken over, as RV(lock) has it; else null.
  returned: success
  type: dict
  sample: null
would_fail:
  description: In check mode, the message with which a real run would fail; else empty.
  returned: success
  type: str
  sample: ""
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.cluster_lock import ARGUMENTS, run
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
