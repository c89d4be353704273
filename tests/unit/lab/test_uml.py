"""lab/uml.py: a guest's command line, of which the inventory may add to the end but change nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab import inventory
from lab.errors import LabError
from lab.images import stored
from lab.machines import Machine, Nic
from lab.uml import UserModeLinux

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
