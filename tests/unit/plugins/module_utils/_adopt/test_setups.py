# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference setups as somebody wrote them by hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._adopt import blocks
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.adoption import adopt
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.table import normal, of_plan
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.verbatim import verbatim_of
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.unit.plugins.module_utils._adopt.facts import (
    SAMPLES,
    as_inventory,
    configure,
    firewall,
    host,
    server,
    service,
    table,
    texts,
)


def setup_1() -> dict[str, dict[str, Any]]:
    director = host(eth0=["10.0.0.3/24", "10.0.0.6/24"])
    director["table"] = table(
        service(server("10.0.0.11", 0, 1, "dr"), server("10.0.0.12", 0, 2, "dr"), fwmark=1, scheduler="wrr")
    )
    director["firewall"] = firewall((SAMPLES / "setup1.iptables").read_text())
    director["sysctls"] = {"net.ipv4.ip_forward": "1", "net.ipv4.vs.expire_nodest_conn": "0"}
    hosts = {"lb1": director}
    for name, own in (("rs1", "10.0.0.11/24"), ("rs2", "10.0.0.12/24")):
        hosts[name] = host(eth0=[own])
        hosts[name]["links"][0]["addresses"].append(
            {**hosts[name]["links"][0]["addresses"][0], "address": "10.0.0.6/32"}
        )
    return hosts


def setup_2(folder: Path, old: str = "", new: str = "") -> dict[str, dict[str, Any]]:
    """With ``new`` in place of ``old`` in the file that describes VRRP."""
    hosts = {
        "lb1": host(eth0=["10.0.0.3/24", "10.0.0.5/24", "10.0.0.7/24"], eth1=["192.168.0.2/24", "192.168.0.1/24"]),
        "lb2": host(eth0=["10.0.0.4/24"], eth1=["192.168.0.3/24"]),
        "rs1": host(eth0=["192.168.0.12/24"]),
        "rs2": host(eth0=["192.168.0.13/24"]),
    }
    for name in ("lb1", "lb2"):
        own = folder / name
        own.mkdir()
        (own / "vrrp.conf").write_text((SAMPLES / "setup2.vrrp.conf").read_text().replace(old, new))
        text = (SAMPLES / f"setup2.{name}.conf").read_text()
        (own / "keepalived.conf").write_text(text.replace("/etc/keepalived/vrrp.conf", "vrrp.conf"))
        configure(hosts[name], own / "keepalived.conf", name, programs={"ping": "/usr/bin/ping"})
        hosts[name]["table"] = table(
            service(
                server("192.168.0.12", 80, 20), server("192.168.0.13", 80, 8),
                address="10.0.0.5", port=80, protocol="tcp", persistence_timeout=50,
            )
        )  # fmt: skip
        hosts[name]["firewall"] = firewall((SAMPLES / "setup2.iptables").read_text())
    route = {"family": "ipv4", "dst": "default", "gateway": "192.168.0.1", "dev": "eth0"}
    hosts["rs1"]["rules"] = [{"family": "ipv4", "priority": 32765, "src": "192.168.0.12", "table": "200"}]
    hosts["rs1"]["routes"] = [{**route, "table": "200"}, {**route, "gateway": "192.168.0.254"}]
    hosts["rs2"]["routes"] = [route]
    return hosts


def test_setup_1() -> None:
    hosts = setup_1()
    result = adopt(hosts, ["lb1"])
    assert texts(result, "faults") == []
    assert result.shared["directors"] == {
        "lvs_virtual_services": [
            {
                "name": "mark_1",
                "fwmark": 1,
                "match": [{"address": "10.0.0.6", "protocol": "tcp", "port": 80}],
                "scheduler": "wrr",
                "forwarding": "dr",
                "real_servers": [{"host": "rs1", "weight": 1}, {"host": "rs2", "weight": 2}],
            }
        ],
        "lvs_virtual_addresses": [{"address": "10.0.0.6/24", "interface": "eth0"}],
    }
    assert result.hosts["rs1"] == {"lvs_interfaces": {"eth0": "10.0.0.11/24"}}
    assert result.groups == {"directors": ["lb1"], "real_servers_dr": ["rs1", "rs2"]}
    [left] = texts(result, "left")
    assert left.startswith("lb1: iptables (nft) -t mangle: -A VIPMARK")
    assert "take it out" in left
    director = plan(as_inventory(result))["hosts"]["lb1"]["director"]
    assert of_plan(director) == normal(hosts["lb1"]["table"]["services"])
    assert director["manager"] == "static"


def test_setup_2(tmp_path: Path) -> None:
    hosts = setup_2(tmp_path)
    result = adopt(hosts, ["lb1", "lb2"])
    assert texts(result, "faults") == []
    shared = result.shared["directors"]
    [instance] = shared["lvs_vrrp_instances"]
    assert instance["priorities"] == {"lb1": 200, "lb2": 150}
    assert instance["virtual_router_id"] == 51
    assert instance["authentication"] == {"auth_type": "PASS", "auth_pass": "{{ vault_vrrp_pass }}"}
    assert instance["virtual_ipaddress"] == [
        {"address": "10.0.0.5/24", "label": "eth0:vip", "options": {"brd": "10.0.0.255"}},
        {"address": "10.0.0.7/24"},
        {"address": "192.168.0.1/24", "dev": "eth1", "label": "eth1:0"},
    ]
    assert instance["notify"]["master"] == {"script": "/etc/keepalived/to_master.sh", "args": ["VI_1", "master"]}
    # keepalived takes eight characters, and "!" begins a comment in a word, too.
    assert result.vaults == {"directors": {"vault_vrrp_pass": "k@l"}}
    [one] = shared["lvs_virtual_services"]
    assert one["sorry_server"] == {"address": "192.168.0.1", "port": 80}
    assert (one["delay_loop"], one["persistence_timeout"], one["scheduler"], one["forwarding"]) == (
        30,
        50,
        "wlc",
        "nat",
    )
    assert one["real_servers"][1]["health_checks"] == [
        {
            "type": "http",
            "urls": [
                {"path": "/", "status_code": 200},
                {"path": "/alive", "digest": "9b3a0c85a887a256d6939da88aabd8cd"},
            ],
            "connect_timeout": 3,
            "retry": 3,
            "delay_before_retry": 2,
        }
    ]
    assert shared["lvs_vrrp_scripts"][0]["script"] == "/usr/bin/ping"
    assert shared["lvs_masquerade"] == [{"source": "192.168.0.0/24", "interface": "eth0", "to": "vip"}]
    assert {name: own["lvs_keepalived_global"]["router_id"] for name, own in result.own.items()} == {
        "lb1": "LVS_MAIN",
        "lb2": "LVS_BACKUP",
    }
    assert result.hosts["rs1"]["lvs_route"] == "policy"
    assert result.hosts["rs2"]["lvs_route"] == "default"
    assert all("lvs_gateway" not in one for one in result.hosts.values())
    left = "\n".join(texts(result, "left"))
    assert "has no form in lvs_masquerade" in left
    assert "--dport 25" in left
    notes = "\n".join(texts(result, "notes"))
    assert "state MASTER" in notes
    assert "nat_mask" in notes
    assert "vrrp.conf, line 7" in notes
    after = plan(as_inventory(result))["hosts"]
    for name in ("lb1", "lb2"):
        assert of_plan(after[name]["director"]) == normal(hosts[name]["table"]["services"])


def test_an_owner_of_the_addresses(tmp_path: Path) -> None:
    result = adopt(setup_2(tmp_path, "priority 200", "priority 255"), ["lb1", "lb2"])
    assert texts(result, "faults") == []
    [instance] = result.shared["directors"]["lvs_vrrp_instances"]
    assert instance["priorities"] == {"lb1": 254, "lb2": 150}
    assert [text for text in texts(result, "notes") if "has the priority 255" in text and "254 was written" in text]


@pytest.mark.parametrize("written", ["203.0.113.5", "203.0.113.5/32 dev eth0"])
def test_a_vip_that_routers_lead_here(written: str, tmp_path: Path) -> None:
    result = adopt(setup_2(tmp_path, "10.0.0.7/24\n", f"10.0.0.7/24\n{written}\n10.0.0.8\n"), ["lb1", "lb2"])
    assert texts(result, "faults") == []
    [instance] = result.shared["directors"]["lvs_vrrp_instances"]
    assert instance["virtual_ipaddress"][1:4] == [
        {"address": "10.0.0.7/24"},
        {"address": "203.0.113.5/32", "dev": "eth0"},
        {"address": "10.0.0.8/32"},
    ]
    assert plan(as_inventory(result))["faults"] == []


def test_a_peer_with_another_password(tmp_path: Path) -> None:
    hosts = setup_2(tmp_path)
    [token] = hosts["lb2"]["secrets"]
    hosts["lb2"]["secrets"][token]["value"] = "another"
    result = adopt(hosts, ["lb1", "lb2"])
    [fault] = texts(result, "faults")
    assert "authentication: the directors lb1, lb2 do not agree" in fault
    assert sorted(result.vaults["directors"].values()) == ["another", "k@l"]
    assert "another" not in str((result.shared, result.own, fault))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda live: live.update(scheduler="rr"), "has scheduler rr, and the variables have wlc"),
        (lambda live: live["destinations"][0].update(weight=5), "has weight 5, and the variables have 20"),
        (
            lambda live: live["destinations"].append(server("192.168.0.99", 80)),
            "192.168.0.99 port 80, and the variables don't",
        ),
        (lambda live: live.update(port=81), "lacks the service 10.0.0.5_81"),
    ],
    ids=["scheduler", "weight", "server", "service"],
)
def test_a_table_that_keepalived_would_not_make(change: Any, fault: str, tmp_path: Path) -> None:
    hosts = setup_2(tmp_path)
    change(hosts["lb2"]["table"]["services"][0])
    found = texts(adopt(hosts, ["lb1", "lb2"]), "faults")
    assert any(fault in text for text in found), found


def test_what_health_makes_of_the_table_is_no_fault(tmp_path: Path) -> None:
    hosts = setup_2(tmp_path)
    [live] = hosts["lb1"]["table"]["services"]
    live["destinations"] = [server("192.168.0.1", 80)]
    hosts["lb2"]["table"]["services"][0]["destinations"][0]["weight"] = 0
    result = adopt(hosts, ["lb1", "lb2"])
    assert texts(result, "faults") == []
    notes = "\n".join(texts(result, "notes"))
    for words in ("its sorry server", "its health check fails", "has weight 0 in place of 20"):
        assert words in notes


@pytest.mark.parametrize(("words", "fault"), [("", True), ("misc_dynamic", False)])
def test_a_weight_that_a_health_check_gives_is_no_fault(words: str, fault: bool, tmp_path: Path) -> None:
    hosts = setup_2(tmp_path)
    file = tmp_path / "lb2" / "keepalived.conf"
    check = f"MISC_CHECK {{\n misc_path /usr/bin/ping\n {words}\n}}\n"
    text = re.sub(r"(real_server 192\.168\.0\.12 80 \{\n)", rf"\1{check}", file.read_text())
    assert check in text
    file.write_text(text)
    configure(hosts["lb2"], file, "lb2", programs={"ping": "/usr/bin/ping"})
    hosts["lb2"]["table"]["services"][0]["destinations"][0]["weight"] = 5
    found = "\n".join(texts(adopt(hosts, ["lb1", "lb2"]), "faults"))
    assert ("has weight 5, and the variables have 20" in found) == fault, found


def test_a_service_that_keepalived_does_not_know_is_adopted(tmp_path: Path) -> None:
    hosts = setup_2(tmp_path)
    more = service(server("192.168.0.12", 443, 3), address="10.0.0.7", port=443, protocol="tcp", scheduler="rr")
    for name in ("lb1", "lb2"):
        hosts[name]["table"]["services"].append(more)
    result = adopt(hosts, ["lb1", "lb2"])
    assert texts(result, "faults") == []
    assert result.shared["directors"]["lvs_virtual_services"][1] == {
        "name": "10.0.0.7_443",
        "address": "10.0.0.7",
        "port": 443,
        "protocol": "tcp",
        "scheduler": "rr",
        "forwarding": "nat",
        "real_servers": [{"host": "rs1", "weight": 3}],
        "health_checks": [],
    }


def test_directors_of_two_clusters(tmp_path: Path) -> None:
    hosts = {**setup_2(tmp_path), **{f"b{name}": one for name, one in setup_1().items()}}
    hosts["blb1"]["links"][1]["addresses"][0]["address"] = "10.0.0.33/24"
    result = adopt(hosts, ["lb1", "lb2", "blb1"])
    assert texts(result, "faults") == []
    assert result.clusters == {"directors_blb1": ["blb1"], "directors_lb1": ["lb1", "lb2"]}
    assert result.hosts["lb2"]["lvs_cluster"] == "lb1"
    assert set(result.vaults["directors_lb1"]) == {"vault_vrrp_pass"}


def test_what_was_not_read_is_named(tmp_path: Path) -> None:
    hosts = setup_2(tmp_path)
    hosts["lb1"]["table"] = None
    hosts["lb2"]["keepalived"]["items"] = None
    hosts["rs1"]["links"] = []
    hosts["rs2"]["unread"] = [{"what": "the rules of IPv4", "why": "no permission"}]
    result = adopt(hosts, ["lb1", "lb2"])
    faults = "\n".join(texts(result, "faults"))
    assert "lb1: its IPVS table was not read" in faults
    assert f"lb2: {tmp_path}/lb2/keepalived.conf: was not read" in faults
    assert "rs1: its addresses were not read" in faults
    assert "rs2: the rules of IPv4: was not read: no permission; see what it is, and describe it" in texts(
        result, "left"
    )


def test_a_keepalived_that_does_not_run(tmp_path: Path) -> None:
    hosts = setup_1()
    file = tmp_path / "keepalived.conf"
    file.write_text("virtual_server 10.0.0.5 80 {\n}\n")
    configure(hosts["lb1"], file, "lb1", running=False)
    result = adopt(hosts, ["lb1"])
    assert texts(result, "faults") == []
    assert [one["name"] for one in result.shared["directors"]["lvs_virtual_services"]] == ["mark_1"]
    assert any("was not adopted: keepalived does not run" in text for text in texts(result, "left"))


def test_sysctls_that_somebody_set() -> None:
    hosts = setup_1()
    hosts["lb1"]["sysctls"].update({"net.ipv4.vs.conntrack": "1", "net.ipv4.vs.sync_threshold": "3 50"})
    result = adopt(hosts, ["lb1"])
    assert result.shared["directors"]["lvs_sysctls"] == {"net.ipv4.vs.conntrack": "1"}
    assert any("expire_nodest_conn=1 (now 0)" in text for text in texts(result, "notes"))


def test_nat_on_the_directors_own_address() -> None:
    hosts = {"lb1": host(eth0=["10.0.0.3/24"], eth1=["192.168.0.1/24"]), "rs1": host(eth0=["192.168.0.12/24"])}
    hosts["lb1"]["table"] = table(service(server("192.168.0.12", 8080), address="10.0.0.3", port=80, protocol="tcp"))
    hosts["rs1"]["routes"] = [{"family": "ipv4", "dst": "default", "gateway": "192.168.0.1", "dev": "eth0"}]
    result = adopt(hosts, ["lb1"])
    assert texts(result, "faults") == []
    assert result.hosts["lb1"]["lvs_interfaces"] == {"eth0": "10.0.0.3/24", "eth1": "192.168.0.1/24"}
    assert "lvs_virtual_addresses" not in result.shared["directors"]


def test_a_plan_with_faults_says_that_nothing_was_compared(tmp_path: Path) -> None:
    """Who mends the written inventory by hand has not been told where the table differs."""
    hosts = setup_2(tmp_path, "10.0.0.5/24", "10.9.0.5/24")
    hosts["lb1"]["table"]["services"][0]["scheduler"] = "rr"
    [left] = [text for text in texts(adopt(hosts, ["lb1", "lb2"]), "left") if "were not compared" in text]
    assert left.startswith("lb1, lb2: the IPVS table: it and the sysctls were not compared")
    (tmp_path / "whole").mkdir()
    assert "were not compared" not in str(texts(adopt(setup_2(tmp_path / "whole"), ["lb1", "lb2"]), "left"))


def test_an_address_that_is_none(tmp_path: Path) -> None:
    """Its definition may stand in a file that can't be read."""
    [fault] = [text for text in texts(adopt(setup_2(tmp_path, "10.0.0.5/24", "$VIP/24"), ["lb1", "lb2"]), "faults")
               if "$VIP/24" in text]  # fmt: skip
    assert "virtual_ipaddress[0]" in fault


def test_a_service_on_no_port_that_only_the_table_has() -> None:
    hosts = setup_1()
    hosts["lb1"]["table"]["services"].append(
        service(server("10.0.0.11", 0, 1, "dr"), address="10.0.0.6", port=0, protocol="tcp", persistence_timeout=300)
    )
    faults = "\n".join(texts(adopt(hosts, ["lb1"]), "faults"))
    assert "10.0.0.6" in faults
    assert "port" in faults


@pytest.mark.parametrize(
    ("members", "covered"),
    [
        ("10.0.0.5-7", True), ("10.0.0.6 0", True), ("10.0.0.7-8", False), ("10.0.0.6 81", False),
        ("10.0.0.5-$LAST", False), ("2001:DB8::6", True), ("fwmark 6", True), ("fwmark 7", False),
    ],
)  # fmt: skip
def test_a_service_of_a_group_that_is_written_as_it_stands(members: str, covered: bool, tmp_path: Path) -> None:
    (tmp_path / "keepalived.conf").write_text(
        f"virtual_server_group G {{\n {members}\n}}\n"
        "virtual_server group G {\n lvs_sched rr\n persistence_timeout 300\n real_server 192.168.0.12 0 {\n }\n}\n"
    )
    items = blocks.from_data(blocks.read(str(tmp_path / "keepalived.conf"), "lb1")["items"], {})
    named: dict[str, Any] = {"address": "10.0.0.6", "port": 0, "protocol": "tcp"}
    if ":" in members:
        named = {**named, "family": "ipv6", "address": "2001:db8::6"}
    elif "fwmark" in members:
        named = {"fwmark": 6}
    assert verbatim_of(items, [])(service(server("192.168.0.12", 0), **named)) == covered
