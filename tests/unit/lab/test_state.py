"""lab/state.py: what is written is read again; what another version wrote is said, not crashed on."""

from __future__ import annotations

import json
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from lab import state
from lab.errors import LabError
from lab.inventory import Host, Interface, Route, Sysctl

GUEST = state.Guest(
    Host(
        "a",
        "trixie",
        (Interface("eth0", "in", ("10.0.0.1/24",)),),
        (Route("default", "10.0.0.2"),),
        (80,),
        (Sysctl("net.ipv4.ip_forward", "1"),),
        ("ipv6.disable=1",),
        "qemu",
    ),
    3,
    "/cache/image",
    "/cache/kernel",
)


@pytest.fixture(autouse=True)
def states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(state, "STATE", tmp_path)
    return tmp_path


def test_round_trip(tmp_path: Path) -> None:
    memory = state.State("/inventory", "full", {"a": GUEST}, {"in": "net0"}, "qemu")
    state.save(tmp_path, memory)
    assert state.load(tmp_path) == memory
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o600


def test_memory_from_before_these_fields(tmp_path: Path) -> None:
    state.save(tmp_path, state.State("/inventory", "full", {"a": GUEST}, {"in": "net0"}, "qemu"))
    raw = json.loads((tmp_path / "state.json").read_text())
    for name in ("sysctls", "kernel_arguments", "machine"):
        del raw["guests"]["a"]["host"][name]
    del raw["machine"]
    (tmp_path / "state.json").write_text(json.dumps(raw))
    memory = state.load(tmp_path)
    assert memory.guests["a"].host == replace(GUEST.host, sysctls=(), kernel_arguments=(), machine="uml")
    assert memory.machine == "uml"


def test_a_lab_that_never_was(tmp_path: Path) -> None:
    assert state.load(tmp_path) == state.State()
    assert not state.exists(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"guests": {}}',
        '{"inventory": "", "kind": "bare", "bridges": {}, "guests": []}',
        '{"inventory": "", "kind": "bare", "bridges": {}, "guests": {"a": {"number": 1}}}',
        '{"inventory": "", "kind": "bare", "bridges": {}, '
        '"guests": {"a": {"host": "a", "number": 1, "image": "", "kernel": ""}}}',
    ],
)
def test_another_layout(text: str, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "state.json").write_text(text)
    with pytest.raises(LabError) as caught:
        state.load(folder)
    assert str(caught.value) == (
        f"{folder}/state.json was written by another version of the lab; run: python -m lab down --name old"
    )


def test_forget(tmp_path: Path) -> None:
    state.save(tmp_path, state.State())
    state.forget(tmp_path)
    state.forget(tmp_path)
    assert not state.exists(tmp_path)


def test_networks_keep_their_bridge() -> None:
    memory = state.State()
    assert [memory.bridge(name) for name in ("a", "b", "a", "c")] == ["net0", "net1", "net0", "net2"]


def test_a_new_guest_gets_the_lowest_free_number() -> None:
    memory = state.State()
    for number in (0, 1, 3):
        memory.guests[str(number)] = state.Guest(Host(str(number)), number, "", "")
    assert memory.free_number() == 2
    assert state.State().free_number() == 0


def test_folder(tmp_path: Path) -> None:
    assert state.folder("a-1_b") == tmp_path / "a-1_b"


@pytest.mark.parametrize("name", ["", "..", "a/b", "-a", "A", "a b", "x" * 31])
def test_a_name_that_no_lab_can_have(name: str) -> None:
    with pytest.raises(LabError, match=r"^--name "):
        state.folder(name)


def test_a_name_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LVS_LAB", "_x")
    with pytest.raises(LabError, match=r"^LVS_LAB _x: .* a letter or digit first$"):
        state.folder("_x")


@pytest.mark.parametrize("path", ["/tmp/" + "x" * 60, "/tmp/a b", "/tmp/a,b", "/tmp/a:b"])
def test_a_folder_that_no_lab_can_have(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "STATE", Path(path))
    with pytest.raises(LabError) as caught:
        state.folder("four")
    assert str(caught.value) == (
        f"the lab's folder {path}/four can't hold sockets and disks; "
        "set LVS_LAB_STATE to a path of at most 63 characters, without spaces, commas and colons"
    )


def test_a_folder_is_claimed_and_removed(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    state.claim(folder)
    state.claim(folder)
    (folder / "guests" / "lb1").mkdir(parents=True)
    (folder / "files").symlink_to(tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    state.save(folder, state.State())
    state.remove(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("file", [state.FILE, state.MARK])
def test_half_a_lab_is_removed(file: str, tmp_path: Path) -> None:
    """One that a removal left, or an earlier version of the lab made."""
    folder = tmp_path / "lab"
    (folder / "guests").mkdir(parents=True)
    (folder / file).touch()
    state.remove(folder)
    assert not folder.exists()


def test_what_no_lab_made_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    state.claim(tmp_path / "lab")  # an empty folder may become one
    (tmp_path / "www" / "pages").mkdir(parents=True)
    for action in (state.claim, state.remove):
        with pytest.raises(LabError, match="www is there and was made by no lab"):
            action(tmp_path / "www")
    assert (tmp_path / "www" / "pages").is_dir()


def test_the_longest_folder_leaves_room_for_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "STATE", Path("/" + "x" * 62))
    assert len(f"{state.folder('four')}/ssh.d/255.255.255.255.{'r' * 16}") == 107


def test_one_command_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    order: list[str] = []
    waiting = threading.Event()

    def say(text: str) -> None:
        order.append(text)
        waiting.set()

    def second() -> None:
        with state.lock(folder, say):
            order.append("second")

    thread = threading.Thread(target=second)
    with state.lock(folder, order.append):
        thread.start()
        assert waiting.wait(30)
        order.append("first")
    thread.join(30)
    assert order == ["waiting for another command on the lab lab", "first", "second"]


def test_the_lock_goes_with_the_lab(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    with state.lock(folder, print):
        folder.mkdir()
    assert (tmp_path / ".lab.lock").exists()
    with state.lock(folder, print):
        folder.rmdir()
    assert list(tmp_path.iterdir()) == []


def test_the_layout_is_that_of_labs_that_run_now(tmp_path: Path) -> None:
    """A lab that was started before an update must still be understood, or the layout's change be meant."""
    state.save(tmp_path, state.State("/inventory", "full", {"a": GUEST}, {"in": "net0"}))
    assert json.loads((tmp_path / "state.json").read_text()) == {
        "inventory": "/inventory",
        "kind": "full",
        "guests": {
            "a": {
                "host": {
                    "name": "a",
                    "release": "trixie",
                    "interfaces": [{"name": "eth0", "network": "in", "addresses": ["10.0.0.1/24"]}],
                    "routes": [{"to": "default", "via": "10.0.0.2"}],
                    "web_ports": [80],
                    "sysctls": [{"name": "net.ipv4.ip_forward", "value": "1"}],
                    "kernel_arguments": ["ipv6.disable=1"],
                    "machine": "qemu",
                },
                "number": 3,
                "image": "/cache/image",
                "kernel": "/cache/kernel",
            }
        },
        "bridges": {"in": "net0"},
        "machine": "uml",
    }
