# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What all modules that speak to the kernel's IPVS have in common."""

    DOCUMENTATION = r"""
options:
  namespace:
    description:
      - The network namespace (ip-netns(8)) whose table is meant. Each has a table of its own.
      - Without it the one that the task runs in.
    type: str
attributes:
  platform:
    description: Linux hosts with the kernel module ip_vs; nothing else is needed there than Python 3.8 or newer.
    platforms: linux
    support: full
requirements:
  - CAP_NET_ADMIN in the host's own user namespace, for reading too, so as root
notes:
  - Speaks generic netlink to the kernel (linux/ip_vs.h). C(ipvsadm) is not needed.
author:
  - The lvs.cluster authors (@lvs-cluster)
"""

    FORCE = r"""
options:
  force:
    description:
      - Change virtual services that a keepalived on this host has in its configuration, too. keepalived would not see
        the change; it keeps what it has in mind until it restarts.
    type: bool
    default: false
"""
