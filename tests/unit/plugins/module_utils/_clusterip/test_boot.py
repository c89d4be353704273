"""The program of lvs-clusterip.service: one cluster IP that cannot be loaded keeps no other from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.alone import alone
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import boot, kept
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp, parse, to_json

LEAST = {"prefix": 24, "interface": "eth0", "total": 12, "backend": "nftables"}


class Fake:
    def __init__(self) -> None:
        self.done: list[tuple[str, str, tuple[int, ...]]] = []
        self.standing: set[str] = set()

    def read(self, _run: object, it: ClusterIp) -> tuple[int, ...] | None:
        return () if it.address in self.standing else None

    def load(self, _run: object, it: ClusterIp, buckets: tuple[int, ...]) -> None:
        with pytest.raises(BootError, match="locked"), alone("clusterip", 0):
            pass
        if it.address.endswith(".2"):
            raise BootError("no such device")
        self.done.append(("load", it.address, buckets))

    def remove(self, _run: object, it: ClusterIp) -> None:
        self.done.append(("remove", it.address, ()))


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    found = Fake()
    monkeypatch.setattr(kept, "FOLDER", str(tmp_path))
    monkeypatch.setattr(kept, "GIVEN", str(tmp_path / "given"))
    monkeypatch.setattr(boot, "named", lambda name: found)
    return found


def keep(folder: Path, address: str, local: object, **more: object) -> None:
    text = json.dumps({"cluster_ip": to_json(parse({**LEAST, "address": address})), "local": local, **more})
    (folder / Path(kept.config_path(address)).name).write_text(text)


def test_all_that_can_be_loaded(backend: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for address, local in (
        ("10.0.0.1", [3, 1]),
        ("10.0.0.2", []),
        ("10.0.0.3", []),
        ("10.0.0.4", [13]),
        ("fd00::1", [2]),
    ):
        keep(tmp_path, address, local)
    (tmp_path / "10.0.0.0.json").write_text("{}")
    (tmp_path / "failover.json").write_text("{}")
    (tmp_path / "keepalived.conf").write_text("x")
    assert (tmp_path / "fd00__1.json").exists()
    assert boot.main(["/x/lvs-clusterip", "load"]) == 1
    assert backend.done == [("load", "10.0.0.1", (1, 3)), ("load", "10.0.0.3", ()), ("load", "fd00::1", (2,))]
    said = capsys.readouterr().err
    assert "lvs-clusterip load: 10.0.0.2: no such device" in said
    assert "10.0.0.0.json is not what we wrote ('cluster_ip')" in said
    assert "10.0.0.4.json: buckets 13 are not in 1..12" in said


def test_what_stands_keeps_its_buckets(backend: Fake, tmp_path: Path) -> None:
    keep(tmp_path, "10.0.0.1", [1])
    keep(tmp_path, "10.0.0.3", [1])
    backend.standing = {"10.0.0.1"}
    assert boot.main(["lvs-clusterip", "load"]) == 0
    assert backend.done == [("load", "10.0.0.3", (1,))]


def test_a_restart_loads_what_vrrp_has_given_by_now(backend: Fake, tmp_path: Path) -> None:
    """After a flush of all rules, too: the failover does not hear of it, and would not tell the kernel again."""
    keep(tmp_path, "10.0.0.1", [], chosen=[])
    (tmp_path / "given").write_text('{"buckets": [7, 2, 13]}')
    assert boot.main(["lvs-clusterip", "load"]) == 0
    assert backend.done == [("load", "10.0.0.1", (2, 7))]


def test_unload_and_a_host_without_any(backend: Fake, tmp_path: Path) -> None:
    assert boot.main(["lvs-clusterip", "unload"]) == 0
    keep(tmp_path, "10.0.0.2", [])
    assert boot.main(["lvs-clusterip", "unload"]) == 0
    assert backend.done == [("remove", "10.0.0.2", ())]
    assert kept.read_kept(f"{tmp_path}/none.json") is None
    assert boot.main(["lvs-clusterip"]) == 64


def test_what_a_person_chose_is_loaded_in_place_of_local(backend: Fake, tmp_path: Path) -> None:
    keep(tmp_path, "10.0.0.1", [1, 2], chosen=[2, 5])
    keep(tmp_path, "10.0.0.3", [1], chosen=[])
    assert boot.main(["/x/lvs-clusterip", "load"]) == 0
    assert backend.done == [("load", "10.0.0.1", (2, 5)), ("load", "10.0.0.3", ())]
    keep(tmp_path, "10.0.0.3", [1], chosen=[13])
    with pytest.raises(BootError, match="buckets 13 are not in"):
        kept.read_kept(str(tmp_path / "10.0.0.3.json"))
