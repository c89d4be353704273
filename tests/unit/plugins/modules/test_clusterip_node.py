"""clusterip_node and its program with this kernel's nftables and xt_cluster, in namespaces of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.modules.clusterip_host import (
    ABSENT,
    ADDRESSES,
    FOLDER,
    MAC,
    PROGRAM,
    SERVICE,
    VIP,
    WANTED,
    Node,
)

BACKENDS = ("nftables", "xt_cluster")
UNDONE = "; the state before this run was put back"
VIP_THERE = f"{VIP}/32 dev eth0"
SECOND = {**WANTED, "address": "10.0.0.10/24"}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Node]:
    with Node(tmp_path / "host") as found:
        yield found


def good(result: dict[str, Any]) -> dict[str, Any]:
    assert "failed" not in result, result["msg"]
    return result


def settled(host: Node, **options: Any) -> None:
    """What was asked for stands, and a second run changes nothing."""
    for check in (True, False):
        result = good(host.node(check=check, **options))
        assert (result["changed"], result["diff"]) == (False, {"before": {}, "after": {}})


def served(host: Node, backend: str) -> list[int]:
    """The buckets of the first VIP as the kernel lists them."""
    if backend == "nftables":
        (line,) = [line for line in host.rules() if line.startswith("jhash ip saddr")] or ["{ }"]
        words = line.partition("{")[2].partition("}")[0] if "{" in line else line.split(" 0x0 ")[1].split()[0]
        return [int(word) + 1 for word in words.replace(",", " ").split()]
    text = host.run("iptables", "-t", "mangle", "-S")
    masks = [line.split()[5] for line in text.splitlines() if "--cluster-local-nodemask" in line and "RETURN" in line]
    return sorted(int(mask, 16).bit_length() for mask in masks)


# --- present, change, absent ------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_check_run_check_run_and_back(host: Node, backend: str) -> None:
    before, wanted = host.all(), {**WANTED, "backend": backend}
    first = good(host.node(check=True, **wanted))
    assert first["changed"]
    assert host.all() == before
    assert [call for call in host.calls() if not re.search(" (is-|show )", call)] == []

    done = good(host.node(**wanted))
    assert (done["diff"], done["buckets"], done["buckets_before"]) == (first["diff"], [1, 2], None)
    assert (done["backend"], done["backends"], done["cluster_mac"]) == (backend, {backend: ""}, MAC)
    assert not done["shared"]
    assert done["diff"]["before"]["at boot"] is False
    assert "cluster_mac" not in done["diff"]["before"]
    after = done["diff"]["after"]
    assert (after["addresses"], after["buckets"], after["total"], after["at boot"]) == ([VIP_THERE], [1, 2], 4, True)
    assert after["files"][f"{FOLDER}/{VIP}.json"] == "as this version has it"

    assert served(host, backend) == [1, 2]
    assert host.macs() == [f"{MAC} dev eth0"]
    assert f'oifname "eth0" arp saddr ip {VIP} arp saddr ether set {MAC}' in host.rules()
    assert VIP_THERE in host.addresses()
    assert host.services() == sorted(
        f"{word}.{name}" for word in ("active", "enabled") for name in (ADDRESSES, SERVICE)
    )
    # The VIP comes after everything else.
    calls = [call for call in host.calls() if " is-" not in call]
    assert calls.index(f"systemctl enable --now --quiet {SERVICE}") < calls.index(f"systemctl restart {ADDRESSES}")

    standing = host.all()
    settled(host, **wanted)
    assert host.all() == standing

    gone = good(host.node(check=True, **ABSENT))
    assert gone["changed"]
    assert host.all() == standing
    assert good(host.node(**ABSENT))["diff"] == gone["diff"]
    assert (gone["buckets"], gone["buckets_before"], gone["backend"]) == ([], [1, 2], "")
    assert gone["diff"]["before"]["cluster_mac"] == MAC
    assert host.all() == before
    settled(host, **ABSENT)
    assert host.run("ls", "/var/lib") == ""


@pytest.mark.parametrize("backend", BACKENDS)
def test_buckets_change_alone_and_in_place(host: Node, backend: str) -> None:
    wanted = {**WANTED, "backend": backend}
    good(host.node(**wanted))
    files, jump = host.contents(), [line for line in host.rules() if " jump " in line]
    for buckets in ([2, 3], [], [4], [1, 2, 3, 4], [3, 2]):
        before = good(host.node(**wanted))["buckets"]
        result = good(host.node(check=True, **wanted, buckets=buckets))
        assert result["diff"] == {"before": {"buckets": before}, "after": {"buckets": sorted(buckets)}}
        result = good(host.node(**wanted, buckets=buckets))
        assert (result["changed"], result["shared"]) == (True, False)
        assert (result["buckets"], result["buckets_before"]) == (sorted(buckets), before)
        if backend == "nftables" or len(buckets) < 4:  # all of them are a rule without the match
            assert served(host, backend) == sorted(buckets)
        settled(host, **wanted, buckets=buckets)
    assert (host.contents(), [line for line in host.rules() if " jump " in line]) == (files, jump)
    # Without the option nothing undoes what a person or VRRP moved.
    assert good(host.node(**wanted))["buckets"] == [2, 3]

    # Of those that it serves from boot: 2 went, 4 came, and 3 was moved here.
    result = good(host.node(**{**wanted, "local_nodes": [1, 4]}))
    assert (result["buckets"], result["buckets_before"]) == ([3, 4], [2, 3])
    assert result["diff"]["before"] == {
        "buckets": [2, 3],
        "local_nodes": [1, 2],
        "files": {f"{FOLDER}/{VIP}.json": "present"},
    }
    settled(host, **{**wanted, "local_nodes": [1, 4]})


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_all_nodes_agree_on_changes_in_place(host: Node, backend: str) -> None:
    before, wanted = host.all(), {**WANTED, "backend": backend}
    good(host.node(**wanted, buckets=[3]))
    changes: list[tuple[dict[str, Any], list[int], str]] = [
        ({"hash_seed": 7}, [3], "0x7" if backend == "nftables" else "seed 0x00000007"),
        ({"protocol": "tcp", "ports": [443, 80]}, [3], "dport { 80, 443 }"),
        ({"protocol": "udp"}, [3], "udp"),
        # With another number of buckets each client has another one: the node begins with its own.
        ({"total_nodes": 8, "local_nodes": [5, 6]}, [5, 6], "mod 8"),
    ]
    for options, buckets, text in changes:
        result = good(host.node(**{**wanted, **options}))
        assert (result["changed"], result["shared"], result["buckets"]) == (True, True, buckets)
        assert any(text in line for line in host.rules())
        assert VIP_THERE in host.addresses()
        settled(host, **{**wanted, **options})
    # Nobody else needs to know of this.
    result = good(host.node(**{**wanted, **changes[-1][0], "address": f"{VIP}/32"}))
    assert (result["changed"], result["shared"]) == (True, False)
    assert f"{VIP}/32 dev eth0" in host.addresses()
    good(host.node(**ABSENT))
    assert host.all() == before


@pytest.mark.parametrize("backend", BACKENDS)
def test_another_place(host: Node, backend: str) -> None:
    before, wanted = host.all(), {**WANTED, "backend": backend}
    assert good(host.node(**wanted, buckets=[4]))["gone"] == []
    result = good(host.node(**{**wanted, "interface": "eth1"}))
    assert (result["changed"], result["shared"], result["buckets"], result["gone"]) == (True, False, [4], [VIP])
    assert host.addresses() == ["10.0.0.2/24 dev eth0", f"{VIP}/32 dev eth1", "10.1.0.2/24 dev eth1"]
    assert host.macs() == [f"{MAC} dev eth1"]
    assert not any("eth0" in line for line in host.rules())
    settled(host, **{**wanted, "interface": "eth1"})

    other = {**wanted, "interface": "eth1", "cluster_mac": "01:02:03:04:05:06"}
    result = good(host.node(**other))
    assert (result["shared"], result["cluster_mac"], result["buckets"]) == (True, "01:02:03:04:05:06", [4])
    assert host.macs() == ["01:02:03:04:05:06 dev eth1"]
    assert not any(MAC in line for line in host.rules())
    settled(host, **other)

    # And the other backend.
    (name,) = set(BACKENDS) - {backend}
    result = good(host.node(**{**other, "backend": name}))
    assert (result["shared"], result["backend"], result["buckets"]) == (True, name, [4])
    assert served(host, name) == [4]
    assert any("cip_" in line for line in host.rules()) == (name == "nftables")
    good(host.node(**ABSENT))
    assert host.all() == before


def test_who_is_killed_while_the_backend_changes_leaves_no_rules_for_good(host: Node) -> None:
    """Two backends drop by two hashes: the node would serve only who is in both."""
    good(host.node(**WANTED, backend="nftables"))
    standing, killed = host.rules(), 0
    for calls in range(1, 20):
        good(host.node(**WANTED, backend="xt_cluster"))
        host.kills(calls)
        if host.node(**WANTED, backend="nftables") != {"killed": True}:
            break
        killed += 1
        good(host.node(**WANTED, backend="nftables"))
        assert (host.rules(), served(host, "nftables")) == (standing, [1, 2]), calls
    assert killed > 2


# --- backends ---------------------------------------------------------------------------------------------------


def test_auto_takes_the_first_that_works_and_keeps_what_it_has(host: Node) -> None:
    before = host.all()
    result = good(host.node(check=True, **WANTED))
    assert result["backend"] == "nftables"
    assert (result["backends"]["nftables"], result["backends"]["xt_cluster"]) == ("", "")
    assert "it needs Linux up to 6.2" in result["backends"]["clusterip"]
    assert host.all() == before  # each was tried
    result = good(host.node(check=True, **{**WANTED, "total_nodes": 33}))
    assert "the backend xt_cluster has no more" in result["backends"]["xt_cluster"]

    good(host.node(**WANTED, backend="xt_cluster"))
    settled(host, **WANTED)
    assert good(host.node(**WANTED))["backends"] == {"xt_cluster": ""}
    host.run("iptables", "-t", "mangle", "-F")
    assert good(host.node(**WANTED))["backend"] == "xt_cluster"
    result = good(host.node(**{**WANTED, "total_nodes": 33}))
    assert (result["backend"], result["shared"]) == ("nftables", True)
    assert not any("LVS-CIP" in line for line in host.rules())


def test_a_backend_that_does_not_work_here(host: Node) -> None:
    before = host.all()
    result = host.node(**WANTED, backend="clusterip")
    assert "backend: clusterip does not work on this host: iptables-legacy: " in result["msg"]
    host.program("nft", "#!/bin/sh\necho 'Error: Operation not supported' >&2; exit 1\n")
    result = good(host.node(check=True, **WANTED))
    assert (result["backend"], result["backends"]["nftables"]) == ("xt_cluster", "Error: Operation not supported")
    result = host.node(**WANTED, backend="nftables")
    assert "nftables does not work on this host: Error: Operation not supported" in result["msg"]
    for program in ("iptables-restore", "iptables-legacy-restore"):
        host.program(program, "#!/bin/sh\necho no match >&2; exit 2\n")
    result = host.node(**WANTED)
    assert result["msg"].startswith(f"{VIP}: backend: none works for {VIP} on this host: nftables: Error: Operation")
    assert "xt_cluster: iptables: no match; iptables-legacy: no match; clusterip: " in result["msg"]
    (host.programs / "nft").unlink()
    assert host.all() == before


# --- repair -----------------------------------------------------------------------------------------------------

# What somebody does to it, and the bucket that the node has afterwards: rules that are gone served none.
DAMAGES = {
    "nftables": [
        ("nft flush ruleset", 1),
        ("nft delete table arp lvs_clusterip", 1),
        ("nft flush chain inet lvs_clusterip prerouting", 1),
        (f"ip maddr del {MAC} dev eth0", 1),
        (f"ip address del {VIP}/32 dev eth0", 3),
    ],
    "xt_cluster": [
        ("iptables -t mangle -F", 1),
        ("iptables -t mangle -I PREROUTING -i eth0 -j ACCEPT", 1),
        (f"ip maddr del {MAC} dev eth0", 1),
        (f"ip address del {VIP}/32 dev eth0", 3),
    ],
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_repair(host: Node, backend: str) -> None:
    wanted = {**WANTED, "local_nodes": [1], "backend": backend}
    good(host.node(**wanted))
    standing = host.rules()
    for damage, bucket in DAMAGES[backend]:
        good(host.node(**wanted, buckets=[3]))
        host.run("sh", "-ec", damage)
        first = good(host.node(check=True, **wanted))
        done = good(host.node(**wanted))
        assert (first["changed"], done["changed"], done["diff"]) == (True, True, first["diff"])
        assert done["buckets"] == [bucket]
        if bucket == 1:
            assert done["buckets_before"] is None
            assert done["diff"]["before"] == {"buckets": "none: its rules are not (all) there"}
        settled(host, **wanted)
        assert VIP_THERE in host.addresses()
        assert set(standing) <= set(host.rules()) or bucket != 1

    host.run("rm", "-r", "/etc/lvs-cluster", PROGRAM)
    assert good(host.node(**wanted))["changed"]
    settled(host, **wanted)
    host.run("systemctl", "disable", "--quiet", SERVICE)
    assert good(host.node(**wanted))["diff"] == {"before": {"at boot": False}, "after": {"at boot": True}}
    # As after a boot in which it failed.
    host.run("systemctl", "stop", SERVICE)
    stopped = {"before": {"service active": False}, "after": {"service active": True}}
    assert good(host.node(check=True, **wanted))["diff"] == stopped
    assert good(host.node(**wanted))["diff"] == stopped
    settled(host, **wanted)


@pytest.mark.parametrize("backend", BACKENDS)
def test_at_boot_the_program_brings_the_rules_alone(host: Node, backend: str) -> None:
    wanted = {**WANTED, "backend": backend}
    good(host.node(**wanted))
    standing = host.rules()
    good(host.node(**wanted, buckets=[3]))
    host.run(PROGRAM, "load")  # while they stand: nothing
    assert good(host.node(**wanted))["buckets"] == [3]
    host.run("sh", "-ec", f"nft flush ruleset; ip maddr del {MAC} dev eth0")
    host.run(PROGRAM, "load")
    assert (host.rules(), host.macs()) == (standing, [f"{MAC} dev eth0"])
    settled(host, **wanted)


def test_buckets_that_vrrp_gave(host: Node) -> None:
    host.run("sh", "-ec", """mkdir /run/lvs-clusterip; echo '{"buckets": [3, 9]}' > /run/lvs-clusterip/buckets.json""")
    nothing: dict[str, Any] = {**WANTED, "local_nodes": []}
    assert good(host.node(**nothing))["buckets"] == [3]
    assert good(host.node(**{**nothing, "total_nodes": 12}))["buckets"] == [3, 9]


def test_a_file_that_is_not_ours_stops_everything(host: Node) -> None:
    good(host.node(**WANTED))
    host.run("sh", "-c", f"echo '{{}}' > {FOLDER}/10.0.0.7.json")
    before = host.all()
    for options in (WANTED, ABSENT, {"state": "absent"}):
        assert "10.0.0.7.json is not what we wrote ('cluster_ip'): move it away" in host.node(**options)["msg"]
    assert host.all() == before


# --- several VIPs -----------------------------------------------------------------------------------------------


def test_one_goes_and_all_go(host: Node) -> None:
    before = host.all()
    one = {**WANTED, "cluster_mac": MAC}
    good(host.node(**one))
    alone = host.all()
    good(host.node(**SECOND, cluster_mac=MAC))
    good(host.node(**{**SECOND, "address": "10.0.0.11/24"}, backend="xt_cluster"))
    settled(host, **one)
    good(host.node(address="10.0.0.10/24", state="absent"))
    good(host.node(address="10.0.0.11", state="absent"))
    assert host.all() == alone  # and still takes in frames to the MAC that was that of two

    good(host.node(**{**SECOND, "address": "10.0.0.11/24"}, backend="xt_cluster"))
    everything: dict[str, Any] = {"state": "absent"}
    first = good(host.node(check=True, **everything))
    assert first["diff"]["before"]["other VIPs"] == ["10.0.0.11", VIP]
    assert good(host.node(**everything))["diff"] == first["diff"]
    assert host.all() == before
    settled(host, **everything)


def test_keep(host: Node) -> None:
    third = {**WANTED, "address": "10.0.0.11/24", "interface": "eth1"}
    for options in (WANTED, SECOND, third):
        good(host.node(**options))
    settled(host, **WANTED, keep=["10.0.0.11/24", "10.0.0.10"])
    first = good(host.node(check=True, **WANTED, keep=["10.0.0.11/24"]))
    assert first["gone"] == first["diff"]["before"]["other VIPs"] == ["10.0.0.10"]
    assert good(host.node(**WANTED, keep=["10.0.0.11/24"]))["diff"] == first["diff"]
    settled(host, **WANTED, keep=["10.0.0.11/24"])
    settled(host, **third)
    assert host.macs() == [f"{MAC} dev eth0", "03:4c:0a:00:00:0b dev eth1"]
    assert host.run("ls", FOLDER).split() == ["10.0.0.11.json", f"{VIP}.json"]
    assert [text for text in host.addresses() if ".0.0.1" in text] == ["10.0.0.11/32 dev eth1"]

    # One that is new, and the only one.
    good(host.node(**SECOND, keep=[]))
    assert host.run("ls", FOLDER).split() == ["10.0.0.10.json"]
    settled(host, **SECOND, keep=[])


# --- what fails half-way ----------------------------------------------------------------------------------------

SYSTEMCTL = ("daemon-reload", f"*enable --now * {SERVICE}", f"restart {ADDRESSES}")


@pytest.mark.parametrize("words", SYSTEMCTL)
def test_the_first_vip_with_a_systemctl_that_fails(host: Node, words: str) -> None:
    before = host.all()
    host.fails(words)
    result = host.node(**WANTED)
    assert f"{VIP}: systemctl {words.partition('*')[0]}" in result["msg"]
    assert "failed with status 1: Job failed" in result["msg"]
    assert result["msg"].endswith(UNDONE)
    assert host.all() == before
    good(host.node(**WANTED))
    settled(host, **WANTED)


def test_a_vip_that_changes(host: Node) -> None:
    good(host.node(**WANTED, buckets=[4]))
    good(host.node(**SECOND))
    before = host.all()
    refusing = '#!/bin/sh\ncase "$*" in "maddr add "*eth1) echo no >&2; exit 2;; esac\nexec /sbin/ip "$@"\n'
    host.program("ip", refusing)
    result = host.node(**{**WANTED, "interface": "eth1", "local_nodes": [3]}, keep=[])
    assert result["msg"] == f"{VIP}: ip maddr add {MAC} dev eth1 failed with status 2: no{UNDONE}"
    assert host.all() == before
    for options in ({"hash_seed": 3}, {"buckets": [1]}, {"cluster_mac": "01:02:03:04:05:06"}, {"address": f"{VIP}/32"}):
        host.fails(f"*enable --now * {SERVICE}")
        assert host.node(**{**WANTED, **options}, keep=[])["msg"].endswith(UNDONE)
        assert host.all() == before
    settled(host, **WANTED)
    settled(host, **SECOND)


@pytest.mark.parametrize("options", [ABSENT, {"state": "absent"}], ids=["one", "all"])
def test_absent(host: Node, options: dict[str, Any]) -> None:
    good(host.node(**WANTED, buckets=[4]))
    if options != ABSENT:
        good(host.node(**SECOND, backend="xt_cluster", buckets=[3]))
    before = host.all()
    host.fails(f"disable --now * {SERVICE}")
    result = host.node(**options)
    assert f"systemctl disable --now --quiet {SERVICE} failed with status 1: Job failed" in result["msg"]
    assert result["msg"].endswith(UNDONE)
    assert host.all() == before
    assert good(host.node(**options))["changed"]
    assert host.rules() == []


def test_a_way_back_that_fails_too(host: Node) -> None:
    good(host.node(**WANTED))
    refusing = '#!/bin/sh\ncase "$*" in "-f -") echo full >&2; exit 1;; esac\nexec /usr/sbin/nft "$@"\n'
    host.program("nft", refusing)
    result = host.node(**{**WANTED, "hash_seed": 3})
    assert (
        "nft refuses the rules of 10.0.0.9: full; putting back the state before this run failed, too: " in result["msg"]
    )


# --- what cannot be ---------------------------------------------------------------------------------------------

REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"address": VIP}, f"address: {VIP} has no prefix length: write it like {VIP}/24"),
    ({"address": ""}, "address: is empty: write the VIP with the prefix length of its network, as 10.0.0.9/24"),
    ({"address": None}, "state is present but all of the following are missing: address"),
    ({"address": "web"}, "address: 'web' is no address: write it like 10.0.0.9/24"),
    ({"address": "fd00::9/64", "backend": "clusterip"}, "clusterip has no IPv6; take xt_cluster or nftables"),
    ({"cluster_mac": "02:00:00:00:00:09"}, "02:00:00:00:00:09 is not multicast: the first octet must be odd"),
    ({"cluster_mac": "03-4c"}, "cluster_mac: '03-4c' is no MAC address"),
    ({"total_nodes": 1025}, "total_nodes: 1025 buckets are not in 1..1024"),
    ({"total_nodes": 33, "backend": "xt_cluster"}, "33 buckets are not in 1..32: the backend xt_cluster has no more"),
    ({"total_nodes": 17, "backend": "clusterip"}, "17 buckets are not in 1..16: the backend clusterip has no more"),
    ({"local_nodes": [0, 2, 5]}, "local_nodes: 0, 5 not in 1..4 (total_nodes)"),
    ({"local_nodes": [5], "buckets": [6, 1]}, "local_nodes: 5 not in 1..4 (total_nodes); buckets: 6 not in 1..4"),
    ({"hash_mode": "sourceip-sourceport", "backend": "xt_cluster"}, "xt_cluster hashes the source address only"),
    ({"hash_seed": 2**32}, "hash_seed: 4294967296 is not in 0..4294967295"),
    ({"ports": [80]}, "ports: they need a protocol"),
    ({"protocol": "tcp", "ports": [80, 80, 0]}, "ports: 0 not in 1..65535; ports: one of them is there twice"),
    ({"interface": "eth9"}, "interface eth9 does not exist on this host"),
    ({"keep": ["web"]}, "keep: 'web' is no address"),
    ({"interface": None}, "state is present but all of the following are missing: interface"),
]


def test_what_cannot_be_changes_nothing(host: Node) -> None:
    for standing in (False, True):
        if standing:
            good(host.node(**WANTED))
        before = host.all()
        for options, fault in REFUSALS:
            asked = {key: value for key, value in {**WANTED, **options}.items() if value is not None}
            result = host.node(**asked)
            assert result.get("failed"), json.dumps(result)
            assert fault in result["msg"]
            assert host.all() == before


def test_a_host_without_systemd(host: Node) -> None:
    before = host.all()
    host.program("systemctl", "#!/bin/sh\necho systemctl is not installed >&2; exit 127\n")
    result = host.node(**WANTED)
    assert "systemctl is not installed: a cluster IP is kept by a systemd service" in result["msg"]
    assert host.all() == before
