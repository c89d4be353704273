"""kernel_settings as a program, in network and mount namespaces of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.plugins.netns import Host

FORWARD = "/proc/sys/net/ipv4/ip_forward"
REDIRECTS = "/proc/sys/net/ipv4/conf/all/accept_redirects"
SYSCTLS = {"net.ipv4.ip_forward": 1, "net/ipv4/conf/eth0.10/rp_filter": 2}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path / "host") as found:
        found.run("ip", "link", "add", "eth0.10", "type", "veth", "peer", "name", "other")
        yield found


def test_check_run_check_run_and_back(host: Host) -> None:
    machine = Path(FORWARD).read_text()
    first = host.module("kernel_settings", check=True, name="lvs-a", sysctls=SYSCTLS)
    assert first["changed"]
    assert first["diff"]["after"]["sysctls"] == {"net.ipv4.ip_forward": "1", "net.ipv4.conf.eth0/10.rp_filter": "2"}
    assert host.new_files() == []
    assert host.run("cat", FORWARD) == "0\n"

    assert host.module("kernel_settings", name="lvs-a", sysctls=SYSCTLS)["diff"] == first["diff"]
    assert host.run("cat", FORWARD, "/proc/sys/net/ipv4/conf/eth0.10/rp_filter") == "1\n2\n"
    assert Path(FORWARD).read_text() == machine
    modes = host.run("stat", "-c", "%a %U", "/etc/sysctl.d/60-lvs-a.conf", "/var/lib/lvs-cluster/sysctls.json",
                     "/var/lib/lvs-cluster")  # fmt: skip
    assert modes == "644 root\n600 root\n755 root\n"

    assert not host.module("kernel_settings", check=True, name="lvs-a", sysctls=SYSCTLS)["changed"]
    assert not host.module("kernel_settings", name="lvs-a", sysctls=SYSCTLS)["changed"]

    gone = host.module("kernel_settings", name="lvs-a", state="absent")
    assert [item["key"] for item in gone["restored"]] == ["net.ipv4.ip_forward", "net.ipv4.conf.eth0/10.rp_filter"]
    assert host.run("cat", FORWARD, "/proc/sys/net/ipv4/conf/eth0.10/rp_filter") == "0\n0\n"
    assert host.new_files() == []
    assert not host.module("kernel_settings", name="lvs-a", state="absent")["changed"]


def test_forwarding_goes_back_without_resetting_what_another_owner_wants(host: Host) -> None:
    host.module("kernel_settings", name="lvs-a", sysctls={"net.ipv4.ip_forward": 1})
    host.module("kernel_settings", name="lvs-b", sysctls={"net.ipv4.conf.all.accept_redirects": 0})
    host.module("kernel_settings", name="lvs-a", state="absent")
    # The kernel itself sets accept_redirects to 1 when forwarding is switched off.
    assert host.run("cat", FORWARD, REDIRECTS) == "0\n0\n"


def test_bad_input_changes_nothing(host: Host) -> None:
    result = host.module("kernel_settings", name="lvs-a",
                         sysctls={"net.ipv4.ip_forward": 1, "net.ipv4.conf.eth9.rp_filter": 1})  # fmt: skip
    assert result["failed"]
    assert "interface eth9 or this setting of it does not exist: check the name" in result["msg"]
    assert host.new_files() == []
    assert host.run("cat", FORWARD) == "0\n"


def test_a_value_that_the_kernel_refuses_undoes_the_rest(host: Host) -> None:
    sysctls = {"net.ipv4.ip_forward": 1, "net.ipv4.conf.all.log_martians": "many"}
    result = host.module("kernel_settings", name="lvs-a", sysctls=sysctls)
    assert "net.ipv4.conf.all.log_martians: the kernel refuses 'many': Invalid argument" in result["msg"]
    assert host.new_files() == []
    assert host.run("cat", FORWARD) == "0\n"


def test_a_module_in_check_mode_is_not_loaded(host: Host) -> None:
    host.program("modprobe", '#!/bin/sh\necho "modprobe $*" >> "$(dirname "$0")/calls"\n')
    sysctls = {"net.lvs_none.x": 1}
    result = host.module("kernel_settings", check=True, name="lvs-a", modules=["lvs_none"], sysctls=sysctls)
    assert result["diff"]["after"]["loaded"] == ["lvs_none"]
    assert result["diff"]["before"]["sysctls"] == {"net.lvs_none.x": None}
    assert host.calls() == ["modprobe -n lvs_none"]
    assert host.new_files() == []
