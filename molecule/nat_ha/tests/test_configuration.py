"""What the roles put on the hosts."""

from __future__ import annotations

import pytest

from tests.support.cluster import Cluster


@pytest.mark.parametrize("name", ["lb1", "lb2"])
def test_director_is_configured_for_now_and_for_boot(cluster: Cluster, name: str) -> None:
    host = cluster.host(name)
    assert host.package("keepalived").is_installed
    assert host.package("ipvsadm").is_installed
    service = host.service("keepalived")
    assert service.is_running
    assert service.is_enabled
    assert host.sysctl("net.ipv4.ip_forward") == 1
    assert host.sysctl("net.ipv4.conf.eth0.send_redirects") == 0
    assert "ip_vs\n" in host.file("/etc/modules-load.d/lvs-director.conf").content_string
    assert cluster.table(name) == {
        "TCP 10.0.0.5:80": {"192.168.0.12:80": 20, "192.168.0.13:80": 8},
        "TCP 10.0.0.5:8080": {"192.168.0.12:80": 20, "192.168.0.13:80": 8},
    }


@pytest.mark.parametrize("name", ["lb1", "lb2"])
def test_password_is_for_root_alone(cluster: Cluster, name: str) -> None:
    file = cluster.host(name).file("/etc/keepalived/keepalived.conf")
    assert "auth_pass rehearse" in file.content_string
    assert (file.user, file.mode & 0o007) == ("root", 0)


@pytest.mark.parametrize(("name", "address"), [("rs1", "192.168.0.12"), ("rs2", "192.168.0.13")])
def test_real_server_answers_through_the_director(cluster: Cluster, name: str, address: str) -> None:
    host = cluster.host(name)
    assert host.file("/etc/iproute2/rt_tables.d/lvs.conf").contains("^200 LVS$")
    assert host.service("lvs-return-route").is_enabled
    route = host.check_output(f"ip route get 10.0.0.100 from {address}")
    assert "via 192.168.0.1" in route
    # Neighbours are answered directly, whatever the rule says of the rest.
    assert "via" not in host.check_output(f"ip route get 192.168.0.2 from {address}")
