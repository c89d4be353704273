"""Which backend a cluster IP gets on a host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.choose import PREFERENCE, choose
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import AUTO, BACKENDS, ClusterIp, parse


def asked(backend: str = AUTO, **changes: Any) -> ClusterIp:
    least = {"address": "10.0.0.9", "prefix": 24, "interface": "eth0", "total": 4, "backend": backend}
    return parse({**least, **changes})


def works(*names: str, tried: list[str] | None = None) -> Callable[[str], str]:
    """A host on which these work."""

    def problem(name: str) -> str:
        if tried is not None:
            tried.append(name)
        return "" if name in names else f"no {name}"

    return problem


def test_every_backend_has_its_place() -> None:
    assert sorted(PREFERENCE) == sorted(BACKENDS)


@pytest.mark.parametrize(
    ("working", "had", "found"),
    [
        (BACKENDS, "", "nftables"),
        (("xt_cluster", "clusterip"), "", "xt_cluster"),
        (("clusterip",), "", "clusterip"),
        (BACKENDS, "xt_cluster", "xt_cluster"),
        (BACKENDS, "clusterip", "clusterip"),
        (("nftables", "clusterip"), "xt_cluster", "nftables"),
    ],
)
def test_auto_keeps_what_works_and_else_takes_the_first(working: tuple[str, ...], had: str, found: str) -> None:
    choice = choose(asked(), had, works(*working))
    assert choice.cluster_ip == asked(found)
    assert choice.problems == {name: "" if name in working else f"no {name}" for name in PREFERENCE}


@pytest.mark.parametrize(
    ("changes", "unable", "why"),
    [
        ({"total": 17}, ("clusterip",), "total_nodes: 17 buckets are not in 1..16: the backend clusterip has no more"),
        ({"total": 33}, ("xt_cluster", "clusterip"), "the backend xt_cluster has no more"),
        ({"hash_mode": "sourceip-sourceport"}, ("xt_cluster",), "hashes the source address only"),
        ({"address": "fd00::9"}, ("xt_cluster", "clusterip"), "it hashes the first 32 bits of an IPv6 address alone"),
    ],
)
def test_auto_leaves_out_what_cannot_do_it(changes: dict[str, Any], unable: tuple[str, ...], why: str) -> None:
    tried: list[str] = []
    choice = choose(asked(**changes), unable[0], works(*BACKENDS, tried=tried))
    assert choice.cluster_ip == asked("nftables", **changes)
    assert tried == [name for name in PREFERENCE if name not in unable]
    assert why in choice.problems[unable[0]]
    assert [name for name, problem in choice.problems.items() if problem] == list(unable)


def test_a_named_one_is_the_only_one_that_is_tried() -> None:
    tried: list[str] = []
    choice = choose(asked("xt_cluster"), "nftables", works(*BACKENDS, tried=tried))
    assert (choice.cluster_ip, choice.problems, tried) == (asked("xt_cluster"), {"xt_cluster": ""}, ["xt_cluster"])
    # Who names it, wants it.
    six = asked("xt_cluster", address="fd00::9")
    assert choose(six, "", works(*BACKENDS)).cluster_ip == six


def test_none_works() -> None:
    with pytest.raises(BootError) as error:
        choose(asked("xt_cluster"), "", works("nftables"))
    assert str(error.value) == "backend: xt_cluster does not work on this host: no xt_cluster"
    with pytest.raises(BootError) as error:
        choose(asked(total=17), "", works())
    assert str(error.value) == (
        "backend: none works for 10.0.0.9 on this host: nftables: no nftables; xt_cluster: no xt_cluster; "
        "clusterip: total_nodes: 17 buckets are not in 1..16: the backend clusterip has no more"
    )
