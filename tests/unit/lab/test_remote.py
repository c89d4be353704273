"""lab/remote.py: the program that stands for ssh in a twin."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lab.networks import Namespace
from lab.remote import Remote


def test_the_program_may_be_ssh_on_a_search_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs the machine's ssh, not itself for ever."""
    for name, text in (("ssh", 'echo "ssh $*"'), ("nsenter", 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    folder = tmp_path / "lab"
    folder.mkdir()
    Remote(folder, Namespace(Path("x"))).prepare({})
    monkeypatch.setenv("PATH", f"{folder}:{tmp_path}:/usr/bin:/bin")
    done = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True, timeout=10)
    assert done.stdout == "ssh -V\n"
