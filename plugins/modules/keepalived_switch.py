#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_switch
short_description: Put a staged keepalived configuration in force on all directors together
version_added: 0.1.0
description:
  - Puts the configuration in force that M(lvs.cluster.keepalived_config) has staged
    (O(lvs.cluster.keepalived_config#module:staged)), and lets keepalived load it.
  - For what the members of a VRRP instance must agree on, such as its addresses or its password. A director that has
    such a change alone drops the adverts of the others, or they drop its own, and after its dead interval there are two
    masters.
  - First all backups run V(state=follow), then the active director runs V(state=lead), then all others V(state=finish).
  - A backup that follows hears the adverts on the wire and switches by itself, some milliseconds after the first advert
    of the master that tells of the new configuration. So neither the time between two tasks nor clocks matter.
options:
  state:
    description:
      - V(follow) leaves a process behind that switches as soon as an advert of another director is as the staged
        configuration says, or differs from its last in what members must agree on, or says goodbye to a virtual router
        that the new configuration ends. Another priority says nothing. It hears adverts when the task ends.
      - V(lead) switches now.
      - V(finish) looks whether the process has switched, waits for it a moment, and else ends it and switches now.
      - Without a keepalived that runs V(follow) does nothing, and the others only put the file in its place.
    type: str
    choices: [follow, lead, finish]
    required: true
  dest:
    description: The file of the configuration in force; the staged one is beside it.
    type: path
    default: /etc/keepalived/keepalived.conf
  timeout:
    description:
      - With O(state=follow), after so many seconds the process gives up. The staged configuration stays where it is.
    type: int
    default: 60
  wait:
    description:
      - With O(state=finish), how many seconds the process may still need.
      - By default one second and twice the longest advert interval, or none if no advert can tell of the change.
    type: float
  prepare:
    description:
      - A command, as a list of words, that runs after the file was replaced and before keepalived is told. It must take
        no time, as the other directors switch meanwhile.
      - On a director with C(lvs_colocated=handover) it makes the copy that keepalived reads.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Says whether a configuration waits for its switch, and starts no process.
    support: full
  diff_mode:
    description: M(lvs.cluster.keepalived_config) shows the difference where it stages the text.
    support: none
  platform:
    description: Linux hosts with keepalived 2.2 or later.
    platforms: linux
    support: full
notes:
  - With the old C(auth_type AH) no advert tells of a new password alone, so V(finish) switches.
  - A change that needs a restart (RV(restart)) is put in its place, but keepalived is not told, as it would refuse it.
author:
  - The lvs.cluster authors (@lvs-cluster)
seealso:
  - module: lvs.cluster.keepalived_config
  - module: lvs.cluster.keepalived_state
"""

EXAMPLES = r"""
- name: Make the backups follow
  lvs.cluster.keepalived_switch:
    state: follow
  when: inventory_hostname != active_director

- name: Let the active director lead
  lvs.cluster.keepalived_switch:
    state: lead
  when: inventory_hostname == active_director

- name: See that all others followed
  lvs.cluster.keepalived_switch:
    state: finish
  when: inventory_hostname != active_director
"""

RETURN = r"""
switched_by:
  description:
    - What put the configuration in force. V(advert) is the process that followed the master, V(finish) or V(lead) this
      task, V(nothing) if none was staged, or with O(state=follow).
  returned: always
  type: str
  sample: advert
following:
  description: With O(state=follow), whether a process waits for adverts now.
  returned: always
  type: bool
  sample: false
running:
  description: Whether keepalived runs here.
  returned: always
  type: bool
  sample: true
pid:
  description: Its main process; none if it does not run.
  returned: always
  type: int
  sample: 812
pending:
  description: Whether keepalived runs and has not been told to load what is in the file now.
  returned: always
  type: bool
  sample: false
restart:
  description: What of the change needs a restart; empty if none does. RV(pending) is true until then.
  returned: always
  type: str
  sample: ""
reason:
  description: Which advert told of the switch, or why the process did not follow.
  returned: always
  type: str
  sample: advert of 10.0.0.3, virtual router 51 on eth0 as in the staged configuration
seconds:
  description: How long it took from the advert until keepalived was told; none if no advert was followed.
  returned: always
  type: float
  sample: 0.0021
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import listen, switch
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.dump import DumpError


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["follow", "lead", "finish"], "required": True},
            "dest": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
            "timeout": {"type": "int", "default": 60},
            "wait": {"type": "float"},
            "prepare": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    prepare = module.params["prepare"]
    dest, check_mode, wait = module.params["dest"], module.check_mode, module.params["wait"]
    if module.params["timeout"] <= 0 or (wait is not None and wait < 0):
        module.fail_json(msg="timeout and wait are numbers of seconds, timeout more than 0")
    try:
        if module.params["state"] == "follow":
            result = switch.follow(
                dest,
                own=lambda: _own_addresses(module),
                timeout=module.params["timeout"],
                prepare=prepare,
                check_mode=check_mode,
            )
        elif module.params["state"] == "lead":
            result = switch.lead(dest, prepare=prepare, check_mode=check_mode)
        else:
            result = switch.finish(dest, wait=wait, prepare=prepare, check_mode=check_mode)
    except (switch.SwitchError, DumpError) as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"the configuration that waits beside {dest} could not be put in force: {error}")
    values: dict[str, Any] = {
        "changed": result.changed,
        "switched_by": result.switched_by,
        "following": result.following,
        "running": result.pid is not None,
        "pid": result.pid,
        "pending": result.pending,
        "restart": result.restart,
        "reason": result.reason,
        "seconds": result.seconds,
    }
    module.exit_json(**values)


def _own_addresses(module: AnsibleModule) -> set[str]:
    _status, out, _err = module.run_command(
        [module.get_bin_path("ip", required=True, opt_dirs=["/usr/sbin", "/sbin"]), "-json", "address", "show"],
        check_rc=True,
        environ_update={"LC_ALL": "C"},
    )
    return listen.own_addresses(out)


if __name__ == "__main__":
    main()
