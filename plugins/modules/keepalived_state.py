#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_state
short_description: Tell what the keepalived of a director does
version_added: 0.1.0
description:
  - Asks the keepalived that runs for the state of its VRRP instances, by its signal JSON, and compares the virtual
    services of its configuration with the kernel's table.
  - Can wait until the director could serve, and fails if it can't.
  - Where keepalived is not installed or does not run, RV(running) is false, which is no failure by itself.
options:
  instances:
    description: The VRRP instances that keepalived should have. One that it lacks is a problem.
    type: list
    elements: str
    default: []
  wait:
    description:
      - How many seconds to wait at most until the director is healthy. If it is not by then, the module fails and says
        why.
      - V(0) looks once, and does not fail because of what it sees.
    type: int
    default: 0
attributes:
  check_mode:
    description: Changes nothing, so it is the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is no diff.
    support: none
  platform:
    description: Linux hosts with a keepalived that is built with JSON, as those of the distributions are.
    platforms: linux
    support: full
notes:
  - keepalived writes C(keepalived.json) to C(/tmp), or to the folder that E(TMPDIR) of its process names, and may say
    so in its log.
  - A virtual server that keepalived serves by a firewall mark of its own (C(nftables_ipvs)) counts as missing.
author:
  - The lvs.cluster authors (@lvs-cluster)
seealso:
  - plugin: lvs.cluster.vrrp_faults
    plugin_type: filter
  - module: lvs.cluster.ipvs_info
"""

EXAMPLES = r"""
- name: See who is master
  lvs.cluster.keepalived_state:
  register: keepalived

- name: Wait until this director could serve
  lvs.cluster.keepalived_state:
    instances: [VI_1]
    wait: 60
"""

RETURN = r"""
running:
  description: Whether a keepalived runs in the network namespace of the task.
  returned: always
  type: bool
  sample: true
pid:
  description: Its main process; none if it does not run.
  returned: always
  type: int
  sample: 812
version:
  description: Its version; empty if it does not tell.
  returned: always
  type: str
  sample: 2.2.7
instances:
  description:
    - Its VRRP instances by name.
    - C(state) is V(INIT), V(BACKUP), V(MASTER), V(FAULT), V(STOP), V(DELETED) or V(UNKNOWN).
    - C(vips) are the addresses of its configuration, the excluded ones too, whether it is master or not.
  returned: always
  type: dict
  sample:
    VI_1:
      state: MASTER
      priority: 100
      effective_priority: 102
      interface: eth0
      vips: [10.0.0.5/24]
missing:
  description: Virtual services of its configuration that are not in the kernel's table.
  returned: always
  type: list
  elements: str
  sample: ["tcp 10.0.0.5:80"]
healthy:
  description:
    - Whether it runs, each instance is master or backup, none of O(instances) is lacking, and nothing is missing.
  returned: always
  type: bool
  sample: true
problems:
  description: What keeps it from being healthy.
  returned: always
  type: list
  elements: str
  sample: ["VI_1 is FAULT (interface eth0)"]
"""

from collections.abc import Collection, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.netlink import WireError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import state


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "instances": {"type": "list", "elements": "str", "default": []},
            "wait": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    wanted, seconds = module.params["instances"], module.params["wait"]
    if seconds < 0:
        module.fail_json(msg=f"wait: {seconds} is no number of seconds; write 0 or more")
    host = state.Host(run=_runner(module), table=_table)
    try:
        found = state.wait(host, wanted, seconds) if seconds else state.look(host, wanted)
    except state.StateError as error:
        module.fail_json(msg=str(error))
    except (IpvsError, WireError, OSError) as error:
        module.fail_json(msg=f"the kernel's table can't be read: {error}")
    result: dict[str, Any] = {"changed": False, **found.result()}
    if seconds and found.problems:
        problems = "; ".join(found.problems)
        why = "what was lost or failed is in its journal: journalctl -u keepalived -b"
        module.fail_json(msg=f"this director could not serve after {seconds} seconds: {problems}; {why}", **result)
    module.exit_json(**result)


def _table() -> Collection[ServiceKey]:
    with Session(check=True) as session:
        return session.table()


def _runner(module: AnsibleModule) -> state.Runner:
    def run(argv: Sequence[str]) -> tuple[int, str]:
        status, out, err = module.run_command(list(argv), environ_update={"LC_ALL": "C"})
        return status, out + err

    return run


if __name__ == "__main__":
    main()
