#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_connections
short_description: Look at the connections that the kernel's IPVS knows
version_added: 0.1.0
description:
  - Reads the connection table of IPVS and returns the entries that are meant, and counts of all that are meant.
  - Tells which of given connections the kernel does not know, so that a backup can be compared with its master.
  - Changes nothing and loads no kernel module. While ip_vs is not loaded, there is no connection.
options:
  client:
    description: Only connections of this client, an address or a network such as V(203.0.113.0/24).
    type: str
  services:
    description: Only connections to one of these.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: The VIP.
        type: str
      protocol:
        description: The protocol; any, where it isn't given.
        type: str
        choices: [tcp, udp, sctp]
      ports:
        description: Ranges of ports, each a list of the first and the last one. All ports if there are none.
        type: list
        elements: list
        default: []
      fwmark:
        description: The firewall mark whose persistence templates are meant. A connection does not tell its mark.
        type: int
  server:
    description: Only connections to the real server with this address.
    type: str
  server_port:
    description: Only connections to real servers at this port; V(0) for any.
    type: int
    default: 0
  netmasks:
    description:
      - Persistence netmasks in use, such as V(255.255.255.0), or V(64) for IPv6. A template of a client's whole network
        is found by O(client), too.
    type: list
    elements: str
    default: []
  limit:
    description:
      - How many connections, and how many templates, are returned at most. They are counted beyond that.
      - Established connections are returned before others.
    type: int
    default: 200
  known:
    description: Connections to look for. Those that are not there are returned as RV(unknown).
    type: list
    elements: dict
    default: []
    suboptions:
      protocol:
        description: The protocol.
        type: str
        required: true
      client:
        description: The client's address.
        type: str
        required: true
      client_port:
        description: The client's port.
        type: int
        required: true
      address:
        description: The VIP.
        type: str
        required: true
      port:
        description: The port at the VIP.
        type: int
        required: true
  known_wait:
    description: How many seconds to wait at most until all of O(known) are there. It is no failure if they are not.
    type: int
    default: 0
  established_sample:
    description: Return up to so many established connections as RV(established), in the form of O(known).
    type: int
    default: 0
  established_seconds:
    description: How many seconds a connection of O(established_sample) must have been established at least.
    type: int
    default: 3
  namespace:
    description:
      - The network namespace (ip-netns(8)) whose connections are meant.
      - Without it the one that the task runs in.
    type: str
attributes:
  check_mode:
    description: Changes nothing, so it is the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is no diff.
    support: none
  platform:
    description: Linux hosts.
    platforms: linux
    support: full
notes:
  - Reads C(/proc/net/ip_vs_conn), which root alone may do on some systems.
author:
  - The lvs.cluster authors (@lvs-cluster)
seealso:
  - module: lvs.cluster.ipvs_info
"""

EXAMPLES = r"""
- name: See where a client is
  lvs.cluster.ipvs_connections:
    client: 203.0.113.7
  register: found

- name: Take a sample of established connections on the master
  lvs.cluster.ipvs_connections:
    established_sample: 200
    limit: 0
  register: sample

- name: See which of them this backup does not know
  lvs.cluster.ipvs_connections:
    known: "{{ sample.established }}"
    known_wait: 30
    limit: 0
"""

RETURN = r"""
connections:
  description:
    - The connections, at most O(limit). C(expires) are the seconds until the kernel forgets one in which nothing
      happens.
    - C(engine) is there where a persistence engine takes part.
  returned: always
  type: list
  elements: dict
  sample:
    - protocol: tcp
      client: 203.0.113.7
      client_port: 40000
      address: 10.0.0.5
      port: 80
      server: 192.168.0.12
      server_port: 80
      state: ESTABLISHED
      expires: 899
total:
  description: How many there are.
  returned: always
  type: int
  sample: 1
templates:
  description:
    - Persistence templates, at most O(limit). C(client) is an address, or the first one of a network.
    - C(port) 0 is for all ports. That of a firewall mark has C(fwmark), and C(address) is empty.
  returned: always
  type: list
  elements: dict
  sample: []
templates_total:
  description: How many templates there are.
  returned: always
  type: int
  sample: 0
by_server:
  description: How many connections each real server has.
  returned: always
  type: dict
  sample: {"192.168.0.12:80": 1}
by_state:
  description: How many connections are in each state.
  returned: always
  type: dict
  sample: {ESTABLISHED: 1}
established:
  description: The sample, in the form of O(known).
  returned: with O(established_sample)
  type: list
  elements: dict
  sample: []
unknown:
  description: Those of O(known) that the kernel does not know.
  returned: with O(known)
  type: list
  elements: dict
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ipvs_connections import ARGUMENTS, run


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
