# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the IPVS modules' main() functions share: options, and how an error becomes one of the task."""

from __future__ import annotations

from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.netlink import WireError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError, end

__all__ = ["DESTINATION_ARGUMENTS", "NAMESPACE", "SERVICE_KEY_ARGUMENTS", "WRITING", "run", "work"]

NAMESPACE: dict[str, Any] = {"namespace": {"type": "str"}}
WRITING: dict[str, Any] = {**NAMESPACE, "force": {"type": "bool", "default": False}}
SERVICE_KEY_ARGUMENTS: dict[str, Any] = {
    "address": {"type": "str"},
    "port": {"type": "int"},
    "protocol": {"type": "str", "choices": ["tcp", "udp", "sctp"]},
    "fwmark": {"type": "int"},
    "family": {"type": "str", "choices": ["ipv4", "ipv6"]},
}
DESTINATION_ARGUMENTS: dict[str, Any] = {
    "address": {"type": "str", "required": True},
    "port": {"type": "int"},
    "weight": {"type": "int"},
    "forwarding": {"type": "str", "choices": ["nat", "dr", "tun"]},
    "tunnel_type": {"type": "str", "choices": ["ipip", "gue", "gre"]},
    "tunnel_port": {"type": "int"},
    "tunnel_checksum": {"type": "str", "choices": ["none", "csum", "remcsum"]},
    "upper_threshold": {"type": "int"},
    "lower_threshold": {"type": "int"},
}


def work(module: AnsibleModule, act: Callable[[AnsibleModule, Session], dict[str, Any]]) -> dict[str, Any]:
    """Do a module's work in the namespace that it names; TaskError says why it could not be done."""
    try:
        if module.params.get("namespace") is not None:
            host.enter_namespace(module.params["namespace"])
        with Session(check=module.check_mode) as session:
            return act(module, session)
    except IpvsError as error:
        raise TaskError(str(error), **error.facts) from error
    except WireError as error:
        raise TaskError(f"the kernel's answer was not understood: {error}") from error
    except OSError as error:
        raise TaskError(f"the kernel's IPVS refused: {error.strerror or error}") from error


def run(module: AnsibleModule, act: Callable[[AnsibleModule, Session], dict[str, Any]]) -> None:
    """Do a module's work, and end it with a result."""
    end(module, lambda module: work(module, act))
