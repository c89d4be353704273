# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._tasks import vrrp_priority as task
from ansible_collections.lvs.cluster.plugins.modules import vrrp_priority

ONE, GROUP = "lvs_failover_instance_VI_1", "lvs_failover_group_VG1"
CONFIG = f"""
track_file {ONE} {{
    file /var/lib/lvs-cluster/{ONE}
}}
vrrp_sync_group VG1 {{
    group {{
        VI_1
    }}
    track_file {{
        maintenance
        {GROUP} weight 1
    }}
}}
vrrp_instance VI_1 {{
    track_interface {{
        eth0
    }}
    track_file {{
        {ONE} weight 1
    }}
}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "keepalived.conf"
    file.write_text(CONFIG)
    return file


def run(capsys: pytest.CaptureFixture[str], directory: Path, *, check: bool = False, **options: Any) -> dict[str, Any]:
    arguments = {"directory": str(directory), "_ansible_check_mode": check, "_ansible_diff": True, **options}
    with patch_module_args({"config": str(directory / "keepalived.conf"), **arguments}), pytest.raises(SystemExit):
        vrrp_priority.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def test_there_and_back(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    place = config.parent
    checked = run(capsys, place, check=True, numbers={ONE: 51})
    assert (checked["changed"], checked["before"], checked["after"]) == (True, {}, {ONE: 51})
    assert not (place / ONE).exists()
    first = run(capsys, place, numbers={ONE: "51"})
    assert (first["changed"], first["after"], first["diff"]["after"]) == (True, {ONE: 51}, f"{ONE}: 51\n")
    assert (place / ONE).read_text().startswith("51\n")
    assert not run(capsys, place, numbers={ONE: 51})["changed"]
    asked = run(capsys, place)
    assert (asked["changed"], asked["before"], asked["after"]) == (False, {ONE: 51}, {ONE: 51})
    back = run(capsys, place, numbers={ONE: 0})
    assert (back["changed"], back["after"], (place / ONE).exists()) == (True, {}, False)
    assert not run(capsys, place, numbers={ONE: 0})["changed"]


def test_absent_takes_all_of_them(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    place = config.parent
    run(capsys, place, numbers={ONE: 51, GROUP: 3})
    gone = run(capsys, place, state="absent")
    assert (gone["changed"], gone["before"], gone["after"]) == (True, {ONE: 51, GROUP: 3}, {})
    assert sorted(path.name for path in place.iterdir()) == ["keepalived.conf"]
    assert not run(capsys, place, state="absent")["changed"]


def test_what_the_configuration_follows(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    found = run(capsys, config.parent)
    assert (found["followed"], found["pending"]) == ([GROUP, ONE], False)
    config.write_text("vrrp_instance VI_1 {\n}\n")
    assert run(capsys, config.parent)["followed"] == []
    config.unlink()
    assert run(capsys, config.parent)["followed"] == []


def test_giving_way(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    """FAULT while it sleeps, and the number afterwards, however the sleep ends."""
    place = config.parent
    seen: list[str] = []

    def work(sleep: Any) -> dict[str, Any]:
        arguments = {"directory": str(place), "config": str(config), "numbers": {ONE: 2}, "give_way": [ONE]}
        with patch_module_args(arguments):
            return task.run(AnsibleModule(task.ARGUMENTS, supports_check_mode=True), sleep)

    result = work(lambda seconds: seen.append(f"{seconds:g} {(place / ONE).read_text().splitlines()[0]}"))
    assert seen == ["5 -254"]
    assert (result["changed"], result["after"], (place / ONE).read_text()[:2]) == (True, {ONE: 2}, "2\n")

    def broken(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(broken)
    assert (place / ONE).read_text()[:2] == "2\n"

    for number in (signal.SIGTERM, signal.SIGHUP):
        (place / ONE).write_text("3\n")
        before = signal.getsignal(number)
        with pytest.raises(SystemExit):
            work(lambda _seconds, number=number: os.kill(os.getpid(), number))
        assert ((place / ONE).read_text()[:2], signal.getsignal(number)) == ("2\n", before)


def test_what_a_run_that_was_killed_has_left_goes(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    (config.parent / ONE).write_text("-254\n")
    (config.parent / GROUP).write_text("7\n")
    checked = run(capsys, config.parent, check=True)
    assert (checked["changed"], checked["before"], checked["after"]) == (True, {GROUP: 7, ONE: -254}, {GROUP: 7})
    assert run(capsys, config.parent)["changed"]
    assert not (config.parent / ONE).exists()
    assert (config.parent / GROUP).read_text()[:2] == "7\n"


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"numbers": {"weights": 1}}, "numbers: weights is no failover file"),
        ({"numbers": {ONE: "many"}}, f"numbers: {ONE}: 'many' is no whole number"),
        ({"numbers": {ONE: -254}}, f"numbers: {ONE}: -254 is not within -253 to 253"),
        ({"give_way": ["../x"]}, "give_way: ../x is no failover file"),
        ({"give_way_seconds": 0}, "give_way_seconds: 0 is not within 0 to 600"),
    ],
)
def test_refusals(capsys: pytest.CaptureFixture[str], config: Path, options: dict[str, Any], fault: str) -> None:
    result = run(capsys, config.parent, **options)
    assert result["failed"]
    assert fault in result["msg"]
    assert sorted(path.name for path in config.parent.iterdir()) == ["keepalived.conf"]


def test_a_number_without_its_directory_is_an_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result = run(capsys, tmp_path / "none", numbers={ONE: 1})
    assert result["failed"]
    assert "No such file" in result["msg"]


def test_what_nobody_follows_goes(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    """An instance has got another name."""
    place, old = config.parent, "lvs_failover_instance_OLD"
    run(capsys, place, numbers={ONE: 51, old: 3})
    checked = run(capsys, place, check=True, purge=True)
    assert (checked["changed"], checked["after"]) == (True, {ONE: 51})
    gone = run(capsys, place, purge=True)
    assert (gone["changed"], gone["before"], gone["after"]) == (True, {ONE: 51, old: 3}, {ONE: 51})
    assert not (place / old).exists()
    assert not run(capsys, place, purge=True)["changed"]


def test_absent_needs_no_configuration_that_can_be_understood(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    run(capsys, config.parent, numbers={ONE: 51})
    config.write_text("~SEQ(n, 1, 2) vrrp_instance VI_${n} {\n}\n")
    assert "is not known" in run(capsys, config.parent)["msg"]
    assert run(capsys, config.parent, state="absent")["changed"]
    assert not (config.parent / ONE).exists()
