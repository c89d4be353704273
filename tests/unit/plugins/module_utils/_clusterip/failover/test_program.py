# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program's own part: backends, release, and that its archive is whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover import program
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.settings import Places
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp, parse

NFT, OTHER, XT = (
    parse({"address": address, "prefix": 24, "interface": "eth0", "total": total, "backend": backend})
    for address, total, backend in (
        ("10.0.0.9", 12, "nftables"),
        ("10.0.0.8", 4, "nftables"),
        ("10.0.0.7", 12, "xt_cluster"),
    )
)


class Backend:
    def __init__(self, name: str, fault: str = "") -> None:
        self.NAME, self.fault = name, fault
        self.calls: list[Any] = []

    def serve(self, run: Any, wanted: Sequence[tuple[ClusterIp, tuple[int, ...]]]) -> None:
        self.calls.append(list(wanted))
        if self.fault:
            raise BootError(self.fault)


def test_one_call_a_backend_and_only_buckets_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    backends = [Backend("clusterip"), Backend("xt_cluster"), Backend("nftables")]
    monkeypatch.setattr(program, "_BACKENDS", backends)
    program.serve([NFT, OTHER, XT], (2, 4, 9))
    assert [backend.calls for backend in backends] == [
        [],
        [[(XT, (2, 4, 9))]],
        [[(NFT, (2, 4, 9)), (OTHER, (2, 4))]],
    ]


def test_a_backend_that_fails_keeps_no_other_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    backends = [Backend("xt_cluster", "no iptables"), Backend("nftables", "no nft")]
    monkeypatch.setattr(program, "_BACKENDS", backends)
    with pytest.raises(BootError, match="no iptables; no nft"):
        program.serve([XT, NFT], ())
    assert [len(backend.calls) for backend in backends] == [1, 1]


def test_what_stands_is_served(tmp_path: Path) -> None:
    """Not what the service knows: a backend has no chain of a VIP that is gone, and would fail for all buckets."""
    (tmp_path / "10.0.0.9.json").write_text(json.dumps({"cluster_ip": {**NFT._asdict()}, "local": []}))
    given: list[Any] = []
    serve = program.standing(Places(str(tmp_path)), lambda cluster_ips, buckets: given.append((cluster_ips, buckets)))
    serve([NFT, XT], (2, 4))
    assert given == [((NFT,), (2, 4))]


def test_release_gives_back_what_it_can_and_says_what_it_cannot(tmp_path: Path) -> None:
    places = Places(str(tmp_path), str(tmp_path / "run"))
    (tmp_path / "10.0.0.9.json").write_text(json.dumps({"cluster_ip": {**NFT._asdict()}, "local": []}))
    given: list[Any] = []
    assert program.release(places, lambda cluster_ips, buckets: given.append((list(cluster_ips), buckets))) == []
    assert given == [([NFT], ())]

    def refuse(cluster_ips: Sequence[ClusterIp], buckets: tuple[int, ...]) -> None:
        raise BootError("no nft")

    (tmp_path / "10.0.0.8.json").write_text("half a file")
    unreadable, refused = program.release(places, refuse)
    assert "10.0.0.8.json" in unreadable
    assert refused == "no nft"


@pytest.mark.parametrize("words", [[], ["stop"], ["run", "now"]])
def test_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["/usr/local/lib/lvs-cluster/lvs-clusterip-failover", *words]) == 64
    assert capsys.readouterr().err == "usage: lvs-clusterip-failover run | release\n"
