"""Whose a service is: what keepalived's configuration says, and our own file."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.ownership import (
    StateFile,
    keepalived_owns,
    refuse_owned,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.owner import (
    Running,
    UnreadableError,
    VirtualServer,
)

WEB = ServiceKey("ipv4", "tcp", "10.0.0.1", 80)
DNS = ServiceKey("ipv6", "udp", "2001:db8::1", 53)
MARK = ServiceKey("ipv4", fwmark=4294967295)
MARK6 = ServiceKey("ipv6", fwmark=7)
NO_NAMES = "it holds other values than names of services"


# -- the state file


class Given:
    """What a file was to be owned by, so that the tests need no root."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.owners: list[tuple[int, int]] = []
        monkeypatch.setattr(os, "chown", lambda _path, uid, gid: self.owners.append((uid, gid)))


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    return Given(monkeypatch)


def test_no_file_is_nothing_of_ours(tmp_path: Path) -> None:
    assert StateFile(str(tmp_path / "none" / "ours.json")).read() == frozenset()


@pytest.mark.parametrize("keys", [[], [WEB], [MARK6, DNS, WEB, MARK]])
def test_there_and_back(tmp_path: Path, given: Given, keys: list[ServiceKey]) -> None:
    file = StateFile(str(tmp_path / "ours.json"))
    file.write(keys)
    assert file.read() == frozenset(keys)
    assert given.owners == [(0, 0)]


def test_the_text_and_the_mode(tmp_path: Path, given: Given) -> None:
    old = os.umask(0)
    try:
        StateFile(str(tmp_path / "lib" / "lvs" / "ours.json")).write(iter([DNS, MARK, WEB]))
    finally:
        os.umask(old)
    path = tmp_path / "lib" / "lvs" / "ours.json"
    assert path.read_text() == (
        '{"version": 1, "services": [\n'
        '{"family": "ipv4", "protocol": "", "address": "", "port": 0, "fwmark": 4294967295},\n'
        '{"family": "ipv4", "protocol": "tcp", "address": "10.0.0.1", "port": 80, "fwmark": 0},\n'
        '{"family": "ipv6", "protocol": "udp", "address": "2001:db8::1", "port": 53, "fwmark": 0}\n'
        "]}\n"
    )
    assert path.stat().st_mode & 0o7777 == 0o600
    assert path.parent.stat().st_mode & 0o7777 == 0o755
    assert given.owners == [(0, 0)]
    assert os.listdir(path.parent) == ["ours.json"]


def test_a_file_is_replaced(tmp_path: Path, given: Given) -> None:
    path = tmp_path / "ours.json"
    path.write_text("{}")
    path.chmod(0o666)
    StateFile(str(path)).write([WEB])
    assert StateFile(str(path)).read() == frozenset([WEB])
    assert path.stat().st_mode & 0o7777 == 0o600


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ('{"version": 1, "services": [', "Expecting value: line 1 column 29 (char 28)"),
        ('{"version": 2, "services": []}', "its version is 2"),
        ('{"version": "1", "services": []}', "its version is 1"),
        ('{"services": []}', "'version'"),
        ('{"version": 1}', "'services'"),
        ("[]", "list indices must be integers or slices, not str"),
        ("null", "'NoneType' object is not subscriptable"),
        ('{"version": 1, "services": null}', "'NoneType' object is not iterable"),
        ('{"version": true, "services": []}', "its version is True"),
        ('{"version": true, "services": {}}', "its version is True"),
        ('{"version": null, "services": []}', "its version is None"),
        ('{"version": 1, "services": {}}', NO_NAMES),
        ('{"version": 1, "services": ""}', NO_NAMES),
        ('{"version": 1, "services": [{"family": 5}]}', NO_NAMES),
        ('{"version": 1, "services": [{"family": "ipv4"}, {"family": "ipv4", "port": "80"}]}', NO_NAMES),
        ('{"version": 1, "services": [{"family": "ipv4", "port": true}]}', NO_NAMES),
        ('{"version": 1, "services": [{"family": "ipv4", "fwmark": 7.0}]}', NO_NAMES),
        ('{"version": 1, "services": [{"family": "ipv4", "protocol": null}]}', NO_NAMES),
        ('{"version": 1, "services": [{"family": "ipv4", "address": ["10.0.0.1"]}]}', NO_NAMES),
    ],
)
def test_a_file_that_says_nothing_certain(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "ours.json"
    path.write_text(text)
    with pytest.raises(IpvsError) as caught:
        StateFile(str(path)).read()
    assert str(caught.value) == (
        f"state_file: {path} can't be read ({reason}), so nobody knows which services are ours; mend it, "
        "or remove it to begin anew"
    )


@pytest.mark.parametrize("service", [{}, "ipv4", {"family": "ipv4", "netmask": 32}, {"family": []}, None])
def test_a_file_with_a_service_that_is_none(tmp_path: Path, service: object) -> None:
    path = tmp_path / "ours.json"
    path.write_text(json.dumps({"version": 1, "services": [WEB._asdict(), service]}))
    with pytest.raises(IpvsError, match=r"^state_file: .*ours\.json can't be read \("):
        StateFile(str(path)).read()


def test_a_file_that_cannot_be_read_is_no_missing_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "ours.json")

    def locked(name: str) -> str:
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr(store, "read_text", locked)
    with pytest.raises(IpvsError) as caught:
        StateFile(path).read()
    assert str(caught.value) == (
        f"state_file: {path} can't be read ([Errno 13] Permission denied: '{path}'), so nobody knows which services "
        "are ours; mend it, or remove it to begin anew"
    )


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(IpvsError, match=r"can't be read \(\[Errno 21\] Is a directory"):
        StateFile(str(tmp_path)).read()


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, reason in (("file/ours.json", "File exists"), ("file/deeper/ours.json", "Not a directory")):
        with pytest.raises(IpvsError) as caught:
            StateFile(f"{tmp_path}/{path}").write([WEB])
        assert str(caught.value) == f"state_file: {tmp_path}/{path} can't be written: {reason}"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, given: Given, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    file = StateFile(str(tmp_path / "ours.json"))
    file.write([WEB])

    def fail(_handle: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(IpvsError) as caught:
            file.write([DNS])
    assert str(caught.value) == f"state_file: {tmp_path}/ours.json can't be written: {os.strerror(number)}"
    assert file.read() == frozenset([WEB])
    assert os.listdir(tmp_path) == ["ours.json"]


# -- keepalived's

MAIN = Running("/etc/k.conf", "lb1")


def no_question() -> list[Running]:
    raise AssertionError("nobody had to look for keepalived")


def no_servers(keepalived: Running) -> list[VirtualServer]:
    raise AssertionError(f"{keepalived} does not run")


def owned(keys: list[ServiceKey], *servers: VirtualServer) -> set[ServiceKey]:
    return keepalived_owns(keys, lambda: [MAIN], {MAIN: list(servers)}.__getitem__)


def test_no_service_no_question() -> None:
    assert keepalived_owns([], no_question) == set()


def test_no_keepalived() -> None:
    assert keepalived_owns([WEB], list, no_servers) == set()


def test_all_keepalived_processes_count() -> None:
    files = {
        Running("/a", "lb1"): [VirtualServer("ipv4", "10.0.0.1", "10.0.0.1", 80)],
        Running("/a", "lb2"): [VirtualServer("ipv4", fwmark=4294967295)],
        Running("/b", "lb1"): [VirtualServer("ipv6", fwmark=7), VirtualServer("ipv4", "10.9.9.9", "10.9.9.9", 9)],
    }
    keys = [WEB, DNS, MARK, MARK6]
    assert keepalived_owns(iter(keys), lambda: list(files), files.__getitem__) == {WEB, MARK, MARK6}


@pytest.mark.parametrize(
    ("key", "server"),
    [
        (WEB, VirtualServer("ipv4", "10.0.0.1", "10.0.0.1", 80, "tcp")),
        (WEB, VirtualServer("ipv4", "10.0.0.0", "10.0.0.1", 80, "tcp")),
        (WEB, VirtualServer("ipv4", "10.0.0.1", "10.0.0.9", 80, "tcp")),
        (DNS, VirtualServer("ipv6", "2001:db8::1", "2001:db8::1", 53, "udp")),
        (DNS, VirtualServer("ipv6", "2001:db8::", "2001:db8::ff", 53, "udp")),
        (MARK, VirtualServer("ipv4", fwmark=4294967295)),
        (MARK, VirtualServer("ipv4", protocol="udp", fwmark=4294967295)),
        (WEB._replace(port=0), VirtualServer("ipv4", "10.0.0.1", "10.0.0.1")),
    ],
)
def test_the_service_is_keepalived_s(key: ServiceKey, server: VirtualServer) -> None:
    assert owned([key], server) == {key}


@pytest.mark.parametrize(
    ("key", "server"),
    [
        (WEB, VirtualServer("ipv4", "10.0.0.1", "10.0.0.1", 81)),
        (WEB, VirtualServer("ipv4", "10.0.0.1", "10.0.0.1", 80, "udp")),
        (WEB, VirtualServer("ipv4", "10.0.0.2", "10.0.0.9", 80)),
        (WEB, VirtualServer("ipv4", "10.0.0.0", "10.0.0.9", 81)),
        (WEB, VirtualServer("ipv4", "10.0.0.0", "10.0.0.9", 80, "sctp")),
        (WEB, VirtualServer("ipv6", "::", "ffff::", 80)),
        (MARK, VirtualServer("ipv6", fwmark=4294967295)),
        (MARK, VirtualServer("ipv4", fwmark=7)),
        (MARK, VirtualServer("ipv4", "10.0.0.0", "10.0.0.9", 0)),
    ],
)
def test_the_service_is_not_keepalived_s(key: ServiceKey, server: VirtualServer) -> None:
    assert owned([key], server) == set()


@pytest.mark.parametrize("address", ["::1:2", "::0.1.0.2", "0:0::1:2", "2001:DB8:0::1", "fe80::1"])
def test_an_address_is_written_alike_on_both_sides(tmp_path: Path, address: str) -> None:
    (tmp_path / "k.conf").write_text(f"virtual_server {address} 80 {{\n}}\n")
    options = Options()
    key = next(iter(options.table([{"address": address, "port": 80}])))
    options.finish()
    assert keepalived_owns([key], lambda: [Running(str(tmp_path / "k.conf"), "lb1")]) == {key}


def test_lines_for_another_host_are_not_this_one_s(tmp_path: Path) -> None:
    (tmp_path / "k.conf").write_text("@lb1 virtual_server 10.0.0.1 80 {\n@^lb1 virtual_server 10.0.0.1 81 {\n}\n")
    keys = [WEB, WEB._replace(port=81)]
    one, two = ([Running(str(tmp_path / "k.conf"), config_id)] for config_id in ("lb1", "lb2"))
    assert keepalived_owns(keys, lambda: one) == {keys[0]}
    assert keepalived_owns(keys, lambda: two) == {keys[1]}


UNREADABLE = (
    "a keepalived runs on this host, and which virtual services are its own can't be read ({}); mend that, or say "
    "force: true if none of these is"
).format


def test_a_configuration_that_cannot_be_read() -> None:
    def broken(keepalived: Running) -> list[VirtualServer]:
        if keepalived == MAIN:
            return [VirtualServer("ipv4", "10.0.0.1", "10.0.0.1", 80)]
        raise UnreadableError(f"{keepalived.file}: Permission denied")

    with pytest.raises(IpvsError) as caught:
        keepalived_owns([WEB], lambda: [MAIN, Running("/etc/b.conf", "lb1")], broken)
    assert str(caught.value) == UNREADABLE("/etc/b.conf: Permission denied")
    assert isinstance(caught.value.__cause__, UnreadableError)


def test_a_keepalived_that_cannot_be_looked_at() -> None:
    def denied() -> list[Running]:
        raise UnreadableError("the process 7 of keepalived can't be looked at: Permission denied")

    with pytest.raises(IpvsError) as caught:
        keepalived_owns([WEB], denied, no_servers)
    assert str(caught.value) == UNREADABLE("the process 7 of keepalived can't be looked at: Permission denied")


# -- the refusal

BECAUSE = (
    ": a keepalived that runs on this host has it in its configuration, and would neither see the change nor keep it; "
    "change keepalived's configuration instead, or say force: true"
)


def test_nothing_to_refuse() -> None:
    refuse_owned(frozenset(), "the virtual service")


def test_the_refusal_names_the_services() -> None:
    with pytest.raises(IpvsError) as caught:
        refuse_owned({MARK6, DNS, WEB, MARK}, "the virtual service")
    assert str(caught.value) == (
        "the virtual service fwmark 4294967295, tcp 10.0.0.1:80, fwmark 7 (ipv6), udp [2001:db8::1]:53" + BECAUSE
    )


@pytest.mark.parametrize(("count", "end"), [(10, ""), (11, " …")])
def test_the_refusal_names_no_more_than_ten(count: int, end: str) -> None:
    with pytest.raises(IpvsError) as caught:
        refuse_owned(
            {WEB._replace(port=port) for port in range(1, count + 1)}, "purge would delete the virtual service"
        )
    names = ", ".join(f"tcp 10.0.0.1:{port}" for port in range(1, 11))
    assert str(caught.value) == f"purge would delete the virtual service {names}{end}{BECAUSE}"
