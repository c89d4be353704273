#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual addresses of a director or a real server, without VRRP, now and at every boot."""

from __future__ import annotations

DOCUMENTATION = r"""
module: virtual_addresses
short_description: Virtual addresses of a director or a real server, without VRRP
version_added: 0.1.0
description:
  - Adds virtual addresses, sets up the tunnel links that they are on, and opens the ports that receive GUE. A small
    service, C(NAME-addresses.service), does so before the network at every boot, and puts back what others take away.
  - The service is needed because C(systemd-networkd) deletes addresses that it does not know when it is restarted, and
    because a link that goes down takes its IPv6 addresses along. It listens to rtnetlink and acts 0.2 seconds after a
    change. If something deletes an address again and again, the service says so in the journal and waits longer and
    longer, up to a minute. Stopping the service leaves everything as it is.
  - An address, a link or a port that was there before is not ours. It is left as it is, and never removed. What is
    added is recorded in C(/var/lib/lvs-cluster/NAME-addresses.json) beforehand.
  - An IPv4 address on C(lo) has the scope C(host). An IPv6 address is deprecated (C(preferred_lft 0)), so that the host
    prefers each other address as the source of its own connections, and brings no route to its network
    (C(noprefixroute)).
  - At boot, an IPv4 address whose network the host has an address in, on the same interface, waits for that address.
    Added before it, the virtual address could become the source of the host's own connections. For the same reason a
    prefix length of 32 is the better choice there.
  - Routes, sysctls, other addresses and other interfaces are not changed.
  - All options and the host are checked before anything is changed. If a step fails, what the run has done is undone.
options:
  name:
    description:
      - The owner. Its files are C(/etc/lvs-cluster/NAME-addresses.json), C(/usr/local/lib/lvs-cluster/NAME-addresses)
        and C(/etc/systemd/system/NAME-addresses.service).
      - Small letters, digits, hyphen and underscore.
    type: str
    required: true
  addresses:
    description:
      - The addresses. What is given is the whole truth for this owner. See O(purge).
      - Without addresses, links and ports nothing is wanted, which is the same as O(state=absent).
      - An address that stands on another interface already, was not put there by this module and is announced from
        there, is an error unless O(addresses[].moves_to) names that interface. One of ours moves; it is added in its
        new place before it leaves the old one.
      - An address is given once, save on several of O(links). One that comes through two tunnels must be on both,
        because C(rp_filter), loose or strict, drops what an interface without an IPv4 address takes in. From one link
        to another it moves in two steps, and leaves the old one with O(purge).
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: The address with its prefix length, as in V(10.0.0.6/32) or V(2001:db8::6/128).
        type: str
        required: true
      interface:
        description: Its interface. On C(lo), the prefix length must be 32, or 128 for IPv6.
        type: str
        required: true
      moves_to:
        description:
          - Interfaces where VRRP puts the same address while this host is master. What stands there is VRRP's. It is no
            error, and it is neither changed nor removed nor announced.
          - A director that is a real server of its own cluster, too, has its VIPs on C(lo) all the time, and beside
            that on its network while it is master.
          - They need not exist, since keepalived makes and removes some itself. O(addresses[].interface) must not be
            one of them.
        type: list
        elements: str
        default: []
  links:
    description:
      - Interfaces to be set up before the addresses, C(tunl0), C(ip6tnl0), C(gre0) or C(ip6gre0).
      - The kernel module that makes them must be loaded before, M(lvs.cluster.kernel_settings). Those that this module
        has set up are set down again when they are no longer wanted, unless they have addresses of others.
    type: list
    elements: str
    default: []
  gue:
    description: UDP ports that receive GUE. They need the kernel module C(fou).
    type: list
    elements: dict
    default: []
    suboptions:
      family:
        description: The family of the packets that carry GUE.
        type: str
        choices: [ipv4, ipv6]
        default: ipv4
      port:
        description: The port, 1 to 65535.
        type: int
        required: true
  needs:
    description:
      - Sysctls and the least value that each must have before an IPv4 address is added, by the module and by the
        service. A real server must not answer ARP for its virtual addresses, so its C(net.ipv4.conf.all.arp_ignore)
        must be 1 or more before it has them.
      - The service logs what it waits for and looks again later.
    type: dict
    default: {}
  announce:
    description:
      - Whether the neighbours are told after an address was added, by gratuitous ARP requests and replies or by
        unsolicited neighbour advertisements, on Ethernet only. The service does so as soon as the link has a carrier.
      - An address that could not be announced is a warning.
    type: bool
    default: false
  purge:
    description:
      - With V(false), what is ours but no longer wanted stays, also at the next boot, and is reported in RV(stale).
      - Real servers get new addresses before the director sends packets for them, and lose old ones only after it has
        stopped.
      - So do interfaces that were in O(addresses[].moves_to) and are not any more. VRRP has the address there until the
        director is changed.
    type: bool
    default: true
  state:
    description: V(absent) takes away everything of this owner. The other options but O(name) and O(purge) are ignored.
    type: str
    choices: [present, absent]
    default: present
requirements:
  - systemd
  - iproute2 (C(ip) with JSON output)
seealso:
  - module: lvs.cluster.kernel_settings
  - module: lvs.cluster.return_route
attributes:
  check_mode:
    support: full
    description:
      - Nothing is changed. A link of O(links) that does not exist yet, C(fou) not being loaded and a value of O(needs)
        that is too low are no errors, since an earlier task would have seen to them. Nor is an address where
        O(addresses[].moves_to) had it before.
  diff_mode:
    support: full
    description: Addresses, links and ports, now and at boot, files and service, each if it differs.
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Give this real server its virtual addresses
  lvs.cluster.virtual_addresses:
    name: lvs-real-server-dr
    addresses:
      - {address: 10.0.0.6/32, interface: lo}
      - {address: "2001:db8::6/128", interface: lo}
    needs:
      net.ipv4.conf.all.arp_ignore: 1
      net.ipv4.conf.all.arp_announce: 2

- name: Give a director that is a real server, too, the virtual address that VRRP moves
  lvs.cluster.virtual_addresses:
    name: lvs-real-server-dr
    addresses: [{address: 10.0.0.6/32, interface: lo, moves_to: [eth0]}]
    needs:
      net.ipv4.conf.all.arp_ignore: 3 # no answer for what is on lo
      net.ipv4.conf.all.arp_announce: 2

- name: Receive packets in IPIP tunnels and in GUE
  lvs.cluster.virtual_addresses:
    name: lvs-real-server-tun
    addresses: [{address: 10.0.0.7/32, interface: tunl0}]
    links: [tunl0]
    gue: [{port: 6080}]

- name: Give this director its virtual address
  lvs.cluster.virtual_addresses:
    name: lvs-director
    addresses: [{address: 10.0.0.6/32, interface: eth0}]
    announce: true

- name: Take everything away again
  lvs.cluster.virtual_addresses:
    name: lvs-real-server-dr
    state: absent
"""

RETURN = r"""
steps:
  description: What was done, or in check mode would be done, in the words of ip.
  returned: success
  type: list
  elements: str
  sample: ["ip address add 10.0.0.6/32 dev lo scope host"]
stale:
  description: What is ours, no longer wanted, and was left because of O(purge=false).
  returned: success
  type: list
  elements: str
  sample: ["10.0.0.7/32 dev tunl0", "link tunl0", "gue ipv4 port 6080", "10.0.0.6/32 dev lo beside eth0"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.virtual_addresses import ARGUMENTS, run


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
