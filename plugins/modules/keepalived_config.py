#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_config
short_description: Install a keepalived configuration that keepalived itself has accepted
version_added: 0.1.0
description:
  - Writes C(keepalived.conf) and lets keepalived test it first (C(keepalived -t)).
  - A text that keepalived does not accept never replaces the file that is there.
  - Complaints that do not speak against the configuration are accepted and returned; every other one refuses it.
  - The file that was there before the first run is kept beside it and comes back with O(state=absent).
  - Does not reload or restart keepalived, but says whether that is still to be done, and how.
options:
  content:
    description:
      - The text of the file, made by the filter P(lvs.cluster.keepalived_conf#filter).
      - Its first line is the marker by which a later run knows the file as its own.
      - Needed with O(state=present).
    type: str
  dest:
    description: The file, by its absolute path; not a link.
    type: path
    default: /etc/keepalived/keepalived.conf
  state:
    description:
      - V(present) installs O(content).
      - V(absent) removes the file if it is ours and restores the one that it replaced. A file of somebody else stays.
      - V(loaded) takes note that keepalived has been reloaded or restarted with the file that is there, so that
        RV(pending) ends. A keepalived that was started since the file was written needs no such note.
    type: str
    choices: [present, absent, loaded]
    default: present
  staged:
    description:
      - Tests O(content) and puts it beside the file, as C(keepalived.conf.lvs-cluster-next). The file stays as it is.
      - M(lvs.cluster.keepalived_switch) puts it in force, on all directors together. Until then a failure or a reboot
        leaves all of them with the configuration that they have.
      - A later run without this option removes a text that was never put in force.
    type: bool
    default: false
  has_peers:
    description:
      - Whether other hosts are members of the same VRRP instances. A text that differs in what all of them must share
        is refused then where keepalived runs, unless it is O(staged), because this host alone would become a second
        master.
    type: bool
    default: false
  copied:
    description:
      - Whether keepalived is to read a copy, C(/run/lvs-cluster/keepalived.conf), in place of the file, as it does on a
        director with C(lvs_colocated=handover). Whoever starts keepalived sees to that; this module compares, and says
        RV(stop) and RV(pending) where the keepalived that runs reads the other one.
    type: bool
    default: false
  mode:
    description: The file's mode, octal. It holds a password, so others should not read it.
    type: str
    default: "0640"
  owner:
    description: The file's owner.
    type: str
    default: root
  binary:
    description:
      - The keepalived program, by name or path. A name is looked up in E(PATH), C(/usr/sbin) and C(/sbin).
    type: str
    default: keepalived
attributes:
  check_mode:
    description: >-
      The configuration is tested in check mode too, in a directory that only root reads. Where keepalived is not
      installed the result says that it was not. A missing interface and the missing directory of the weight files are
      accepted in check mode.
    support: full
  diff_mode:
    description: Passwords are masked; that they differ is said.
    support: full
  platform:
    description: Linux hosts with keepalived 2.2 or later.
    platforms: linux
    support: full
notes:
  - keepalived's test does not see that a script is missing; it disables such a script when it starts.
author:
  - The lvs.cluster authors (@lvs-cluster)
seealso:
  - module: lvs.cluster.keepalived_switch
  - module: lvs.cluster.keepalived_state
  - module: lvs.cluster.keepalived_weights
"""

EXAMPLES = r"""
- name: Install the director's configuration
  lvs.cluster.keepalived_config:
    content: "{{ director_plan | lvs.cluster.keepalived_conf }}"
  register: config

- name: Reload keepalived, also if an earlier run was stopped before it could
  ansible.builtin.systemd_service:
    name: keepalived.service
    state: reloaded
  when: config.pending

- name: Take note of that
  lvs.cluster.keepalived_config:
    state: loaded
  when: config.pending

- name: Stage a change that all directors must take together
  lvs.cluster.keepalived_config:
    content: "{{ director_plan | lvs.cluster.keepalived_conf }}"
    staged: true

- name: Put back what was there before
  lvs.cluster.keepalived_config:
    state: absent
"""

RETURN = r"""
tested:
  description: Whether keepalived tested the text in this run. A text that is there already is not tested again.
  returned: always
  type: bool
  sample: true
complaints:
  description: What keepalived said and was accepted, each with the reason.
  returned: always
  type: list
  elements: str
  sample: []
saved:
  description: Where the file that was there before is kept; empty if this run replaced no file of somebody else.
  returned: always
  type: str
  sample: /etc/keepalived/keepalived.conf.lvs-cluster-saved
foreign:
  description: With O(state=absent), whether a configuration of somebody else stands there now.
  returned: always
  type: bool
  sample: false
staged:
  description: Where the text waits for its switch; empty if it does not.
  returned: always
  type: str
  sample: /etc/keepalived/keepalived.conf.lvs-cluster-next
shared:
  description:
    - Whether O(content) and the file that was there differ in what the members of a VRRP instance must agree on, such
      as its addresses, its password or its interval. Directors that get such a change one after the other become
      masters side by side.
    - True also where the file that was there can't be read like keepalived does.
  returned: always
  type: bool
  sample: false
shared_instances:
  description: The VRRP instances that differ so.
  returned: always
  type: list
  elements: str
  sample: [VI_1]
restart:
  description:
    - What of the change keepalived does not take with a reload, but with a restart; empty if a reload will do.
    - It refuses the whole reload then, and keeps the old configuration.
  returned: always
  type: str
  sample: the network namespace (net_namespace)
stop:
  description:
    - Whether the keepalived that runs was started to read the file and O(copied) says the copy, or the other way round.
      Then it must be stopped and started anew.
  returned: always
  type: bool
  sample: false
pending:
  description:
    - Whether keepalived runs and has not loaded yet what is in the file. It stays so until a restart, a
      O(state=loaded), or a reboot.
  returned: always
  type: bool
  sample: false
msg:
  description: What was done, why nothing was, or why the text was not tested.
  returned: always
  type: str
  sample: keepalived accepts the configuration
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.keepalived_config import ARGUMENTS, REQUIRED_IF, run


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, required_if=REQUIRED_IF, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
