from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._verify.neighbours import asked, judge
from ansible_collections.lvs.cluster.plugins.module_utils._verify.placed import misplaced
from tests.unit.plugins.module_utils._verify.seen import plans_of, status

VIP = "200.200.200.200"
INTERFACES: dict[str, Any] = {
    "director1": {"eth0": "200.200.200.201/24", "eth1": ["192.168.1.2/24"]},
    "director2": {"eth0": "200.200.200.202/24", "eth1": ["192.168.1.3/24"]},
    "web10": {"eth0": "192.168.1.10/24"},
    "client": {"eth0": "200.200.200.100/24"},
}
MAC1, MAC2, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:99"
OWN = {"200.200.200.201": [MAC1], "200.200.200.202": [MAC2]}
ELSEWHERE = "no interface of this host is on its network"


def found(answer: list[str], master: str = "director1", own: dict[str, list[str]] | None = None) -> list[str]:
    plans = plans_of("nat_ha_sync")
    statuses = {
        name: status(plans[name]["director"], "MASTER" if name == master else "BACKUP")
        for name in ("director1", "director2")
    }
    probe = {"answers": {VIP: answer, **(OWN if own is None else own)}, "not_asked": {"192.168.1.1": ELSEWHERE}}
    checks = judge({"client": probe}, plans, statuses, INTERFACES)
    assert [(check.name, check.skipped) for check in checks] == [
        (VIP, ""),
        ("192.168.1.1", f"not asked for: {ELSEWHERE}"),
    ]
    return list(checks[0].faults)


def test_asked_are_vips_and_what_the_hosts_of_their_networks_have() -> None:
    plans = {**plans_of("nat_ha_sync"), "client": {"host": "client"}}
    wanted = [VIP, "192.168.1.1", "200.200.200.201", "192.168.1.2", "200.200.200.202", "192.168.1.3", "192.168.1.10"]
    assert sorted(asked(plans, INTERFACES)) == sorted(wanted)


@pytest.mark.parametrize(
    ("answer", "master", "fault"),
    [
        ([MAC1], "director1", ""),
        ([MAC2], "director2", ""),
        ([], "director1", "nobody answers ARP for it on its network (asked from client)"),
        (
            [MAC2],
            "director1",
            f"director2 ({MAC2}) answers ARP for it, and director1 should (asked from client)",
        ),
        (
            [OTHER],
            "director1",
            f"{OTHER}, a MAC of no host that is known, answers ARP for it, and director1 should (asked from client)",
        ),
        (
            [MAC1, OTHER],
            "director1",
            f"2 hosts answer ARP for it, and one should: director1 ({MAC1}) and {OTHER}, a MAC of no host that is "
            "known, (asked from client)",
        ),
        # Nobody or both: that VRRP is asked for.
        ([MAC2], "", ""),
    ],
)
def test_one_host_answers_and_it_is_the_master(answer: list[str], master: str, fault: str) -> None:
    assert found(answer, master) == ([f"{VIP}: {fault}"] if fault else [])


def test_whose_mac_it_is_is_not_known_where_the_master_does_not_answer_for_its_own_address() -> None:
    assert found([OTHER], own={"200.200.200.202": [MAC2]}) == []


def test_the_virtual_mac_of_vrrp() -> None:
    plans = plans_of("nat_ha_sync")
    for name in ("director1", "director2"):
        plans[name]["director"]["vrrp_instances"][0]["use_vmac"] = True
    probes = {"client": {"answers": {VIP: ["00:00:5e:00:01:01"], **OWN}, "not_asked": {}}}
    statuses = {name: status(plans[name]["director"], "MASTER") for name in ("director1",)}
    assert judge(probes, plans, statuses, INTERFACES)[0].faults == ()
    probes["client"]["answers"][VIP] = [MAC1]
    (fault,) = judge(probes, plans, statuses, INTERFACES)[0].faults
    assert "the virtual MAC of VI_PUBLIC 00:00:5e:00:01:01 should" in fault


def test_a_real_server_that_answers_for_the_vip_of_a_static_director() -> None:
    plans = plans_of("fwmark_dr")
    interfaces = {"lb1": {"eth0": "10.0.0.3/24"}, "rs1": {"eth0": "10.0.0.12/24"}}
    answers = {"10.0.0.6": [MAC1, MAC2], "10.0.0.3": [MAC1], "10.0.0.12": [MAC2]}
    (check,) = judge({"client": {"answers": answers}}, plans, {}, interfaces)
    assert check.faults == (
        f"10.0.0.6: 2 hosts answer ARP for it, and one should: lb1 ({MAC1}) and rs1 ({MAC2}) (asked from client)",
    )
    answers["10.0.0.6"] = [MAC2]
    (check,) = judge({"client": {"answers": answers}}, plans, {}, interfaces)
    assert check.faults == (f"10.0.0.6: rs1 ({MAC2}) answers ARP for it, and lb1 should (asked from client)",)


def test_a_cluster_ip_is_answered_for_with_its_cluster_mac() -> None:
    plans = {name: plan for name, plan in plans_of("cluster_nodes").items() if name in ("web1", "web2")}
    own = {"10.0.0.1": [MAC1]}
    interfaces = {"web1": {"eth0": "10.0.0.1/24"}}
    probes = {"client": {"answers": {"10.0.0.9": ["01:02:03:aa:bb:cc"], **own}}}
    assert judge(probes, plans, {}, interfaces)[0].faults == ()
    probes["client"]["answers"]["10.0.0.9"] = [MAC1]
    assert judge(probes, plans, {}, interfaces)[0].faults == (
        f"10.0.0.9: web1 ({MAC1}) answers ARP for it, and the cluster MAC 01:02:03:aa:bb:cc should (asked from client)",
    )


def test_a_host_that_could_not_ask_is_a_note() -> None:
    plans = plans_of("nat_ha_sync")
    lost = {"skipped": True, "changed": False}
    first, second, *others = judge({"client": {"failed": True, "msg": "no sudo"}, "c2": lost}, plans, {}, INTERFACES)
    assert (first.notes, first.faults) == (("client: nobody was asked by ARP from it: no sudo",), ())
    assert (second.notes, second.faults) == (("c2: nobody was asked by ARP from it: it was not asked",), ())
    assert {check.skipped for check in others} == {"not asked for: no host asks"}


def test_link_local_vips_are_not_looked_at() -> None:
    """VRRP wants one as the first of an IPv6 instance, and every link may have its own."""
    plans = plans_of("nat_ha_sync")
    director = plans["director1"]["director"]
    given = status(director, "MASTER")
    director["vrrp_instances"][0]["virtual_ipaddress"] += [{"address": "fe80::5/64"}, {"address": "2001:db8::5/128"}]
    assert "2001:db8::5" in asked(plans, {})
    assert "fe80::5" not in asked(plans, {})
    assert [check.name for check in misplaced(plans, {"director1": given}) if check.faults] == [
        "director1: 2001:db8::5"
    ]
