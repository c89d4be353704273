"""Tables of nft: what it lists as JSON, and what is sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import arp, ndp, nft, reach
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends import nftables
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp
from tests.unit.plugins.module_utils._clusterip.programs import Programs

VIP = ClusterIp("10.0.0.9", 24, "eth0", "03:4c:0a:00:00:09", 12, "sourceip", 7, "tcp", (80, 443), "nftables")
SIX = VIP._replace(address="2001:db8::9", protocol="all", ports=(), hash_mode="sourceip-sourceport")
# Captured from nft 1.0.6, with buckets 2 and 12 of the one, 5 of the other.
TABLE = (Path(__file__).parent / "nft_1.0.6_inet.json").read_text()
ARP = (Path(__file__).parent / "nft_1.0.6_arp.json").read_text()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "stands", lambda run, cluster_ip: True)
    for name in ("load", "remove"):
        monkeypatch.setattr(reach, name, lambda run, cluster_ip: None)


@pytest.mark.usefixtures("alone")
def test_what_is_listed_is_understood() -> None:
    run = Programs(nft=(0, TABLE, ""))
    assert nftables.read(run, VIP) == (2, 12)
    assert nftables.read(run, SIX) == (5,)
    for other in (
        VIP._replace(total=11),
        VIP._replace(hash_seed=8),
        VIP._replace(ports=()),
        VIP._replace(interface="e"),
    ):
        assert nftables.read(run, other) is None
    assert nftables.read(Programs(nft=(1, "", "Error: No such file or directory")), VIP) is None
    with pytest.raises(BootError, match="Operation not permitted"):
        nftables.read(Programs(nft=(1, "", "Operation not permitted")), VIP)
    with pytest.raises(BootError, match="does not know"):
        nftables.read(Programs(nft=(0, '{"nftables": [{"rule": {}}]}', "")), VIP)


def test_what_releases_of_nft_say_otherwise() -> None:
    data = json.loads(TABLE)
    for item in data["nftables"]:
        for expression in item.get("rule", {}).get("expr", []):
            if "concat" in json.dumps(expression):
                expression["match"]["left"]["jhash"]["expr"]["concat"][1]["payload"]["protocol"] = "tcp"
        if "rule" in item:
            meta = {"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": "ipv4"}}
            item["rule"]["expr"].insert(0, meta)
    listed, other = (nft.parse(text) for text in (TABLE, json.dumps(data)))
    assert listed == other


@pytest.mark.usefixtures("alone")
def test_one_transaction() -> None:
    run = Programs(nft___j=(0, TABLE, ""))
    nftables.load(run, VIP._replace(interface="eth1"), (1,))
    lines = run.sent[0].splitlines()
    assert lines[3] == "flush chain inet lvs_clusterip cip_282549a1"
    assert lines[-2:] == [
        "delete rule inet lvs_clusterip prerouting handle 11",
        'add rule inet lvs_clusterip prerouting meta iifname "eth1" ip daddr 10.0.0.9 jump cip_282549a1',
    ]
    run = Programs()
    nftables.serve(run, [(VIP, (1,)), (SIX, ())])
    assert run.asked == ["nft -f -"]
    assert run.sent[0].splitlines()[-2:] == [
        "add rule inet lvs_clusterip cip_0e6f273c icmpv6 type { destination-unreachable, nd-neighbor-advert, "
        "nd-neighbor-solicit, nd-redirect, nd-router-advert, nd-router-solicit, packet-too-big, parameter-problem, "
        "time-exceeded } meta pkttype set host accept",
        "add rule inet lvs_clusterip cip_0e6f273c drop",
    ]


@pytest.mark.usefixtures("alone")
def test_the_last_one_takes_the_table_away() -> None:
    run = Programs(nft___j=(0, TABLE, ""))
    nftables.remove(run, VIP)
    assert run.sent[0].splitlines() == [
        "delete rule inet lvs_clusterip prerouting handle 11",
        "flush chain inet lvs_clusterip cip_282549a1",
        "delete chain inet lvs_clusterip cip_282549a1",
    ]
    data = json.loads(TABLE)
    text = json.dumps({"nftables": [item for item in data["nftables"] if "cip_0e6f273c" not in json.dumps(item)]})
    run = Programs(nft___j=(0, text, ""))
    nftables.remove(run, VIP)
    assert run.sent == ["delete table inet lvs_clusterip\n"]


# --- ARP --------------------------------------------------------------------------------------------------------------

ARPTABLES = "Chain OUTPUT (policy ACCEPT)\n-j mangle -o eth0 -s 10.0.0.9 --mangle-mac-s 03:4c:0a:00:00:09\n"


def test_arp_by_nft() -> None:
    run = Programs(nft=(0, ARP, ""))
    assert arp.stands(run, VIP)
    assert not arp.stands(run, VIP._replace(cluster_mac="03:4c:0a:00:00:0a"))
    assert arp.is_used(run, "eth0", VIP.cluster_mac)
    assert not arp.is_used(run, "eth1", VIP.cluster_mac)
    arp.load(run, VIP)
    assert run.sent == []
    arp.remove(run, VIP)
    assert run.sent == ["delete table arp lvs_clusterip\n"]


def test_arp_by_arptables() -> None:
    run = Programs(nft=(127, "", "nft is not installed"), arptables=(0, ARPTABLES, ""))
    assert arp.stands(run, VIP)
    assert arp.is_used(run, "eth0", VIP.cluster_mac)
    arp.remove(run, VIP)
    assert (
        run.asked[-1]
        == "arptables -D OUTPUT -s 10.0.0.9 -o eth0 --h-length 6 -j mangle --mangle-mac-s 03:4c:0a:00:00:09"
    )
    run = Programs(nft=(127, "", "nft is not installed"))
    arp.load(run, VIP)
    assert (
        run.asked[-1]
        == "arptables -I OUTPUT -s 10.0.0.9 -o eth0 --h-length 6 -j mangle --mangle-mac-s 03:4c:0a:00:00:09"
    )
    run = Programs(nft=(127, "", "nft is not installed"), arptables=(127, "", "arptables is not installed"))
    assert "arptables: arptables is not installed" in arp.problem(run)
    with pytest.raises(BootError, match=r"nft is not installed.*arptables is not installed"):
        arp.load(run, VIP)


def test_a_chain_that_a_killed_trial_left_is_in_nobodys_way() -> None:
    chains = {"LVS-CIP-PROBE"}

    def run(argv: Sequence[str], stdin: str = "") -> tuple[int, str, str]:
        if argv[0] != "arptables":
            return 127, "", "nft is not installed"
        verb, chain = argv[1:3]
        if (chain in chains) == (verb == "-N"):
            return 1, "", "arptables: Chain already exists" if verb == "-N" else "arptables: No chain by that name"
        (chains.add if verb == "-N" else chains.discard if verb == "-X" else len)(chain)
        return 0, "", ""

    assert (arp.problem(run), chains) == ("", set())
    assert (arp.problem(run), chains) == ("", set())


# --- neighbour discovery ----------------------------------------------------------------------------------------------

# As u32_print_opt(), print_pedit() and print_csum() of iproute2 print them.
FILTERS = """filter protocol ipv6 pref 46228 u32 chain 0
filter protocol ipv6 pref 46228 u32 chain 0 fh 800: ht divisor 1
""" + "".join(
    f"""filter protocol ipv6 pref 46228 u32 chain 0 fh 800::{number} order 2048 key ht 800 bkt 0 terminal flowid
  match 00203a00/ffffff00 at 4
  match {kind}000000/ff000000 at 40
  match 20010db8/ffffffff at {place}
  match 00000000/ffffffff at {place + 4}
  match 00000000/ffffffff at {place + 8}
  match 00000009/ffffffff at {place + 12}
\taction order 1:  pedit action pipe keys 2
 \t index 1 ref 1 bind 1
\t key #0  at {at}64: val {option}01034c mask 00000000
\t key #1  at {at}68: val 0a000009 mask 00000000

\taction order 2: csum (icmp) action pass
\tindex 1 ref 1 bind 1
"""
    for number, kind, place, at, option in ((800, "88", 48, "", "02"), (801, "87", 8, "ipv6+", "01"))
)


def test_filters_of_tc() -> None:
    run = Programs(tc__filter__show=(0, FILTERS, ""))
    assert ndp.stands(run, SIX)
    assert not ndp.stands(run, SIX._replace(cluster_mac="03:4c:0a:00:00:0a"))
    assert ndp.is_used(run, "eth0", SIX.cluster_mac)
    assert not ndp.is_used(run, "eth0", "03:4c:0a:00:00:0a")
    assert not ndp.stands(Programs(tc__filter__show=(1, "", 'Cannot find device "eth0"')), SIX)
    ndp.load(run, SIX)
    assert run.sent == []


def test_filters_are_loaded_and_go() -> None:
    run = Programs()
    ndp.load(run, SIX)
    place = f"dev eth0 egress protocol ipv6 pref {ndp.preference(SIX.address)}"
    words = (("20010db8", 0), ("00000000", 4), ("00000000", 8), ("00000009", 12))
    target, source = (
        " ".join(f"match u32 0x{value} 0xffffffff at {at + more}" for value, more in words) for at in (48, 8)
    )
    head, tail = "u32 match u32 0x00203a00 0xffffff00 at 4", "munge offset 68 u32 set 0x0a000009 pipe action csum icmp"
    assert run.sent[0].splitlines() == [
        f"filter add {place} {head} match u32 0x88000000 0xff000000 at 40 {target} "
        f"action pedit munge offset 64 u32 set 0x0201034c {tail}",
        f"filter add {place} {head} {source} match u32 0x87000000 0xff000000 at 40 "
        f"action pedit munge offset 64 u32 set 0x0101034c {tail}",
    ]
    assert "tc qdisc add dev eth0 clsact" in run.asked
    run = Programs(tc__filter__show=(0, FILTERS, ""))
    ndp.remove(run, SIX)
    assert run.asked[1] == f"tc filter del {place}"
    assert not any("qdisc" in words for words in run.asked)


def test_a_kernel_without_the_actions() -> None:
    run = Programs(
        tc__actions__replace__action__pedit=(1, "", "Error: Failed to load TC action module.\nWe have an error")
    )
    assert ndp.problem(run).endswith("tc action pedit: Error: Failed to load TC action module. We have an error")
    assert run.asked[-1] == "tc actions del action csum index 20000"
    # What a killed trial left behind is there already.
    run = Programs(tc__actions__add=(1, "", "RTNETLINK answers: File exists"))
    assert ndp.problem(run) == ""


# --- the interface ----------------------------------------------------------------------------------------------------


def test_the_interface_listens_while_a_vip_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = tmp_path / "dev_mcast"
    monkeypatch.setattr(reach, "_DEV_MCAST", str(groups))
    groups.write_text("3    eth0            1     1     034c0a000009\n3    eth0            1     0     01005e000001\n")
    run = Programs(nft=(0, ARP, ""))
    assert reach.stands(run, VIP)
    reach.load(run, VIP)
    assert not any("maddr" in words for words in run.asked)
    reach.remove(run, VIP._replace(address="10.0.0.8"))
    assert not any("maddr" in words for words in run.asked)
    run = Programs(nft=(127, "", ""))
    reach.remove(run, VIP)
    assert run.asked[-1] == "ip maddr del 03:4c:0a:00:00:09 dev eth0"
    groups.write_text("3    eth0            1     0     034c0a000009\n")
    reach.load(Programs(nft=(0, ARP, "")), VIP)
    assert not reach.stands(run, VIP)
