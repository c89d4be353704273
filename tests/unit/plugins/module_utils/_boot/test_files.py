"""Files of ours, and programs of the host."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "new" / "file"
    files.write_file(str(file), b"text", 0o600)
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"text", 0o600)
    assert [path.name for path in file.parent.iterdir()] == ["file"]


@pytest.mark.parametrize(("text", "fault"), [("{", "cannot read"), ("[]", "holds no JSON object")])
def test_a_file_that_cannot_be_understood_is_not_an_absent_one(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(BootError, match=fault):
        files.read_json(str(tmp_path / "file"))
    assert files.read_json(str(tmp_path / "other")) is None


def test_a_missing_program_has_a_status_of_its_own() -> None:
    assert run_command(["lvs-no-such-program"]) == (127, "", "lvs-no-such-program is not installed")
