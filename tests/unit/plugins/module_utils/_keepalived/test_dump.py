# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process is sent the signal, and which file is believed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import dump
from tests.unit.plugins.module_utils._keepalived.process_tree import JSON, Clock, Tree, instance


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


# -- the main process


def find(tree: Tree) -> int | None:
    return dump.find(str(tree.proc))


def test_no_keepalived(tree: Tree) -> None:
    tree.start(comm="nginx", exe="/usr/sbin/nginx")
    tree.keepalived(namespace="elsewhere")
    # An exporter of figures, which handles all signals, and a script.
    tree.start(comm="keepalived_expo", exe="/usr/bin/keepalived_exporter")
    tree.start(comm="keepalived_chec", exe="/usr/bin/dash")
    assert find(tree) is None
    main = tree.keepalived(exe="/usr/sbin/keepalived (deleted)")
    assert find(tree) == main


def test_the_main_process_is_the_one_without_a_parent_of_its_kind(tree: Tree) -> None:
    tree.start(comm="nginx", exe="/usr/sbin/nginx")
    main = tree.keepalived()
    tree.start(parent=main + 1, comm="keepalived", handled=0)  # a script that was forked and not yet begun
    assert find(tree) == main


def test_one_that_gave_itself_another_name(tree: Tree) -> None:
    main = tree.keepalived(comm="lb")
    assert find(tree) == main
    assert read(tree, main)["VI_1"]["state"] == "MASTER"


def test_one_that_only_tests_a_configuration_or_begins_is_none(tree: Tree) -> None:
    tree.start("-t", "-f", "/a", handled=0)
    assert find(tree) is None
    main = tree.keepalived()
    assert find(tree) == main


def test_of_several_the_one_of_the_unit(tree: Tree) -> None:
    first, second = tree.keepalived(), tree.keepalived(unit="system.slice/keepalived.service")
    assert find(tree) == second
    (tree.proc / str(second) / "cgroup").write_text("0::/system.slice/other-keepalived.service\n")
    with pytest.raises(dump.DumpError, match=f"several keepalived run .* \\(processes {first}, {second}\\)"):
        find(tree)


@pytest.mark.parametrize("part", ["exe", "status", "ns/net"])
def test_a_process_that_ends_while_it_is_looked_at(tree: Tree, part: str) -> None:
    main = tree.keepalived(vrrp=False)
    (tree.proc / str(main) / part).unlink()
    (tree.proc / str(main + 1) / "status").unlink()
    assert find(tree) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="gives up privileges")
def test_no_permission_is_never_not_running(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    main = tree.keepalived()
    real = os.stat

    def stat(path: Any, **more: Any) -> os.stat_result:
        if str(path).endswith(f"{main}/ns/net"):
            raise PermissionError(13, "Permission denied")
        return real(path, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", stat)
        with pytest.raises(dump.DumpError, match=f"process {main} .* Permission denied; use become: true"):
            find(tree)


# -- what it writes


def read(tree: Tree, pid: int, *, clock: Clock | None = None, expected: bool = True, **more: Any) -> dict[str, Any]:
    waiting = (clock or Clock()).waiting(tree.kill)
    options: dict[str, Any] = {"seconds": 10.0, "owner": os.getuid(), **more}
    return dump.read(pid, JSON, expected=expected, proc=str(tree.proc), waiting=waiting, **options)


def test_one_signal_one_answer(tree: Tree) -> None:
    main = tree.keepalived()
    assert read(tree, main)["VI_1"]["state"] == "MASTER"
    assert tree.signals == [(main, JSON)]


def test_an_older_file_is_not_the_answer(tree: Tree) -> None:
    main, clock = tree.keepalived(), Clock()
    tree.write([instance("VI_1", 1)])

    def late() -> None:
        if clock.pauses == 3:
            tree.write([instance("VI_1", 2)])

    tree.answer = lambda: None
    clock.meanwhile = late
    assert read(tree, main, clock=clock)["VI_1"]["state"] == "MASTER"
    assert clock.pauses == 3


def test_a_file_written_again_in_place_is_an_answer(tree: Tree) -> None:
    main = tree.keepalived()
    tree.write([instance("VI_1", 1)])
    path = tree.tmp / "keepalived.json"
    os.utime(path, ns=(0, 0))

    def again() -> None:
        with path.open("r+") as stream:
            stream.write(path.read_text().replace('"state": 1', '"state": 2'))

    tree.answer = again
    assert read(tree, main)["VI_1"]["state"] == "MASTER"


def test_a_half_written_file_is_read_again(tree: Tree) -> None:
    main, clock = tree.keepalived(), Clock()
    tree.answer = lambda: tree.write([instance("VI_1", 2)], cut=30)
    clock.meanwhile = lambda: tree.write([instance("VI_1", 2)])
    assert read(tree, main, clock=clock)["VI_1"]["state"] == "MASTER"
    assert clock.pauses == 1


def test_the_signal_is_sent_again_where_nothing_comes(tree: Tree) -> None:
    main, clock = tree.keepalived(), Clock()
    tree.answer = lambda: tree.write([instance("VI_1", 2)]) if len(tree.signals) == 3 else None
    assert read(tree, main, clock=clock)["VI_1"]["state"] == "MASTER"
    assert 2 <= clock.now < 2.1


def link(tree: Tree) -> None:
    tree.write([instance("VI_1", 2)])
    (tree.tmp / "keepalived.json").rename(tree.tmp / "elsewhere.json")
    (tree.tmp / "keepalived.json").symlink_to("elsewhere.json")


def pipe(tree: Tree) -> None:
    if not os.path.lexists(tree.tmp / "keepalived.json"):
        os.mkfifo(tree.tmp / "keepalived.json")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda _tree: None, "there is no such file, or a link"),
        (link, "there is no such file, or a link"),
        (lambda tree: (tree.tmp / "keepalived.json").mkdir(exist_ok=True), "what is there is no file of root's"),
        (pipe, "what is there is no file of root's"),
        (lambda tree: tree.write([instance("VI_1", 2)], cut=9), "it is not complete, or not understood: "),
        (lambda tree: tree.write([{}]), "it is not complete, or not understood: an instance is not as expected: "),
    ],
)  # fmt: skip
def test_what_is_not_believed(tree: Tree, answer: Callable[[Tree], None], says: str) -> None:
    main, clock = tree.keepalived(), Clock()
    tree.answer = lambda: answer(tree)
    with pytest.raises(dump.DumpError) as caught:
        read(tree, main, clock=clock)
    start = f"keepalived (process {main}) did not write its state to /tmp/keepalived.json within 10 seconds: "
    assert str(caught.value).startswith(start + says)
    assert 10 <= clock.now < 10.1


def test_an_older_file_and_no_answer(tree: Tree) -> None:
    main = tree.keepalived()
    tree.write([instance("VI_1", 2)])
    tree.answer = lambda: None
    with pytest.raises(dump.DumpError, match=r"within 3 seconds: the file there is an older one\Z"):
        read(tree, main, seconds=3.0)


def test_another_owner_s_file(tree: Tree) -> None:
    with pytest.raises(dump.DumpError, match="what is there is no file of root's"):
        read(tree, tree.keepalived(), owner=os.getuid() + 1)


def test_the_folder_of_its_environment_in_its_own_mounts(tree: Tree) -> None:
    private = tree.folder / "root" / "run" / "private"
    private.mkdir(parents=True)
    main = tree.keepalived(environment="TMPDIR=/run/private")
    tree.answer = lambda: tree.write([instance("VI_1", 2)], folder=private)
    assert list(read(tree, main)) == ["VI_1"]
    assert not list(tree.tmp.iterdir())


@pytest.mark.parametrize("value", ["", "run/private", "/none"])
def test_a_folder_that_is_none(tree: Tree, value: str) -> None:
    assert list(read(tree, tree.keepalived(environment=f"TMPDIR={value}"))) == ["VI_1"]


def test_without_a_vrrp_process_no_signal_is_sent(tree: Tree) -> None:
    main, clock = tree.keepalived(vrrp=False), Clock()
    assert read(tree, main, clock=clock, expected=False) == {}
    assert (tree.signals, clock.now) == ([], 0)


def test_a_configuration_that_is_newer_than_the_process(tree: Tree) -> None:
    """Instances in the file, none in the process: it has none."""
    main, clock = tree.keepalived(vrrp=False), Clock()
    assert read(tree, main, clock=clock) == {}
    assert tree.signals == []
    assert 2 <= clock.now < 2.1


def test_a_vrrp_process_that_begins_meanwhile(tree: Tree) -> None:
    main, clock = tree.keepalived(vrrp=False), Clock()
    begun: list[int] = []

    def begin() -> None:
        if not begun:
            begun.append(tree.start(parent=main, awaits=1 << (JSON - 1)))

    clock.meanwhile = begin
    assert list(read(tree, main, clock=clock)) == ["VI_1"]
    assert clock.pauses == 1


def test_instances_that_the_configuration_no_longer_has(tree: Tree) -> None:
    assert list(read(tree, tree.keepalived(), expected=False)) == ["VI_1"]


def test_a_vrrp_process_without_instances_writes_nothing(tree: Tree) -> None:
    main, clock = tree.keepalived(), Clock()
    tree.answer = lambda: None
    assert read(tree, main, clock=clock, expected=False) == {}
    assert 2 <= clock.now < 2.1


def test_a_process_that_the_signal_would_end_is_not_sent_it(tree: Tree) -> None:
    main = tree.start(handled=1)
    tree.start(parent=main, awaits=1 << (JSON - 1))
    with pytest.raises(dump.DumpError, match="does not listen to the signal JSON now"):
        read(tree, main)
    assert tree.signals == []


def test_nothing_is_left_open(tree: Tree) -> None:
    main = tree.keepalived()
    tree.write([instance("VI_1", 1)])
    before = os.listdir("/proc/self/fd")
    read(tree, main)
    assert len(os.listdir("/proc/self/fd")) == len(before)
