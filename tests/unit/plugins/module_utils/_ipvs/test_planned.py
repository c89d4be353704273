"""A director's plan in the options of the IPVS modules."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    ServiceKey,
    Settings,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.planned import services, sorry_endpoint, unready

SERVER: dict[str, Any] = {
    "host": "rs1", "address": "10.0.0.11", "port": 80, "weight": 2, "forwarding": "dr", "health_checks": [],
    "weight_file": "x",
}  # fmt: skip
GUE = {
    **SERVER, "host": None, "address": "10.1.0.11", "forwarding": "tun", "tunnel": {"type": "gue", "port": 6080},
    "options": {"upper_threshold": 100},
}  # fmt: skip
DIRECTOR = {
    "services": [
        {
            "name": "web", "address": "10.0.0.6", "protocol": "tcp", "port": 80, "family": "ipv4", "scheduler": "wrr",
            "forwarding": "dr", "persistence_timeout": 60, "options": {"persistence_netmask": "24"},
            "real_servers": [SERVER, GUE],
        },
        {
            "name": "marked", "fwmark": 1, "family": "ipv6", "scheduler": "rr", "forwarding": "dr",
            "match": [{"address": "fd00::6", "protocol": "tcp", "ports": [80]}],
            "real_servers": [{**SERVER, "host": "rs2", "address": "fd00::12", "port": 0}],
        },
    ]
}  # fmt: skip


def test_the_options_are_ones_that_the_modules_take() -> None:
    options = Options()
    table = options.table(services(DIRECTOR))
    options.finish()
    web, marked = table[ServiceKey("ipv4", "tcp", "10.0.0.6", 80)], table[ServiceKey("ipv6", fwmark=1)]
    assert web.settings.scheduler == "wrr"
    assert (web.settings.persistence_timeout, web.settings.persistence_netmask) == (60, "255.255.255.0")
    assert web.destinations == {
        DestinationKey("ipv4", "10.0.0.11", 80): Destination("dr", 2),
        DestinationKey("ipv4", "10.1.0.11", 80): Destination("tun", 2, 100, tunnel_type="gue", tunnel_port=6080),
    }
    assert marked.destinations == {DestinationKey("ipv6", "fd00::12", 0): Destination("dr", 2)}


def test_the_words_of_both_managers_come_into_the_table_and_options_win() -> None:
    service: dict[str, Any] = {
        "name": "names", "address": "10.0.0.6", "protocol": "udp", "port": 53, "family": "ipv4", "scheduler": "mh",
        "forwarding": "nat", "scheduler_flags": ["mh-fallback", "mh-port"], "one_packet": True,
        "persistence_timeout": 60, "persistence_netmask": "255.255.0.0", "persistence_engine": "sip", "retry": 3,
        "real_servers": [
            {**SERVER, "forwarding": "nat", "port": 53, "upper_threshold": 10, "lower_threshold": 5, "retry": 1},
            {**SERVER, "address": "10.0.0.12", "forwarding": "nat", "port": 53, "options": {"upper_threshold": 7}},
        ],
    }  # fmt: skip
    old = {**service, "port": 54, "scheduler_flags": ["flag-1"], "options": {"scheduler_flags": ["port"]}}
    options = Options()
    table = options.table(services({"services": [service, old]}))
    options.finish()
    names = table[ServiceKey("ipv4", "udp", "10.0.0.6", 53)]
    assert names.settings == Settings("mh", ("fallback", "port"), True, 60, "255.255.0.0", "sip")
    assert [(one.upper_threshold, one.lower_threshold) for one in names.destinations.values()] == [(10, 5), (7, 0)]
    assert table[ServiceKey("ipv4", "udp", "10.0.0.6", 54)].settings.scheduler_flags == ("port",)


def test_a_host_is_ready_for_the_method_that_it_was_prepared_for() -> None:
    first = {"address": "10.0.0.11", "forwarding": "dr"}
    second = {"address": "fd00::12", "forwarding": "dr"}
    assert unready(DIRECTOR, {}) == [first, second]
    assert unready(DIRECTOR, {"dr": ["rs2"], "nat": ["rs1"]}) == [first]
    assert unready(DIRECTOR, {"dr": ["rs1", "rs2"]}) == []


@pytest.mark.parametrize(
    ("kind", "forwarding", "port", "kernel"),
    [
        ({"fwmark": 1}, "dr", 80, 0),
        ({"fwmark": 1}, "tun", 80, 0),
        ({"fwmark": 1}, "nat", 8080, 8080),
        ({"fwmark": 1}, "nat", 0, 0),
        ({"port": 80}, "dr", 80, 80),
        ({"port": 80}, "nat", 8080, 8080),
    ],
)
def test_the_port_that_the_kernel_has(kind: dict[str, int], forwarding: str, port: int, kernel: int) -> None:
    """With a mark and without NAT the plan's port is for checks alone."""
    sorry = {"address": "10.0.0.99", "port": port}
    service = {**kind, "forwarding": forwarding, "sorry_server": sorry, "real_servers": [
        {**SERVER, "forwarding": forwarding, "port": port}]}  # fmt: skip
    (planned,) = services({"services": [service]})
    assert [one["port"] for one in planned["destinations"]] == [kernel]
    assert sorry_endpoint(service) == ("10.0.0.99", kernel)
    assert sorry_endpoint({**service, "sorry_server": None}) is None


def test_a_sorry_server_may_have_a_forwarding_method_of_its_own() -> None:
    sorry = {"address": "10.0.0.99", "port": 8080, "forwarding": "nat"}
    assert sorry_endpoint({"fwmark": 1, "forwarding": "dr", "sorry_server": sorry}) == ("10.0.0.99", 8080)
