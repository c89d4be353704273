"""lab/uml.py: a guest's command line, of which the inventory may add to the end but change nothing."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lab import inventory
from lab.errors import LabError
from lab.images import stored
from lab.machines import Machine, Nic
from lab.processes import Process
from lab.uml import UserModeLinux, require_memory
from tests.support.cluster import ROOT

NICS = (Nic("lab0", "02:00:00:00:00:01", "tap0-0", "lab-mgmt"), Nic("eth0", "02:00:00:00:00:02", "tap0-1", "net0"))
IMAGE = stored("bookworm", Path("/cache/linux"), Path("/cache/image"))


def words(*arguments: str) -> list[str]:
    """The kernel's words of a machine with these arguments."""
    command = UserModeLinux().command(Machine("rs1", Path("/labs/a/guests/rs1"), IMAGE, NICS, 256, arguments))
    return command[command.index("/cache/linux") + 1 :]


def test_arguments_of_the_inventory_come_last() -> None:
    assert words("ipv6.disable=1", "quiet") == [*words(), "ipv6.disable=1", "quiet"]


@pytest.mark.parametrize("word", words())
def test_what_the_lab_sets_is_refused_from_the_inventory(word: str) -> None:
    name = re.split("[=:]", word)[0]
    variables = {"lvs_interfaces": {"eth0": "10.0.0.1/24"}, "lab_kernel_arguments": [word]}
    with pytest.raises(LabError) as caught:
        inventory.parse({"_meta": {"hostvars": {"h": variables}}, "ungrouped": {"hosts": ["h"]}})
    assert caught.value.detail == f"h: lab_kernel_arguments[0]: {name} is the lab's own to set; leave it out"


def test_the_program_finds_what_is_preloaded_beside_it() -> None:
    command = UserModeLinux().command(Machine("rs1", Path("/labs/a/guests/rs1"), IMAGE, NICS, 256))
    assert command[command.index("/cache/linux") - 2 : command.index("/cache/linux")] == ["env", "LD_PRELOAD=xstate.so"]


def test_what_starts_a_guest_is_not_its_session() -> None:
    """It is in the session of whoever called `up`, for a moment."""
    mark = "ubd0=/labs/lab/guests/lb1/disk.cow,/cache/disk.ext4"
    shell, editor = Process(100, 100, 1, ("bash",)), Process(101, 100, 1, ("vim",))
    starting = Process(102, 100, 1, ("setsid", "--fork", "nsenter", "linux", mark))
    guest = Process(103, 103, 2, ("linux", mark))
    thread = Process(104, 103, 2, ("linux",))
    found = UserModeLinux().running(Path("/labs/lab/guests/lb1"), [shell, editor, starting, guest, thread])
    assert found == [102, 103, 104]


def test_a_machine_where_guests_could_not_keep_their_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMPDIR", "TMP", "TEMP"):
        monkeypatch.delenv(name, raising=False)
    require_memory(tmp_path, 1)
    with pytest.raises(LabError, match=r"has \d+ MiB left, and each needs 1099511627776 MiB .*--tmpfs .*:exec,size=4g"):
        require_memory(tmp_path, 1 << 40)
    mount = f"mount -t tmpfs -o noexec tmpfs {tmp_path} && exec {sys.executable} -c "
    code = f"from lab.uml import *; require_memory(Path({str(tmp_path)!r}), 1)"
    words = ["unshare", "--mount", "sh", "-c", mount + shlex.quote(code)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    assert f"guests keep their memory in {tmp_path}, which is mounted noexec" in done.stderr
    # Who names another place has chosen.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    require_memory(tmp_path, 1 << 40)
