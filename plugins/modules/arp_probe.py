#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: arp_probe
short_description: Ask the network who has an address
version_added: 0.1.0
description:
  - Asks by ARP, with IPv6 by neighbour solicitation, who has each address, on the interface whose network holds it, and
    collects all who answer. So two hosts that hold one address are seen, where the neighbour table has only one.
  - Needs root, and no program. Changes nothing.
options:
  addresses:
    description: IPv4 and IPv6 addresses to ask for.
    type: list
    elements: str
    required: true
  timeout:
    description: Seconds to collect answers. Whoever has not answered by 0.4 of them is asked once more.
    type: float
    default: 1.0
attributes:
  check_mode:
    description: Addresses are asked for in check mode too, because that changes nothing.
    support: full
  diff_mode:
    description: Changes nothing, so there is no diff.
    support: none
  platform:
    description: Linux hosts.
    platforms: linux
    support: full
author:
  - The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: See who has the VIP
  lvs.cluster.arp_probe:
    addresses: [10.0.0.5, "fd00:10::5"]
  register: neighbours
"""

RETURN = r"""
answers:
  description:
    - By address the MACs that were told, in order; none where nobody answered. With a cluster IP it is the cluster MAC,
      not that of the node.
    - Addresses that were not asked for are not here.
  returned: always
  type: dict
  sample: {10.0.0.5: ["52:54:00:00:00:03"]}
not_asked:
  description:
    - Addresses that were not asked for, with the reason. No interface of this host is on their network, the host has
      them itself, or it may not ask.
  returned: always
  type: dict
  sample: {192.168.0.1: no interface of this host is on its network}
"""

import ipaddress

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._arp.probe import ask


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "addresses": {"type": "list", "elements": "str", "required": True},
            "timeout": {"type": "float", "default": 1.0},
        },
        supports_check_mode=True,
    )
    zones = [text for text in module.params["addresses"] if "%" in text]
    if zones:
        module.fail_json(
            msg=f"addresses: {', '.join(zones)}: write them without %: their network tells the interface, and "
            "a link-local one is asked for where this host has one link"
        )
    wrong = [text for text in module.params["addresses"] if not _is_address(text)]
    if wrong:
        module.fail_json(msg=f"addresses: {', '.join(wrong)}: write IPv4 or IPv6 addresses, without a prefix length")
    if module.params["timeout"] <= 0:
        module.fail_json(msg="timeout must be above 0")
    try:
        found = ask(module.params["addresses"], module.params["timeout"])
    except OSError as error:
        module.fail_json(msg=f"the network could not be asked: {error}")
    module.exit_json(changed=False, answers=found.answers, not_asked=found.not_asked)


if __name__ == "__main__":
    main()
