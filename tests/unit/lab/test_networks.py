"""lab/networks.py: what is made of what is there; names and addresses that follow from the lab's hosts."""

from __future__ import annotations

import ipaddress
import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from lab import networks
from lab.errors import LabError

BRIDGE = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
PORTS = {"tap0-0": "lab-mgmt", "tap0-1": "net0"}
ALL: dict[str, dict[str, Any]] = {
    "lo": {"flags": ["UP"]},
    "lab-mgmt": {"flags": ["UP"]},
    "net0": {"flags": ["UP"]},
    "tap0-0": {"flags": ["UP"], "master": "lab-mgmt"},
    "tap0-1": {"flags": [], "master": "net0"},
}
# Said each time, because they change nothing where they are so already.
ALWAYS = [
    "link set lo up",
    "link set lab-mgmt up",
    "link set net0 up",
    "address replace 198.18.0.1/16 dev lab-mgmt",
    "link set dev tap0-0 type bridge_slave isolated on",
]


def test_all_is_made_of_nothing() -> None:
    assert networks.missing({"lo": {"flags": []}}, PORTS) == [
        "link set lo up",
        f"link add name lab-mgmt {BRIDGE}",
        "link set lab-mgmt up",
        f"link add name net0 {BRIDGE}",
        "link set net0 up",
        "address replace 198.18.0.1/16 dev lab-mgmt",
        "tuntap add dev tap0-0 mode tap",
        "link set dev tap0-0 master lab-mgmt up",
        "link set dev tap0-0 type bridge_slave isolated on",
        "tuntap add dev tap0-1 mode tap",
        "link set dev tap0-1 master net0 up",
    ]


def test_a_pulled_cable_stays_out() -> None:
    assert networks.missing(ALL, PORTS) == ALWAYS


def test_a_tap_that_was_half_made_is_completed() -> None:
    present = {**ALL, "tap0-1": {"flags": []}}
    assert set(networks.missing(present, PORTS)) - set(ALWAYS) == {"link set dev tap0-1 master net0 up"}


def test_a_tap_moves_to_another_bridge() -> None:
    lines = networks.missing(ALL, {**PORTS, "tap0-1": "net1"})
    assert set(lines) - set(ALWAYS) == {
        f"link add name net1 {BRIDGE}",
        "link set net1 up",
        "link set dev tap0-1 master net1 up",
    }


def test_a_tap_that_nobody_wants_goes() -> None:
    present = {**ALL, "tap1-0": {"flags": ["UP"], "master": "lab-mgmt"}}
    assert set(networks.missing(present, PORTS)) - set(ALWAYS) == {"link delete tap1-0"}


def test_macs_are_stable() -> None:
    """A lab that was started before an update must find its guests' MACs again."""
    assert networks.mac("lab", "lb1", "eth0") == networks.mac("lab", "lb1", "eth0") == "02:d7:60:01:e8:2d"


def test_macs_are_distinct_and_local() -> None:
    parts = (("lab", "other"), [f"rs{number}" for number in range(200)], ("lab0", "eth0", "eth1"))
    macs = [networks.mac(*names) for names in itertools.product(*parts)]
    # Names that are alike when they are put together are apart too.
    macs += [networks.mac("a", "b", "c"), networks.mac("ab", "", "c"), networks.mac("", "ab", "c")]
    assert len(set(macs)) == len(macs)
    assert [mac for mac in macs if not re.fullmatch(r"02(:[0-9a-f]{2}){5}", mac)] == []


@pytest.mark.parametrize(
    ("number", "address"), [(0, "198.18.0.10"), (245, "198.18.0.255"), (246, "198.18.1.0"), (65524, "198.18.255.254")]
)
def test_management_address(number: int, address: str) -> None:
    assert networks.management_address(number) == address


def test_management_addresses_are_in_their_network_and_none_is_the_gateway() -> None:
    network = ipaddress.ip_network(networks.MANAGEMENT_NETWORK)
    addresses = [ipaddress.ip_address(networks.management_address(number)) for number in range(65525)]
    assert all(address in network for address in (addresses[0], addresses[-1]))
    assert len(set(addresses)) == len(addresses)
    assert not {ipaddress.ip_address(networks.GATEWAY), network.broadcast_address} & set(addresses)


def test_more_hosts_than_addresses() -> None:
    with pytest.raises(LabError, match="more hosts than the lab's management network has addresses"):
        networks.management_address(65525)


def test_a_lab_in_another_state_has_another_namespace() -> None:
    """`lab up` there would else end the lab of the same name, which it knows nothing of."""
    names = {networks.Namespace(Path(folder)).name for folder in ("/var/lib/lvs-lab/lab", "/srv/a/lab", "/srv/b/lab")}
    assert len(names) == 3
    assert "lvslab-lab" in names
