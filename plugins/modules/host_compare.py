#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_compare
short_description: Compare a host with its plan in one task
version_added: 0.1.0
description:
  - Does what several modules of this collection would do in check mode, in one process. On most hosts starting Python
    costs more than the comparison.
  - Nothing is changed, in check mode or not; RV(ignore:changed) says that something differs.
  - Used by the role P(lvs.cluster.director#role) before any director is changed.
options:
  parts:
    description:
      - Options of each module, by its name. They are those that the module itself takes, and are checked as it does.
      - The modules are M(lvs.cluster.kernel_settings), M(lvs.cluster.director_table), M(lvs.cluster.firewall_chains),
        M(lvs.cluster.firewalld_peers), M(lvs.cluster.virtual_addresses), M(lvs.cluster.keepalived_weights),
        M(lvs.cluster.keepalived_config) and M(lvs.cluster.systemd_dropin).
      - One more part, C(pool_guard), is of this module alone. It compares the kernel's live table with the virtual
        services that are wanted and says in C(faults) which pools would lose more than C(threshold) of the weight that
        serves now, and whether more than that part of the virtual services would go. Nothing of it counts as a
        difference.
      - Its options are C(services) as P(lvs.cluster.ipvs_services#filter) makes them, C(sorry_servers) (one for each
        service, or an empty dictionary), C(unready) as M(lvs.cluster.director_table) has it, C(leaving) (addresses of
        real servers whose leave is meant) and C(threshold) (V(0) to V(1), by default V(0.5)). Which services would go
        where they are no longer wanted is looked up by C(name), as M(lvs.cluster.director_table) has it, or in
        C(config), a file of keepalived. With C(failover_files), the names that P(lvs.cluster.failover_files#filter)
        gives, C(faults) also says which number of a failover would count no more.
    type: dict
    default: {}
  parts_with:
    description: More of O(parts), by the package that a host must have for them. Lists that both have are joined.
    type: dict
    default: {}
  content:
    description: The option C(content) of M(lvs.cluster.keepalived_config), apart because it may hold a password.
    type: str
  packages:
    description: Packages that are to be installed.
    type: list
    elements: str
    default: []
  called:
    description:
      - What this system calls the packages of O(packages), by the names that are used there. One that is not here has
        the same name.
    type: dict
    default: {}
  family:
    description:
      - The C(os_family) of the hosts that the other options were made for. On another one nothing is compared, and
        RV(compared) is false.
    type: str
    choices: [Debian, RedHat]
    default: Debian
  oldest:
    description: The oldest release that will do, by distribution. On an older one the module fails.
    type: dict
    default: {}
  files:
    description: Files that are to be there, owned by root.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The file.
        type: path
        required: true
      content:
        description: What it is to hold.
        type: str
        required: true
      mode:
        description: Its permissions, octal.
        type: str
        required: true
  services:
    description: Services that are to be enabled and running, by the package that brings them.
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: Nothing is ever changed.
  diff_mode:
    support: full
    description: The diffs of what differs, one after the other.
requirements:
  - dpkg or rpm
seealso:
  - module: lvs.cluster.kernel_settings
  - module: lvs.cluster.keepalived_config
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Compare this director with its plan
  lvs.cluster.host_compare:
    packages: [keepalived, ipvsadm]
    parts:
      kernel_settings:
        name: lvs-director
        sysctls: {net.ipv4.ip_forward: 1}
      keepalived_config:
        dest: /etc/keepalived/keepalived.conf
      pool_guard:
        services: "{{ director_plan | lvs.cluster.ipvs_services }}"
        config: /etc/keepalived/keepalived.conf
    content: "{{ lookup('ansible.builtin.template', 'keepalived.conf.j2') }}"
    parts_with:
      firewalld:
        firewalld_peers: {name: lvs-director, peer_traffic: []}
    services: {keepalived: keepalived.service}
  register: compared
"""

RETURN = r"""
compared:
  description: Whether the host is of O(family). If not, all else is empty.
  returned: success
  type: bool
  sample: true
system:
  description: What the host is. Its C(family) is empty if it is none of those that O(family) can be.
  returned: success
  type: dict
  sample: {name: debian, version: "12", family: Debian}
parts:
  description:
    - What each module returned, by its name. Those of O(parts_with) whose package is missing are not here.
    - C(pool_guard) has C(faults) (a sentence each), C(pools) (what each virtual service that stays would lose),
      C(removed) (virtual services that would go) and C(of_services) (how many are there).
  returned: success
  type: dict
  sample: {kernel_settings: {changed: false, restored: [], left: []}}
files:
  description: For each of O(files), whether it differs.
  returned: success
  type: list
  elements: dict
  sample: [{changed: false}]
services:
  description: For each of O(services) whose package is there, whether it differs.
  returned: success
  type: list
  elements: dict
  sample: [{changed: false}]
missing:
  description: Packages of O(packages) that are not installed, by what this system calls them.
  returned: success
  type: list
  elements: str
  sample: []
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._platform import system
from ansible_collections.lvs.cluster.plugins.module_utils._tasks import host_state, together
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError, end

FILE = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "required": True},
    "mode": {"type": "str", "required": True},
}
ARGUMENTS: dict[str, Any] = {
    "parts": {"type": "dict", "default": {}},
    "parts_with": {"type": "dict", "default": {}},
    "content": {"type": "str", "no_log": True},
    "packages": {"type": "list", "elements": "str", "default": []},
    "called": {"type": "dict", "default": {}},
    "family": {"type": "str", "choices": ["Debian", "RedHat"], "default": "Debian"},
    "oldest": {"type": "dict", "default": {}},
    "files": {"type": "list", "elements": "dict", "default": [], "options": FILE},
    "services": {"type": "dict", "default": {}},
}

NOTHING: dict[str, Any] = {"changed": False, "parts": {}, "files": [], "services": [], "missing": [], "diff": []}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare; the result for exit_json."""
    module.check_mode = True
    params = module.params
    here = system.here()
    known = {"compared": here.family == params["family"], "system": here._asdict()}
    if not known["compared"]:
        return {**NOTHING, **known}
    newer = system.too_old(here, params["oldest"])
    if newer is not None:
        raise TaskError(f"{here.name} {here.version} is too old for this collection, which needs {newer} or newer")
    packages = list(dict.fromkeys(real for name in params["packages"] for real in params["called"].get(name, [name])))
    there = host_state.installed(run_command, [*packages, *params["parts_with"], *params["services"]], here.family)
    if there is None:
        raise TaskError(f"{here.name} {here.version}: there is no program that says which packages are installed")
    wanted = params["parts"]
    for package, more in params["parts_with"].items():
        if package in there:
            wanted = together.merged(wanted, more)
    if params["content"] is not None:
        wanted = together.merged(wanted, {"keepalived_config": {"content": params["content"]}})
    parts = together.run_all(module, together.checked(wanted))
    try:
        files = [host_state.compare_file(file) for file in params["files"]]
        services = [
            host_state.compare_service(run_command, service)
            for package, service in params["services"].items()
            if package in there
        ]
    except (BootError, OSError) as error:
        raise TaskError(str(error)) from error
    missing = [name for name in packages if name not in there]
    every = [*parts.values(), *files, *services]
    differ = [one for one in every if one["changed"]]
    diffs = [one.pop("diff", None) for one in differ]
    for one in every:
        one.pop("diff", None)
    if missing:
        diffs.append({"before": {"packages": []}, "after": {"packages": missing}})
    return {
        **known,
        "changed": bool(differ or missing),
        "parts": parts,
        "files": files,
        "services": services,
        "missing": missing,
        "diff": [diff for diff in diffs if diff],
    }


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
