"""The option `servers`, read."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Destination, DestinationKey, ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._operator.standing import Server
from ansible_collections.lvs.cluster.plugins.module_utils._operator.targets import Target, read


def given(**more: Any) -> dict[str, Any]:
    key = {"address": "10.0.0.5", "port": 80, "protocol": "tcp"}
    return {"key": key, "address": "192.168.0.12", "file": "web_a", "weight": 3, **more}


def test_the_ports_default_is_the_service() -> None:
    (one,) = read([given()])
    name = DestinationKey("ipv4", "192.168.0.12", 80)
    key = ServiceKey("ipv4", "tcp", "10.0.0.5", 80)
    assert one == Target(Server(key, name, "tcp 10.0.0.5:80 -> 192.168.0.12:80"), "web_a", 3, ())


def test_what_is_given() -> None:
    (one,) = read([given(port=8080, label="rs1 in web", vips=["10.0.0.5", "10.0.0.6"])])
    assert (one.server.name.port, one.server.label, one.vips) == (8080, "rs1 in web", ("10.0.0.5", "10.0.0.6"))


def test_the_sorry_server_is_a_destination() -> None:
    (one,) = read([given(sorry={"address": "192.168.0.1", "port": None, "forwarding": "nat"})])
    assert one.sorry == (DestinationKey("ipv4", "192.168.0.1", 80), Destination("nat", 1))
    with pytest.raises(IpvsError, match=r"servers\[0\].sorry.address"):
        read([given(sorry={"address": "sorry", "forwarding": "nat"})])


def test_a_firewall_mark() -> None:
    (one,) = read([given(key={"fwmark": 7, "family": "ipv6"}, address="2001:DB8::1", port=0)])
    assert one.server[:2] == (ServiceKey("ipv6", fwmark=7), DestinationKey("ipv6", "2001:db8::1", 0))


def test_every_fault_is_told() -> None:
    with pytest.raises(IpvsError) as caught:
        read([given(key={"port": 80}), given(), given(address="rs3")])
    assert "servers[0].key" in str(caught.value)
    assert "servers[2].address" in str(caught.value)
    assert "servers[1]" not in str(caught.value)
