# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import wanted
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import read_text
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.wanted import Virtual
from ansible_collections.lvs.cluster.plugins.module_utils._metrics import drift

GOLDEN = Path(__file__).parents[1] / "_keepalived" / "golden" / "everything.conf"
BLOCKS = read_text(GOLDEN.read_text(), "lb1")
WEIGHTS = "/var/lib/lvs-cluster/weights"
PAGES = ServiceKey("ipv4", "tcp", "10.0.0.5", 80)
NONE = {
    ("service", "missing"): 0,
    ("service", "extra"): 0,
    ("service", "changed"): 0,
    ("destination", "missing"): 0,
    ("destination", "extra"): 0,
    ("destination", "changed"): 0,
    ("weight", "changed"): 0,
}


def services(**numbers: int) -> dict[ServiceKey, Virtual]:
    """The services of the configuration, with these numbers in weight files whose names begin so."""

    def number(path: str) -> int:
        return next((value for name, value in numbers.items() if path.startswith(f"{WEIGHTS}/{name}")), 0)

    return wanted.virtual_services(BLOCKS, number)


def as_asked(asked: dict[ServiceKey, Virtual]) -> Table:
    """The table that has exactly what is asked."""
    return {
        key: Entry(
            Settings(virtual.scheduler),
            {
                DestinationKey("ipv6" if ":" in address else "ipv4", address, port): Destination(
                    real.forwarding, real.weight
                )
                for (address, port), real in virtual.reals.items()
            },
        )
        for key, virtual in asked.items()
    }


# -- what a configuration asks for


def test_a_sorry_server_with_a_forwarding_method_of_its_own() -> None:
    """With NAT the kernel has its own port, whatever the others of the service have."""
    text = "virtual_server {} {{\n lvs_method DR\n sorry_server 192.168.0.9 8080\n{}}}\n"
    for words, own, port in (
        ("10.0.0.5 80", " sorry_server_lvs_method NAT\n", 8080), ("10.0.0.5 80", "", 80),
        ("fwmark 1", " sorry_server_lvs_method NAT\n", 8080), ("fwmark 1", "", 0),
    ):  # fmt: skip
        found = wanted.virtual_services(read_text(text.format(words, own), "lb1"), lambda path: 0)
        assert [one.sorry for one in found.values()] == [(("192.168.0.9", port),)]


@pytest.mark.parametrize(("method", "port"), [("NAT", 0), ("DR", 80)])
def test_a_sorry_server_without_a_port(method: str, port: int) -> None:
    """keepalived gives it the service's port where the kernel would take no other."""
    text = f"virtual_server 10.0.0.5 80 {{\n lvs_method {method}\n sorry_server 192.168.0.9\n}}\n"
    found = wanted.virtual_services(read_text(text, "lb1"), lambda path: 0)
    assert [one.sorry for one in found.values()] == [(("192.168.0.9", port),)]


def test_every_virtual_server_of_a_configuration() -> None:
    found = services()
    assert set(found) == {
        PAGES,
        ServiceKey("ipv4", "udp", "10.0.0.6", 5060),
        ServiceKey("ipv4", "tcp", "10.0.0.5", 8013),
        ServiceKey("ipv4", "tcp", "10.0.0.6", 8013),
        ServiceKey("ipv6", "tcp", "fd00::5", 80),
        ServiceKey("ipv6", fwmark=3),
    }
    pages = found[PAGES]
    assert (pages.scheduler, pages.sorry) == ("sh", (("192.168.0.1", 80),))
    assert pages.reals == {("192.168.0.12", 80): wanted.Real(20, "nat", 1000, 800)}
    # With NAT the server's own port, else the service's; a mark has none.
    assert set(found[ServiceKey("ipv4", "tcp", "10.0.0.6", 8013)].reals) == {("192.168.0.12", 8001)}
    assert found[ServiceKey("ipv6", fwmark=3)].reals == {("fd00::12", 0): wanted.Real(1, "tun")}


def test_weight_files_count() -> None:
    assert services(pages=-15)[PAGES].reals["192.168.0.12", 80].weight == 5
    assert services(pages=-2147483647)[PAGES].reals["192.168.0.12", 80].weight == 0


def test_ranges_and_old_words() -> None:
    text = "virtual_server 10.0.0.1-3 80 {\nlb_algo rr\nlb_kind DR\nreal_server 10.0.0.9 8080 {\n}\n}\n"
    found = wanted.virtual_services(read_text(text, "x"), lambda _path: 0)
    assert [key.address for key in found] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert found[ServiceKey("ipv4", "tcp", "10.0.0.2", 80)] == ("rr", {("10.0.0.9", 80): wanted.Real(1, "dr")}, ())


def test_what_keepalived_would_not_take_is_left_out() -> None:
    text = "virtual_server nonsense 80 {\n}\nvirtual_server fwmark x {\n}\nvirtual_server group none {\n}\n"
    assert wanted.virtual_services(read_text(text, "x"), lambda _path: 0) == {}


def test_instances() -> None:
    found = wanted.instances(BLOCKS)
    assert [(one.name, one.interface) for one in found] == [("VI_4", "eth0"), ("VI_6", "eth1"), ("VI_2", "eth2")]
    assert found[0].addresses == (("10.0.0.5", "eth0"), ("192.168.0.1", "eth1"), ("10.0.0.6", "eth0"))
    assert found[1].addresses == (("fe80::5", "eth1"), ("fd00::5", "eth1"))


def test_where_an_address_goes() -> None:
    addresses = "10.0.0.5/32 dev lo scope host\n10.0.0.6 dev\n"
    text = f"vrrp_instance VI_1 {{\nvirtual_ipaddress {{\n{addresses}}}\ninterface eth0\n}}\n"
    (found,) = wanted.instances(read_text(text, "x"))
    assert found.addresses == (("10.0.0.5", "lo"), ("10.0.0.6", "eth0"))


# -- with keepalived


def test_no_difference() -> None:
    asked = services(pages=-15)
    assert drift.from_configuration(as_asked(asked), asked) == NONE
    assert drift.from_configuration({}, {}) == NONE


def test_differences() -> None:
    asked = services()
    live = as_asked(asked)
    del live[ServiceKey("ipv4", "tcp", "10.0.0.6", 8013)]
    live[ServiceKey("ipv4", "tcp", "10.0.0.99", 80)] = Entry(Settings(), {})
    sip = live[ServiceKey("ipv4", "udp", "10.0.0.6", 5060)]
    first, second, third, _fourth = sip.destinations
    del sip.destinations[first]
    sip.destinations[second] = Destination("dr", 1)
    sip.destinations[third] = Destination("tun", 0)
    sip.destinations[DestinationKey("ipv4", "192.168.0.99", 5060)] = Destination("tun", 1)
    pages = live[PAGES]
    live[PAGES] = Entry(
        Settings("wrr"), {**pages.destinations, DestinationKey("ipv4", "192.168.0.1", 80): Destination()}
    )
    assert drift.from_configuration(live, asked) == {
        **NONE,
        ("service", "missing"): 1,
        ("service", "extra"): 1,
        ("service", "changed"): 1,
        ("destination", "missing"): 1,
        ("destination", "extra"): 1,
        ("destination", "changed"): 1,
        ("weight", "changed"): 1,
    }


def test_a_destination_on_the_host_itself() -> None:
    asked = services()
    live = as_asked(asked)
    name = DestinationKey("ipv4", "192.168.0.12", 80)
    live[PAGES].destinations[name] = Destination("local", 20)
    assert drift.from_configuration(live, asked) == NONE


# -- without keepalived


def test_a_table() -> None:
    asked = as_asked(services())
    other = ServiceKey("ipv4", "tcp", "10.0.0.99", 80)
    live = {**as_asked(services()), other: Entry(Settings(), {})}
    assert drift.from_table(live, asked, frozenset(asked)) == NONE
    assert drift.from_table(live, asked, frozenset({*asked, other})) == {**NONE, ("service", "extra"): 1}
    name = DestinationKey("ipv4", "192.168.0.12", 80)
    live[PAGES].destinations[name] = Destination("nat", 7, upper_threshold=3)
    live[PAGES].destinations[DestinationKey("ipv4", "192.168.0.13", 80)] = Destination()
    del live[ServiceKey("ipv6", fwmark=3)]
    assert drift.from_table(live, asked, frozenset(asked)) == {
        **NONE,
        ("service", "missing"): 1,
        ("destination", "extra"): 1,
        ("destination", "changed"): 1,
        ("weight", "changed"): 1,
    }
    assert drift.totals(live) == (6, 9)
