"""Which real servers of which directors an operator means, on real plans."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._operator import select, targets
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.director_weights import SERVER
from tests.unit.plugins.module_utils._operator.plans import CASES, plans

GOOD = sorted(path.parent.name for path in CASES.glob("*/expected.json") if not path.parent.name.startswith("bad_"))


def labels(case: str, host: str | None = None, service: str | None = None) -> dict[str, list[str]]:
    """By director; a fault would be an empty answer."""
    found = select.targets(plans(case), host, service)
    assert found["faults"] == []
    return {name: [one["label"] for one in entry["servers"]] for name, entry in found["directors"].items()}


def entries(case: str, director: str, host: str | None = None, service: str | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = select.targets(plans(case), host, service)["directors"][director]["servers"]
    return found


def faults(case: str, host: str | None = None, service: str | None = None) -> list[str]:
    found = select.targets(plans(case), host, service)
    assert found["directors"] == {}
    texts: list[str] = found["faults"]
    return texts


def both(found: list[str]) -> dict[str, list[str]]:
    return {"lb1": found, "lb2": found}


def test_a_host_in_all_its_services_on_all_directors() -> None:
    assert labels("nat_ha", "rs1") == both(["rs1 in intranet", "rs1 in plain"])


def test_a_host_in_one_service() -> None:
    assert labels("nat_ha", "rs1", "plain") == both(["rs1 in plain"])


def test_a_whole_service() -> None:
    assert labels("nat_ha", None, "plain") == both(["rs1 in plain", "rs2 in plain"])


def test_all_that_the_module_needs_is_told() -> None:
    found = select.targets(plans("nat_ha"), "rs1", "plain")["directors"]["lb2"]
    assert found == {
        "manager": "keepalived",
        "servers": [
            {
                "service": "plain",
                "key": {"address": "10.0.0.5", "port": 8080, "protocol": "tcp", "family": "ipv4"},
                "address": "192.168.0.12",
                "port": 80,
                "file": "plain_10.0.0.5_tcp_8080_192.168.0.12_80",
                "weight": 20,
                "label": "rs1 in plain",
                "vips": ["10.0.0.5"],
                "tcp": [["192.168.0.12", 80]],
                "need": 1,
                "sorry": {"address": "192.168.0.4", "port": 80, "forwarding": "nat"},
            }
        ],
    }


def test_a_quorum_is_told_and_where_a_sorry_server_is_missing() -> None:
    given = plans("nat_ha")
    for service in given["lb2"]["director"]["services"]:
        service.update(quorum=9, hysteresis=2, sorry_server=None)
    assert select.targets(given, "rs1", "plain")["directors"]["lb2"]["servers"][0]["need"] == 7
    assert select.without_sorry_server(given, ["lb1", "lb2"], "plain") == ["lb2"]
    assert select.without_sorry_server(given, ["lb1"], "plain") == []


def test_the_sorry_server_is_told_where_there_is_one() -> None:
    """Where clients go meanwhile: the director's own web server, by NAT."""
    with_sorry = {
        (service["sorry_server"]["address"], service["sorry_server"]["port"])
        for case in GOOD
        for plan in plans(case).values()
        for service in (plan.get("director") or {"services": []})["services"]
        if service.get("sorry_server")
    }
    told = {
        (one["sorry"]["address"], one["sorry"]["port"])
        for case in GOOD
        for name, plan in plans(case).items()
        for service in (plan.get("director") or {"services": []})["services"]
        for one in entries(case, name, None, service["name"])
        if one["sorry"]
    }
    assert told
    assert told <= with_sorry | {(address, None) for address, _port in with_sorry}


@pytest.mark.parametrize("case", GOOD)
def test_each_entry_is_one_that_the_module_takes(case: str) -> None:
    for name, plan in plans(case).items():
        for service in (plan.get("director") or {"services": []})["services"]:
            found = entries(case, name, None, service["name"])
            assert all(set(one) == set(SERVER) for one in found)
            assert all(isinstance(vip, str) for one in found for vip in one["vips"])
            read = targets.read(found)
            assert [one.file for one in read] == [one["file"] for one in found]
            # Who reads a report must know which of them is meant, and one file is one answer.
            assert len({one.server.label for one in read}) == len({one.file for one in read})


def test_a_firewall_mark() -> None:
    (one,) = entries("fwmark_dr", "lb1", "rs2")
    assert (one["key"], one["port"], one["weight"]) == ({"fwmark": 1, "family": "ipv4"}, 0, 2)
    assert (one["vips"], one["tcp"]) == (["10.0.0.6"], [["10.0.0.13", 80], ["10.0.0.13", 443]])
    (read,) = targets.read([one])
    assert str(read.server.key) == "fwmark 1"


def test_of_a_range_of_marked_ports_the_first_is_looked_at() -> None:
    found = {one["service"]: one for one in entries("mixed", "lb", "rs3")}
    assert found["marked"]["tcp"] == [["10.0.0.13", 80], ["10.0.0.13", 443]]
    assert found["marked"]["vips"] == ["10.0.0.6", "10.0.0.9"]
    # No client of TCP: nothing can be looked at from outside.
    assert found["marked6"]["tcp"] == []


def test_a_mark_that_somebody_else_sets_has_no_address_and_no_port_to_look_at() -> None:
    (one,) = entries("mixed", "lb", "rs1", "theirs")
    assert (one["vips"], one["tcp"], one["port"]) == ([], [], 80)


def test_marked_packets_to_another_port() -> None:
    (one,) = entries("vrrp_full", "lb1", "rs1", "marked")
    assert (one["tcp"], one["vips"]) == ([["192.168.0.12", 80]], ["10.0.0.5", "10.0.0.7"])
    given = plans("vrrp_full")
    for match in given["lb1"]["director"]["services"][-1]["match"]:
        match["protocol"] = "udp"
    (one,) = select.targets(given, "rs1", "marked")["directors"]["lb1"]["servers"]
    assert one["tcp"] == []


def test_udp_is_not_looked_at() -> None:
    (one,) = entries("service_words", "lb1", "rs1", "names")
    assert (one["key"]["protocol"], one["tcp"]) == ("udp", [])


def test_a_service_on_several_ports_is_told_apart() -> None:
    assert labels("dr_ipv6", "web1", "six")["lb1"] == [
        "web1 in six (tcp [2001:db8::6]:80)",
        "web1 in six (tcp [2001:db8::6]:443)",
    ]


def test_a_group_has_one_file_and_one_name() -> None:
    found = entries("service_words", "lb1", "rs1", "shop")
    assert {(one["file"], one["label"]) for one in found} == {("shop_group_192.168.0.11_80", "rs1 in shop")}
    assert [(one["key"]["address"], one["key"]["port"]) for one in found] == [
        (address, port) for address in ("10.0.0.5", "10.0.0.6") for port in (8000, 8001)
    ]


@pytest.mark.parametrize("word", ["2001:db8::1", "2001:0DB8:0:0::1"])
def test_an_address_means_that_address_alone(word: str) -> None:
    assert labels("self_balanced", word)["lb4"] == ["web1 in web"]
    assert entries("self_balanced", "lb4", word)[0]["address"] == "2001:db8::1"


def test_a_real_server_outside_the_inventory_is_named_by_its_address() -> None:
    found = labels("nat_ha_sync", "192.168.1.99")
    assert found == {"director1": ["192.168.1.99 in www"], "director2": ["192.168.1.99 in www"]}


def test_clusters_that_use_one_real_server_are_all_asked() -> None:
    found = select.targets(plans("self_balanced"), "web3")
    assert list(found["directors"]) == ["lb4", "other", "web1", "web2", "web3"]
    assert {name: entry["manager"] for name, entry in found["directors"].items()}["other"] == "static"
    assert list(select.targets(plans("self_balanced"), "web3", "mail")["directors"]) == ["other"]


# -- faults


def test_nothing_was_said() -> None:
    assert faults("nat_ha") == ["lvs_host is not given: say which real server, as -e lvs_host=NAME"]


def test_an_unknown_service() -> None:
    text = "lvs_service: shop is no virtual service of this inventory; there are: intranet, plain"
    assert faults("nat_ha", None, "shop") == [text]
    assert faults("nat_ha", "rs1", "shop") == [text]


def test_an_unknown_host() -> None:
    text = (
        "lvs_host: rs9 is no host of this inventory, and no real server's address; those that serve are: "
        "192.168.1.99, web10, web9"
    )
    assert faults("nat_ha_sync", "rs9") == [text]
    assert faults("nat_ha_sync", "192.168.1.98") == [text.replace("rs9", "192.168.1.98")]


def test_a_host_that_serves_nothing() -> None:
    assert faults("nat_ha", "client") == ["lvs_host: client serves nothing: no virtual service names it, but rs1, rs2"]


def test_a_host_that_serves_something_else() -> None:
    assert faults("service_words", "rs3", "web") == ["lvs_host: rs3 does not serve web; it serves: far"]


def test_both_are_wrong() -> None:
    assert [text.split(":")[0] for text in faults("nat_ha", "rs9", "shop")] == ["lvs_service", "lvs_host"]


def test_no_director_at_all() -> None:
    (text,) = faults("cluster_nodes", None, "web")
    assert text.endswith("there are: none")


# -- one by one


def test_all_hosts_of_a_service() -> None:
    assert select.rolling(plans("nat_ha"), None, "plain") == {
        "faults": [],
        "hosts": ["rs1", "rs2"],
        "directors": ["lb1", "lb2"],
    }


def test_a_server_outside_the_inventory_is_left_out_of_its_service() -> None:
    assert select.rolling(plans("nat_ha_sync"), None, "www")["hosts"] == ["web9", "web10"]


def test_a_service_with_nobody_to_work_on() -> None:
    given = plans("nat_ha_sync")
    del given["web9"], given["web10"]
    found = select.rolling(given, None, "www")
    assert found["faults"] == ["lvs_service: no real server of www is in the inventory, so nothing can be run there"]
    assert select.rolling(given, None, "shop")["faults"] == select.targets(given, None, "shop")["faults"]


@pytest.mark.parametrize("hosts", ["rs2, rs1", ["rs2", "rs1"], "rs2,rs1,,rs2"])
def test_hosts_by_name_keep_their_order(hosts: Any) -> None:
    found = select.rolling(plans("nat_ha"), hosts)
    assert (found["faults"], found["hosts"], found["directors"]) == ([], ["rs2", "rs1"], ["lb1", "lb2"])


def test_only_the_directors_that_know_them_are_locked() -> None:
    assert select.rolling(plans("self_balanced"), "web1")["directors"] == ["lb4", "web1", "web2", "web3"]


@pytest.mark.parametrize("hosts", [None, "web3"])
def test_the_directors_of_all_services_of_a_host_are_locked(hosts: Any) -> None:
    """mail is on `other` alone; what is done on its host concerns the directors of web, too."""
    found = select.rolling(plans("self_balanced"), hosts, "mail")
    assert found == {"faults": [], "hosts": ["web3"], "directors": ["lb4", "other", "web1", "web2", "web3"]}
    known = select.targets(plans("self_balanced"), "web3")["directors"]
    assert sorted(found["directors"]) == sorted(known)


def test_each_wrong_name_is_a_fault() -> None:
    found = select.rolling(plans("nat_ha"), "rs1,client,rs9")
    assert [text.split(":")[1].split()[0] for text in found["faults"]] == ["client", "rs9", "rs9"]
    outside = "lvs_hosts: 192.168.1.99 is outside the inventory, so nothing can be run there"
    assert select.rolling(plans("nat_ha_sync"), "192.168.1.99")["faults"] == [outside]


@pytest.mark.parametrize("hosts", [" , ", []])
def test_names_of_nobody(hosts: Any) -> None:
    found = select.rolling(plans("nat_ha"), hosts)
    assert found["faults"] == ["lvs_hosts: names no host; write inventory names, a list or with commas"]


def test_nothing_was_said_of_whom_to_work_on() -> None:
    assert select.rolling(plans("nat_ha"))["faults"] == faults("nat_ha")


def test_a_director_that_leaves_is_not_asked() -> None:
    found = select.targets(plans("nat_ha"), "rs1", None, ["lb1"])
    assert (list(found["directors"]), found["faults"]) == (["lb2"], [])
    assert select.rolling(plans("nat_ha"), None, "plain", ["lb1"])["directors"] == ["lb2"]
    assert select.targets(plans("nat_ha"), "rs1", None, ["lb1", "lb2"])["directors"] == {}
