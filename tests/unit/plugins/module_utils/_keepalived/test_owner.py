"""Which virtual servers a configuration has."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.owner import (
    Running,
    UnreadableError,
    VirtualServer,
    virtual_servers,
)

GOLDEN = Path(__file__).parent / "golden" / "full.conf"


def four(address: str, port: int = 0, protocol: str = "tcp") -> VirtualServer:
    return VirtualServer("ipv4", address, address, port, protocol)


def six(address: str, port: int = 0, protocol: str = "tcp") -> VirtualServer:
    return VirtualServer("ipv6", address, address, port, protocol)


def found(folder: Path, text: str, config_id: str = "lb1", **files: str) -> list[VirtualServer]:
    """What is in a configuration with this text; `files` stand beside it, each with .conf behind its name."""
    for name, content in files.items():
        (folder / f"{name}.conf").write_text(content)
    main = folder / "keepalived.conf"
    main.write_text(text)
    return virtual_servers(Running(str(main), config_id))


def test_what_our_own_role_writes() -> None:
    assert virtual_servers(Running(str(GOLDEN), "lb1")) == [
        four("200.200.200.200", 80),
        VirtualServer("ipv4", fwmark=1),
        VirtualServer("ipv6", fwmark=2),
        six("fd00::5", 53, "udp"),
    ]


def test_nothing_of_ipvs(tmp_path: Path) -> None:
    assert found(tmp_path, "") == []
    text = "vrrp_instance A {\n  virtual_ipaddress {\n    10.0.0.1/24\n  }\n  notify /x virtual_server 10.0.0.1 80\n}\n"
    assert found(tmp_path, text) == []


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError) as caught:
        virtual_servers(Running(str(tmp_path / "none.conf"), "lb1"))
    assert str(caught.value) == f"{tmp_path}/none.conf: No such file or directory"


@pytest.mark.parametrize(
    ("head", "inside", "server"),
    [
        ("10.0.0.1 80", "", four("10.0.0.1", 80)),
        ("10.0.0.1 80", "protocol TCP", four("10.0.0.1", 80)),
        ("10.0.0.1 80", "protocol UDP", four("10.0.0.1", 80, "udp")),
        ("10.0.0.1 80", "protocol sctp", four("10.0.0.1", 80, "sctp")),
        ("10.0.0.1 80", "real_server 10.0.0.2 80 {\n }", four("10.0.0.1", 80)),
        ("10.0.0.1 80", "real_server 10.0.0.2 80 {\n protocol UDP\n }", four("10.0.0.1", 80)),
        ("10.0.0.1", "persistence_timeout 300", four("10.0.0.1", 0)),
        ("::1:2 80", "", six("::0.1.0.2", 80)),
        ("::0.1.0.2 80", "", six("::0.1.0.2", 80)),
        ("2001:DB8:0::1 80", "protocol UDP", six("2001:db8::1", 80, "udp")),
        ('"10.0.0.1" "80"', 'protocol "UDP"', four("10.0.0.1", 80, "udp")),
        ("fwmark 7", "real_server 10.0.0.2 {\n}", VirtualServer("ipv4", fwmark=7)),
        ("fwmark 4294967295", "ip_family inet", VirtualServer("ipv4", fwmark=4294967295)),
        ("fwmark 7", "ip_family inet6", VirtualServer("ipv6", fwmark=7)),
        ("fwmark 7", "real_server fd00::2 80 {\n weight 1\n }", VirtualServer("ipv6", fwmark=7)),
        ("fwmark 7", "protocol UDP", VirtualServer("ipv4", fwmark=7)),
    ],
)
def test_one_virtual_server(tmp_path: Path, head: str, inside: str, server: VirtualServer) -> None:
    assert found(tmp_path, f"virtual_server {head} {{\n    delay_loop 5\n    {inside}\n    lb_algo rr\n}}\n") == [
        server
    ]


@pytest.mark.parametrize(
    "head",
    [
        "www.example.org 80", "", "10.0.0.256 80", "10.0.0.1 http", "10.0.0.1-256 80", "10.0.0.1-x 80", "fd00::1-g 80",
        "fwmark", "fwmark web", "fwmark ²", "10.0.0.1 ²", "group", "group none",
    ],
)  # fmt: skip
def test_what_keepalived_itself_would_not_take(tmp_path: Path, head: str) -> None:
    assert found(tmp_path, f"virtual_server {head} {{\n}}\nvirtual_server 10.0.0.1 80 {{\n}}\n") == [
        four("10.0.0.1", 80)
    ]


def test_a_virtual_server_without_braces_is_none(tmp_path: Path) -> None:
    assert found(tmp_path, "virtual_server 10.0.0.1 80\nvirtual_server 10.0.0.2 81\n{\n}\n") == [four("10.0.0.2", 81)]


@pytest.mark.parametrize(
    "text",
    [
        "vrrp_instance A {\n  virtual_server 10.0.0.9 9 {\n  }\n}\nvirtual_server 10.0.0.1 80 {\n}\n",
        "! virtual_server 10.0.0.9 9 {\n# virtual_server 10.0.0.8 8 {\nvirtual_server 10.0.0.1 80 { # }\n}\n",
        'vrrp_instance A {\n  notify "/x # } virtual_server 10.0.0.9 9 {"\n}\nvirtual_server 10.0.0.1 80 {\n}\n',
        'vrrp_instance A {\n  notify "/x \\"{\\" !"\n}\nvirtual_server 10.0.0.1 80 {\n}\n',
        'virtual_server 10.0.0.1 80 {\n  virtualhost "a}b!"\n  protocol TCP\n  quorum_up "echo {"\n}\n',
        "virtual_server 10.0.0.1 80 {\n  real_server 10.0.0.2 80{\n    TCP_CHECK{\n}}\n  protocol TCP }\n",
        "vrrp_instance A {\n}\n}\nvirtual_server 10.0.0.1 80 {\n}\n",
    ],
)
def test_only_what_stands_outside(tmp_path: Path, text: str) -> None:
    after = "virtual_server 10.0.0.2 81 {\n}\n"
    assert found(tmp_path, text + after) == [four("10.0.0.1", 80), four("10.0.0.2", 81)]


def test_groups(tmp_path: Path) -> None:
    text = """
virtual_server group WEB {
    protocol UDP
    ip_family inet6
    real_server fd00::9 80 {
        weight 1
    }
}
virtual_server_group WEB {
    10.0.0.1 80   # one
    10.0.0.10-20 443
    fd00::1 80
    fd00::a-ff 80
    fwmark 5
}
virtual_server_group UNUSED
{
    10.0.0.99 99
}
virtual_server_group "with a space" {
    10.0.0.3 53
}
virtual_server group "with a space" {
}
"""
    assert found(tmp_path, text) == [
        four("10.0.0.1", 80, "udp"),
        VirtualServer("ipv4", "10.0.0.10", "10.0.0.20", 443, "udp"),
        six("fd00::1", 80, "udp"),
        VirtualServer("ipv6", "fd00::a", "fd00::ff", 80, "udp"),
        VirtualServer("ipv6", fwmark=5),
        four("10.0.0.3", 53),
    ]


@pytest.mark.parametrize(
    ("address", "inside"),
    [("10.0.0.0", False), ("10.0.0.1", True), ("10.0.0.9", True), ("10.0.0.10", True), ("10.0.0.11", False)],
)
def test_a_range_has_both_its_ends(tmp_path: Path, address: str, inside: bool) -> None:
    (server,) = found(tmp_path, "virtual_server 10.0.0.1-10 80 {\n}\n")
    assert server.covers("ipv4", "tcp", address, 80, 0) is inside
    assert not server.covers("ipv4", "tcp", address, 81, 0)
    assert not server.covers("ipv4", "udp", address, 80, 0)
    assert not server.covers("ipv4", "", "", 0, 7)


def test_a_range_of_ipv6_is_hexadecimal(tmp_path: Path) -> None:
    (server,) = found(tmp_path, "virtual_server fd00::1-10 80 {\n}\n")
    assert server == VirtualServer("ipv6", "fd00::1", "fd00::10", 80)
    assert [server.covers("ipv6", "tcp", f"fd00::{end}", 80, 0) for end in ("0", "f", "10", "11")] == [
        False, True, True, False,
    ]  # fmt: skip
    assert not server.covers("ipv4", "tcp", "10.0.0.1", 80, 0)


def test_a_mark_is_its_family_and_number() -> None:
    server = VirtualServer("ipv6", fwmark=7)
    assert server.covers("ipv6", "", "", 0, 7)
    assert not server.covers("ipv4", "", "", 0, 7)
    assert not server.covers("ipv6", "", "", 0, 8)
    assert not server.covers("ipv6", "tcp", "fd00::1", 80, 0)


def test_groups_of_one_name_all_count(tmp_path: Path) -> None:
    text = """
virtual_server_group A {
    10.0.0.1 80
}
virtual_server group A {
    protocol UDP
}
virtual_server_group A {
    10.0.0.2 80
    fwmark 7
}
include more.conf
virtual_server group A {
}
"""
    result = found(tmp_path, text, more="virtual_server_group A {\n10.0.0.3 80\n}\n")
    assert result == [
        *(four(f"10.0.0.{end}", 80, "udp") if end else VirtualServer("ipv4", fwmark=7) for end in (1, 2, 0, 3)),
        *(four(f"10.0.0.{end}", 80) if end else VirtualServer("ipv4", fwmark=7) for end in (1, 2, 0, 3)),
    ]


# -- what the reader makes of a configuration


def test_definitions(tmp_path: Path) -> None:
    text = """
$VIP=10.0.0.1 ! web
$VIP_6=fd00::1
  $PORT=80
virtual_server $VIP $PORT {
    protocol $PROTO
}
$PROTO=UDP
$VIP=10.0.0.2
virtual_server $VIP $PORT {
    protocol $PROTO
}
virtual_server $VIP_6 $PORT {
}
"""
    assert found(tmp_path, text) == [
        VirtualServer("ipv4", "10.0.0.1", "10.0.0.1", 80, "$proto"),
        four("10.0.0.2", 80, "udp"),
        six("fd00::1", 80),
    ]


def test_definitions_in_braces_and_of_definitions(tmp_path: Path) -> None:
    text = """
$VIP=10.0.0.1
$PROTO=UDP
  $PORT=80
$BOTH=$VIP ${PORT}
virtual_server ${VIP}0 ${PORT}80 {
    protocol ${PROTO}
}
virtual_server $BOTH {
}
"""
    assert found(tmp_path, text) == [four("10.0.0.10", 8080, "udp"), four("10.0.0.1", 80)]


@pytest.mark.parametrize(("config_id", "address"), [("lb1", "10.0.0.1"), ("lb2", "10.0.0.2")])
def test_lines_for_some_hosts_only(tmp_path: Path, config_id: str, address: str) -> None:
    protocol = {"lb1": "udp", "lb2": "sctp"}[config_id]
    inside = "@lb1 protocol UDP\n@lb2 protocol SCTP\n@lb3 protocol TCP\n}\n"
    for head in (
        "@lb1 virtual_server 10.0.0.1 80 {\n@lb2 virtual_server 10.0.0.2 80 {\n",
        "@lb2 virtual_server 10.0.0.2 80 {\n@^lb2 virtual_server 10.0.0.1 80 {\n",
        "@lb1 $V=10.0.0.1\n@lb2 $V=10.0.0.2\nvirtual_server $V 80 {\n",
        "@lb1 include one.conf\n@lb2 include two.conf\n{\n",
    ):
        result = found(
            tmp_path,
            head + inside + "virtual_server 10.0.0.3 80 {\n}\n",
            config_id,
            one="virtual_server 10.0.0.1 80\n",
            two="virtual_server 10.0.0.2 80\n",
        )
        assert result == [four(address, 80, protocol), four("10.0.0.3", 80)]


def test_includes(tmp_path: Path) -> None:
    text = "include *1.conf\nvirtual_server 10.0.0.9 80 {\n  include inside.conf\n}\ninclude b2.conf\n"
    servers = {name: f"virtual_server 10.0.0.{name[1]} 80 {{\n}}\n" for name in ("a1", "b2")}
    assert found(tmp_path, text, inside="protocol UDP\n", **servers) == [
        four("10.0.0.1", 80),
        four("10.0.0.9", 80, "udp"),
        four("10.0.0.2", 80),
    ]


def test_a_folder_among_the_includes(tmp_path: Path) -> None:
    (tmp_path / "conf.d" / "old").mkdir(parents=True)
    (tmp_path / "conf.d" / "a.conf").write_text("virtual_server 10.0.0.1 80 {\n}\n")
    assert found(tmp_path, "include conf.d/*\n") == [four("10.0.0.1", 80)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("include keepalived.conf\n", " includes itself, or more than 1000 files"),
        ("include {a,b}.conf\n", ", line 1: an include with braces is not known here"),
        ("include one.conf\n" * 1000, " includes itself, or more than 1000 files"),
        ("$M=\\\n delay_loop 5 \\\n protocol UDP\nvirtual_server 10.0.0.1 53 {\n$M\n}\n",
         ", line 1: lines that go on in the next one are not known here"),
        ("virtual_server 10.0.0.1 80 {\n  protocol \\\nUDP\n}\n",
         ", line 2: lines that go on in the next one are not known here"),
        ("$VS=virtual_server 10.0.0.$X 80 {\n~SEQ(X,1,3) $VS\n", ", line 2: ~SEQ and ~LST are not known here"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_never_nothing(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        found(tmp_path, text, one="", a="virtual_server 10.0.0.1 80 {\n}\n")
    assert str(caught.value) == f"{tmp_path}/keepalived.conf{says}"


def test_an_include_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.conf").symlink_to("gone.conf")
    with pytest.raises(UnreadableError) as caught:
        found(tmp_path, "virtual_server 10.0.0.1 80 {\n}\ninclude *.conf\n")
    assert str(caught.value) == f"{tmp_path}/a.conf: No such file or directory"
