#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the way back of a NAT real server through its director."""

from __future__ import annotations

DOCUMENTATION = r"""
module: return_route
short_description: Keep the way back of a NAT real server through its director
version_added: 0.1.0
description:
  - With LVS-NAT the director rewrites addresses, so the answers of a real server must pass through the director again.
    This module puts the rules and routes for that in place, and installs a small service,
    C(lvs-return-route.service), that puts them there at every boot and whenever something takes them away.
  - The service is needed because C(systemd-networkd) deletes rules and routes that it does not know when it is
    restarted, and because a link that goes down takes its routes along. Neither C(systemd-networkd) nor
    C(NetworkManager) nor C(ifupdown) is restarted, and none of their files is changed. The service acts when a rule or
    a route of ours is missing, after the changes have settled for 0.2 seconds (policy) or 1 second (default), at most
    once a second; if something deletes it again and again, the service says so in the journal and waits longer and
    longer, up to a minute.
  - Stopping the service leaves rules and routes as they are. O(state=absent) removes them.
  - All rules and routes of this module carry the routing protocol number 152. Nothing else is deleted, except that in
    O(form=default) a default route of others with metric 0 (IPv6, metric 1) gives way. It is recorded and comes back
    with O(state=absent).
  - Before a change that moves the answers to Ansible's own connection onto another route, a timer is armed that undoes
    the change. See O(rollback_timeout).
options:
  state:
    description:
      - V(present) puts the way back in place, V(absent) removes everything that this module put on the host.
      - V(confirmed) cancels the timed rollback. Use it over a fresh connection, after C(meta=reset_connection). It
        fails if the change was undone already.
    type: str
    choices: [present, absent, confirmed]
    default: present
  form:
    description:
      - With V(policy), each source address gets two rules. C(from SOURCE lookup main suppress_prefixlength 0) at
        O(rule_priority) lets the main table decide, but without its default route, so on-link traffic and traffic with
        a more specific route goes on as before. C(from SOURCE lookup LVS), one number later, sends the rest through
        the director.
      - So with V(policy), a login from another network to a source address is answered through the director, too. If
        that must not be, give the management network a route of its own in the main table, or manage the host by
        another of its addresses; traffic of other addresses is not changed.
      - With V(default), the default route of the main table leads through the director, with metric 0 (IPv6, metric
        1) beside default routes of a higher metric. A default route that leads there already is left alone, and
        O(state=absent) does not remove it.
    type: str
    choices: [policy, default]
    default: policy
  routes:
    description: The source addresses and their gateways. Required with O(state=present).
    type: list
    elements: dict
    default: []
    suboptions:
      family:
        description: The family of all addresses of the entry.
        type: str
        choices: [ipv4, ipv6]
        default: ipv4
      source:
        description: The address at which directors reach this real server. It must be an address of the host.
        type: str
        required: true
      network:
        description: The network of O(routes[].source), as in V(192.168.0.0/24).
        type: str
        required: true
      gateway:
        description: The director's address in that network, as a rule the address that VRRP moves.
        type: str
        required: true
      interface:
        description: The interface to the gateway. Empty leaves the choice to the kernel.
        type: str
        default: ''
  table_id:
    description:
      - The first routing table of O(form=policy). Each further gateway of a family has the next free number.
      - The names are written to C(/etc/iproute2/rt_tables.d/lvs.conf). C(rt_tables) is never changed.
    type: int
    default: 200
  table_name:
    description: The name of table O(table_id). Table O(table_id) plus 1 has this name with a 1 behind it, and so on.
    type: str
    default: LVS
  rule_priority:
    description: Priority of the first rule of each source. The second rule has this number plus 1.
    type: int
    default: 5000
  turn:
    description:
      - With V(false) nothing is changed where answers leave through a gateway of this module's, and O(routes) names
        another one for their address that nobody has yet, as ARP or neighbour discovery tell. RV(turns) says so.
      - A gateway on a link of another kind than Ethernet can't be asked, and is taken to be there.
    type: bool
    default: true
  turn_wait:
    description: With O(turn=false), how many seconds the other gateway has time to answer.
    type: int
    default: 1
  connection:
    description:
      - Ansible's own connection, as C(SSH_CONNECTION) has it, V(client port server port). An empty string means that
        there is none to protect.
      - If omitted, the variable is looked up in the module's environment and in those of its parent processes, since
        sudo removes it. With other connection plugins than ssh nothing is found, and no rollback is armed.
    type: str
  rollback_timeout:
    description:
      - Seconds, 10 to 3600, until a change that moves Ansible's own connection is undone, unless O(state=confirmed)
        comes first. A reboot before the confirmation undoes it at the next start of the service; with O(state=absent)
        there is no service any more, and what was taken away stays away.
    type: int
    default: 60
requirements:
  - systemd
  - iproute2 (C(ip) with JSON output)
seealso:
  - module: lvs.cluster.kernel_settings
attributes:
  check_mode:
    support: full
    description: Nothing is changed. Where C(ip) is not installed yet, everything is reported as still to do.
  diff_mode:
    support: full
    description: Form, rules, routes, files and service, each if it differs.
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Send the answers of this real server through the director
  lvs.cluster.return_route:
    routes:
      - source: 192.168.0.12
        network: 192.168.0.0/24
        gateway: 192.168.0.1
        interface: eth0
  register: return_route

- name: Come back over a fresh connection
  ansible.builtin.meta: reset_connection

- name: Keep the change
  lvs.cluster.return_route:
    state: confirmed
  when: return_route is changed and return_route.rollback_armed

- name: Make the director the default gateway instead
  lvs.cluster.return_route:
    form: default
    routes:
      - source: 192.168.0.12
        network: 192.168.0.0/24
        gateway: 192.168.0.1

- name: Take everything away again
  lvs.cluster.return_route:
    state: absent
"""

RETURN = r"""
rollback_armed:
  description:
    - Whether a timed rollback waits for O(state=confirmed). In check mode, whether one would be armed.
  returned: always
  type: bool
  sample: true
restored:
  description: Default routes of others that came back, in the words of ip.
  returned: with O(state=present) and O(state=absent)
  type: list
  elements: str
  sample: ["default via 192.168.0.254 dev eth0 proto static"]
turns:
  description:
    - Whether nothing was changed, because of O(turn). Call it again when a director has that gateway.
    - RV(without) then has the addresses that have no way back until that.
  returned: with O(state=present) and O(state=absent)
  type: bool
  sample: false
without:
  description: Addresses of O(routes) that have no way back of this module's.
  returned: where RV(turns) is true
  type: list
  elements: str
  sample: []
steps:
  description: What was done, or in check mode would be done, to the live rules and routes, in the words of ip.
  returned: with O(state=present) and O(state=absent)
  type: list
  elements: str
  sample: ["ip -4 rule add from 192.168.0.12 lookup 200 priority 5001 protocol 152"]
"""

import os
import sys
import time
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._arp import probe
from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, program
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._return_route import change, install

ROUTE = {
    "family": {"type": "str", "choices": ["ipv4", "ipv6"], "default": "ipv4"},
    "source": {"type": "str", "required": True},
    "network": {"type": "str", "required": True},
    "gateway": {"type": "str", "required": True},
    "interface": {"type": "str", "default": ""},
}
ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present", "absent", "confirmed"], "default": "present"},
    "form": {"type": "str", "choices": ["policy", "default"], "default": "policy"},
    "routes": {"type": "list", "elements": "dict", "default": [], "options": ROUTE},
    "table_id": {"type": "int", "default": 200},
    "table_name": {"type": "str", "default": "LVS"},
    "rule_priority": {"type": "int", "default": 5000},
    "turn": {"type": "bool", "default": True},
    "turn_wait": {"type": "int", "default": 1},
    "connection": {"type": "str"},
    "rollback_timeout": {"type": "int", "default": 60},
}


def confirm(check: bool) -> dict[str, Any]:
    """Cancel the timed rollback."""
    if check:
        install.refuse_undone()
        return {"changed": install.armed(), "rollback_armed": install.armed()}
    changed = install.disarm(run_command)
    if changed:
        files.remove_empty_folders()
    return {"changed": changed, "rollback_armed": False}


def compare_and_change(params: dict[str, Any], check: bool, warn: Callable[[str], object]) -> dict[str, Any]:
    """Present and absent: the result for exit_json."""
    python = program.interpreter(sys.executable)
    situation = change.compare(run_command, params, python, check)
    if not params["turn"] and not _answer(change.turns(situation), params["turn_wait"]):
        result = {"changed": False, "restored": [], "steps": [], "rollback_armed": install.armed()}
        return {**result, "turns": True, "without": change.without(situation)}
    moves = change.moves_connection(run_command, situation, params["connection"])
    result = {
        "changed": situation.changed,
        "diff": change.diff(situation),
        "restored": change.restored(situation),
        "steps": ["ip " + " ".join(op.argv) for op in situation.ops if op.argv],
        "rollback_armed": install.armed() or moves,
        "turns": False,
    }
    if params["state"] == "absent" and not check:
        install.forget_undone()
        files.remove_empty_folders()
    if situation.changed and not check:
        after = params["rollback_timeout"] if moves else None
        for warning in change.perform(run_command, situation, python, after):
            warn(warning)
    return result


def _answer(gateways: list[str], seconds: int) -> bool:
    """Whether each of them is there, or comes within that time, as far as it can be asked."""
    until = time.monotonic() + seconds
    left = gateways
    while left:
        found = probe.ask(left, 1.0).answers
        left = [gateway for gateway in left if found.get(gateway) == []]
        if time.monotonic() >= until:
            break
    return not left


def main() -> None:
    os.umask(0o022)  # folders that are made here are for all to read, whatever the login's umask
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        if module.params["state"] == "confirmed":
            result = confirm(module.check_mode)
        else:
            result = compare_and_change(module.params, module.check_mode, module.warn)
    except (BootError, OSError) as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
