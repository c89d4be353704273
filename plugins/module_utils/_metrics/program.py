# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of lvs-cluster-metrics.service: reads this host and writes the figures. Run by a timer.

What can't be read is told by a figure of its own and, when that begins, on standard error; the rest is written.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from typing import Callable, Iterator, NamedTuple, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._boot import commands, files
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.known import named
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.kept import read_all
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.netlink import WireError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.ownership import StateFile
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.transport import Ipvs
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import owner, wanted, weight_files
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.colocated import COPY
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import Block, UnreadableError, read_blocks
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.dump import DumpError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import Notes
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.process import keepalived
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import has_header
from ansible_collections.lvs.cluster.plugins.module_utils._metrics import drift, model
from ansible_collections.lvs.cluster.plugins.module_utils._metrics.exposition import Family, family, text
from ansible_collections.lvs.cluster.plugins.module_utils._operator import overrides

__all__ = ["NAME", "Host", "Settings", "collect", "main", "report"]

NAME = "lvs-cluster-metrics"
FILE = "lvs_cluster.prom"
_STAGED_SUFFIX = ".lvs-cluster-next"
_LAST = re.compile(r"^lvs_cluster_exporter_last_success_timestamp_seconds (\S+)$", re.MULTILINE)
_NUMBER = re.compile(r"\s*([+-]?\d+)")
_FAULTS = (
    *(BootError, DumpError, IpvsError, UnreadableError, WireError, weight_files.WeightsError),
    *(OSError, KeyError, TypeError, ValueError),
)


class Settings(NamedTuple):
    """What the program is told, as its file has it."""

    folder: str
    """The folder of node_exporter's textfile collector."""
    owner: str
    config_file: str
    weights_directory: str

    @property
    def file(self) -> str:
        return f"{self.folder}/{FILE}"


class Host:
    """What is read of this host; each of its methods is a collector."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        conf = store.read_text(settings.config_file)
        self.conf = conf if conf is not None and has_header(conf) else None
        self._table: Table | None = None

    def table(self) -> list[Family]:
        """The kernel's table. The module ip_vs is not loaded for it."""
        daemons: list[str] = []
        table: Table = {}
        if host.is_loaded():
            with Ipvs() as kernel:
                table, daemons = kernel.table(), list(kernel.daemons())
        self._table = table
        return model.table(*drift.totals(table), daemons)

    def drift(self) -> list[Family]:
        if self._table is None:
            raise BootError("the kernel's table could not be read")
        if self.conf is not None:
            services = wanted.virtual_services(self._blocks(), _number)
            return model.differences(drift.from_configuration(self._table, services))
        content = files.read_json(f"/etc/lvs-cluster/{self.settings.owner}-table.json")
        if content is None:
            return []
        options = Options()
        asked = options.table(content["services"])
        options.finish()
        ours = StateFile(f"{files.STATE_DIR}/{self.settings.owner}-table.json").read()
        return model.differences(drift.from_table(self._table, asked, ours))

    def keepalived(self) -> list[Family]:
        if self.conf is None:
            return []
        code, out, err = commands.run_command(("ip", "-json", "address", "show"))
        if code:
            raise BootError(f"ip address show failed with status {code}: {err}")
        dest = self.settings.config_file
        return model.keepalived(
            keepalived() is not None,
            Notes().read(dest, self.conf) is not None,
            os.path.lexists(dest + _STAGED_SUFFIX),
            wanted.instances(read_blocks(dest, _config_id())),
            model.network_of(out),
        )

    def overrides(self) -> list[Family]:
        if self.conf is None and not os.path.exists(f"/etc/lvs-cluster/{self.settings.owner}-table.json"):
            return []
        return model.overrides(overrides.present(self.settings.owner, self.settings.weights_directory))

    def clusterip(self) -> list[Family]:
        kept, faults = read_all()
        if faults:
            raise BootError("; ".join(faults))
        return model.buckets(
            [(one.cluster_ip, named(one.cluster_ip.backend).read(run_command, one.cluster_ip)) for one in kept]
        )

    def _blocks(self) -> list[Block]:
        """The configuration that keepalived reads: the file, or the copy with its virtual servers on a master alone."""
        of_ours = [one for one in owner.running() if one.file in (self.settings.config_file, COPY)]
        if of_ours:
            return read_blocks(*of_ours[0])
        return read_blocks(self.settings.config_file, _config_id())


def _config_id() -> str:
    return os.uname().nodename.split(".")[0]


def _number(path: str) -> int:
    """The number in a weight file, as keepalived adds it."""
    found = _NUMBER.match(store.read_text(path) or "")
    return int(found[1]) if found else 0


Collector = Tuple[str, Callable[[], "list[Family]"]]


def collectors(here: Host) -> Iterator[Collector]:
    yield "table", here.table
    yield "drift", here.drift
    yield "keepalived", here.keepalived
    yield "overrides", here.overrides
    yield "clusterip", here.clusterip


def collect(sources: Sequence[Collector]) -> tuple[list[Family], dict[str, str]]:
    """All figures, and what went wrong by collector, "" for nothing."""
    found: list[Family] = []
    faults: dict[str, str] = {}
    for name, read in sources:
        try:
            found += read()
            faults[name] = ""
        except _FAULTS as error:
            faults[name] = str(error) or type(error).__name__
    return found, faults


def report(found: Sequence[Family], faults: dict[str, str], before: str, now: float) -> str:
    """The file's text; ``before`` is what it was."""
    last = _LAST.search(before)
    success = now if not any(faults.values()) else float(last[1]) if last else 0.0
    own = [
        family(
            "exporter_collector_success",
            "Whether a part of these figures could be read; without it they are missing.",
            [({"collector": name}, not fault) for name, fault in faults.items()],
        ),
        family("exporter_last_run_timestamp_seconds", "When these figures were read.", [({}, now)]),
        family(
            "exporter_last_success_timestamp_seconds",
            "When all of these figures could be read for the last time.",
            [({}, success)],
        ),
    ]
    return text([*found, *own])


def news(faults: dict[str, str], before: str) -> list[str]:
    """The faults that the run before did not have: else the log would get them every few seconds."""
    told = 'lvs_cluster_exporter_collector_success{{collector="{}"}} 0\n'
    return [f"{name}: {fault}" for name, fault in faults.items() if fault and told.format(name) not in before]


def write(path: str, content: str) -> None:
    """Replace the file in one step. Not synced: after a power cut the next run writes it again."""
    handle, temporary = tempfile.mkstemp(prefix=".lvs-", dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(content)
            # Not by its name: the folder may be another user's.
            os.fchmod(stream.fileno(), 0o644)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def main(argv: Sequence[str]) -> int:
    """PROGRAM FILE: write the figures as the settings in FILE say."""
    if len(argv) != 2:
        sys.stderr.write(f"usage: {NAME} FILE\n")
        return 64
    try:
        content = files.read_json(argv[1])
        if content is None:
            raise BootError(f"there is no {argv[1]}: run lvs.cluster.metrics again")
        settings = Settings(*(str(content[name]) for name in Settings._fields))
        before = store.read_text(settings.file) or ""
        found, faults = collect(list(collectors(Host(settings))))
        write(settings.file, report(found, faults, before, round(time.time(), 3)))
    except (BootError, KeyError, OSError) as error:
        sys.stderr.write(f"{NAME}: {error}\n")
        return 1
    for line in news(faults, before):
        sys.stderr.write(f"{NAME}: {line}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
