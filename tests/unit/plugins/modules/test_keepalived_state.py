# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import state
from ansible_collections.lvs.cluster.plugins.modules import keepalived_state

MASTER = {"VI_1": {"state": "MASTER", "interface": "eth0"}}
GOOD = state.State(True, 7, "2.2.7", MASTER)
BAD = state.State(True, 7, "2.2.7", {}, ("tcp 10.0.0.5:80",), ("keepalived has no VRRP instance VI_1", "x is missing"))


def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, found: state.State | Exception, **options: Any
) -> tuple[dict[str, Any], list[Any]]:
    """What the module says, and how it asked: the names of the instances, and the seconds to wait."""
    asked: list[Any] = []

    def answer(_host: state.Host, wanted: list[str], *seconds: float) -> state.State:
        asked.extend([wanted, *seconds])
        if isinstance(found, Exception):
            raise found
        return found

    with monkeypatch.context() as patch, patch_module_args(options):
        patch.setattr(state, "wait", answer)
        patch.setattr(state, "look", answer)
        with pytest.raises(SystemExit):
            keepalived_state.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result, asked


def test_looking(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    result, asked = run(capsys, monkeypatch, GOOD, instances=["VI_1"])
    assert (result["changed"], result["healthy"], result["instances"], asked) == (False, True, MASTER, [["VI_1"]])
    result, _asked = run(capsys, monkeypatch, BAD)
    assert (result.get("failed", False), result["healthy"], result["missing"]) == (False, False, ["tcp 10.0.0.5:80"])


def test_waiting(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    result, asked = run(capsys, monkeypatch, GOOD, instances=["VI_1"], wait=60)
    assert (result["healthy"], asked) == (True, [["VI_1"], 60])
    result, _asked = run(capsys, monkeypatch, BAD, wait=60)
    assert (result["failed"], result["running"]) == (True, True)
    assert result["msg"] == (
        "this director could not serve after 60 seconds: keepalived has no VRRP instance VI_1; x is missing; "
        "what was lost or failed is in its journal: journalctl -u keepalived -b"
    )


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (state.StateError("it does not answer"), "it does not answer"),
        (state.UnsupportedError("no JSON"), "no JSON"),
        (IpvsError("no privilege"), "the kernel's table can't be read: no privilege"),
    ],
)
@pytest.mark.parametrize("seconds", [0, 5])
def test_errors(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    message: str,
    seconds: int,
) -> None:
    result, _asked = run(capsys, monkeypatch, error, wait=seconds)
    assert (result["failed"], result["msg"]) == (True, message)


def test_a_wait_that_is_none(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    result, asked = run(capsys, monkeypatch, GOOD, wait=-1)
    assert (result["failed"], asked) == (True, [])


def test_a_machine_without_keepalived(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ansible_collections.lvs.cluster.plugins.module_utils._keepalived.dump._processes", lambda _proc: []
    )
    for check in (False, True):
        with patch_module_args({"_ansible_check_mode": check}), pytest.raises(SystemExit):
            keepalived_state.main()
        result = json.loads(capsys.readouterr().out)
        assert (result["running"], result["pid"], result["instances"], result["changed"]) == (False, None, {}, False)
