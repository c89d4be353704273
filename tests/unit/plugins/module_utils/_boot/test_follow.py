"""When the rules are put back: a busctl that tells what firewalld did, and then that the bus has gone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import follow
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

PROGRAM = (sys.executable, "-IS", "/lvs-a", "apply")
# A line of each kind that `busctl monitor` of systemd 252 prints.
RELOADED = """‣ Type=signal  Endian=l  Flags=1  Version=1 Cookie=597  Timestamp="Sat 2026-11-28 16:16:37.037803 UTC"
  Sender=:1.57  Path=/org/fedoraproject/FirewallD1  Interface=org.fedoraproject.FirewallD1  Member=Reloaded
  UniqueName=:1.57
  MESSAGE "" {
  };

"""


SILENCE = "nothing"


class TheEndError(Exception):
    """The second that it would wait for the bus."""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[str]]:
    """Gives what busctl tells, and what is done about it until the bus goes away, a line for each step."""

    def run(text: str, codes: Sequence[int] = ()) -> list[str]:
        steps: list[str] = []
        left = [*codes]

        def program(argv: Sequence[str]) -> tuple[int, str, str]:
            if argv[0] == "busctl":
                steps.append("wait")
                return 0, "", ""
            assert tuple(argv) == PROGRAM
            steps.append("put back")
            code = left.pop(0) if left else 0
            return code, "", "no table" if code else ""

        def end(_seconds: float) -> None:
            raise TheEndError

        if text:
            (tmp_path / "told").write_text(text)
            # The pipe stays open where it goes on listening.
            then = "exec /usr/bin/tail -f /dev/null" if text == SILENCE else f"/bin/cat {tmp_path}/told"
            (tmp_path / "busctl").write_text(f"#!/bin/sh\necho 'Monitoring bus message stream.' >&2\n{then}\n")
            (tmp_path / "busctl").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(follow, "notify", steps.append)
        monkeypatch.setattr("time.sleep", end)
        with pytest.raises((TheEndError, BootError)) as caught:
            follow.follow(program, "/lvs-a", "apply")
        return [*steps, str(caught.value)]

    return run


def test_once_at_the_start_once_when_it_listens_and_after_each_flush(told: Callable[..., list[str]]) -> None:
    once = ["wait", "put back"]
    assert told(RELOADED * 2) == [*once, "READY=1", *once, *once, *once, ""]


def test_without_busctl_the_rules_are_there_all_the_same(
    told: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert told("") == ["wait", "put back", "READY=1", ""]
    assert "busctl': trying again in 15 seconds" in capsys.readouterr().err


def test_a_first_run_that_fails_fails_the_service(told: Callable[..., list[str]]) -> None:
    assert told(RELOADED, [1]) == ["wait", "put back", "no table"]


def test_a_later_one_that_fails_is_tried_again(
    told: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    once = ["wait", "put back"]
    # Listening again, it puts them back once more.
    assert told(RELOADED * 2, [0, 0, 1]) == [*once, "READY=1", *once, *once, ""]
    assert "no table: trying again in 15 seconds" in capsys.readouterr().err


def test_what_nobody_told_of_is_seen_after_a_while(
    told: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reload of firewalld that fails has flushed the rules, and is no signal."""
    monkeypatch.setattr(follow, "IDLE", 0.05)
    once = ["wait", "put back"]
    assert told(SILENCE, [0, 0, 0, 1]) == [*once, "READY=1", *once, *once, *once, ""]
