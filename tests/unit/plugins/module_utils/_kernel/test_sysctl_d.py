"""The sysctl configuration as systemd-sysctl reads it, sysctl.d(5)."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._kernel.sysctl_d import (
    Assignment,
    Setting,
    SettingsError,
    Source,
    canonical,
    effective,
    key_of,
    parse,
    path_of,
)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"),
        ("net/ipv4/ip_forward", "net/ipv4/ip_forward"),
        ("net.ipv4.conf.eth0/10.rp_filter", "net/ipv4/conf/eth0.10/rp_filter"),
        ("net/ipv4/conf/eth0.10/rp_filter", "net/ipv4/conf/eth0.10/rp_filter"),
        ("/net/ipv4//ip_forward", "net/ipv4/ip_forward"),
        (" kernel.domainname ", "kernel/domainname"),
    ],
)
def test_both_separators(key: str, path: str) -> None:
    assert path_of(key) == path
    assert path_of(key_of(path)) == path


@pytest.mark.parametrize("key", ["", ".", "net/../kernel/panic", "net.ipv4.ip forward", "../../etc/passwd"])
def test_names_that_are_none(key: str) -> None:
    with pytest.raises(SettingsError, match=r"write it like net\.ipv4\.ip_forward"):
        path_of(key)


def test_fields_of_a_value_compare_whatever_separates_them() -> None:
    assert canonical("3\t50\n") == canonical(" 3  50 ") == "3 50"


def test_a_file_as_systemd_reads_it() -> None:
    text = (
        "# a comment\n; another\n\nnet.ipv4.ip_forward=1\n-net/ipv4/tcp_syncookies = 0\n"
        "-net.ipv4.conf.lo.rp_filter\nrubbish\n"
    )
    assert parse(text) == [
        Assignment("net/ipv4/ip_forward", "1"),
        Assignment("net/ipv4/tcp_syncookies", "0"),
        Assignment("net/ipv4/conf/lo/rp_filter", None),
    ]


RP_FILTER = "net/ipv4/conf/eth0/rp_filter"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], None),
        (["net.ipv4.ip_forward=1"], None),
        ([f"{RP_FILTER}=1", f"{RP_FILTER}=2"], Setting("2", "file1")),
        ([f"{RP_FILTER}=1\n{RP_FILTER}=0"], Setting("0", "file0")),
        (["net.ipv4.conf.*.rp_filter=2"], Setting("2", "file0")),
        (["net.ipv4.conf.*.rp_filter=2", "net.ipv4.conf.eth?.rp_filter=1"], Setting("1", "file1")),
        ([f"{RP_FILTER}=1", "net.ipv4.conf.*.rp_filter=2"], Setting("1", "file0")),
        (["net.ipv4.conf.*.rp_filter=2", "-net.ipv4.conf.eth0.rp_filter"], None),
        (["net.ipv4.*.rp_filter=2"], None),  # a sign stands for one level of the path
    ],
)
def test_which_file_decides(texts: list[str], expected: Setting | None) -> None:
    sources = [Source(f"file{number}", text) for number, text in enumerate(texts)]
    assert effective(sources, RP_FILTER) == expected
