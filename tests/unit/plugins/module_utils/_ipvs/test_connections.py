# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import connections
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.connections import Connection, Filter

# The kernel's own form: ip_vs_conn_seq_show in net/netfilter/ipvs/ip_vs_conn.c.
TEXT = """\
Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP 0A000064 9C40 0A000005 0050 C0A8000C 0050 ESTABLISHED     899
TCP 0A000065 9C41 0A000005 0050 C0A8000D 0050 FIN_WAIT        118
TCP 0A000064 0000 0A000005 0050 C0A8000C 0050 ASSURED          41
TCP 0A000100 0000 0A000005 0000 C0A8000C 0000 NONE            300
IP  0A000064 0000 00000001 0000 C0A8000C 0000 NONE             49
UDP 0A000064 D903 0A000005 13C4 C0A8000C 13C4 UDP             295 sip 1234@a b
UDP 0A000064 D904 0A000005 0035 C0A8000D 0035 UDP             290
SCTP 0A000064 07D0 0A000005 1770 C0A8000C 1770 COOKIE_ECHOED    12
TCP 2001:0db8:0000:0000:0000:0000:0000:0064 9C40 2001:0db8:0000:0000:0000:0000:0000:0005 01BB \
2001:0db8:0000:0000:0000:0000:0000:0012 01BB ESTABLISHED     890
IP  2001:0db8:0000:0000:0000:0000:0000:0000 0000 0000:0100:0000:0000:0000:0000:0000:0000 0000 \
2001:0db8:0000:0000:0000:0000:0000:0012 0000 ASSURED         600
TCP 2001:0db8:0000:0000:0000:0000:0000:0064 9C41 2001:0db8:0000:0000:0000:0000:0000:0005 01BB \
C0A8000C 01BB SYN_RECV    4294967295
"""


def read(text: str = TEXT) -> Iterator[Connection]:
    return connections.parse(text.splitlines(keepends=True))


ENTRIES = list(read())


def test_an_entry() -> None:
    assert ENTRIES[0].options() == {
        "protocol": "tcp",
        "client": "10.0.0.100",
        "client_port": 40000,
        "address": "10.0.0.5",
        "port": 80,
        "server": "192.168.0.12",
        "server_port": 80,
        "state": "ESTABLISHED",
        "expires": 899,
    }


def test_kinds() -> None:
    assert [one.protocol for one in ENTRIES] == ["tcp"] * 4 + ["ip", "udp", "udp", "sctp", "tcp", "ip", "tcp"]
    assert [place for place, one in enumerate(ENTRIES) if one.template] == [2, 3, 4, 9]
    assert ENTRIES[5].options()["engine"] == "sip 1234@a b"
    assert "engine" not in ENTRIES[6].options()
    assert (ENTRIES[8].client, ENTRIES[8].port, ENTRIES[8].server) == ("2001:db8::64", 443, "2001:db8::12")


def test_a_mark() -> None:
    four, six = ENTRIES[4], ENTRIES[9]
    assert (four.address, four.fwmark, six.address, six.fwmark) == ("", 1, "", 256)
    assert four.options()["fwmark"] == 1
    assert "fwmark" not in ENTRIES[2].options()


def test_a_real_server_of_the_other_family_and_a_time_that_is_over() -> None:
    assert (ENTRIES[10].server, ENTRIES[10].expires) == ("192.168.0.12", 0)


@pytest.mark.parametrize("line", ["TCP 0A000064 9C40\n", "TCP X 9C40 0A000005 0050 C0A8000C 0050 NONE 1\n"])
def test_what_is_not_understood_is_no_empty_table(line: str) -> None:
    with pytest.raises(ValueError, match="is not understood"):
        list(connections.parse([line]))


def ports(wanted: Filter) -> list[int]:
    return [one.client_port for one in ENTRIES if wanted.meets(one)]


WEB = {"address": "10.0.0.5", "protocol": "tcp", "ports": [(80, 80)]}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(ipaddress.ip_network("10.0.0.101")), [0x9C41]),
        (Filter(ipaddress.ip_network("2001:db8::/32")), [0x9C40, 0, 0x9C41]),
        (Filter(services=(WEB,)), [0x9C40, 0x9C41, 0, 0]),
        (Filter(services=({**WEB, "ports": [(81, 90), (443, 443)]},)), [0]),
        (Filter(services=({**WEB, "ports": []},)), [0x9C40, 0x9C41, 0, 0]),
        (Filter(services=({"address": "", "fwmark": 1},)), [0]),
        (Filter(services=({**WEB, "protocol": "udp", "ports": [(53, 53)]},)), [0xD904]),
        (Filter(server="192.168.0.13"), [0x9C41, 0xD904]),
        (Filter(server="192.168.0.12", server_port=6000), [0x07D0]),
    ],
)
def test_filters(wanted: Filter, found: list[int]) -> None:
    assert ports(wanted) == found


def test_the_template_of_a_clients_network_is_found_by_an_address_in_it() -> None:
    client = ipaddress.ip_network("10.0.1.77")
    assert ports(Filter(client)) == []
    assert ports(Filter(client, netmasks=("255.255.255.0", "64"))) == [0]
    assert ports(Filter(ipaddress.ip_network("10.0.2.77"), netmasks=("255.255.255.0",))) == []
    six = ipaddress.ip_network("2001:db8::64")
    assert ports(Filter(six, netmasks=("64", "255.255.255.0"))) == [0x9C40, 0, 0x9C41]


def test_summary() -> None:
    found = connections.summary(read(), Filter(), 2)
    assert (len(found["connections"]), found["total"]) == (2, 7)
    assert (len(found["templates"]), found["templates_total"]) == (2, 4)
    assert found["by_state"] == {"COOKIE_ECHOED": 1, "ESTABLISHED": 2, "FIN_WAIT": 1, "SYN_RECV": 1, "UDP": 2}
    assert found["by_server"]["[2001:db8::12]:443"] == 1
    assert found["by_server"]["192.168.0.12:80"] == 1
    assert connections.summary([], Filter(), 9)["total"] == 0


def test_established_ones_come_before_others() -> None:
    """Wherever they stand in the kernel's text."""
    backwards = "\n".join(reversed(TEXT.splitlines()))
    for text in (TEXT, backwards):
        for limit in (1, 2, 3, 7):
            states = [one["state"] for one in connections.summary(read(text), Filter(), limit)["connections"]]
            assert len(states) == limit
            assert states[:2] == ["ESTABLISHED", "ESTABLISHED"][:limit]
            assert "ESTABLISHED" not in states[2:]


def test_the_sample_holds_what_lasted() -> None:
    later = TEXT.replace("TCP 0A000064 9C40", "TCP 0A000066 9C40")
    texts = [TEXT, later]
    paused: list[bool] = []
    found = connections.sample(lambda: read(texts.pop(0)), Filter(), 5, lambda: paused.append(True))
    assert [one["client"] for one in found] == ["2001:db8::64"]
    assert paused == [True]
    assert len(connections.sample(read, Filter(), 1, lambda: None)) == 1
    nothing: list[bool] = []
    assert connections.sample(lambda: read(""), Filter(), 5, lambda: nothing.append(True)) == []
    assert nothing == []


def test_what_is_not_known() -> None:
    there = connections.sample(read, Filter(), 9, lambda: None)
    other: dict[str, Any] = {**there[0], "client_port": 1}
    # An address may be written in another way.
    same = {**there[1], "client": "2001:db8:0::64"}
    assert connections.unknown(read(), [there[0], other, same]) == [other]
