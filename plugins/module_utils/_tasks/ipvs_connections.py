# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module ipvs_connections does."""

from __future__ import annotations

import ipaddress
import time
from typing import Any, Callable, Iterator

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import connections, host, task
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.connections import Connection, Filter
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

__all__ = ["ARGUMENTS", "run"]

_SERVICE = {
    "address": {"type": "str"},
    "protocol": {"type": "str", "choices": ["tcp", "udp", "sctp"]},
    "ports": {"type": "list", "elements": "list", "default": []},
    "fwmark": {"type": "int"},
}
_KNOWN = {
    "protocol": {"type": "str", "required": True},
    "client": {"type": "str", "required": True},
    "client_port": {"type": "int", "required": True},
    "address": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
}
ARGUMENTS: dict[str, Any] = {
    "client": {"type": "str"},
    "services": {"type": "list", "elements": "dict", "default": [], "options": _SERVICE},
    "server": {"type": "str"},
    "server_port": {"type": "int", "default": 0},
    "netmasks": {"type": "list", "elements": "str", "default": []},
    "limit": {"type": "int", "default": 200},
    "known": {"type": "list", "elements": "dict", "default": [], "options": _KNOWN},
    "known_wait": {"type": "int", "default": 0},
    "established_sample": {"type": "int", "default": 0},
    "established_seconds": {"type": "int", "default": 3},
    **task.NAMESPACE,
}
_LOOK_AGAIN_SECONDS = 1.0


def run(
    module: AnsibleModule, file: str = connections.FILE, sleep: Callable[[float], None] = time.sleep
) -> dict[str, Any]:
    """Read the table, more than once if it is waited for something: the result for exit_json."""
    wanted = _filter(module.params)
    known, number = module.params["known"], module.params["established_sample"]
    try:
        if module.params.get("namespace") is not None:
            host.enter_namespace(module.params["namespace"])
        found = connections.summary(_read(file), wanted, module.params["limit"])
        if number:
            seconds = module.params["established_seconds"]
            found["established"] = connections.sample(lambda: _read(file), wanted, number, lambda: sleep(seconds))
        if known:
            found["unknown"] = _unknown(file, known, module.params["known_wait"], sleep)
    except IpvsError as error:
        raise TaskError(str(error)) from error
    except OSError as error:
        raise TaskError(
            f"{file} can't be read: {error.strerror}; use become: true, and see that the kernel has CONFIG_PROC_FS"
        ) from error
    except ValueError as error:
        raise TaskError(str(error)) from error
    return {"changed": False, **found}


def _read(file: str) -> Iterator[Connection]:
    try:
        with open(file, encoding="ascii", errors="replace") as stream:
            yield from connections.parse(stream)
    except FileNotFoundError:
        # While ip_vs is not loaded there is no connection.
        return


def _unknown(file: str, known: list[dict[str, Any]], wait: int, sleep: Callable[[float], None]) -> list[dict[str, Any]]:
    deadline = time.monotonic() + wait
    while True:
        missing = connections.unknown(_read(file), known)
        left = deadline - time.monotonic()
        if not missing or left <= 0:
            return missing
        sleep(min(_LOOK_AGAIN_SECONDS, left))


def _filter(params: dict[str, Any]) -> Filter:
    faults: list[str] = []

    def checked(option: str, text: str | None, read: Callable[[str], Any]) -> Any:
        try:
            return read(text) if text else None
        except ValueError:
            faults.append(f"{option}: {text!r} is no {'network' if option == 'client' else 'address'}")
            return None

    client = checked("client", params["client"], lambda text: ipaddress.ip_network(text, strict=False))
    server = checked("server", params["server"], ipaddress.ip_address)
    services = []
    for place, one in enumerate(params["services"]):
        address = checked(f"services[{place}].address", one["address"], ipaddress.ip_address)
        services.append({**one, "address": str(address) if address else "", "ports": _ranges(place, one, faults)})
    for place, one in enumerate(params["known"]):
        for key in ("client", "address"):
            checked(f"known[{place}].{key}", one[key], ipaddress.ip_address)
    for option in ("limit", "known_wait", "established_sample", "established_seconds", "server_port"):
        if params[option] < 0:
            faults.append(f"{option}: {params[option]} is below 0")
    if faults:
        raise TaskError("; ".join(faults))
    return Filter(client, tuple(services), str(server or ""), params["server_port"], tuple(params["netmasks"]))


def _ranges(place: int, service: dict[str, Any], faults: list[str]) -> list[tuple[int, int]]:
    try:
        return [(int(first), int(last)) for first, last in service["ports"]]
    except (TypeError, ValueError):
        faults.append(f"services[{place}].ports: {service['ports']} are no ranges such as [[80, 80], [8000, 8010]]")
        return []
