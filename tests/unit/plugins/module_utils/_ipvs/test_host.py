"""What the modules ask of the host, on files that look like the kernel's."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.host import (
    enter_namespace,
    require_ipv6,
    require_privilege,
)

INITIAL = "         0          0 4294967295\n"
NO_CAPABILITY = "the user of this task has no CAP_NET_ADMIN, which IPVS wants for reading too; use become: true"
IN_NAMESPACE = (
    "this process is in a user namespace (an unprivileged container?), and IPVS listens to the host's own root "
    "only; run the task on the host"
)


def ask(folder: Path, effective: str, uid_map: str | None = INITIAL) -> None:
    """require_privilege of a process with these effective capabilities; all others it has in full. None: no map."""
    full = "000001ffffffffff"
    status = folder / "status"
    status.write_text(
        f"Name:\tpython3\nUid:\t0\t0\t0\t0\nCapInh:\t{full}\nCapPrm:\t{full}\n{effective}CapBnd:\t{full}\nCapAmb:\t{full}\n"
    )
    if uid_map is not None:
        (folder / "uid_map").write_text(uid_map)
    require_privilege(str(status), str(folder / "uid_map"))


@pytest.mark.parametrize("effective", ["000001ffffffffff", "0000000000001000", "0000000000003000", "FFFFFFFFFFFFFFFF"])
def test_privilege_enough(tmp_path: Path, effective: str) -> None:
    ask(tmp_path, f"CapEff:\t{effective}\n")


@pytest.mark.parametrize(
    "effective",
    ["CapEff:\t0000000000000000\n", "CapEff:\t000001ffffffefff\n", "CapEff:\t0000000000002800\n", ""],
)
def test_no_capability(tmp_path: Path, effective: str) -> None:
    with pytest.raises(IpvsError) as caught:
        ask(tmp_path, effective)
    assert str(caught.value) == NO_CAPABILITY


@pytest.mark.parametrize(
    "uid_map",
    [
        "         0       1000          1\n",
        "         0     100000      65536\n",
        "         0          0      65536\n",
        "         0          0 4294967294\n",
        "         0          0          1\n         1          1 4294967294\n",
        "",
    ],
)
def test_root_of_a_user_namespace_only(tmp_path: Path, uid_map: str) -> None:
    with pytest.raises(IpvsError) as caught:
        ask(tmp_path, "CapEff:\t000001ffffffffff\n", uid_map)
    assert str(caught.value) == IN_NAMESPACE


def test_a_kernel_without_user_namespaces(tmp_path: Path) -> None:
    ask(tmp_path, "CapEff:\t0000000000001000\n", None)
    with pytest.raises(IpvsError) as caught:
        ask(tmp_path, "CapEff:\t0000000000000000\n", None)
    assert str(caught.value) == NO_CAPABILITY


@pytest.mark.parametrize("families", [[], ["ipv4"], {"ipv4", "ipv6"}])
def test_ipv6_is_there(tmp_path: Path, families: list[str]) -> None:
    require_ipv6(families, str(tmp_path))


@pytest.mark.parametrize("families", [[], ["ipv4", "ipv4"]])
def test_ipv6_is_off_and_not_wanted(tmp_path: Path, families: list[str]) -> None:
    require_ipv6(families, str(tmp_path / "ipv6"))


@pytest.mark.parametrize("families", [["ipv6"], {"ipv4", "ipv6"}, (name for name in ("ipv4", "ipv6"))])
def test_ipv6_is_off_and_wanted(tmp_path: Path, families: list[str]) -> None:
    with pytest.raises(IpvsError) as caught:
        require_ipv6(families, str(tmp_path / "ipv6"))
    assert str(caught.value) == (
        "IPv6 is off in this kernel (ipv6.disable=1, or built without); switch it on, or use IPv4 services"
    )


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/run/netns/blue", "../../proc/1/ns/net", "a\0b", "a" * 256])
def test_no_name_of_a_namespace(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr(os, "open", lambda *arguments: opened.append(arguments))
    with pytest.raises(IpvsError) as caught:
        enter_namespace(name)
    assert str(caught.value) == f"namespace: {name!r} is no name; write one that ip netns list shows"
    assert opened == []


def test_a_namespace_that_is_not_there() -> None:
    with pytest.raises(IpvsError) as caught:
        enter_namespace("lvs-cluster-test-none")
    assert str(caught.value) == (
        "namespace: there is no network namespace lvs-cluster-test-none on this host; see ip netns list"
    )


class Entering:
    """The namespace blue, a plain file; `answers` are the numbers that setns fails with (0: it does not)."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
        self.monkeypatch, self.file, self.real = monkeypatch, file, os.open
        self.opened: list[str] = []
        self.calls: list[int] = []
        self.answer: int | None = None
        file.write_text("")

    def open(self, path: str, flags: int) -> int:
        self.opened.append(path)
        return self.real(self.file, flags)

    def setns(self, descriptor: int, kind: int) -> int:
        assert os.path.samestat(os.fstat(descriptor), self.file.stat())
        self.calls.append(kind)
        ctypes.set_errno(self.answer or 0)
        return -1 if self.answer else 0

    def enter(self) -> None:
        before = os.listdir("/proc/self/fd")
        try:
            with self.monkeypatch.context() as patch:
                patch.setattr(os, "open", self.open)
                if self.answer is not None:
                    patch.setattr(ctypes, "CDLL", lambda _name, use_errno: self)
                enter_namespace("blue")
        finally:
            assert self.opened == ["/run/netns/blue"]
            assert os.listdir("/proc/self/fd") == before


@pytest.fixture
def entering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Entering:
    return Entering(monkeypatch, tmp_path / "blue")


def test_a_namespace_is_entered(entering: Entering) -> None:
    entering.answer = 0
    entering.enter()
    assert entering.calls == [0x40000000]


def test_a_file_that_is_no_namespace(entering: Entering) -> None:
    with pytest.raises(IpvsError) as caught:
        entering.enter()
    assert str(caught.value) == "namespace: blue can't be entered: Invalid argument; it is no network namespace"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.EPERM, "Operation not permitted; use become: true"),
        (errno.EINVAL, "Invalid argument; it is no network namespace"),
    ],
)
def test_a_namespace_that_cannot_be_entered(entering: Entering, number: int, text: str) -> None:
    entering.answer = number
    with pytest.raises(IpvsError) as caught:
        entering.enter()
    assert str(caught.value) == f"namespace: blue can't be entered: {text}"


@pytest.mark.parametrize("name", ["a" * 255, "ü" * 200, "blue"])
def test_a_namespace_that_cannot_be_opened(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, _flags: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(IpvsError) as caught:
            enter_namespace(name)
    assert str(caught.value) == f"namespace: {name} can't be opened: Permission denied; use become: true"
