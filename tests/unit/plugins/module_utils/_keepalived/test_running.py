"""Which configuration a keepalived runs with."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import IO, Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.owner import (
    DEFAULT_FILE,
    Running,
    UnreadableError,
    running,
)


class Proc:
    """A /proc of plain files; two namespaces are two files, and being in one is a hard link to it."""

    def __init__(self, root: Path) -> None:
        self.root, self.count = root / "proc", 100
        self.namespaces = {name: root / name for name in ("here", "elsewhere")}
        for file in self.namespaces.values():
            file.write_text("")
        self.enter("self", "here")
        self.put("meminfo", "")
        self.put("net", "")

    def put(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def enter(self, name: str, namespace: str) -> None:
        (self.root / name / "ns").mkdir(parents=True)
        os.link(self.namespaces[namespace], self.root / name / "ns" / "net")

    def start(self, *words: str, namespace: str = "here", comm: str = "keepalived", exe: str = "keepalived") -> str:
        self.count += 1
        name = str(self.count)
        self.put(f"{name}/comm", f"{comm}\n")
        self.put(f"{name}/cmdline", "".join(f"{word}\0" for word in ("/usr/sbin/keepalived", *words)))
        self.enter(name, namespace)
        (self.root / name / "exe").symlink_to(f"/usr/sbin/{exe}")
        return name

    def running(self, host: str = "lb1.example.org") -> list[Running]:
        return running(str(self.root), host)


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


def test_no_keepalived(proc: Proc) -> None:
    proc.start("-f", "/a", comm="nginx", exe="nginx")
    proc.start("keepalived", "-f", "/a", comm="bash", exe="bash")
    proc.start("-f", "/b", namespace="elsewhere")
    # An exporter of figures, a script, one that begins this moment, and those that only say something.
    proc.start("--web.listen-address=:9165", comm="keepalived_expo", exe="keepalived_exporter")
    proc.start("/etc/keepalived/keepalived_check", comm="keepalived_chec", exe="dash")
    proc.put(f"{proc.start('-t')}/cmdline", "")
    for word in ("-v", "--version", "-h", "--help", "--signum=JSON"):
        proc.start(word)
    assert proc.running() == []


def test_each_configuration_once(proc: Proc) -> None:
    for _child in range(3):
        proc.start("-D", "-f", "/b")
    proc.start("--use-file=/a")
    proc.start("-f", "/c", namespace="elsewhere")
    proc.start("-f", "/d", comm="keepalived_vrrp")
    proc.start("-f", "/a", "-i", "lb2")
    proc.start("-i", "lb1", "-f", "/b")
    assert proc.running() == [Running("/a", "lb1"), Running("/a", "lb2"), Running("/b", "lb1"), Running("/d", "lb1")]


@pytest.mark.parametrize("comm", ["lb", "lb_chk", "keepalived"])
@pytest.mark.parametrize("exe", ["keepalived", "keepalived (deleted)"])
def test_whatever_its_name_is(proc: Proc, comm: str, exe: str) -> None:
    proc.start("-f", "/a", comm=comm, exe=exe)
    assert proc.running() == [Running("/a", "lb1")]


def test_a_thread_of_the_kernel_has_no_program(proc: Proc) -> None:
    (proc.root / proc.start(comm="keepalived_kern") / "exe").unlink()
    assert proc.running() == []


def test_of_another_user_s_process_the_name_decides(proc: Proc, monkeypatch: pytest.MonkeyPatch) -> None:
    name = proc.start(comm="nginx", exe="nginx")

    def refuse(path: str) -> str:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(os, "readlink", refuse)
    assert proc.running() == []
    proc.put(f"{name}/comm", "keepalived\n")
    with pytest.raises(UnreadableError, match=f"the process {name} of keepalived can't be looked at"):
        proc.running()


def test_others_are_asked_for_their_program_alone(proc: Proc) -> None:
    name = proc.start(comm="keepalived_chec", exe="dash")
    shutil.rmtree(proc.root / name / "ns")
    for file in ("comm", "cmdline"):
        (proc.root / name / file).unlink()
        (proc.root / name / file).mkdir()
    assert proc.running() == []


def test_the_default_file(proc: Proc) -> None:
    proc.start()
    assert DEFAULT_FILE == "/etc/keepalived/keepalived.conf"
    assert proc.running() == [Running("/etc/keepalived/keepalived.conf", "lb1")]


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (["-f", "/a"], ["/a"]),
        (["-f/a"], ["/a"]),
        (["--use-file", "/a"], ["/a"]),
        (["--use-file=/a"], ["/a"]),
        (["--dont-fork", "-D", "-f", "/a", "-n"], ["/a"]),
        (["-f", "/a", "-f", "/b"], ["/b"]),
        (["-f", "/a b"], ["/a b"]),
        (["--use-file=/a=b"], ["/a=b"]),
        (["-D", "--log-detail", "-C"], [DEFAULT_FILE]),
        (["-P"], []),
        (["-f", "/a", "--vrrp"], []),
        (["-P", "-f", "/a"], []),
        (["-nP"], []),
        (["-nPf", "/a"], []),
        (["-nlf", "/a"], ["/a"]),
        (["-Df/a"], ["/a"]),
        (["-Df/P"], ["/P"]),
        (["-nf", "-P"], ["-P"]),
        (["-p", "/run/x", "-f", "/a"], ["/a"]),
        (["-p/run/Pf", "-f", "/a"], ["/a"]),
        (["-S7", "-f", "/a"], ["/a"]),
        (["--vrrp_pid", "/run/x", "-p", "/run/y"], [DEFAULT_FILE]),
        (["--vrrp_pid=/run/x", "--checkers_pid", "/run/P", "-c", "-P"], [DEFAULT_FILE]),
        (["-APf/agentx", "-f", "/a"], ["/a"]),
        (["-A", "tcp:P:705", "-f", "/a"], ["/a"]),
        (["-f", "/a", "-g/data/P.log"], ["/a"]),
        (["-f", "/a", "-g/data/f.log"], ["/a"]),
        (["-f", "/a", "-M/data/Pcore"], ["/a"]),
        (["-g", "-f", "/a"], ["/a"]),
        (["-F", "/a"], [DEFAULT_FILE]),
        (["-f"], [DEFAULT_FILE]),
        (["--use-file"], [DEFAULT_FILE]),
    ],
)
def test_the_file_on_the_command_line(proc: Proc, words: list[str], files: list[str]) -> None:
    proc.start(*words)
    assert proc.running() == [Running(file, "lb1") for file in files]


def test_one_for_vrrp_alone_counts_where_it_is_asked_for(proc: Proc) -> None:
    proc.start("-P", "-f", "/a")
    proc.start("-C", "-f", "/b")
    assert running(str(proc.root), "lb1", vrrp=True) == [Running("/a", "lb1"), Running("/b", "lb1")]


@pytest.mark.parametrize(
    ("words", "config_id"),
    [
        ([], "lb1"),
        (["-i", "east"], "east"),
        (["-ieast"], "east"),
        (["-Dnieast"], "east"),
        (["--config-id", "east"], "east"),
        (["--config-id=east.example.org"], "east.example.org"),
        (["-i", "east", "-i", "west"], "west"),
        (["-i", ""], "lb1"),
        (["-I", "east"], "lb1"),
    ],
)
def test_the_id_on_the_command_line(proc: Proc, words: list[str], config_id: str) -> None:
    proc.start(*words)
    assert proc.running() == [Running(DEFAULT_FILE, config_id)]


@pytest.mark.parametrize("host", ["lb2", "lb2.example.org", "lb2."])
def test_the_id_is_the_first_part_of_the_host_s_name(proc: Proc, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proc.start("-f", "/a")
    assert proc.running(host) == [Running("/a", "lb2")]
    with monkeypatch.context() as patch:
        patch.setattr(os, "uname", lambda: os.uname_result(("Linux", host, "6.1", "#1", "x86_64")))
        assert running(str(proc.root)) == [Running("/a", "lb2")]


@pytest.mark.parametrize("gone", ["exe", "cmdline", "ns/net"])
def test_a_process_that_ends_while_it_is_looked_at(proc: Proc, gone: str) -> None:
    name = proc.start("-f", "/a")
    proc.start("-f", "/b")
    (proc.root / name / gone).unlink()
    assert proc.running() == [Running("/b", "lb1")]


@pytest.mark.parametrize("part", ["exe", "cmdline", "ns/net"])
@pytest.mark.parametrize(
    ("number", "known"), [(errno.ESRCH, True), (errno.EACCES, False), (errno.EPERM, False), (errno.EIO, False)]
)
def test_no_permission_is_never_not_running(
    proc: Proc, monkeypatch: pytest.MonkeyPatch, part: str, number: int, known: bool
) -> None:
    name = proc.start("-f", "/a")
    real_stat, real_readlink, real_open = os.stat, os.readlink, open

    def fail(path: object) -> None:
        if str(path) == f"{proc.root}/{name}/{part}":
            raise OSError(number, os.strerror(number), path)

    def stat(path: str) -> os.stat_result:
        fail(path)
        return real_stat(path)

    def readlink(path: str) -> str:
        fail(path)
        return real_readlink(path)

    def opened(path: str, mode: str = "r", **more: str) -> IO[Any]:
        fail(path)
        # The mode is no literal here, so open's overloads don't fit.
        return real_open(path, mode, **more)  # type: ignore[call-overload,no-any-return]

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", stat)
        patch.setattr(os, "readlink", readlink)
        patch.setattr("builtins.open", opened)
        if known:
            assert running(str(proc.root), "lb1") == []
            return
        with pytest.raises(UnreadableError) as caught:
            running(str(proc.root), "lb1")
    assert str(caught.value) == f"the process {name} of keepalived can't be looked at: {os.strerror(number)}"


def test_another_namespace_s_processes_are_asked_for_nothing_more(proc: Proc) -> None:
    name = proc.start("-f", "/a", namespace="elsewhere")
    (proc.root / name / "cmdline").unlink()
    (proc.root / name / "cmdline").mkdir()
    assert proc.running() == []
