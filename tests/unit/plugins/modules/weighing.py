# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A director on a model of the kernel, with keepalived's files and without, for tests of director_weights."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, program, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host, persistent, session
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.wire import Connections
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weights
from ansible_collections.lvs.cluster.plugins.modules import director_table, director_weights
from tests.unit.plugins.module_utils._ipvs.kernel_model import FakeIpvs, Kernel

WEB = ServiceKey("ipv4", "tcp", "10.0.0.5", 80)
LATER = "2199-01-01T00:00:00Z"


def name(number: int) -> DestinationKey:
    return DestinationKey("ipv4", f"192.168.0.{number}", 80)


def server(number: int = 12, weight: int = 20) -> dict[str, Any]:
    return {
        "key": {"address": "10.0.0.5", "port": 80, "protocol": "tcp", "family": "ipv4"},
        "address": f"192.168.0.{number}",
        "port": 80,
        "file": f"web_{number}",
        "weight": weight,
        "label": f"rs{number} in web",
        "vips": ["10.0.0.5"],
        "service": "web",
        "tcp": [[f"192.168.0.{number}", 80]],
    }


class Machine:
    """A director with two real servers of weight 20 and 8."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.weights = folder / "weights"
        self.conf = folder / "keepalived.conf"
        self.kernel = Kernel(
            {WEB: Entry(Settings(), {name(12): Destination("nat", 20), name(13): Destination("nat", 8)})}
        )
        self.figures: dict[DestinationKey, list[Connections]] = {}
        """What each look at a destination finds, the last one from then on."""
        self.follows = False
        """keepalived runs: the table has what the files say."""
        self.looks: Callable[[], object] = lambda: None
        """Called each time the table is looked at, before keepalived has done what the files say."""
        self.down: set[int] = set()
        """Whose health check fails: keepalived takes them out."""
        self._capsys = capsys

    def fake(self) -> FakeIpvs:
        return FakeIpvs(self.kernel, before=lambda *_what: self.follow(), figures=self._look)

    def _look(self, _key: ServiceKey, destination: DestinationKey) -> Connections:
        found = self.figures.get(destination, [Connections()])
        return found.pop(0) if len(found) > 1 else found[0]

    def keepalived(self) -> None:
        self.follows = True
        self.weights.mkdir()
        lines = []
        for number, weight in ((12, 20), (13, 8)):
            (self.weights / f"web_{number}").write_text(weights.text_for(weights.READY))
            check = f"FILE_CHECK {{\ntrack_file web_{number}\nweight 1\n}}"
            lines.append(f"real_server 192.168.0.{number} 80 {{\nweight {weight}\n{check}\n}}")
        self.conf.write_text("virtual_server 10.0.0.5 80 {{\n{}\n}}\n".format("\n".join(lines)))

    def has(self, *addresses: str) -> None:
        """Let it have these addresses and no other."""
        told = json.dumps([{"addr_info": [{"local": one} for one in addresses]}, {}])
        (self.folder / "bin" / "ip").write_text(f"#!/bin/sh\necho '{told}'\n")
        (self.folder / "bin" / "ip").chmod(0o755)

    def follow(self) -> None:
        self.looks()
        if not self.follows:
            return
        for number, weight in ((12, 20), (13, 8)):
            added = int((self.weights / f"web_{number}").read_text().split("\n")[0])
            destinations = self.kernel._destinations[WEB]
            if number in self.down:
                destinations.pop(name(number), None)
            else:
                present = destinations.get(name(number), Destination("nat", 0))
                destinations[name(number)] = present._replace(weight=max(0, weight + added))

    def live(self, number: int = 12) -> int:
        self.follow()
        return self.kernel.table[WEB].destinations[name(number)].weight

    def module(self, module: Any, *, check: bool = False, **options: Any) -> dict[str, Any]:
        with (
            patch_module_args({**options, "_ansible_check_mode": check, "_ansible_diff": True}),
            pytest.raises(SystemExit),
        ):
            module.main()
        result: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return result

    def set(self, state: str, *servers: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
        words = {
            "manager": "keepalived" if self.follows else "static",
            "directory": str(self.weights),
            "config_file": str(self.conf),
            "by": "otto",
            "servers": list(servers or [server()]),
            **options,
        }
        return self.module(director_weights, check=check, state=state, **words)

    def table(self, *, unready: bool = False, check: bool = False, weight: int = 20) -> dict[str, Any]:
        """A run of site.yml."""
        destinations = [
            {"address": f"192.168.0.{number}", "weight": one, "forwarding": "nat"}
            for number, one in ((12, weight), (13, 8))
        ]
        not_ready = [{"address": "192.168.0.12", "forwarding": "nat"}] if unready else []
        services = [{"address": "10.0.0.5", "port": 80, "destinations": destinations}]
        return self.module(director_table, check=check, services=services, unready=not_ready, drain_timeout=0)


def machine_of(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine whose folders are in this one."""
    etc = tmp_path / "etc"
    monkeypatch.setattr(persistent.Names, "config", property(lambda names: f"{etc}/{names.owner}-table.json"))
    monkeypatch.setattr(files, "STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(files, "_OUR_FOLDERS", (str(etc), str(tmp_path / "state")))
    monkeypatch.setattr(program, "FOLDER", str(tmp_path / "lib"))
    monkeypatch.setattr(systemd, "FOLDER", str(tmp_path / "units"))
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "systemctl").write_text("#!/bin/sh\n")
    (programs / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    found = Machine(tmp_path, capsys)
    monkeypatch.setattr(host, "require_privilege", lambda: None)
    monkeypatch.setattr(host, "is_loaded", lambda: True)
    monkeypatch.setattr(session, "Ipvs", found.fake)
    return found


def told(result: dict[str, Any]) -> list[tuple[str, str, str, int]]:
    assert "failed" not in result, result
    return [(one["outcome"], one["before"], one["after"], one["weight"]) for one in result["servers"]]
