"""Chains of iptables: what is printed is told apart from what is wanted, and the transactions between them."""

from __future__ import annotations

import os

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import reach
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends import legacy, xt_cluster
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.chains import (
    facts,
    is_first,
    listing,
    parse,
)
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.known import named
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp
from tests.unit.plugins.module_utils._clusterip.programs import Programs

VIP = ClusterIp("10.0.0.9", 24, "eth0", "03:4c:0a:00:00:09", 12, "sourceip", 7, "tcp", (80, 443), "xt_cluster")
CHAIN = "LVS-CIP-282549a1"
# Captured from iptables 1.8.9 (nft).
PRINTED = """-P PREROUTING ACCEPT
-P INPUT ACCEPT
-N LVS-CIP-282549a1
-A PREROUTING -d 10.0.0.9/32 -i eth0 -j LVS-CIP-282549a1
-A LVS-CIP-282549a1 -m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 12 \
--cluster-hash-seed 0x00000007
-A LVS-CIP-282549a1 -p icmp -m icmp --icmp-type 3 -j RETURN
-A LVS-CIP-282549a1 -p icmp -m icmp --icmp-type 11 -j RETURN
-A LVS-CIP-282549a1 -p icmp -m icmp --icmp-type 12 -j RETURN
-A LVS-CIP-282549a1 -p tcp -m multiport --dports 80,443 -m cluster --cluster-local-nodemask 0x00000002 \
--cluster-total-nodes 12 --cluster-hash-seed 0x00000007 -j RETURN
-A LVS-CIP-282549a1 -p tcp -m multiport --dports 80,443 -m cluster --cluster-local-nodemask 0x00000800 \
--cluster-total-nodes 12 --cluster-hash-seed 0x00000007 -j RETURN
-A LVS-CIP-282549a1 -j DROP
"""
NFT_IS_IPTABLES = {
    "iptables___V": (0, "iptables v1.8.9 (nf_tables)", ""),
    "iptables_nft___V": (0, "iptables v1.8.9 (nf_tables)", ""),
    "iptables_legacy___V": (0, "iptables v1.8.9 (legacy)", ""),
}
LEGACY_IS_IPTABLES = {**NFT_IS_IPTABLES, "iptables___V": (0, "iptables v1.8.9 (legacy)", "")}
EMPTY = "-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ARP and the interface, which have tests of their own."""
    monkeypatch.setattr(reach, "stands", lambda run, cluster_ip: True)
    for name in ("load", "remove"):
        monkeypatch.setattr(reach, name, lambda run, cluster_ip: None)


def test_what_is_printed_is_understood() -> None:
    run = Programs(iptables=(0, PRINTED, ""))
    assert xt_cluster.read(run, VIP) == (2, 12)
    for other in (
        VIP._replace(total=11),
        VIP._replace(hash_seed=8),
        VIP._replace(ports=(80,)),
        VIP._replace(interface="e"),
    ):
        assert xt_cluster.read(run, other) is None
    assert facts(("!", "-p", "58", "-d", "::1/128")) == {("! -p", "ipv6-icmp"), ("-d", "::1")}


@pytest.mark.parametrize(
    ("before", "first"),
    [
        ("", True),
        ("-j LVS-OTHER", True),
        ("-i lo -j ACCEPT", False),
        ("-d 10.0.0.9/32 -i eth0 -j LVS-CIP-282549a1", False),
    ],
)
def test_the_first_place(before: str, first: bool) -> None:
    line = f"-A PREROUTING {before}\n" if before else ""
    have = parse(PRINTED.replace("-A PREROUTING", line + "-A PREROUTING", 1))
    assert is_first(have, xt_cluster._HOOK, VIP) is first


def test_load_from_nothing_and_over_what_stands() -> None:
    run = Programs(iptables__=(0, EMPTY, ""))
    xt_cluster.load(run, VIP, (2,))
    assert run.sent[-1].splitlines() == [
        "*mangle",
        f":{CHAIN} - [0:0]",
        f"-A {CHAIN} -m cluster --cluster-total-nodes 12 --cluster-local-node 1 --cluster-hash-seed 7",
        *(f"-A {CHAIN} -p icmp -m icmp --icmp-type {kind} -j RETURN" for kind in (3, 11, 12)),
        f"-A {CHAIN} -p tcp -m multiport --dports 80,443 -m cluster --cluster-total-nodes 12 --cluster-local-node 2 "
        "--cluster-hash-seed 7 -j RETURN",
        f"-A {CHAIN} -j DROP",
        f"-I PREROUTING 1 -i eth0 -d 10.0.0.9 -j {CHAIN}",
        "COMMIT",
    ]
    run = Programs(iptables__=(0, PRINTED.replace("eth0", "eth1"), ""))
    xt_cluster.load(run, VIP, range(1, 13))
    assert f"-D PREROUTING -d 10.0.0.9/32 -i eth1 -j {CHAIN}" in run.sent[-1]
    assert f"-A {CHAIN} -p tcp -m multiport --dports 80,443 -j RETURN" in run.sent[-1]


def test_serve_is_one_program_a_family_and_one_missing_chain_stops_no_other() -> None:
    six = VIP._replace(address="2001:db8::9")
    run = Programs()
    xt_cluster.serve(run, [(VIP, (1,)), (six, ())])
    assert run.asked == ["iptables-restore --noflush -w 5", "ip6tables-restore --noflush -w 5"]
    assert "\n:" not in run.sent[0]

    run = Programs(iptables_restore=(1, "", "line 2 failed"), iptables_legacy_restore=(1, "", "no"), **NFT_IS_IPTABLES)
    with pytest.raises(BootError, match=r"10\.0\.0\.9: iptables-restore: line 2 failed.*10\.0\.0\.8: "):
        xt_cluster.serve(run, [(VIP, (1,)), (VIP._replace(address="10.0.0.8"), ())])
    assert len([words for words in run.asked if "restore" in words]) == 6


def test_remove() -> None:
    run = Programs(iptables__=(0, PRINTED, ""))
    xt_cluster.remove(run, VIP)
    assert run.sent == [
        f"*mangle\n-D PREROUTING -d 10.0.0.9/32 -i eth0 -j {CHAIN}\n-F {CHAIN}\n-X {CHAIN}\nCOMMIT\n",
    ]
    run = Programs(iptables__=(0, EMPTY, ""))
    xt_cluster.remove(run, VIP)
    assert run.sent == []


def test_the_tables_of_before_are_found_after_another_variant_became_iptables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.chains._is_unused",
        lambda program, table: False,
    )
    run = Programs(iptables_nft__=(0, PRINTED, ""), iptables__=(0, EMPTY, ""), **LEGACY_IS_IPTABLES)
    assert xt_cluster.read(run, VIP) == (2, 12)
    run.asked.clear()
    xt_cluster.load(run, VIP, (2,))
    xt_cluster.remove(run, VIP)
    assert [words.split()[0] for words in run.asked if "restore" in words] == ["iptables-nft-restore"] * 2
    # Each table once, whatever its programs are called.
    assert sorted({words.split()[0] for words in run.asked if words.endswith("-S")}) == ["iptables", "iptables-nft"]

    # Both drop: that is no state to serve from, and a load leaves one.
    run = Programs(iptables_nft__=(0, PRINTED, ""), iptables__=(0, PRINTED, ""), **LEGACY_IS_IPTABLES)
    assert xt_cluster.read(run, VIP) is None
    run.asked.clear()
    xt_cluster.load(run, VIP, (2,))
    assert [words.split()[0] for words in run.asked if "restore" in words] == [
        "iptables-restore",
        "iptables-nft-restore",
    ]
    assert f"-X {CHAIN}" in run.sent[-1]


@pytest.mark.parametrize(
    "said",
    [
        (4, "", "iptables v1.8.9 (nf_tables): Could not fetch rule set generation id: Invalid argument"),
        (1, "", "iptables-nft/1.8.7 Failed to initialize nft: Protocol not supported"),
    ],
)
def test_a_kernel_without_nf_tables_has_no_tables_of_that_kind(said: tuple[int, str, str]) -> None:
    run = Programs(iptables_nft__=said, iptables__=(0, PRINTED, ""), **LEGACY_IS_IPTABLES)
    assert xt_cluster.read(run, VIP) == (2, 12)


def test_what_cannot_be_listed_is_not_absent() -> None:
    hook = xt_cluster._HOOK
    assert listing(Programs(iptables=(127, "", "x")), "iptables", hook, CHAIN) == {}
    assert listing(Programs(iptables=(3, "", "Table does not exist")), "iptables", hook, CHAIN) == {}
    with pytest.raises(BootError, match="failed with status 4: denied"):
        listing(Programs(iptables=(4, "", "denied")), "iptables", hook, CHAIN)
    with pytest.raises(BootError, match="rules in PREROUTING that only nft can show"):
        listing(Programs(iptables=(3, EMPTY, "Parsing failed")), "iptables", hook, CHAIN)


def test_problem_names_both_variants() -> None:
    run = Programs(
        iptables_restore=(2, "", "Couldn't load match"), iptables_legacy_restore=(2, "", "no"), **NFT_IS_IPTABLES
    )
    assert xt_cluster.problem(run, "ipv4") == "iptables: Couldn't load match; iptables-legacy: no"
    missing = (127, "", "is not installed")
    run = Programs(iptables=missing)
    assert xt_cluster.problem(run, "ipv4") == "iptables: is not installed"
    run = Programs(
        iptables_restore=(2, "", "Couldn't load match"),
        iptables__=(0, "iptables v1.8.10 (nf_tables)", ""),
        iptables_nft=missing,
        iptables_legacy=missing,
    )
    assert xt_cluster.problem(run, "ipv4") == "iptables: Couldn't load match"
    with pytest.raises(BootError, match="'ipvs' is none of"):
        named("ipvs")
    assert [named(name).NAME for name in ("clusterip", "xt_cluster", "nftables")] == [
        "clusterip",
        "xt_cluster",
        "nftables",
    ]


# --- the target CLUSTERIP ---------------------------------------------------------------------------------------------

OLD = VIP._replace(backend="clusterip", protocol="all", ports=())
# As CLUSTERIP_save() of iptables prints it.
OLD_PRINTED = """-P INPUT ACCEPT
-N LVS-CIP-282549a1
-A INPUT -d 10.0.0.9/32 -i eth0 -j LVS-CIP-282549a1
-A LVS-CIP-282549a1 -d 10.0.0.9/32 -i eth0 -j CLUSTERIP --new --hashmode sourceip \
--clustermac 03:4C:0A:00:00:09 --total-nodes 12 --local-node 3 --hash-init 7
"""


class Kernel(Programs):
    """The file of the VIP is there from the first rule with the target on; it takes one change a write."""

    def __init__(self, path: str, printed: str) -> None:
        super().__init__(iptables_legacy__=(0, printed, ""), iptables_legacy___V=(0, "iptables v1.8.9 (legacy)", ""))
        self.path = path


def test_legacy_serves_by_its_file(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legacy, "PROC", str(tmp_path))
    monkeypatch.setattr(
        "ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.chains._is_unused",
        lambda program, table: False,
    )
    path = f"{tmp_path}/{OLD.address}"
    run = Kernel(path, OLD_PRINTED)
    assert legacy.read(run, OLD) is None  # no file
    with open(path, "w") as stream:
        stream.write("3,1\n")
    assert legacy.read(run, OLD) == (1, 3)
    assert legacy.read(run, OLD._replace(total=11)) is None
    assert legacy.read(run, OLD._replace(cluster_mac="03:4c:00:00:00:01")) is None

    written: list[str] = []
    monkeypatch.setattr(os, "write", lambda handle, data: written.append(data.decode()))
    run.asked.clear()
    legacy.serve(run, [(OLD, (1, 2, 5))])
    assert (written, run.asked) == (["+2\n", "+5\n", "-3\n"], [])
    with pytest.raises(BootError, match=r"10\.0\.0\.8 is not there, so load its rules first"):
        legacy.serve(run, [(OLD._replace(address="10.0.0.8"), ())])

    # Other rules: the old configuration goes before the new one comes, and no bucket is left over.
    written.clear()
    legacy.load(run, OLD._replace(total=11), ())
    assert [text.splitlines()[1].split()[0] for text in run.sent] == ["-D", f":{CHAIN}"]
    assert "--total-nodes 11 --local-node 1 --hash-init 7" in run.sent[1]
    assert written == ["-1\n", "-3\n"]


def test_legacy_with_ports_drops_the_rest() -> None:
    rules = [" ".join(rule) for rule in legacy.rules(VIP, 4)]
    assert rules[0].startswith(
        "-i eth0 -d 10.0.0.9 -p tcp -m multiport --dports 80,443 -j CLUSTERIP --new --hashmode sourceip"
    )
    # The target lets what is served go on to the next rule.
    assert rules[1] == "-p tcp -m multiport --dports 80,443 -j RETURN"
    assert rules[2:] == [*(f"-p icmp -m icmp --icmp-type {kind} -j RETURN" for kind in (3, 11, 12)), "-j DROP"]


def test_legacy_says_what_it_needs() -> None:
    assert legacy.problem(Programs(), "ipv6") == "the target CLUSTERIP has no IPv6"
    nft = (0, "iptables v1.8.9 (nf_tables)", "")
    run = Programs(iptables_legacy=(127, "", "no"), iptables___V=nft)
    assert "needs the legacy variant of iptables" in legacy.problem(run, "ipv4")
    # Captured on Linux 6.18.
    run = Programs(iptables_legacy_restore=(1, "", "iptables-restore: line 4 failed"))
    assert legacy.problem(run, "ipv4") == (
        "iptables-legacy: iptables-restore: line 4 failed; it needs Linux up to 6.2, the last release with the target "
        "CLUSTERIP"
    )
