#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_dest
short_description: One destination (real server) of a virtual service in the kernel's IPVS table
version_added: 0.1.0
description:
  - Adds, edits, drains or deletes one destination of a virtual service that is there.
  - Options that are not given keep their present value; a new destination gets the default.
  - An edit is done in place. Connections and statistics stay, and a new weight resets nothing else.
  - What the kernel accepts although it makes no sense is refused.
options:
  service:
    description: The virtual service, named by address, port and protocol, or by firewall mark and family.
    type: dict
    required: true
    suboptions:
      address:
        description: The VIP.
        type: str
      port:
        description: The port.
        type: int
      protocol:
        description: The protocol, V(tcp) where it isn't given.
        type: str
        choices: [tcp, udp, sctp]
      fwmark:
        description: The firewall mark, in place of the others.
        type: int
      family:
        description: The family of a service with a firewall mark, V(ipv4) where it isn't given.
        type: str
        choices: [ipv4, ipv6]
  address:
    description: The real server's address.
    type: str
    required: true
  port:
    description:
      - Its port; by default the service's, V(0) with a firewall mark, which leaves the packets' port as it is.
      - Only V(nat) maps it to another one.
    type: int
  weight:
    description: Its weight, 0 to 2147483647; V(1) by default. V(0) gets no new connection.
    type: int
  forwarding:
    description:
      - How packets reach it, V(nat) by default.
      - Another than V(tun) takes the options of the tunnel away.
    type: str
    choices: [nat, dr, tun]
  tunnel_type:
    description: The tunnel of forwarding V(tun), V(ipip) by default.
    type: str
    choices: [ipip, gue, gre]
  tunnel_port:
    description: The UDP port of a V(gue) tunnel.
    type: int
  tunnel_checksum:
    description: Checksums in a V(gue) or V(gre) tunnel, V(none) by default. V(remcsum) is for V(gue).
    type: str
    choices: [none, csum, remcsum]
  upper_threshold:
    description: With so many connections it gets no new one; V(0), the default, is no limit.
    type: int
  lower_threshold:
    description:
      - Below so many connections it gets new ones again; not above O(upper_threshold).
      - With V(0), the default, the kernel takes three quarters of O(upper_threshold).
    type: int
  state:
    description:
      - V(present) adds or edits it.
      - V(absent) deletes it at once. What becomes of its connections is up to C(net.ipv4.vs.expire_nodest_conn).
      - V(drained) gives it weight 0 and waits until its connections have ended. If O(timeout) comes first, the task
        fails with the figures, and the destination stays with weight 0; run it again to wait on.
    type: str
    choices: [present, absent, drained]
    default: present
  timeout:
    description: With O(state=drained), how many seconds to wait.
    type: int
    default: 300
  wait_inactive:
    description:
      - With O(state=drained), wait for inactive connections, too. The kernel counts those of UDP there, and those of
        TCP that are closing, which it forgets two minutes after their end.
    type: bool
    default: false
  remove:
    description: With O(state=drained), delete it once it is drained. One that is not there counts as removed.
    type: bool
    default: false
extends_documentation_fragment:
  - lvs.cluster.ipvs
  - lvs.cluster.ipvs.force
attributes:
  check_mode:
    description: >-
      Reads and compares; waits for nothing and loads no kernel module. A virtual service that is not there is taken for
      one that an earlier task of the run would add.
    support: full
  diff_mode:
    description: The destination before and after, in the words of the options.
    support: full
seealso:
  - module: lvs.cluster.ipvs_service
  - module: lvs.cluster.ipvs_table
"""

EXAMPLES = r"""
- name: Give a real server more of the shop
  lvs.cluster.ipvs_dest:
    service: {address: 192.0.2.80, port: 80}
    address: 198.51.100.11
    weight: 5

- name: Reach one behind a router through GUE
  lvs.cluster.ipvs_dest:
    service: {fwmark: 1}
    address: 203.0.113.7
    forwarding: tun
    tunnel_type: gue
    tunnel_port: 6080

- name: Let running downloads end, then take it out
  lvs.cluster.ipvs_dest:
    service: {address: 192.0.2.80, port: 80}
    address: 198.51.100.11
    state: drained
    timeout: 600
    remove: true
"""

RETURN = r"""
operations:
  description: What was done to the kernel's table, or would be in check mode.
  returned: always, once something was tried
  type: dict
  sample:
    services: {added: 0, changed: 0, deleted: 0}
    destinations: {added: 0, changed: 1, deleted: 0}
connections:
  description: The destination's connections at the end of the wait.
  returned: with O(state=drained), not in check mode
  type: dict
  sample: {active: 0, inactive: 3, persistent: 0}
progress:
  description: The connections each time that they changed during the wait, with the seconds since it began.
  returned: with O(state=drained), not in check mode
  type: list
  elements: dict
  sample:
    - {seconds: 0.0, active: 2, inactive: 1, persistent: 0}
    - {seconds: 31.5, active: 0, inactive: 3, persistent: 0}
refused:
  description: The entry that the kernel refused.
  returned: when it refused one
  type: dict
  sample: {service: {fwmark: 1, family: ipv4}, destination: {address: 203.0.113.7, port: 0}}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import drain, host, plan, task
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import DELETE, EDIT, Operation
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options, merge_destination
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.ownership import keepalived_owns, refuse_owned
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.wire import Connections

ARGUMENTS: dict[str, Any] = {
    "service": {"type": "dict", "required": True, "options": task.SERVICE_KEY_ARGUMENTS},
    **task.DESTINATION_ARGUMENTS,
    "state": {"type": "str", "choices": ["present", "absent", "drained"], "default": "present"},
    "timeout": {"type": "int", "default": 300},
    "wait_inactive": {"type": "bool", "default": False},
    "remove": {"type": "bool", "default": False},
    **task.WRITING,
}


def act(module: AnsibleModule, session: Session) -> dict[str, Any]:
    params = module.params
    options = Options()
    key = options.service_key(params["service"], "service")
    name = options.destination_key(params, "", key.port) if key else None
    values = options.destination(params, "")
    if values and params["state"] != "present":
        options.fault(", ".join(sorted(values)), f"goes with state present, not {params['state']}", "leave it out")
    if params["remove"] and params["state"] != "drained":
        options.fault("remove", f"goes with state drained, not {params['state']}", "leave it out")
    if params["timeout"] < 0:
        options.fault("timeout", f"{params['timeout']} is below 0", "write seconds")
    key, name = options.checked(key), options.checked(name)
    host.require_ipv6({key.family, name.family})
    if not params["force"]:
        refuse_owned(keepalived_owns([key]), "a destination of the virtual service")
    if params["state"] == "present":
        return present(module, session, key, name, values)
    if params["state"] == "absent":
        return absent(session, key, name)
    return Drain(module, session, key, name).run()


def _go_on(module: AnsibleModule, key: ServiceKey) -> None:
    module.warn(f"there is no virtual service {key} yet; this goes on as if an earlier task had added it")


def present(
    module: AnsibleModule, session: Session, key: ServiceKey, name: DestinationKey, values: dict[str, Any]
) -> dict[str, Any]:
    """Add or edit it."""

    def read() -> Table:
        table = session.service(key)
        if not table and session.check:
            _go_on(module, key)
            return {key: Entry(Settings(), {})}
        return table

    def want(table: Table) -> Table:
        if key not in table:
            raise IpvsError(f"service: there is no virtual service {key}; add it with ipvs_service first")
        entry = table[key]
        options = Options()
        whole = merge_destination(entry.destinations.get(name), values)
        options.check_destination(key, name, whole, "")
        options.finish()
        return {key: Entry(entry.settings, {name: whole})}

    before, wanted = session.load(read, want)
    return session.result(before, plan.apply(before, plan.load(before, wanted)))


def absent(session: Session, key: ServiceKey, name: DestinationKey) -> dict[str, Any]:
    """Delete it."""
    before = session.service(key)
    gone = delete(session, before, key, name)
    return session.result(before, plan.apply(before, gone))


def delete(session: Session, table: Table, key: ServiceKey, name: DestinationKey) -> list[Operation]:
    """The deletion of what is there, sent unless in check mode."""
    gone = [Operation(DELETE, key, None, name)] if key in table and name in table[key].destinations else []
    session.carry_out(gone)
    return gone


class Drain:
    """Weight 0, a wait, and a deletion if that is wanted."""

    def __init__(self, module: AnsibleModule, session: Session, key: ServiceKey, name: DestinationKey) -> None:
        self.module, self.session, self.key, self.name = module, session, key, name

    def run(self) -> dict[str, Any]:
        params, session = self.module.params, self.session
        before = session.service(self.key)
        values = before[self.key].destinations.get(self.name) if self.key in before else None
        if values is None:
            if not params["remove"]:
                if not session.check or self.key in before:
                    raise IpvsError(
                        f"virtual service {self.key} has no destination {self.name} to drain; see ipvs_info"
                    )
                _go_on(self.module, self.key)
            none = {} if session.check else {"connections": Connections(0, 0, 0)._asdict(), "progress": []}
            return {**session.result(before, before), **none}
        done = []
        if values.weight:
            done.append(Operation(EDIT, self.key, None, self.name, values._replace(weight=0)))
            session.carry_out(done)
        waited = {} if session.check else self.wait(before, plan.apply(before, done))
        if params["remove"]:
            done += delete(session, before, self.key, self.name)
        return {**session.result(before, plan.apply(before, done)), **waited}

    def wait(self, before: Table, after: Table) -> dict[str, Any]:
        """Until no connection is left; IpvsError with the figures if the timeout comes first."""
        params, session = self.module.params, self.session
        if before[self.key].settings.persistence_timeout and not host.expires_quiescent_templates():
            self.module.warn(
                f"{self.key} is persistent, and net.ipv4.vs.expire_quiescent_template is 0: clients that "
                "stay with this destination go on opening connections to it"
            )
        leaving = [Operation(DELETE, self.key, None, self.name)]
        ended = drain.wait(
            lambda: session.connections(leaving), timeout=params["timeout"], inactive=params["wait_inactive"]
        )
        figures = {"connections": ended.last._asdict(), "progress": ended.progress}
        if not ended.done:
            last = ended.last
            raise IpvsError(
                f"destination {self.name} of virtual service {self.key} still has {last.active} active and "
                f"{last.inactive} inactive connections after {params['timeout']} s; it keeps weight 0, run this again "
                "to wait on",
                {**session.result(before, after), **figures},
            )
        return figures


def main() -> None:
    task.run(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), act)


if __name__ == "__main__":
    main()
