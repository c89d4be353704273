"""In which order a node changes: what a client could see of it."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import change, install
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.change import Situation
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.kept import Kept
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp
from tests.unit.plugins.module_utils._clusterip.programs import Programs

VIP = ClusterIp("10.0.0.9", 24, "eth0", "03:4c:0a:00:00:09", 12, "sourceip", 1, "tcp", (80,), "clusterip")
OTHER = VIP._replace(address="10.0.0.8")
HASHES: dict[str, Any] = {
    "total": 6,
    "hash_mode": "sourceip-sourceport",
    "hash_seed": 2,
    "protocol": "udp",
    "ports": (443,),
}


def situation(before: ClusterIp, after: ClusterIp) -> Situation:
    """Rules stand as before, in the kernel that is to have others."""
    empty: dict[str, Any] = dict.fromkeys(Situation._fields)
    return Situation(**empty)._replace(
        had=Kept(before, ()),
        kept=Kept(after, ()),
        stands=None,
        had_live=(1,),
        buckets=(1,),
        others=[Kept(OTHER, ())],
        gone=[],
        gone_live=[],
        had_files={install.UNIT: None},
        files={install.UNIT: None},
    )


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happens to the VIP and to rules, without a host."""
    found: list[str] = []

    def addresses(everything: list[Kept], python: str, warn: object) -> None:
        found.append(f"VIPs {' '.join(it.cluster_ip.address for it in everything)}")

    backend = SimpleNamespace(
        remove=lambda run, cluster_ip: found.append("rules go"),
        load=lambda run, cluster_ip, buckets: found.append("rules come"),
    )
    monkeypatch.setattr(change, "_set_addresses", addresses)
    monkeypatch.setattr(change, "named", lambda name: backend)
    monkeypatch.setattr(change, "alone", nullcontext)
    monkeypatch.setattr(files, "place", lambda wanted, had: None)
    monkeypatch.setattr(systemd, "systemctl", lambda run, *words: None)
    return found


@pytest.mark.parametrize("field", HASHES)
def test_the_target_clusterip_hashes_otherwise_without_its_vip(events: list[str], field: str) -> None:
    """Its rules go before the new ones come: who had the VIP meanwhile would tell its own MAC."""
    one = situation(VIP, VIP._replace(**{field: HASHES[field]}))
    assert one.moves
    change.perform(Programs(), one, "python3", print)
    assert events == ["VIPs 10.0.0.8", "rules go", "rules come", "VIPs 10.0.0.8 10.0.0.9"]


@pytest.mark.parametrize("backend", ["xt_cluster", "nftables"])
@pytest.mark.parametrize("field", HASHES)
def test_the_others_do_it_in_one_step(events: list[str], field: str, backend: str) -> None:
    before = VIP._replace(backend=backend)
    one = situation(before, before._replace(**{field: HASHES[field]}))
    assert not one.moves
    change.perform(Programs(), one, "python3", print)
    assert events == ["rules come", "VIPs 10.0.0.8 10.0.0.9"]


def test_another_place_is_another_place_with_each(events: list[str]) -> None:
    for backend in ("clusterip", "xt_cluster", "nftables"):
        before = VIP._replace(backend=backend)
        assert situation(before, before._replace(interface="eth1")).moves
        assert not situation(before, before._replace(prefix=16)).moves
    assert events == []
