# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of NAME-addresses.service: keeps virtual addresses, the links and the GUE ports that they need.

It puts in place what the configuration wants, listens to rtnetlink and puts back what was lost: a restart of
systemd-networkd deletes addresses that it does not know from interfaces that it manages. It takes nothing away;
that is the module's part. Where there is a NAME.service, it has the rules that come before the addresses; an interface
that was deleted and made again gets them back first. NAME is taken from the program's own name, NAME-addresses.
Command: run.
"""

from __future__ import annotations

import os
import sys
from typing import Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._addresses.announce import announce
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.kernel import (
    alone,
    config_path,
    execute,
    read_live,
    read_record,
    store_record,
)
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.model import Address, Live, Step, plan, wanted_of
from ansible_collections.lvs.cluster.plugins.module_utils._boot import systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command, run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import read_json
from ansible_collections.lvs.cluster.plugins.module_utils._boot.watch import Pace, log, watch

SUFFIX = "-addresses"
SETTLE = 0.2
_LINK, _IPV4_ADDRESS, _IPV6_ADDRESS = 0x1, 0x10, 0x100  # RTMGRP_* of linux/rtnetlink.h
_GROUPS = _LINK | _IPV4_ADDRESS | _IPV6_ADDRESS
_NEWLINK, _NEWADDR, _DELADDR = 16, 20, 21
KINDS = (_NEWLINK, _NEWADDR, _DELADDR)


class Agent:
    """What the service remembers from look to look."""

    def __init__(self, name: str, run: Command, pace: Pace) -> None:
        self.name, self.run, self.pace = name, run, pace
        self.unannounced: list[Address] = []
        self.indexes: dict[str, int] | None = None  # of links, as of when their rules were loaded
        self.said = ""

    def look(self, now: float) -> None:
        """Reads the configuration and the kernel, and mends what is missing. A complaint is said once."""
        try:
            troubles = self._mend(now)
        except (BootError, OSError) as exc:
            troubles = [str(exc)]
        if troubles:
            self.pace.failures += 1
        else:
            self.pace.failures = 0
        text = "; ".join(troubles)
        if text and text != self.said:
            log(f"not possible now, will be tried again: {text}")
        self.said = text

    def _mend(self, now: float) -> list[str]:
        if read_json(config_path(self.name)) is None:
            return []  # being removed, or lost: no reason to take an address away
        with alone():
            config = read_json(config_path(self.name))
            if config is None:
                return []
            wanted, record = wanted_of(config), read_record(self.name)
            live = read_live(self.run, wanted, record)
            found = plan(wanted, live, record, purge=False, waits=True)
            steps, complaints = self._after_rules((*found.first, *found.then), live)
            outcome = execute(steps, self.run, record, lambda new: store_record(self.name, new), go_on=True)
        if outcome.done:
            log("put in place: " + "; ".join(map(str, outcome.done)))
            if self.pace.repaired(now):
                log("something deletes this again and again: from now on it is put back less and less often")
        self._announce(outcome.done if wanted.announce else [], live)
        return [item.text for item in found.obstacles] + complaints + outcome.errors

    def _after_rules(self, steps: Sequence[Step], live: Live) -> tuple[list[Step], list[str]]:
        """The steps that may be taken now, and why others may not.

        With a link the kernel forgets the MACs that it listened to, and its filters. A VIP that came back before them
        would be answered for with this node's own MAC. At boot the other service is started first.
        """
        now = {name: link.ifindex for name, link in live.links.items()}
        if self.indexes is None:
            self.indexes = now
        loaded, service = self.indexes, f"{self.name}.service"
        made_again = {
            step.item.interface
            for step in steps
            if _adds_address(step) and loaded.get(step.item.interface) != now.get(step.item.interface)
        }
        if made_again and os.path.exists(f"{systemd.FOLDER}/{service}"):
            try:
                systemd.systemctl(self.run, "reload", service)
            except BootError as exc:
                waits = [step for step in steps if _adds_address(step) and step.item.interface in made_again]
                return [step for step in steps if step not in waits], [str(exc)]
            log(f"{', '.join(sorted(made_again))}: made again, so {service} has loaded its rules again")
        loaded.update({name: now[name] for name in made_again if name in now})
        return list(steps), []

    def _announce(self, done: Sequence[Step], live: Live) -> None:
        """What was added now or before; on a link without a carrier yet nobody would hear it."""
        added = [step.item for step in done if step.kind == "addresses" and not step.takes]
        waiting = dict.fromkeys([*self.unannounced, *added])
        ready = [item for item in waiting if item.interface in live.links and live.links[item.interface].running]
        complaints = announce(ready)
        for text in complaints.values():
            log(text)
        self.unannounced = [item for item in waiting if item not in ready]


def _adds_address(step: Step) -> bool:
    return step.kind == "addresses" and not step.takes


def main(argv: Sequence[str]) -> int:
    name = os.path.basename(argv[0])
    if list(argv[1:]) != ["run"] or not name.endswith(SUFFIX):
        log(f"usage: NAME{SUFFIX} run")
        return 64
    pace = Pace(SETTLE)
    agent = Agent(name[: -len(SUFFIX)], run_command, pace)
    try:
        watch(agent.look, pace, groups=_GROUPS, kinds=KINDS)
    except (BootError, OSError) as exc:
        log(f"{name} run: {exc}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
