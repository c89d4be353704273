"""arp_probe on real kernels: a bridge, a prober and hosts that answer, in network namespaces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.unit.plugins.netns import COLLECTIONS

VIP, VIP6 = "10.0.0.5", "fd00:10::5"
MACS = {"lb1": "02:00:00:00:00:01", "lb2": "02:00:00:00:00:02"}
CLUSTER_MAC = "03:4c:0a:00:00:09"

_RUNNER = """
import json, sys
from ansible.module_utils.testing import patch_module_args
from ansible_collections.lvs.cluster.plugins.modules.arp_probe import main
with patch_module_args(json.loads(sys.argv[1])):
    main()
"""


class Network:
    """Namespaces whose names end in these; each has eth0 on one bridge."""

    def __init__(self) -> None:
        self.tag = f"lvs-arp-{os.getpid()}"

    def run(self, name: str, *argv: str) -> str:
        words = ["ip", "netns", "exec", f"{self.tag}-{name}", *argv]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def probe(self, *addresses: str, without: str = "", timeout: float = 0.4) -> dict[str, Any]:
        parameters = json.dumps({"addresses": addresses, "timeout": timeout})
        # Root less one of its rights, because another user may have no way to this folder.
        rights = ["setpriv", f"--bounding-set=-{without}", f"--inh-caps=-{without}"] if without else []
        argv = ["ip", "netns", "exec", f"{self.tag}-client", *rights, sys.executable, "-c", _RUNNER, parameters]
        environment = {**os.environ, "PYTHONPATH": str(COLLECTIONS), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, env=environment)
        assert done.stdout, done.stderr
        return dict(json.loads(done.stdout))


def _checked(argv: Sequence[str]) -> None:
    subprocess.run(argv, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    found = Network()
    names = ("bridge", "client", *MACS)
    made = []
    try:
        for name in names:
            _checked(["ip", "netns", "add", f"{found.tag}-{name}"])
            made.append(name)
        found.run("bridge", "ip", "link", "add", "br0", "up", "type", "bridge")
        for number, name in enumerate(names[1:], 1):
            mac = MACS.get(name, "02:00:00:00:00:64")
            script = f"""
                ip link set lo up
                ip link add eth0 address {mac} type veth peer name {name} netns {found.tag}-bridge
                sysctl -qw net.ipv6.conf.eth0.accept_dad=0
                ip link set eth0 up
                ip address add 10.0.0.{number}/24 dev eth0
                ip address add fd00:10::{number}/64 dev eth0 nodad
            """
            found.run(name, "sh", "-ec", script)
            found.run("bridge", "ip", "link", "set", name, "up", "master", "br0")
        for address in (f"{VIP}/32", f"{VIP6}/128"):
            found.run("lb1", "ip", "address", "add", address, "dev", "eth0")
        yield found
    finally:
        for name in made:
            _checked(["ip", "netns", "delete", f"{found.tag}-{name}"])


def test_who_has_each_address_and_who_has_none(network: Network) -> None:
    result = network.probe(VIP, VIP6, "10.0.0.2", "10.0.0.77", "fd00:10::77", "192.168.9.1", "10.0.0.1", "fd00:10::1")
    assert result["changed"] is False
    # The client is 10.0.0.1, the directors are .2 and .3.
    assert result["answers"] == {
        VIP: [MACS["lb1"]],
        VIP6: [MACS["lb1"]],
        "10.0.0.2": [MACS["lb1"]],
        "10.0.0.77": [],
        "fd00:10::77": [],
    }
    assert result["not_asked"] == {
        "192.168.9.1": "no interface of this host is on its network",
        "10.0.0.1": "this host has the address itself",
        "fd00:10::1": "this host has the address itself",
    }
    # It asked itself, and the kernel learnt nothing of it.
    assert VIP not in network.run("client", "ip", "neighbour", "show")


def test_both_who_hold_one_address_are_seen(network: Network) -> None:
    for address in (f"{VIP}/32", f"{VIP6}/128"):
        network.run("lb2", "ip", "address", "add", address, "dev", "eth0")
    try:
        assert network.probe(VIP, VIP6)["answers"] == {VIP: sorted(MACS.values()), VIP6: sorted(MACS.values())}
    finally:
        for address in (f"{VIP}/32", f"{VIP6}/128"):
            network.run("lb2", "ip", "address", "delete", address, "dev", "eth0")


def test_a_cluster_ip_tells_its_cluster_mac(network: Network) -> None:
    network.run("lb2", "ip", "address", "add", "10.0.0.9/32", "dev", "eth0")
    rules = (
        f"add table arp t; add chain arp t o {{ type filter hook output priority 0; }}; add rule arp t o arp saddr ip \
10.0.0.9 arp saddr ether set {CLUSTER_MAC}"
    )
    network.run("lb2", "nft", rules)
    try:
        assert network.probe("10.0.0.9")["answers"] == {"10.0.0.9": [CLUSTER_MAC]}
    finally:
        network.run("lb2", "nft", "delete table arp t")
        network.run("lb2", "ip", "address", "delete", "10.0.0.9/32", "dev", "eth0")


def test_without_the_right_nothing_is_asked_and_the_reason_is_told(network: Network) -> None:
    result = network.probe(VIP, "192.168.9.1", without="net_raw")
    assert (result["answers"], result.get("failed")) == ({}, None)
    assert result["not_asked"] == {
        VIP: "asking needs root (CAP_NET_RAW) on this host",
        "192.168.9.1": "no interface of this host is on its network",
    }


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        (["10.0.0.5/24", "web"], "10.0.0.5/24, web: write IPv4 or IPv6 addresses"),
        (["10.0.0.5", "fe80::1%eth0"], "addresses: fe80::1%eth0: write them without %"),
    ],
)
def test_what_is_no_address_is_named(addresses: list[str], told: str) -> None:
    argv = [sys.executable, "-c", _RUNNER, json.dumps({"addresses": addresses}), "0"]
    environment = {**os.environ, "PYTHONPATH": str(COLLECTIONS)}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert told in json.loads(done.stdout)["msg"]
