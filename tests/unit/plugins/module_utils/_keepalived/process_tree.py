# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A /proc of plain files with keepalived processes in it, and a keepalived that answers its signal."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.dump import Waiting

JSON = 36
# As keepalived 2.2.7 has it: HUP, INT, USR1, USR2, TERM, CHLD and three real-time signals.
HANDLED = 0x4000000800014A03


class Clock:
    """A clock that the pauses move on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses = 0
        self.meanwhile: Callable[[], None] = lambda: None

    def pause(self, seconds: float) -> None:
        self.pauses += 1
        self.now += seconds
        self.meanwhile()

    def waiting(self, kill: Callable[[int, int], None]) -> Waiting:
        return Waiting(lambda: self.now, self.pause, kill)


class Tree:
    """Network namespaces are files; being in one is a hard link to it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.proc = folder, folder / "proc"
        self.tmp = folder / "root" / "tmp"
        self.tmp.mkdir(parents=True)
        self.count = 100
        self.signals: list[tuple[int, int]] = []
        self.answer: Callable[[], None] = lambda: self.write([instance("VI_1", 2)])
        for name in ("here", "elsewhere"):
            (folder / name).write_text("")
        self.enter("self", "here")
        (self.proc / "meminfo").write_text("")

    def enter(self, name: str, namespace: str) -> None:
        (self.proc / name / "ns").mkdir(parents=True)
        os.link(self.folder / namespace, self.proc / name / "ns" / "net")

    def start(
        self,
        *words: str,
        parent: int = 1,
        namespace: str = "here",
        comm: str = "keepalived",
        exe: str = "/usr/sbin/keepalived",
        handled: int = HANDLED,
        awaits: int | None = None,
        environment: str = "",
        unit: str = "user.slice",
    ) -> int:
        """A process; `awaits`: the signals of its signalfd, None for none."""
        self.count += 1
        name = str(self.count)
        self.enter(name, namespace)
        place = self.proc / name
        (place / "comm").write_text(f"{comm}\n")
        (place / "exe").symlink_to(exe)
        (place / "cmdline").write_text("".join(f"{word}\0" for word in ("/usr/sbin/keepalived", *words)))
        (place / "environ").write_text(f"PATH=/bin\0{environment}\0")
        (place / "cgroup").write_text(f"0::/{unit}\n")
        (place / "status").write_text(
            f"Name:\t{comm}\nPPid:\t{parent}\nSigBlk:\t{handled:016x}\nSigIgn:\tbffffff67ffab034\nSigCgt:\t{0:016x}\n"
        )
        (place / "root").symlink_to(self.folder / "root")
        (place / "fdinfo").mkdir()
        for number in ("0", "10"):
            (place / "fdinfo" / number).write_text("pos:\t0\nflags:\t02\n")
        if awaits is not None:
            (place / "fdinfo" / "9").write_text(f"pos:\t0\nsigmask:\t{awaits:016x}\n")
        return self.count

    def keepalived(self, *words: str, vrrp: bool = True, **more: Any) -> int:
        """A main process with its checker process, and its VRRP process; returns the main one."""
        main = self.start(*words, awaits=HANDLED, **more)
        self.start(*words, parent=main, awaits=HANDLED & ~(1 << (JSON - 1)), **more)
        if vrrp:
            self.start(*words, parent=main, awaits=HANDLED, **more)
        return main

    def kill(self, pid: int, number: int) -> None:
        self.signals.append((pid, number))
        self.answer()

    def write(self, instances: list[dict[str, Any]], *, cut: int = 0, folder: Path | None = None) -> None:
        """Another file in place of the one that is there, as keepalived makes it; `cut`: so much of it lacks yet."""
        text = json.dumps(instances).replace("/", r"\/") + "\n"
        place = (folder or self.tmp) / "keepalived.json"
        new = place.with_name("keepalived.jsonXXXXXX")
        new.write_text(text[: len(text) - cut])
        new.rename(place)


def instance(name: str, state: int, **more: Any) -> dict[str, Any]:
    data = {"iname": name, "ifp_ifname": "eth0", "base_priority": 100, "effective_priority": 100, "state": state}
    return {"data": {**data, "vips": ["10.0.0.5/24 dev eth0 scope global"], **more}, "stats": {}}
