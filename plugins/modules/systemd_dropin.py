#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep settings of one owner beside the unit of somebody else."""

from __future__ import annotations

DOCUMENTATION = r"""
module: systemd_dropin
short_description: Settings of one owner for a systemd unit of somebody else
version_added: 0.1.0
description:
  - Writes a drop-in file, systemd.unit(5), beside a unit that a package or somebody else owns, and has systemd read it.
    The unit's own file and other drop-in files are not changed.
  - What is given is the whole truth for this owner. A directive that is no longer given goes.
  - The unit is neither started nor restarted. What systemd itself acts on, as C(Restart), holds for a running service
    at once; what its processes are started with holds when it is started again.
  - Drop-in files of a unit are read in the order of their names, so what C(systemctl edit) wrote, C(override.conf),
    comes after a file such as C(lvs-director.conf) and has the last word.
  - If systemd cannot read its files again, the file is put back as it was.
options:
  unit:
    description: The unit with its suffix. It need not exist yet.
    type: str
    required: true
  name:
    description:
      - The owner. Its file is C(/etc/systemd/system/UNIT.d/NAME.conf). It hides a file of this name of the unit's
        package, so take a name that nobody else has.
      - A file of this name that is not ours is never replaced or removed.
      - Small letters, digits, hyphens and underscores, 41 at most.
    type: str
    required: true
  settings:
    description:
      - Sections, each with directives and their values. Required with O(state=present).
      - A value is text, a whole number, or a truth value, which becomes C(yes) or C(no). A list of values becomes a
        line each. An empty text takes back what was set before, where systemd knows such a reset.
    type: dict
  state:
    description: V(absent) removes the file, and its folder if that is empty then.
    type: str
    choices: [present, absent]
    default: present
requirements:
  - systemd
seealso:
  - module: ansible.builtin.systemd_service
attributes:
  check_mode:
    support: full
    description: Nothing is changed.
  diff_mode:
    support: full
    description: The text of the file.
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Have systemd start keepalived again when it died
  lvs.cluster.systemd_dropin:
    unit: keepalived.service
    name: lvs-director
    settings:
      Unit:
        StartLimitIntervalSec: 0
      Service:
        Restart: on-failure
        RestartSec: 1

- name: Replace what the package starts it with
  lvs.cluster.systemd_dropin:
    unit: keepalived.service
    name: lvs-director
    settings:
      Service:
        ExecStart: ["", /usr/sbin/keepalived --dont-fork --log-detail]

- name: Take our settings back
  lvs.cluster.systemd_dropin:
    unit: keepalived.service
    name: lvs-director
    state: absent
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: str
  sample: /etc/systemd/system/keepalived.service.d/lvs-director.conf
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.systemd_dropin import ARGUMENTS, REQUIRED_IF, run


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, required_if=REQUIRED_IF, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
