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

import os
import pwd
from collections.abc import Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import colocated, install, owner, verdict
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import joined

_SYSTEM_DIRECTORIES = ["/usr/sbin", "/sbin"]


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "content": {"type": "str", "no_log": True},
            "dest": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
            "state": {"type": "str", "choices": ["present", "absent", "loaded"], "default": "present"},
            "staged": {"type": "bool", "default": False},
            "has_peers": {"type": "bool", "default": False},
            "copied": {"type": "bool", "default": False},
            "mode": {"type": "str", "default": "0640"},
            "owner": {"type": "str", "default": "root"},
            "binary": {"type": "str", "default": "keepalived"},
        },
        required_if=[("state", "present", ("content",))],
        supports_check_mode=True,
    )
    dest, staged = module.params["dest"], module.params["staged"]
    try:
        outcome = _outcome(module)
        stop = module.params["state"] != "loaded" and _reads_other(module.params["copied"])
    except install.ConfigError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{dest} was not changed: {error}")
    changed = outcome.changed
    own = module.params["state"] == "present" and not staged
    if own and os.path.exists(dest) and not (changed and module.check_mode):
        changed = module.set_mode_if_different(dest, module.params["mode"], changed)
        changed = module.set_owner_if_different(dest, module.params["owner"], changed)
    result: dict[str, Any] = {
        "changed": changed,
        "tested": outcome.tested,
        "complaints": list(outcome.complaints),
        "saved": outcome.saved,
        "foreign": outcome.foreign,
        "staged": outcome.staged,
        "shared": outcome.shared,
        "shared_instances": list(outcome.instances),
        "restart": joined(outcome.restart, "the file that it reads") if stop else outcome.restart,
        "stop": stop,
        "pending": outcome.pending or stop,
        "msg": outcome.message,
    }
    if outcome.before or outcome.after:
        result["diff"] = {"before_header": dest, "after_header": dest, "before": outcome.before, "after": outcome.after}
    module.exit_json(**result)


def _outcome(module: AnsibleModule) -> install.Outcome:
    dest, check_mode = module.params["dest"], module.check_mode
    if module.params["state"] == "absent":
        return install.absent(dest, check_mode=check_mode)
    if module.params["state"] == "loaded":
        return install.loaded(dest, check_mode=check_mode)
    return install.present(
        module.params["content"],
        dest,
        binary=module.get_bin_path(module.params["binary"], opt_dirs=_SYSTEM_DIRECTORIES),
        run=_runner(module),
        owner=_owner(module),
        check_mode=check_mode,
        staged=module.params["staged"],
        has_peers=module.params["has_peers"],
    )


def _reads_other(copied: bool) -> bool:
    """Whether a keepalived runs that was started to read the file instead of the copy, or the other way round."""
    try:
        files = {one.file for one in owner.running()}
    except owner.UnreadableError:
        return False
    return bool(files) and (colocated.COPY in files) != copied


def _runner(module: AnsibleModule) -> install.Runner:
    # keepalived 2.3.3 reads for ever on some texts.
    timeout = module.get_bin_path("timeout")
    limit = [timeout, "--kill-after=5", str(verdict.LONGEST)] if timeout else []

    def run(argv: Sequence[str]) -> tuple[int, str]:
        status, out, err = module.run_command([*limit, *argv], environ_update={"LC_ALL": "C"})
        return status, out + err

    return run


def _owner(module: AnsibleModule) -> store.Owner:
    try:
        uid = pwd.getpwnam(module.params["owner"]).pw_uid
    except KeyError:
        module.fail_json(msg=f"owner: there is no user {module.params['owner']} on this host")
    try:
        mode = int(module.params["mode"], 8)
    except ValueError:
        module.fail_json(msg=f"mode: {module.params['mode']} is not an octal mode such as 0640")
    return store.Owner(mode=mode, uid=uid)


if __name__ == "__main__":
    main()
