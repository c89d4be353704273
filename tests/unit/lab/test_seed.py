"""lab/seed.py: what a guest is given of its own."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path

from lab import seed
from lab.inventory import Host, Interface, Route, Sysctl

HOST = Host(
    "rs1",
    "bookworm",
    (
        Interface("eth0", "outside", ("10.0.0.2/24", "fd00::2/64")),
        Interface("eth1", "inside", ("192.168.0.2/24",)),
        Interface("eth2", "sync"),
    ),
    (Route("default", "192.168.0.1"), Route("10.9.0.0/16", "10.0.0.1"), Route("default", "fd00::1")),
    (80, 8080),
    (Sysctl("net.ipv4.ip_forward", "1"), Sysctl("net.ipv4.tcp_rmem", "4096 131072 6291456")),
)
MACS = {"lab0": "02:00:00:00:00:01", "eth0": "02:00:00:00:00:02"}


def test_files_of_a_host() -> None:
    assert seed.files(HOST, management="198.18.0.10/16", macs=MACS) == {
        "etc/hostname": "rs1\n",
        "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 rs1\n::1 localhost\n",
        "etc/lab/nics": "02:00:00:00:00:01 lab0\n02:00:00:00:00:02 eth0\n",
        "etc/systemd/network/10-lab0.network": (
            "[Match]\nName=lab0\n[Network]\nIPv6AcceptRA=no\nLinkLocalAddressing=ipv6\nAddress=198.18.0.10/16\n"
        ),
        "etc/systemd/network/20-eth0.network": (
            "[Match]\nName=eth0\n[Network]\nIPv6AcceptRA=no\nLinkLocalAddressing=ipv6\n"
            "Address=10.0.0.2/24\nAddress=fd00::2/64\n"
            "[Route]\nGateway=10.0.0.1\nDestination=10.9.0.0/16\n"
            "[Route]\nGateway=fd00::1\n"
        ),
        "etc/systemd/network/20-eth1.network": (
            "[Match]\nName=eth1\n[Network]\nIPv6AcceptRA=no\nLinkLocalAddressing=ipv6\n"
            "Address=192.168.0.2/24\n"
            "[Route]\nGateway=192.168.0.1\n"
        ),
        "etc/systemd/network/20-eth2.network": (
            "[Match]\nName=eth2\n[Network]\nIPv6AcceptRA=no\nLinkLocalAddressing=ipv6\n"
        ),
        "etc/sysctl.d/50-lab.conf": "net.ipv4.ip_forward = 1\nnet.ipv4.tcp_rmem = 4096 131072 6291456\n",
        "srv/lab/index.html": "rs1\n",
        "etc/nginx/sites-enabled/default": (
            "server {\n"
            "    listen 80;\n    listen [::]:80;\n    listen 8080;\n    listen [::]:8080;\n"
            "    root /srv/lab;\n    default_type text/plain;\n    keepalive_timeout 65;\n"
            "}\n"
        ),
        "etc/systemd/system/multi-user.target.wants/nginx.service": seed.Link("/lib/systemd/system/nginx.service"),
    }


def test_no_web_server_without_ports_and_no_sysctls_without_any() -> None:
    names = seed.files(Host("client"), management="198.18.0.11/16", macs={})
    assert [name for name in names if "nginx" in name or "sysctl" in name or name.startswith("srv/")] == []


def test_no_ipv6_where_the_kernel_has_none() -> None:
    """Its addresses would keep the guest from getting ready, and its sockets the web server from starting."""
    host = replace(HOST, kernel_arguments=("quiet", "ipv6.disable=1"))
    content = seed.files(host, management="198.18.0.10/16", macs=MACS)
    assert content["etc/systemd/network/20-eth0.network"] == (
        "[Match]\nName=eth0\n[Network]\nIPv6AcceptRA=no\nLinkLocalAddressing=ipv6\nAddress=10.0.0.2/24\n"
        "[Route]\nGateway=10.0.0.1\nDestination=10.9.0.0/16\n"
    )
    site = content["etc/nginx/sites-enabled/default"]
    assert isinstance(site, str)
    assert site.startswith("server {\n    listen 80;\n    listen 8080;\n    root")


def test_archive(tmp_path: Path) -> None:
    file = tmp_path / "seed.tar"
    seed.write(file, {"etc/b": "text: ü\n", "etc/a": seed.Link("/target")})
    assert file.stat().st_size % 512 == 0
    with tarfile.open(file) as archive:
        members = {member.name: member for member in archive}
        assert list(members) == ["etc/a", "etc/b"]
        assert (members["etc/a"].type, members["etc/a"].linkname) == (tarfile.SYMTYPE, "/target")
        assert (members["etc/b"].mode, members["etc/b"].uid, members["etc/b"].gid) == (0o644, 0, 0)
        content = archive.extractfile("etc/b")
        assert content is not None
        assert content.read().decode() == "text: ü\n"
