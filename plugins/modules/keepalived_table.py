#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_table
short_description: Finish in the kernel's table what a reload of keepalived leaves undone
version_added: 0.1.0
description:
  - Compares keepalived's configuration with the one that it replaced, which M(lvs.cluster.keepalived_config) has kept,
    and brings the kernel's table to what changed between the two, as far as keepalived has not.
  - keepalived 2.2.7 and 2.3.3 tell the kernel no other thresholds of a real server that stays, and stop no sync daemon
    whose keyword goes. 2.2.7 leaves an empty virtual service where a group loses an address. 2.3.3's checker crashes
    where a group gets an address, or where a sorry server goes that was inhibited; a new one does not take away what
    goes with the same change, nor set other weights.
  - Only virtual services and destinations go that the configuration of before had and this one has not. A weight is set
    only where it is still the one of before. What somebody added by hand, and what health checks took out, is left as
    it is.
  - Run it when keepalived has loaded the configuration.
options:
  config:
    description:
      - The configuration that keepalived reads. Nothing is done where it, or the one of before, includes other files.
    type: path
    default: /etc/keepalived/keepalived.conf
attributes:
  check_mode:
    description: Can run in check mode and return what would change.
    support: full
  diff_mode:
    description: Shows the virtual services that differ before and after.
    support: full
  platform:
    description: Linux hosts.
    platforms: linux
    support: full
notes:
  - Established connections stay, but those of destinations and virtual services that go.
author:
  - The lvs.cluster authors (@lvs-cluster)
seealso:
  - module: lvs.cluster.keepalived_config
  - module: lvs.cluster.keepalived_state
"""

EXAMPLES = r"""
- name: Reload keepalived
  ansible.builtin.systemd_service:
    name: keepalived.service
    state: reloaded

- name: Wait until the table is complete
  lvs.cluster.keepalived_state:
    wait: 60

- name: Finish what it left undone
  lvs.cluster.keepalived_table:
"""

RETURN = r"""
corrected:
  description: What was done in the kernel, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: ["edit destination 192.168.0.12:80 of virtual service tcp 10.0.0.5:80"]
msg:
  description: Whether anything was left undone, or why nothing was compared.
  returned: success
  type: str
  sample: keepalived left this undone
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.keepalived_table import ARGUMENTS, run


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
