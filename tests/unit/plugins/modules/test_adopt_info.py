# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""adopt_info as a program, in network and mount namespaces of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.modules import adopt_info
from tests.unit.plugins.netns import Host

CONFIGURATION = """global_defs {
    router_id by_hand
}
include more/*.conf
"""
INCLUDED = """vrrp_instance VI_1 {
    authentication {
        auth_pass verysafe
    }
    notify_master "killall -0 haproxy"
}
"""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path / "host") as found:
        found.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "other")
        found.run("ip", "link", "set", "eth0", "up")
        for address in ("10.0.0.3/24", "10.0.0.6/24"):
            found.run("ip", "address", "add", address, "dev", "eth0")
        found.run("ip", "route", "add", "default", "via", "10.0.0.1", "table", "200")
        found.run("ip", "rule", "add", "from", "10.0.0.3", "lookup", "200")
        yield found


def test_a_host(host: Host, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "keepalived.conf").write_text(CONFIGURATION)
    (tmp_path / "more" / "vrrp.conf").write_text(INCLUDED)
    for rule in (
        ["-N", "MARKS"],
        ["-A", "PREROUTING", "-d", "10.0.0.6", "-p", "tcp", "--dport", "80", "-j", "MARKS"],
        ["-A", "MARKS", "-j", "MARK", "--set-mark", "1"],
    ):
        host.run("iptables-nft", "-t", "mangle", *rule)
    found = host.module("adopt_info", config_file=str(tmp_path / "keepalived.conf"))
    assert not found["changed"]
    [eth0] = [link for link in found["links"] if link["name"] == "eth0"]
    own = {one["address"]: one["secondary"] for one in eth0["addresses"] if ":" not in one["address"]}
    assert own == {"10.0.0.3/24": False, "10.0.0.6/24": True}
    [rule] = [one for one in found["rules"] if one.get("src") == "10.0.0.3"]
    assert (rule["table"], rule["family"]) == ("200", "ipv4")
    [route] = found["routes"]
    assert (route["gateway"], route["table"]) == ("10.0.0.1", "200")
    [mangle] = found["firewall"]
    assert (mangle["family"], mangle["variant"], mangle["table"]) == ("ipv4", "nft", "mangle")
    assert mangle["chains"]["MARKS"] == ["-j MARK --set-xmark 0x1/0xffffffff"]
    assert mangle["chains"]["PREROUTING"] == ["-d 10.0.0.6/32 -p tcp -m tcp --dport 80 -j MARKS"]
    assert found["sysctls"]["net.ipv4.conf.eth0.arp_ignore"] == "0"
    keepalived = found["keepalived"]
    assert not keepalived["running"]
    assert [item[0] for item in keepalived["items"]] == [["global_defs"], ["vrrp_instance", "VI_1"]]
    assert set(keepalived["programs"]) == {"killall"}
    assert found["secrets"] == {"<secret 1>": {"keyword": "auth_pass", "value": "verysafe"}}
    assert "verysafe" not in str(keepalived)
    assert found["unread"] == []
    assert host.module("adopt_info", check=True, config_file=str(tmp_path / "keepalived.conf")) == found


def test_nothing_there_and_nothing_changed(host: Host, tmp_path: Path) -> None:
    found = host.module("adopt_info", config_file=str(tmp_path / "none"))
    assert found["keepalived"] is None
    assert found["firewall"] == found["native_rules"] == found["unread"] == []
    assert host.new_files() == []


def test_what_is_there_and_can_not_be_read_is_named(host: Host, tmp_path: Path) -> None:
    (tmp_path / "keepalived.conf").mkdir()
    found = host.module("adopt_info", config_file=str(tmp_path / "keepalived.conf"))
    assert found["keepalived"]["items"] is None
    [one] = found["unread"]
    assert str(tmp_path / "keepalived.conf") in one["what"]


def test_every_key_is_documented(host: Host) -> None:
    found = host.module("adopt_info")
    for key in found:
        assert key in ("changed", "invocation") or f"\n{key}:\n" in adopt_info.RETURN
