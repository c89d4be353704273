#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a director or a cluster node for Prometheus."""

from __future__ import annotations

DOCUMENTATION = r"""
module: director_metrics
short_description: Figures of a director or a cluster node for Prometheus
version_added: 0.1.0
description:
  - Has a program of ours write figures of this host every 15 seconds for the textfile collector of node_exporter, as
    C(FOLDER/lvs_cluster.prom). It reads, and changes nothing else.
  - What the host has decides which figures there are, so it is the same for a director with keepalived, one without,
    and a cluster node.
  - Installs C(/usr/local/lib/lvs-cluster/lvs-cluster-metrics), its settings C(/etc/lvs-cluster/metrics.json), and
    C(lvs-cluster-metrics.service) with its timer. node_exporter itself is somebody else's.
options:
  state:
    description: V(absent) removes all of that and the figures, and the folder if it was made here and is empty.
    type: str
    choices: [present, absent]
    default: present
  folder:
    description:
      - The folder that node_exporter reads (C(--collector.textfile.directory)); the default is Debian's. It is made
        where it is missing.
      - An absolute path without blanks, quotes, percent signs and a slash at its end.
      - None in C(/tmp), C(/var/tmp), C(/home), C(/root) and C(/run/user), which are hidden from the service.
    type: path
    default: /var/lib/prometheus/node-exporter
  name:
    description: The owner of the table, as O(lvs.cluster.director_table#module:name).
    type: str
    default: lvs-director
  config_file:
    description: keepalived's configuration.
    type: path
    default: /etc/keepalived/keepalived.conf
  weights_directory:
    description: Where the weight files are.
    type: path
    default: /var/lib/lvs-cluster/weights
requirements:
  - systemd
attributes:
  check_mode:
    support: full
    description: Nothing is changed.
  diff_mode:
    support: full
    description: Settings, units and timer, and the size of the program.
seealso:
  - module: lvs.cluster.director_status
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Have figures for Prometheus
  lvs.cluster.director_metrics:

- name: Take them away
  lvs.cluster.director_metrics:
    state: absent
"""

RETURN = r"""
file:
  description: The file with the figures; empty with O(state=absent).
  returned: success
  type: str
  sample: /var/lib/prometheus/node-exporter/lvs_cluster.prom
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.director_metrics import ARGUMENTS, run
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import end


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
