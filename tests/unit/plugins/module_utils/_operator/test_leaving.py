"""Which hosts may be cleared, on real plans."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._operator.leaving import leaving
from ansible_collections.lvs.cluster.plugins.module_utils._operator.select import targets
from tests.unit.plugins.module_utils._operator.plans import plans

NOTHING: dict[str, Any] = {"directors": {}}


def test_a_director_with_a_peer() -> None:
    assert leaving(plans("nat_ha"), "lb2") == {
        "faults": [],
        "hosts": ["lb2"],
        "directors": ["lb1", "lb2"],
        "operation": NOTHING,
    }


def test_a_real_server_that_nobody_names() -> None:
    found = leaving(plans("dr_ipv6"), "web4")
    assert (found["faults"], found["hosts"], found["directors"]) == ([], ["web4"], ["lb1", "lb2"])


def test_a_cluster_node() -> None:
    assert leaving(plans("cluster_nodes"), "web1") == {
        "faults": [],
        "hosts": ["web1"],
        "directors": [],
        "operation": NOTHING,
    }


@pytest.mark.parametrize(
    ("case", "host", "texts"),
    [
        ("nat_ha", "rs9", ["lvs_host: rs9 is no host of this inventory"]),
        (
            "nat_ha",
            "client",
            ["lvs_host: client is in none of the groups of this collection, so there is nothing of it to take away"],
        ),
        (
            "nat_ha",
            "rs1",
            [
                "lvs_host: rs1 serves intranet, plain for lb1, lb2; take it out of the inventory's virtual services "
                "and run lvs.cluster.site first, which drains it"
            ],
        ),
        (
            "fwmark_dr",
            "lb1",
            [
                "lvs_host: lb1 is the only director of its cluster; say lvs_confirm=default if the cluster shall go as "
                "a whole"
            ],
        ),
        # A director that serves itself is both.
        (
            "self_balanced",
            "web1",
            [
                "lvs_host: web1 serves marked, web for lb4, web1, web2, web3; take it out of the inventory's virtual "
                "services and run lvs.cluster.site first, which drains it"
            ],
        ),
    ],
)
def test_a_host_that_must_stay(case: str, host: str, texts: list[str]) -> None:
    assert leaving(plans(case), host)["faults"] == texts


def test_a_director_that_nobody_takes_over_from_by_vrrp() -> None:
    given = plans("nat_ha")
    for name in ("lb1", "lb2"):
        given[name]["director"]["manager"] = "static"
    text = "lvs_host: lb2 has no VRRP, so nobody could take over what it serves"
    assert leaving(given, "lb2")["faults"] == [text]
    given["lb2"]["director"]["services"] = []
    assert leaving(given, "lb2")["faults"] == []


# -- a cluster as a whole


def test_a_cluster_with_its_directors_and_real_servers() -> None:
    found = leaving(plans("nat_ha"), None, "default")
    assert (found["faults"], found["hosts"], found["directors"]) == ([], ["lb1", "lb2", "rs1", "rs2"], ["lb1", "lb2"])
    assert list(found["operation"]["directors"]) == ["lb1", "lb2"]
    for entry in found["operation"]["directors"].values():
        assert entry["manager"] == "keepalived"
        assert [one["label"] for one in entry["servers"]] == [
            *("rs1 in intranet", "rs2 in intranet", "rs1 in plain", "rs2 in plain"),
        ]


def test_a_service_on_several_ports_is_drained_once() -> None:
    found = leaving(plans("dr_ipv6"), None, "default")["operation"]["directors"]["lb1"]["servers"]
    assert len(found) == 3 + 3 + 1 + 2
    assert [one for one in found if one["service"] == "six"] == targets(plans("dr_ipv6"), None, "six")["directors"][
        "lb1"
    ]["servers"]


def test_cluster_nodes_go_without_a_director() -> None:
    assert leaving(plans("cluster_nodes"), None, "plain") == {
        "faults": [],
        "hosts": ["db1", "db2"],
        "directors": [],
        "operation": NOTHING,
    }


def test_what_another_cluster_uses_stays() -> None:
    found = leaving(plans("self_balanced"), None, "default")
    assert found["faults"] == ["web3 serves for other, of another cluster, which would lose it"]
    assert leaving(plans("self_balanced"), None, "other") == {
        "faults": [],
        "hosts": ["other"],
        "directors": ["other"],
        "operation": {"directors": targets(plans("self_balanced"), None, "mail")["directors"]},
    }


@pytest.mark.parametrize(
    ("cluster", "asked"), [(None, "is not given"), ("shop", "shop is no cluster of this inventory")]
)
def test_the_name_of_the_cluster_must_be_said(cluster: str | None, asked: str) -> None:
    text = (
        f"lvs_confirm: {asked}; say lvs_host=NAME for one host, or for a whole cluster lvs_confirm= and one of: "
        "default, other"
    )
    found = leaving(plans("self_balanced"), None, cluster)
    assert found == {"faults": [text], "hosts": [], "directors": [], "operation": NOTHING}


def test_a_cluster_of_hosts_that_have_nothing_of_ours_is_none() -> None:
    given = plans("nat_ha")
    given["client"]["cluster"] = "lab"
    assert leaving(given, None, "lab")["faults"] != []


def test_a_peer_that_leaves_by_the_inventory_takes_nothing_over() -> None:
    given = plans("nat_ha")
    given["lb2"]["leaves"] = True
    assert leaving(given, "lb1")["faults"] == [
        "lvs_host: lb1 is the only director of its cluster that stays; say lvs_confirm=default if the cluster "
        "shall go as a whole"
    ]
    assert leaving(given, "lb2")["faults"] == []
