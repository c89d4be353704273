"""The filter masquerade_chains, and what its chains do to packets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.filter.masquerade_chains import masquerade_chains
from ansible_collections.lvs.cluster.plugins.module_utils._firewall import model, options

TO_VIP: dict[str, Any] = {
    "family": "ipv4",
    "source": "192.168.0.0/24",
    "interface": "eth0",
    "address": "10.0.0.6",
    "services": [["10.0.0.6", "tcp", 80, 80], ["10.0.0.6", "udp", 5353, 5353], ["10.0.0.6", "tcp", 8080, 8081]],
}
TO_INTERFACE: dict[str, Any] = {**TO_VIP, "source": "172.16.0.0/16", "address": None, "services": []}


def chains(*items: dict[str, Any]) -> dict[str, list[str]]:
    return {one["chain"]: [" ".join(rule) for rule in one["rules"]] for one in masquerade_chains(items)}


def test_the_chains_to_a_vip() -> None:
    assert chains(TO_VIP) == {
        "LVS-MASQUERADE": [
            "-m addrtype --src-type LOCAL -j RETURN",
            "-d 192.168.0.0/24 -j RETURN",
            "-d 10.0.0.6/32 -j RETURN",
            "-s 192.168.0.0/24 -o eth0 -j SNAT --to-source 10.0.0.6",
        ],
        "LVS-FORWARD": [
            "-s 192.168.0.0/24 -o eth0 -j ACCEPT",
            "-d 192.168.0.0/24 -i eth0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        ],
        "LVS-MASQUERADE-IN": [
            "-d 10.0.0.6/32 -p tcp -m multiport --dports 8080:8081 -j RETURN",
            "-d 10.0.0.6/32 -p tcp -m tcp --dport 1024:65535 ! --tcp-flags FIN,SYN,RST,ACK SYN "
            "-m conntrack --ctstate INVALID,NEW -j DROP",
        ],
    }


def test_their_places() -> None:
    places = {(one["table"], one["hook"], one["chain"], one.get("first")) for one in masquerade_chains([TO_VIP])}
    assert places == {
        ("nat", "POSTROUTING", "LVS-MASQUERADE", None),
        ("filter", "FORWARD", "LVS-FORWARD", True),
        ("filter", "INPUT", "LVS-MASQUERADE-IN", True),
    }


def test_to_the_interface_nothing_is_held_back() -> None:
    found = chains(TO_INTERFACE)
    assert found["LVS-MASQUERADE"][-1] == "-s 172.16.0.0/16 -o eth0 -j MASQUERADE"
    assert "LVS-MASQUERADE-IN" not in found
    assert chains() == {}


def test_several_sources_are_inside_for_each_other_and_a_vip_is_held_once() -> None:
    found = chains(TO_VIP, {**TO_VIP, "source": "192.168.1.7"}, TO_INTERFACE)
    assert found["LVS-MASQUERADE"][1:5] == [
        "-d 192.168.0.0/24 -j RETURN",
        "-d 192.168.1.7/32 -j RETURN",
        "-d 172.16.0.0/16 -j RETURN",
        "-d 10.0.0.6/32 -j RETURN",
    ]
    assert len(found["LVS-MASQUERADE-IN"]) == 2


@pytest.mark.parametrize("ports", [[0, 0], [0, 65535]])
def test_services_of_any_port_and_of_other_vips(ports: list[int]) -> None:
    everything = [["10.0.0.6", "tcp", *ports], ["10.0.0.7", "tcp", 2000, 2000]]
    found = chains({**TO_VIP, "services": everything})
    assert found["LVS-MASQUERADE-IN"][0] == "-d 10.0.0.6/32 -p tcp -m multiport --dports 1024:65535 -j RETURN"
    assert "-d 10.0.0.7/32 -j RETURN" in found["LVS-MASQUERADE"]
    assert "10.0.0.7" not in " ".join(found["LVS-MASQUERADE-IN"])


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"source": "fd00::/64"}, "source fd00::/64 is not of family ipv4"),
        ({"source": "0.0.0.0/0"}, "source 0.0.0.0/0 is every address: name the real servers' network"),
        ({"source": "inside"}, "'inside' does not appear to be"),
        ({"address": "2001:db8::6"}, "address 2001:db8::6 is not of family ipv4"),
    ],
)
def test_faults(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        masquerade_chains([{**TO_VIP, **changes}])
    assert f"lvs.cluster.masquerade_chains: {fault}" in str(caught.value)


def test_input_of_another_kind() -> None:
    with pytest.raises(AnsibleFilterError, match="masquerade_chains: the input lacks the key 'source'"):
        masquerade_chains([{"family": "ipv4"}])
    with pytest.raises(AnsibleFilterError, match="masquerade_chains: "):
        masquerade_chains([3])  # type: ignore[list-item]


# --- with packets -----------------------------------------------------------------------------------------------

ADDRESSES = {
    "ipv4": {
        "network": "192.168.0.0/24",
        "inside": "192.168.0.1",
        "real_server": "192.168.0.11",
        "outside": "10.0.0.3",
        "vip": "10.0.0.6",
        "far": "10.0.0.9",
    },
    "ipv6": {
        "network": "fd00::/64",
        "inside": "fd00::1",
        "real_server": "fd00::11",
        "outside": "2001:db8::3",
        "vip": "2001:db8::6",
        "far": "2001:db8::9",
    },
}
PROGRAM = Path(__file__).with_name("takeover.py")


def takeover(backend: str, family: str, *without: str) -> dict[str, Any]:
    """What came of connections over a director with our chains, FORWARD's policy being DROP, when it is replaced."""
    words: dict[str, Any] = {**ADDRESSES[family], "family": family}
    item = {"family": family, "source": words["network"], "interface": "outside", "address": words["vip"]}
    given = masquerade_chains([{**item, "services": [[words["vip"], "tcp", 80, 80]]}])
    wanted = options.parse_chains("lvs-a", [one for one in given if one["chain"] not in without])
    texts = [model.transaction(table, {}, targets) for (_family, table), targets in model.plan(wanted, (), {}).items()]
    program = "iptables" if family == "ipv4" else "ip6tables"
    words["restore"] = [f"xtables-{backend}-multi", f"{program}-restore", "--noflush"]
    words["rules"] = "".join(texts).replace("*filter\n", "*filter\n:FORWARD DROP [0:0]\n")
    argv = ["unshare", "-n", sys.executable, str(PROGRAM), json.dumps(words)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@pytest.mark.parametrize("backend", ["legacy", "nft"])
def test_connections_of_a_real_server_outlive_a_takeover(backend: str, family: str) -> None:
    words = ADDRESSES[family]
    assert takeover(backend, family) == {
        "the far end sees": words["vip"],
        "the port is kept": True,
        "sent by the far end before": "nothing",
        "afterwards": ["to the far end", "to the real server"],
        "a socket on the VIP": "hello",
        "a closed port of the VIP": "ConnectionRefusedError",
        "the director's own": words["inside"],
    }


def test_without_the_chain_in_input_they_are_reset() -> None:
    assert takeover("nft", "ipv4", "LVS-MASQUERADE-IN")["afterwards"] == "ConnectionResetError"
