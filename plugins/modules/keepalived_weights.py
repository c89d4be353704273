#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_weights
short_description: Hold real servers of keepalived back until they are prepared, and leave drained ones drained
version_added: 0.1.0
description:
  - Keeps the files that the C(FILE_CHECK)s of a director's C(keepalived.conf) read. keepalived adds a file's number to
    the weight of its real server at once and without a reload.
  - A new file of a server that is not ready holds V(-2147483647), which makes the effective weight 0 whatever the
    configured weight is or becomes. Established connections stay.
  - A held server that is ready is released. The number in a file that is there and not held by us is never changed, so
    a server that a person drained stays drained, and one that serves is not taken away.
  - One exception is a server that was prepared for another forwarding method than the one that it gets. It counts as a
    new one, because what prepares its host for one method does not for the other.
  - Another is a server without a file that has a weight in the kernel's table by the same forwarding method,
    as where somebody else had set keepalived up. It serves already, and gets a file that is ready.
  - Run it before keepalived starts or reloads with a configuration that names new files. keepalived 2.3 does not accept
    a configuration whose directory of weight files is missing.
options:
  directory:
    description: The directory of the files; made if it is not there.
    type: path
    default: /var/lib/lvs-cluster/weights
  servers:
    description: The real servers whose files must be there. Not used with O(state=absent).
    type: list
    elements: dict
    default: []
    suboptions:
      file:
        description: The file's name, as the plan's C(weight_file) has it.
        type: str
        required: true
      ready:
        description: Whether the server is prepared and may have its weight.
        type: bool
        required: true
      label:
        description: Words for a person who reads the file, written when the file is.
        type: str
        default: ""
      forwarding:
        description:
          - The server's forwarding method. It is noted in the file of a ready server.
          - A server that is not ready and whose file names another method is held. A file that names none, as one of an
            earlier version or of a person, counts as one of the same method.
          - Without this option no method is compared.
        type: str
        choices: [nat, dr, tun]
  state:
    description: V(absent) removes all files of ours, and the directory if it is empty then.
    type: str
    choices: [present, absent]
    default: present
  unnamed:
    description:
      - What becomes of files of ours that O(servers) does not name, because their servers leave.
      - A missing file counts as 0, so a file may go only after keepalived was reloaded with a configuration that does
        not name it. So use V(drain) or V(keep) before the reload and V(purge) after it.
      - V(drain) gives these servers weight 0, so that RV(leaving) can be waited for. A server is left as it is if no
        other server of its service serves, because a pool is never emptied.
    type: str
    choices: [keep, drain, purge]
    default: keep
attributes:
  check_mode:
    description: Can run in check mode and return what would change.
    support: full
  diff_mode:
    description: Shows the state of each file before and after.
    support: full
  platform:
    description: Linux hosts.
    platforms: linux
    support: full
notes:
  - To drain a server by hand, write V(-2147483647) into its file. Write V(0) to give the weight back.
  - When every real server of a virtual server is held or drained, keepalived puts its sorry server in their place and
    removes the real servers, which ends their established connections. C(inhibit_on_failure) on the real servers avoids
    the removal.
author:
  - The lvs.cluster authors (@lvs-cluster)
seealso:
  - module: lvs.cluster.keepalived_config
"""

EXAMPLES = r"""
- name: Hold new real servers back before keepalived learns of them
  lvs.cluster.keepalived_weights:
    servers:
      - file: intranet_10.0.0.5_tcp_80_192.168.0.12_80
        ready: false
        label: rs1 in intranet

- name: Release them after they were prepared
  lvs.cluster.keepalived_weights:
    servers:
      - file: intranet_10.0.0.5_tcp_80_192.168.0.12_80
        ready: true
        label: rs1 in intranet
"""

RETURN = r"""
held:
  description: Files of servers that are held back until they are prepared.
  returned: always
  type: list
  elements: str
  sample: []
drained:
  description: Files in which a person has left a number; they were not touched.
  returned: always
  type: list
  elements: str
  sample: []
released:
  description: Files that this run released.
  returned: always
  type: list
  elements: str
  sample: [intranet_10.0.0.5_tcp_80_192.168.0.12_80]
leaving:
  description: Files of servers that leave and have weight 0 now, with O(unnamed=drain).
  returned: always
  type: list
  elements: str
  sample: []
purged:
  description: Files that this run removed.
  returned: always
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.keepalived_weights import ARGUMENTS, run


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
