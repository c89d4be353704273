# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
import yaml

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import UnreadableError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.shared import (
    GOING,
    Instance,
    differing,
    instances,
    needs_restart,
    survives,
)
from tests.support.cluster import ROOT

BASE = """
global_defs {
    router_id lb1
    GLOBAL
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass sesame
    }
    virtual_ipaddress {
        10.0.0.5/24 dev eth0
        10.0.0.6/24 dev eth0
    }
    virtual_ipaddress_excluded {
        192.168.0.1/24 dev eth1
    }
    LOCAL
}
"""


def text(*changes: tuple[str, str], local: str = "", glob: str = "") -> str:
    changed = BASE
    for old, new in changes:
        assert old in changed
        changed = changed.replace(old, new)
    return changed.replace("LOCAL", local).replace("GLOBAL", glob)


def one(written: str) -> Instance:
    (found,) = list(instances(written).values())
    return found


PLAIN = text()
V3 = text(local="version 3")
UNICAST = "unicast_src_ip 10.0.0.3\nunicast_peer {\n10.0.0.4\n}"


# -- what counts


@pytest.mark.parametrize(
    "new",
    [
        text(("interface eth0", "interface eth1")),
        text(("virtual_router_id 51", "virtual_router_id 52")),
        text(("advert_int 1", "advert_int 2")),
        text(("auth_pass sesame", "auth_pass simsim")),
        text(("auth_type PASS", "auth_type AH")),
        text(("        10.0.0.6/24 dev eth0\n", "")),
        text(("10.0.0.6/24", "10.0.0.7/24")),
        text(("10.0.0.6/24 dev eth0", "10.0.0.6/24 dev eth0\n10.0.0.7/24 dev eth0")),
        text(local="version 3"),
        text(glob="vrrp_version 3"),
        text(glob="vrrp_mcast_group4 224.0.0.99"),
        text(local="mcast_dst_ip 224.0.0.99"),
        text(local=UNICAST),
        text(glob="vrrp_strict"),
        text(local="strict_mode"),
    ],
)
def test_what_members_share(new: str) -> None:
    assert differing(PLAIN, new) == ("VI_1",)
    assert differing(new, PLAIN) == ("VI_1",)


@pytest.mark.parametrize(
    "new",
    [
        PLAIN,
        text(("priority 100", "priority 90")),
        text(("state BACKUP", "state MASTER")),
        text(("router_id lb1", "router_id lb2")),
        text(("dev eth0", "dev eth2")),
        text(("10.0.0.5/24", "10.0.0.5/32")),
        text(("192.168.0.1", "192.168.0.2")),
        text(
            ("        10.0.0.5/24 dev eth0\n        10.0.0.6/24", "        10.0.0.6/24 dev eth0\n        10.0.0.5/24")
        ),
        text(("advert_int 1", "advert_int 1.0")),
        text(("auth_pass sesame", 'auth_pass "sesame"')),
        text(local="version 2"),
        text(local="nopreempt\nuse_vmac\nskip_check_adv_addr\nmcast_src_ip 10.0.0.3\ngarp_master_delay 3"),
        text(local="strict_mode off"),
        text(glob="vrrp_version 2"),
        text(glob="vrrp_mcast_group4 224.0.0.18\nvrrp_mcast_group6 ff02::99"),
        text(local="native_thing\nnotify_master /x\nunicast_src_ip 10.0.0.3"),
        text() + "virtual_server 10.0.0.5 80 {\n}\n",
    ],
)
def test_what_they_do_not_share(new: str) -> None:
    assert differing(PLAIN, new) == ()
    assert differing(new, PLAIN) == ()


def test_only_eight_bytes_of_a_password_count() -> None:
    assert differing(text(("sesame", "12345678a")), text(("sesame", "12345678b"))) == ()
    assert differing(text(("sesame", "12345678")), text(("sesame", "1234567"))) == ("VI_1",)


def test_a_password_is_void_in_version_3() -> None:
    assert differing(V3, text(("sesame", "simsim"), local="version 3")) == ()


@pytest.mark.parametrize("changed", ["unicast_src_ip 10.0.0.9\nunicast_peer {\n10.0.0.4\n}", UNICAST + "\n"])
def test_unicast(changed: str) -> None:
    old = text(local=UNICAST)
    same = changed.startswith(UNICAST)
    assert differing(old, text(local=changed)) == (() if same else ("VI_1",))


def test_a_further_unicast_peer_is_shared_and_their_order_is_not() -> None:
    two = text(local="unicast_src_ip 10.0.0.3\nunicast_peer {\n10.0.0.4\n10.0.0.7\n}")
    turned = text(local="unicast_src_ip 10.0.0.3\nunicast_peer {\n10.0.0.7\n10.0.0.4 min_ttl 255\n}")
    assert differing(text(local=UNICAST), two) == ("VI_1",)
    assert differing(two, turned) == ()


@pytest.mark.parametrize("word", ["old_unicast_checksum", "old_unicast_checksum never", "v3_checksum_as_v2 true"])
def test_checksums_are_shared_in_version_3_alone(word: str) -> None:
    assert differing(V3, text(local=f"version 3\n{word}")) == ("VI_1",)
    assert differing(PLAIN, text(local=word)) == ()


def test_the_checksum_of_all_instances() -> None:
    assert differing(V3, text(local="version 3", glob="v3_checksum_as_v2")) == ("VI_1",)
    assert differing(V3, text(local="version 3\nv3_checksum_as_v2 false", glob="v3_checksum_as_v2")) == ()


def test_instances_that_come_and_go() -> None:
    second = PLAIN + PLAIN.replace("VI_1", "VI_2").replace("51", "52")
    assert differing(PLAIN, second) == ()
    assert differing(second, PLAIN) == ()
    assert differing("", PLAIN) == ()
    both = second.replace("sesame", "simsim")
    assert differing(second, both) == ("VI_1", "VI_2")


def test_a_renamed_instance_is_the_same() -> None:
    assert differing(PLAIN, text(("VI_1", "VI_A"))) == ()
    assert differing(PLAIN, text(("VI_1", "VI_A"), ("sesame", "simsim"))) == ("VI_A",)


@pytest.mark.parametrize(
    "foreign",
    [
        PLAIN + "include other.conf\n",
        PLAIN + "~SEQ(a, 1, 3) b\n",
        text(("virtual_router_id 51", "virtual_router_id $NOTHING")),
        text(("advert_int 1", "advert_int soon")),
        text(("10.0.0.5/24", "nowhere/24")),
        text(local="version 4"),
    ],
)
def test_a_text_that_can_not_be_read_may_differ(foreign: str) -> None:
    assert differing(foreign, PLAIN) is None
    with pytest.raises(UnreadableError):
        instances(foreign)


def test_lines_of_other_hosts() -> None:
    old = text(("auth_pass sesame", "auth_pass sesame\n@lb2 auth_pass simsim"))
    assert differing(old, PLAIN, "lb1") == ()
    assert differing(old, PLAIN, "lb2") == ("VI_1",)


# -- as an advert has it


def packed(*addresses: str) -> tuple[bytes, ...]:
    return tuple(ipaddress.ip_address(address).packed for address in addresses)


def test_an_instance() -> None:
    assert one(PLAIN) == Instance(
        interface="eth0",
        family=4,
        router=51,
        version=2,
        interval=1,
        auth_type=1,
        auth_data=b"sesame\0\0",
        addresses=packed("10.0.0.5", "10.0.0.6"),
        group="224.0.0.18",
        source="",
        peers=(),
        checksum=(),
        vmac=False,
    )
    assert "sesame" not in repr(one(PLAIN))


V6 = "vrrp_instance A {\ninterface eth0\nvirtual_router_id 6\nLOCAL\nvirtual_ipaddress {\nfe80::5\nfd00::5/64\n}\n}\n"


@pytest.mark.parametrize(
    ("local", "version"), [("", 3), ("version 3", 3), ("version 2", 2), ("version 2\nstrict_mode on", 3)]
)
def test_ipv6(local: str, version: int) -> None:
    found = one(V6.replace("LOCAL", local))
    assert (found.family, found.version, found.group) == (6, version, "ff02::12")
    assert found.addresses == packed("fd00::5", "fe80::5")


def test_the_family_of_the_first_address_counts() -> None:
    assert one(PLAIN.replace("10.0.0.6/24", "fd00::6/64")).addresses == packed("10.0.0.5")


@pytest.mark.parametrize(
    ("version", "written", "interval", "seconds"),
    [
        (2, "1", 1, 1.0),
        (2, "1.5", 2, 2.0),
        (2, "0.2", 1, 1.0),
        (2, "300", 255, 255.0),
        (3, "1", 100, 1.0),
        (3, "0.1", 10, 0.1),
        (3, "0.015", 2, 0.02),
        (3, "0.001", 1, 0.01),
        (3, "50", 4095, 40.95),
    ],
)
def test_intervals(version: int, written: str, interval: int, seconds: float) -> None:
    found = one(text(("advert_int 1", f"advert_int {written}"), local=f"version {version}"))
    assert (found.interval, found.seconds) == (interval, seconds)


@pytest.mark.parametrize("written", ["auth_type NONE\nauth_pass sesame", "auth_type PASS", "auth_pass sesame"])
def test_authentication_that_is_none(written: str) -> None:
    assert one(text(("auth_type PASS\n        auth_pass sesame", written))).auth_type == 0


def test_the_first_instance_of_a_name_counts() -> None:
    assert one(PLAIN + text(("51", "52"))).router == 51


# -- what a reload carries over


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"interval": 5, "auth_data": b"other", "addresses": ()}, True),
        ({"router": 52}, False),
        ({"interface": "eth1"}, False),
        ({"group": "224.0.0.99"}, False),
        ({"group": "", "source": "10.0.0.3", "peers": ("10.0.0.4",)}, False),
        ({"vmac": True}, False),
    ],
)
def test_what_survives_a_reload(changes: dict[str, Any], expected: bool) -> None:
    before = one(PLAIN)
    assert survives(before, {"new name": before._replace(**changes)}) is expected


def test_unicast_survives_with_its_source() -> None:
    before = one(text(local=UNICAST))
    assert survives(before, {"a": before._replace(vmac=True, peers=("10.0.0.7",))})
    assert not survives(before, {"a": before._replace(source="10.0.0.9")})


# -- what needs a restart


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "net_namespace red\n", "the network namespace (net_namespace)"),
        ("net_namespace red\n", "net_namespace blue\n", "the network namespace (net_namespace)"),
        ("net_namespace_ipvs red\n", "", "the network namespace of IPVS (net_namespace_ipvs)"),
        ("instance a\n", "instance b\n", "the name of this keepalived (instance)"),
        ("global_defs {\n}\n", "global_defs {\ninstance b\n}\n", "the name of this keepalived (instance)"),
        ("", "global_defs {\nnftables\n}\n", "the nftables table of VRRP (nftables)"),
        ("global_defs {\nnftables a\n}", "global_defs {\nnftables b\n}", "the nftables table of VRRP (nftables)"),
        ("", "global_defs {\nnftables_ipvs\n}\n", "the nftables table of IPVS (nftables_ipvs)"),
        (
            "",
            "global_defs {\ndisable_local_igmp\ntmp_config_directory /x\n}\n",
            "the directory of its copy of the configuration (tmp_config_directory), "
            "whether it sends IGMP reports for link-local groups (disable_local_igmp)",
        ),
    ],
)
def test_what_needs_a_restart(old: str, new: str, said: str) -> None:
    assert needs_restart(PLAIN + old, PLAIN + new) == said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("global_defs {\nnftables\n}\n", "global_defs {\nnftables keepalived\n}\n"),
        ("net_namespace red\nnet_namespace blue\n", "net_namespace red\n"),
        ("", "global_defs {\nrouter_id x\nnftables_priority 3\n}\n"),
        ("", "vrrp_instance B {\n instance x\n}\n"),
        ("include x\n", "net_namespace red\n"),
    ],
)
def test_what_does_not(old: str, new: str) -> None:
    assert needs_restart(PLAIN + old, PLAIN + new) == ""


SERVED = """virtual_server 10.0.0.5 80 {
    real_server 192.168.0.12 80 {
        weight 1
    }
    real_server 192.168.0.13 80 {
        weight 1
    }
}
static_routes {
    10.9.0.0/16 via 10.0.0.9
}
"""


@pytest.mark.parametrize(
    ("old", "new", "goes"),
    [
        ("", "", False),
        ("10.0.0.6/24 dev eth0", "10.0.0.6/24 dev eth0 label eth0:1", False),
        ("10.0.0.6/24", "10.0.0.7/24", True),
        ("192.168.0.1/24", "192.168.0.1/23", True),
        ("weight 1", "weight 2", False),
        ("real_server 192.168.0.13", "real_server 192.168.0.14", True),
        ("virtual_server 10.0.0.5 80", "virtual_server 10.0.0.5 81", True),
        ("10.9.0.0/16", "10.8.0.0/16", True),
        ("advert_int 1", "advert_int 2", False),
    ],
)
def test_what_a_kill_would_leave_on_the_host(old: str, new: str, goes: bool) -> None:
    before = PLAIN + SERVED
    after = before.replace(old, new)
    assert (after != before) is (old != new)
    assert needs_restart(before, after) == ""
    said = needs_restart(before, after + "instance b\n")
    assert said == "the name of this keepalived (instance)" + (f", {GOING}" if goes else "")
    # What comes is nobody's yet.
    assert GOING not in needs_restart(PLAIN, PLAIN + SERVED + "instance b\n")


def test_the_role_knows_its_words() -> None:
    words = yaml.safe_load((ROOT / "roles/director/vars/main.yml").read_text())["__director_goes"]
    assert f"'{GOING}' in" in words


def test_what_begins_needs_none() -> None:
    assert needs_restart("", "net_namespace red\n") == ""
