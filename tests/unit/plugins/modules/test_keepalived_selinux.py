"""keepalived_selinux with programs that answer as those of policycoreutils do, on folders of its own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._platform import selinux
from ansible_collections.lvs.cluster.plugins.modules import keepalived_selinux

# A store of modules is a folder; a file's label is right if it is named in "right".
PROGRAMS = {
    "semodule": """case "$1" in
--list-modules) ls "$here/store";;
--install) cp "$2" "$here/store/$(basename "$2" .cil)"; : > "$here/right";;
--remove) rm "$here/store/$2"; : > "$here/right";;
esac""",
    "getsebool": 'echo "$1 --> $(cat "$here/boolean")"',
    "setsebool": 'echo "$3" > "$here/boolean"',
    "restorecon": """looks=; case " $* " in *" -n "*) looks=yes;; esac
for folder in "$@"; do
    case $folder in -*) continue;; esac
    find "$folder" -mindepth 1 | grep -vxFf "$here/right" | while read -r path; do
        if [ "$looks" ]; then
            echo "Would relabel $path from a:b:etc_t:s0 to a:b:other_t:s0"
        else
            echo "$path" >> "$here/right"
        fi
    done
done""",
}


class Machine:
    """A host with SELinux, and the module on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.scripts, self.tracked = folder / "scripts", folder / "weights"
        for place in (self.scripts, self.tracked, folder / "store", folder / "bin"):
            place.mkdir()
        (folder / "right").touch()
        (folder / "boolean").write_text("off\n")
        (self.scripts / "to_master.sh").touch()
        for name, text in PROGRAMS.items():
            note = f'echo "{name} $*" >> "$here/calls"'
            path = folder / "bin" / name
            path.write_text(f"#!/bin/sh\nhere={folder}\n{note}\n{text}\n")
            path.chmod(0o755)

    def run(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        folders = {"scripts": str(self.scripts), "tracked": str(self.tracked)}
        options.update(folders, _ansible_check_mode=check, _ansible_diff=True)
        with patch_module_args(options), pytest.raises(SystemExit):
            keepalived_selinux.main()
        result: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return result

    @property
    def boolean(self) -> str:
        return (self.folder / "boolean").read_text().strip()

    @property
    def modules(self) -> list[str]:
        return os.listdir(self.folder / "store")

    def changes(self) -> list[str]:
        """What was asked since the last time, less what only looks."""
        calls = (self.folder / "calls").read_text().splitlines()
        (self.folder / "calls").write_text("")
        looks = ("--list-modules", "getsebool", " -n ")
        return [call.split(" /")[0] for call in calls if not any(word in call for word in looks)]


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine(tmp_path, capsys)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setattr(selinux, "RECORD", str(tmp_path / "state/selinux.json"))
    monkeypatch.setattr(selinux, "ENABLED", str(tmp_path / "boolean"))
    return found


def test_its_life(machine: Machine) -> None:
    assert machine.run(ports=[80], check=True)["changed"]
    assert (machine.changes(), machine.modules) == ([], [])
    assert machine.run(ports=[80])["changed"]
    assert machine.changes() == ["semodule --install", "restorecon -R"]
    assert (machine.modules, machine.boolean) == (["lvs_cluster"], "off")
    assert not machine.run(ports=[80])["changed"]
    result = machine.run(ports=[80, 8080])
    assert (result["changed"], result["ports"], machine.boolean) == (True, [8080], "on")
    assert machine.changes() == ["setsebool -P keepalived_connect_any on"]
    assert not machine.run(ports=[80, 8080])["changed"]
    assert machine.run(state="absent")["changed"]
    assert (machine.modules, machine.boolean) == ([], "off")
    assert not os.path.exists(selinux.RECORD)
    assert not machine.run(state="absent")["changed"]


def test_a_file_with_a_wrong_label_gets_the_right_one(machine: Machine) -> None:
    machine.run()
    machine.changes()
    (machine.tracked / "web_1").touch()
    result = machine.run()
    assert result["diff"]["before"] == {"wrong labels": [str(machine.tracked / "web_1")]}
    assert machine.changes() == ["restorecon -R"]
    assert not machine.run()["changed"]


def test_what_somebody_else_turned_on_stays_on(machine: Machine) -> None:
    (machine.folder / "boolean").write_text("on\n")
    machine.run(ports=[8080])
    machine.run(state="absent")
    assert machine.boolean == "on"


def test_a_module_that_was_taken_away_comes_back(machine: Machine) -> None:
    machine.run()
    (machine.folder / "store/lvs_cluster").unlink()
    assert machine.run()["changed"]
    assert machine.modules == ["lvs_cluster"]


def test_without_selinux_nothing_is_asked(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selinux, "ENABLED", str(machine.folder / "missing"))
    result = machine.run(ports=[8080])
    assert (result["changed"], result["enabled"]) == (False, False)
    assert not (machine.folder / "calls").exists()


@pytest.mark.parametrize(
    ("program", "said"),
    [("exit 127", "install the package policycoreutils"), ("echo no such type >&2; exit 1", "status 1: no such type")],
)
def test_a_program_that_fails(machine: Machine, program: str, said: str) -> None:
    (machine.folder / "bin/semodule").write_text(f"#!/bin/sh\n{program}\n")
    result = machine.run()
    assert result["failed"]
    assert said in result["msg"]
