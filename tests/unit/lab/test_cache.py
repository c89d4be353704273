"""lab/cache.py: made once, kept as long as somebody uses it, never found half."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lab import cache
from lab.errors import LabError

Make = Callable[[Path, Path], None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """The folder of a lab that is there."""
    path = tmp_path / "lab"
    path.mkdir()
    return path


def write(text: str) -> Make:
    def make(work: Path, final: Path) -> None:
        (work / "file").write_text(text)

    return make


def refuse(work: Path, final: Path) -> None:
    raise AssertionError("made again")


def get(key: str, make: Make, user: Path, told: list[str] | None = None) -> Path:
    return cache.get("thing", key, make, user=user, say=(told if told is not None else []).append)


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".thing.lock")


def test_made_once(folder: Path, user: Path) -> None:
    first = get("a", write("one"), user)
    assert (first, (first / "file").read_text()) == (folder / "thing-a", "one")
    assert get("a", refuse, user) == first


@pytest.mark.parametrize("name", ["a b", "a,b", "a:b"])
def test_a_folder_that_no_kernel_reads(name: str, user: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "CACHE", tmp_path / name)
    with pytest.raises(LabError, match=r"^LVS_LAB_CACHE .*without spaces, commas and colons"):
        get("a", write("one"), user)
    assert not (tmp_path / name).exists()


def test_made_for_all_whoever_makes_it(user: Path) -> None:
    def make(work: Path, final: Path) -> None:
        (work / "folder").mkdir()

    before = os.umask(0o077)
    try:
        made = get("a", make, user)
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)
    assert stat.S_IMODE((made / "folder").stat().st_mode) == 0o755


def test_made_under_another_name(folder: Path, user: Path) -> None:
    def make(work: Path, final: Path) -> None:
        assert final == folder / "thing-a"
        assert not final.exists()
        assert work.parent == folder
        assert not work.match("thing-*")

    get("a", make, user)


def test_nothing_is_left_of_what_failed(folder: Path, user: Path) -> None:
    def make(work: Path, final: Path) -> None:
        (work / "half").write_text("x")
        raise RuntimeError("no space")

    with pytest.raises(RuntimeError, match="no space"):
        get("a", make, user)
    assert entries(folder) == []


def test_the_rest_of_a_killed_build_goes(folder: Path, user: Path) -> None:
    (folder / ".thing.new-abc/half").mkdir(parents=True)
    get("a", write("one"), user)
    assert entries(folder) == ["thing-a"]


def test_an_older_one_goes_when_no_lab_uses_it(folder: Path, user: Path) -> None:
    get("a", write("one"), user)
    other = user.with_name("other")
    other.mkdir()
    get("b", write("two"), other)
    assert entries(folder) == ["thing-a", "thing-b"]
    user.rmdir()
    get("b", refuse, other)
    assert entries(folder) == ["thing-b"]


def test_an_older_one_stays_while_a_process_names_it(folder: Path, user: Path, tmp_path: Path) -> None:
    old = get("a", write("one"), tmp_path / "gone")
    words = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()", f"disk={old}/file"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # from here on its words can be read
        get("b", write("two"), user)
        assert entries(folder) == ["thing-a", "thing-b"]
        process.communicate()
    get("b", refuse, user)
    assert entries(folder) == ["thing-b"]


def test_another_kind_is_left_alone(folder: Path, user: Path) -> None:
    cache.get("other", "a", write("one"), user=user, say=lambda text: None)
    get("a", write("one"), user)
    assert {"other-a", "thing-a"} <= set(entries(folder))


def test_two_labs_wait_for_each_other(user: Path) -> None:
    told: list[str] = []
    waiting = threading.Event()
    results: list[Path] = []

    def say(text: str) -> None:
        told.append(text)
        waiting.set()

    second = threading.Thread(target=lambda: results.append(cache.get("thing", "a", refuse, user=user, say=say)))

    def make(work: Path, final: Path) -> None:
        second.start()
        assert waiting.wait(30)

    first = get("a", make, user)
    second.join(30)
    assert told == ["waiting for another lab that makes thing"]
    assert results == [first]


def test_digest_tells_parts_apart() -> None:
    recipes: list[list[str | bytes]] = [
        ["ab"],
        ["a", "b"],
        ["b", "a"],
        ["ab", ""],
        [],
        [""],
        ["a\0", "b"],
        ["a", "\0b"],
    ]
    assert len({cache.digest(parts) for parts in recipes}) == len(recipes)
    assert cache.digest(["a", b"b"]) == cache.digest([b"a", "b"])
