#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel modules and sysctls of one owner, now and at every boot, with a way back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kernel_settings
short_description: Kernel modules and sysctls of one owner, now and at every boot
version_added: 0.1.0
description:
  - Loads kernel modules and sets sysctls, now and at every boot, in one task. The settings belong to O(name), the
    owner. What is given is the whole truth for this owner, so a sysctl that is no longer given is taken back.
  - The value that a sysctl had before the first owner set it is kept in C(/var/lib/lvs-cluster/sysctls.json), with the
    owners that want it.
  - A sysctl that is taken back gets the value that another owner wants; if there is none, the value that the rest of
    the sysctl configuration sets (C(sysctl.d) folders and C(/etc/sysctl.conf), with the precedence of sysctl.d(5)); if
    there is none either, the value that it had before. If somebody else has changed the live value since, it is left
    alone and reported in RV(left).
  - Modules are never unloaded, as others may use them. They are no longer loaded at boot by this owner's file.
  - At boot, C(systemd-modules-load) comes first, then C(systemd-sysctl), so sysctls of a module work. Sysctls of an
    interface, C(net.ipv4.conf.IFACE.), C(net.ipv6.conf.IFACE.), C(net.ipv4.neigh.IFACE.) and C(net.ipv6.neigh.IFACE.),
    are set again by udev's rule C(99-systemd.rules) when the interface appears, which may be later. C(lo) is there
    from the beginning. Where udev does not run, as in many containers, they are not.
  - All options and the host are checked before anything is changed. If a step fails, what the run had set is put back.
options:
  name:
    description:
      - The owner. Its files are C(/etc/modules-load.d/NAME.conf) and C(/etc/sysctl.d/60-NAME.conf).
      - Files of these names that are not ours are never replaced. Small letters, digits, hyphen and underscore.
    type: str
    required: true
  modules:
    description: Kernel modules, in the order in which they are loaded.
    type: list
    elements: str
    default: []
  sysctls:
    description:
      - Sysctls and their values, each text or a whole number.
      - Keys are written as in sysctl.d(5). With an interface whose name has a dot, that is
        C(net.ipv4.conf.eth0/10.rp_filter) or C(net/ipv4/conf/eth0.10/rp_filter). Patterns are not taken.
      - A key that does not exist is an error, unless it comes with a module that the same task loads.
      - A value that a later file of the sysctl configuration would undo at the next boot is an error, too.
    type: dict
    default: {}
  state:
    description: V(absent) removes the files and takes all sysctls of this owner back.
    type: str
    choices: [present, absent]
    default: present
requirements:
  - kmod (C(modprobe)), where a module is to be loaded
seealso:
  - module: ansible.posix.sysctl
  - module: community.general.modprobe
attributes:
  check_mode:
    support: full
    description: Nothing is changed and no module is loaded. A sysctl that comes with such a module would be set.
  diff_mode:
    support: full
    description: Modules and sysctls, at boot and now, as far as they change.
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Prepare the kernel of a director
  lvs.cluster.kernel_settings:
    name: lvs-director
    modules: [ip_vs, ip_vs_wlc]
    sysctls:
      net.ipv4.ip_forward: 1
      net.ipv4.vs.expire_nodest_conn: 1
      net.ipv4.conf.eth0/10.send_redirects: 0

- name: Take it back
  lvs.cluster.kernel_settings:
    name: lvs-director
    state: absent
"""

RETURN = r"""
restored:
  description: Sysctls that went back, with their values and the reason.
  returned: success
  type: list
  elements: dict
  sample: [{"key": "net.ipv4.ip_forward", "value": "0", "because": "the value before lvs.cluster"}]
left:
  description:
    - Sysctls that are no longer wanted, but were left alone, because somebody else has changed them since.
    - C(value) is the live value, C(instead_of) the one that they would have got.
  returned: success
  type: list
  elements: dict
  sample: [{"key": "net.ipv4.ip_forward", "value": "2", "instead_of": "0"}]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.kernel_settings import ARGUMENTS, run


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
