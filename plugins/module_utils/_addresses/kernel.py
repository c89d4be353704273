# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's side: what ip and /proc/sys say, the files of ours, and the steps taken."""

from __future__ import annotations

import json
import os
from ipaddress import ip_interface
from typing import Any, Callable, ContextManager, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._addresses.model import (
    Address,
    Link,
    Live,
    Port,
    Record,
    Step,
    Wanted,
)
from ansible_collections.lvs.cluster.plugins.module_utils._boot import alone as locks
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import (
    STATE_DIR,
    read_json,
    remove_file,
    to_json,
    write_file,
)

_FAMILIES = {"inet": "ipv4", "inet6": "ipv6"}


def config_path(name: str) -> str:
    return f"/etc/lvs-cluster/{name}-addresses.json"


def record_path(name: str) -> str:
    return f"{STATE_DIR}/{name}-addresses.json"


# --- what stands ------------------------------------------------------------------------------------------------


def parse_links(text: str) -> tuple[dict[str, Link], dict[Address, bool]]:
    """Links, and addresses with whether they are secondary, from ``ip -j address show``."""
    links: dict[str, Link] = {}
    addresses: dict[Address, bool] = {}
    for entry in json.loads(text or "[]"):
        name = entry.get("ifname")
        if not name:
            continue
        flags = entry.get("flags", [])
        arp = not {"LOOPBACK", "NOARP"} & set(flags)
        links[name] = Link("UP" in flags, "LOWER_UP" in flags, arp, int(entry.get("ifindex", 0)))
        for item in entry.get("addr_info", []):
            if item.get("family") in _FAMILIES and item.get("local"):
                whole = ip_interface(f"{item['local']}/{item['prefixlen']}")
                addresses[Address(str(whole), name)] = bool(item.get("secondary"))
    return links, addresses


def parse_ports(text: str) -> dict[Port, bool]:
    """Ports of fou and whether they receive GUE, from ``ip -j fou show``, which has the key gue with a null."""
    return {
        Port(_FAMILIES.get(item.get("family", "inet"), ""), int(item["port"])): "gue" in item
        for item in json.loads(text or "[]")
        if "port" in item
    }


def _ask(run: Command, *argv: str) -> str:
    code, out, err = run(("ip", *argv))
    if code:
        raise BootError(f"ip {' '.join(argv)} failed with status {code}: {err}")
    return out


def _read_ports(run: Command) -> dict[Port, bool] | None:
    code, out, err = run(("ip", "-j", "fou", "show"))
    if code and "No such file or directory" in err:
        return None  # generic netlink knows no family of that name
    if code:
        raise BootError(f"ip -j fou show failed with status {code}: {err}")
    return parse_ports(out)


def read_sysctl(path: str) -> int | None:
    """A number under /proc/sys; None if there is no such file, or no number in it."""
    try:
        with open(f"/proc/sys/{path}", encoding="ascii") as handle:
            return int(handle.read())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return None
    except OSError as exc:
        raise BootError(f"cannot read /proc/sys/{path}: {exc}") from exc


def _why_no_ipv6(interface: str) -> str:
    if not os.path.isdir("/proc/sys/net/ipv6"):
        return "this kernel runs without IPv6: leave the address out, or start it without ipv6.disable=1"
    if read_sysctl(f"net/ipv6/conf/{interface}/disable_ipv6") == 1:
        return f"IPv6 is disabled there: set net.ipv6.conf.{interface.replace('.', '/')}.disable_ipv6 to 0 first"
    return ""


def read_live(run: Command, wanted: Wanted, record: Record) -> Live:
    """What stands in the kernel now, as far as wanted and record ask for it."""
    links, addresses = parse_links(_ask(run, "-j", "address", "show"))
    six = {item.interface for item in wanted.addresses if not item.is_ipv4 and item.interface in links}
    reasons = {name: _why_no_ipv6(name) for name in sorted(six)}
    of_all = read_sysctl("net/ipv4/conf/all/promote_secondaries")
    touched = {item.interface for item in record.addresses if item.interface in links}
    return Live(
        links=links,
        addresses=addresses,
        ports=_read_ports(run) if wanted.gue or record.gue else None,
        sysctls={path: read_sysctl(path) for path in wanted.needs},
        no_ipv6={name: reason for name, reason in reasons.items() if reason},
        promotes=frozenset(
            name for name in touched if of_all or read_sysctl(f"net/ipv4/conf/{name}/promote_secondaries")
        ),
    )


# --- the record -------------------------------------------------------------------------------------------------


def _boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as handle:
        return handle.read().strip()


def record_of(data: Mapping[str, Any] | None, boot: str) -> Record:
    """What a record file says. One of an earlier boot says nothing: what stands now was added by somebody since."""
    if data is None or data.get("boot") != boot:
        return Record(set(), set(), set())
    try:
        return Record(
            {Address(item["address"], item["interface"]) for item in data["addresses"]},
            set(data["links"]),
            {Port(item["family"], int(item["port"])) for item in data["gue"]},
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise BootError(f"the record of what was added is damaged ({exc!r}): move it away, see {STATE_DIR}") from exc


def read_record(name: str) -> Record:
    return record_of(read_json(record_path(name)), _boot_id())


def store_record(name: str, record: Record) -> None:
    if not any(record):
        remove_file(record_path(name))
        return
    data = {
        "boot": _boot_id(),
        "addresses": [item._asdict() for item in sorted(record.addresses)],
        "links": sorted(record.links),
        "gue": [item._asdict() for item in sorted(record.gue)],
    }
    write_file(record_path(name), to_json(data))


def alone() -> ContextManager[None]:
    """Keeps a run and the service from changing the record at the same time. Waits for the other one."""
    return locks.alone("addresses")


# --- the steps --------------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """done: steps that changed something."""

    done: list[Step]
    errors: list[str]


def _is_void(step: Step, error: str) -> bool:
    """Whether a step failed because somebody else has done it already."""
    if step.takes:
        # Newer kernels write "ipv4: Address not found." and "ipv6: address not found.".
        return any(text in error.lower() for text in ("cannot assign requested address", "address not found",
                                                      "cannot find device", "does not exist", "no such"))  # fmt: skip
    return "File exists" in error or "already assigned" in error


def execute(
    steps: Sequence[Step], run: Command, record: Record, store: Callable[[Record], None], *, go_on: bool = False
) -> Outcome:
    """Takes the steps, up to the first that fails unless go_on. The record, changed in place, is stored before.

    An address that somebody else adds at the same moment is not ours.
    """
    new = [step for step in steps if not step.takes and step.item not in record.of(step.kind)]
    for step in new:
        record.of(step.kind).add(step.item)
    if new:
        store(record)
    stored = record.copy()
    done: list[Step] = []
    errors: list[str] = []
    for step in steps:
        code, out, err = run(("ip", *step.argv))
        void = bool(code) and _is_void(step, err)
        if code and not void:
            errors.append(f"{step}: {err or out.strip()}")
            if not go_on:
                break
            continue
        if not void:
            done.append(step)
        if step.takes:
            record.of(step.kind).discard(step.item)
    taken = set(done)
    for step in new:
        if step not in taken:
            record.of(step.kind).discard(step.item)
    if record != stored:
        store(record)
    return Outcome(done, errors)


def undo(steps: Sequence[Step], run: Command) -> list[str]:
    """Takes steps back, the last one first; returns complaints."""
    errors = []
    for step in reversed(steps):
        back = step.reversed()
        code, out, err = run(("ip", *back.argv))
        if code and not _is_void(back, err):
            errors.append(f"{back}: {err or out.strip()}")
    return errors
