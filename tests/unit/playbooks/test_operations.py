"""What an operator asks for is checked before any host is touched. No lab is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader

from tests.support.cluster import ROOT
from tests.unit.playbooks import nowhere

PLAYBOOKS = ("drain", "undrain", "weight", "maintenance", "rolling", "upgrade", "absent")


def play(
    folder: Path, playbook: str, example: str, *extra: str, check: bool = False, limit: str = ""
) -> tuple[int, str]:
    """Run a playbook on an example; exit status and output, in one line."""
    words = ["--check"] * check + ["--limit", limit] * bool(limit) + [word for one in extra for word in ("-e", one)]
    status, output = nowhere.play(folder, playbook, example, *words)
    return status, " ".join(output.split())


def tasks_of(entries: Any) -> Iterator[dict[str, Any]]:
    """All tasks of a playbook or a file of tasks, those in blocks too."""
    for entry in entries or ():
        yield entry
        for part in ("pre_tasks", "tasks", "post_tasks", "block", "rescue", "always"):
            yield from tasks_of(entry.get(part))


def test_good_input_goes_on_to_the_directors(tmp_path: Path) -> None:
    """The other tests' proof that no host was touched is worth something: here one is tried, and it is a director."""
    status, output = play(tmp_path, "drain", "nat_ha", "lvs_host=rs1")
    assert status != 0
    assert "fatal: [lb1]: UNREACHABLE" in output
    assert "[rs1]: UNREACHABLE" not in output


def test_rolling_begins_with_the_real_server_that_is_named_first(tmp_path: Path) -> None:
    status, output = play(tmp_path, "rolling", "nat_ha", "lvs_hosts=rs2,rs1", "lvs_command=true", check=True)
    assert status != 0
    assert "fatal: [rs2]" in output
    assert "fatal: [rs1" not in output


def test_groups_of_a_run_are_in_the_inventory_s_order() -> None:
    """Without throttle a host joins when its result is there: reports and the order of work would vary."""
    grouping = [
        (file.relative_to(ROOT), task)
        for file in (ROOT / "playbooks").rglob("*.yml")
        if file.parent.name != "vars"
        for task in tasks_of(DataLoader().load_from_file(str(file)))
        if "ansible.builtin.group_by" in task
    ]
    assert len(grouping) > 20
    assert [f"{file}: {task['name']}" for file, task in grouping if task.get("throttle") != 1] == []


@pytest.mark.parametrize(
    ("playbook", "example", "extra", "text"),
    [
        (
            *("drain", "nat_ha", ["lvs_host=rs9"]),
            "lvs_host: rs9 is no host of this inventory, and no real server's address; those that serve are: rs1, rs2",
        ),
        (
            *("undrain", "nat_ha", ["lvs_steps=0"]),
            "lvs_host must be given, as -e lvs_host=NAME; lvs_steps, if it is, as a number from 1 to 100",
        ),
        (
            *("weight", "nat_ha", ["lvs_host=client", "lvs_weight=7"]),
            "lvs_host: client serves nothing: no virtual service names it, but rs1, rs2",
        ),
        (
            *("weight", "nat_ha", ["lvs_host=rs1", "lvs_weight=-1"]),
            "lvs_host must be given, as -e lvs_host=NAME, lvs_weight as a whole number from 0 to 65535",
        ),
        (
            *("weight", "nat_ha", ["lvs_host=rs1", "lvs_weight=65536"]),
            "lvs_host must be given, as -e lvs_host=NAME, lvs_weight as a whole number from 0 to 65535",
        ),
        (
            *("maintenance", "fwmark_dr", ["lvs_service=web"]),
            "web has no sorry_server, so its clients would be refused. Write one into the inventory, or say",
        ),
        (
            *("rolling", "nat_ha", ["lvs_service=intranet"]),
            "Say what to do, as lvs_role, lvs_command or lvs_reboot, and to which real servers, as lvs_hosts or",
        ),
        (
            *("rolling", "nat_ha", ["lvs_service=intranet", "lvs_command=true", "lvs_reboot=auto"]),
            "is a number from 1 to 100, and lvs_reboot true or false",
        ),
        (
            *("upgrade", "fwmark_dr", ["lvs_reboot=auto"]),
            "lb1 has no peer, so a restart or a reboot would interrupt all that it serves. Say lvs_alone=true",
        ),
        (
            *("absent", "nat_ha", ["lvs_host=rs1"]),
            "lvs_host: rs1 serves intranet, plain for lb1, lb2; take it out of the inventory's virtual services and",
        ),
        (
            *("absent", "nat_ha", []),
            "lvs_confirm: is not given; say lvs_host=NAME for one host, or for a whole cluster lvs_confirm= and one "
            "of: default",
        ),
    ],
)
def test_bad_input_stops_before_any_host_is_touched(
    tmp_path: Path, playbook: str, example: str, extra: list[str], text: str
) -> None:
    status, output = play(tmp_path, playbook, example, *extra)
    assert status != 0
    assert text in output
    assert "UNREACHABLE" not in output
    assert "not in 0..65535" not in output


LEFT_OUT = "lb1, lb2 would have to change this, and --limit leaves them out"
WHOLE = "lb1, lb2 are the directors of that cluster, and --limit leaves them out"


@pytest.mark.parametrize(
    ("playbook", "extra", "text"),
    [
        ("drain", ["lvs_host=rs1"], LEFT_OUT),
        ("undrain", ["lvs_host=rs1"], LEFT_OUT),
        ("weight", ["lvs_host=rs1", "lvs_weight=3", "lvs_alone=true"], LEFT_OUT),
        ("maintenance", ["lvs_service=plain", "lvs_last=true"], LEFT_OUT),
        ("rolling", ["lvs_hosts=rs1", "lvs_command=true"], "lb1, lb2 must change weights and hold the lock meanwhile"),
        ("failover", ["lvs_host=lb2"], "lb2, lb1 are the directors of that cluster"),
        ("rollback", [], WHOLE),
    ],
)
def test_a_limit_that_leaves_out_all_directors_is_no_success(
    tmp_path: Path, playbook: str, extra: list[str], text: str
) -> None:
    status, output = play(tmp_path, playbook, "nat_ha", *extra, limit="rs1")
    assert status != 0
    assert text in output
    assert "UNREACHABLE" not in output


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_nobody_becomes_root_before_the_input_is_checked(playbook: str) -> None:
    first, *rest = yaml.safe_load((ROOT / f"playbooks/{playbook}.yml").read_text())
    assert (first["hosts"], first["become"], first["gather_facts"]) == ("all", False, False)
    assert [one.get("role") for one in first["roles"]] == ["lvs.cluster.plan"]
    assert all("groups[" in one["hosts"] for one in rest)


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_its_head_names_every_extra_variable(playbook: str) -> None:
    text = (ROOT / f"playbooks/{playbook}.yml").read_text()
    head = text.split("\n\n")[0]
    read = {word for word in text.replace("|", " ").split() if word.startswith("lvs_") and word.isidentifier()}
    # lvs_state is the inventory's, and lvs_host is what maintenance refuses.
    used = {word for word in read if f"{word} | default" in text} - {"lvs_state"}
    used -= {"lvs_host"} if playbook == "maintenance" else set()
    assert used
    assert [word for word in sorted(used) if word not in head] == []
