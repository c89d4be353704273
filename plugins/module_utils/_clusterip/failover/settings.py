# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the failover reads: its own file and the cluster IPs, as the module clusterip_node wrote them."""

from __future__ import annotations

import hashlib
import os
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import STATE_DIR, read_file, read_json
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.health import Check, Rhythm
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp, from_json

__all__ = [
    "CHOICES_DIR",
    "CONFIG_DIR",
    "RUN_DIR",
    "Places",
    "Settings",
    "as_they_stand",
    "check_of",
    "conf_path",
    "digest",
    "read",
    "read_cluster_ips",
    "settings_path",
]

CONFIG_DIR = "/etc/lvs-cluster/clusterip"
RUN_DIR = "/run/lvs-clusterip"
CHOICES_DIR = f"{STATE_DIR}/buckets"
_OWN = "failover.json"
_TYPES = ("tcp", "http")


class Places(NamedTuple):
    """Where the files are."""

    config_dir: str = CONFIG_DIR
    run_dir: str = RUN_DIR
    choices_dir: str = CHOICES_DIR

    @property
    def fifo(self) -> str:
        return f"{self.run_dir}/notify.fifo"

    @property
    def health(self) -> str:
        return f"{self.run_dir}/health"

    @property
    def buckets(self) -> str:
        return f"{self.run_dir}/buckets.json"

    def choice(self, bucket: int) -> str:
        """Holds what a person wants of a bucket; see choices."""
        return f"{self.choices_dir}/{bucket}"

    @property
    def loaded(self) -> str:
        """Holds the digest of the files that the service has read."""
        return f"{self.run_dir}/loaded"


class Settings(NamedTuple):
    """All that the supervisor is told."""

    buckets: int
    keepalived: str
    config: str
    checks: tuple[Check, ...]
    rhythm: Rhythm
    cluster_ips: tuple[ClusterIp, ...]
    digest: str


def settings_path(places: Places) -> str:
    return f"{places.config_dir}/{_OWN}"


def conf_path(places: Places) -> str:
    return f"{places.config_dir}/keepalived.conf"


def digest(places: Places) -> str:
    """What changes with any of the files that the service and its keepalived read."""
    hashed = hashlib.sha256()
    for path in (conf_path(places), settings_path(places), *_cluster_ip_paths(places)):
        placed = read_file(path)
        hashed.update(b"-" if placed is None else hashlib.sha256(placed.data).digest())
    return hashed.hexdigest()


def read(places: Places) -> Settings:
    """The settings; BootError if one of the files is missing or wrong."""
    path = settings_path(places)
    # First: what changes while the rest is read makes it differ from the files.
    print_of_files = digest(places)
    data = read_json(path)
    if data is None:
        raise BootError(f"there is no {path}: run the playbook again")
    cluster_ips, faults = read_cluster_ips(places)
    if faults:
        raise BootError("; ".join(faults))
    try:
        found = Settings(
            int(data["buckets"]),
            str(data["keepalived"]),
            str(data["config"]),
            tuple(check_of(item) for item in data["checks"]),
            Rhythm(float(data["interval"]), int(data["fall"]), int(data["rise"])),
            cluster_ips,
            print_of_files,
        )
    except KeyError as exc:
        raise BootError(f"{path} lacks {exc}: run the playbook again") from exc
    except (TypeError, ValueError, AttributeError) as exc:
        raise BootError(f"{path}: {exc}: run the playbook again") from exc
    if found.rhythm.interval <= 0 or min(found.rhythm.fall, found.rhythm.rise, found.buckets) < 1:
        raise BootError(f"{path}: interval, fall, rise and buckets must be more than 0")
    return found


def check_of(data: Mapping[str, Any]) -> Check:
    """A health check of the file; KeyError, TypeError or ValueError if it is none."""
    if data["type"] not in _TYPES:
        raise ValueError(f"{data['type']!r} is no type of a health check, which are {', '.join(_TYPES)}")
    check = Check(
        str(data["type"]),
        str(data["address"]),
        int(data["port"]),
        str(data.get("path", "/")),
        tuple(int(code) for code in data.get("status", (200,))),
        float(data.get("timeout", 2.0)),
    )
    if check.timeout <= 0:
        raise ValueError("the timeout of a health check must be more than 0")
    return check


def read_cluster_ips(places: Places) -> tuple[tuple[ClusterIp, ...], tuple[str, ...]]:
    """The cluster IPs that can be read, and what is wrong with the files of the others."""
    found, faults = [], []
    try:
        paths = _cluster_ip_paths(places)
    except BootError as exc:
        return (), (str(exc),)
    for path in paths:
        try:
            data = read_json(path)
            if data is not None:
                found.append(from_json(data.get("cluster_ip")))
        except BootError as exc:
            faults.append(str(exc) if path in str(exc) else f"{path}: {exc}")
    return tuple(found), tuple(faults)


def as_they_stand(places: Places, known: Sequence[ClusterIp]) -> tuple[ClusterIp, ...]:
    """Of these cluster IPs those that are still there, as their files have them now.

    A run that ended before it told the service has left it with cluster IPs that are gone, or that hash otherwise.
    With a file that can't be read all stay as they are known.
    """
    found, faults = read_cluster_ips(places)
    addresses = {one.address for one in known}
    return tuple(known) if faults else tuple(one for one in found if one.address in addresses)


def _cluster_ip_paths(places: Places) -> list[str]:
    try:
        names = sorted(os.listdir(places.config_dir))
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise BootError(f"cannot read {places.config_dir}: {exc}") from exc
    return [
        f"{places.config_dir}/{name}"
        for name in names
        if name.endswith(".json") and name != _OWN and not name.startswith(".")
    ]
