# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``keepalived -t`` said about a configuration: accept it or not.

Exit codes of keepalived 2.2.7 and 2.3.3 (lib/scheduler.h): 0 good, and also for an empty or missing file; 4 and 5 a
complaint; 6 a script runs without script security. 143: 2.2.7 ends itself when it looks at a script that runs as
another user (check_script_secure in lib/notify.c takes the test for a child whose parent died; 2.3.3 does not).
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Union

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import SCRIPTS_DIRECTORY

__all__ = ["LONGEST", "Accept", "Complaint", "Refuse", "Verdict", "judge"]

LONGEST = 120
"""Seconds that the test may take; 1,000 virtual servers with 10 real servers each need one."""
_TOO_LONG = 124
"""What timeout(1) ends with then."""
_GOOD = 0
_COMPLAINT = 5
_SECURITY = 6
_ENDED = 143
_SIGNALLED = 128


@dataclass(frozen=True)
class Complaint:
    """One line that keepalived printed: its text, and the line of the file it speaks of (None if it names none)."""

    text: str
    line: int | None = None


@dataclass(frozen=True)
class Accept:
    """``notes``: what was printed and is accepted, each with its reason. ``complete``: the test came to its end."""

    notes: tuple[str, ...] = ()
    complete: bool = True


@dataclass(frozen=True)
class Refuse:
    """``reasons``: at least one, in words of ours; ``complaints``: what keepalived printed and no entry accepts."""

    reasons: tuple[str, ...]
    complaints: tuple[Complaint, ...] = ()


Verdict = Union[Accept, Refuse]


@dataclass(frozen=True)
class _Known:
    """A complaint that does not speak against the file.

    ``check_mode``: only in check mode, where what an earlier task of the run makes is not there yet.
    ``holds``: a further condition on (match, config text, output).
    """

    pattern: re.Pattern[str]
    reason: str
    check_mode: bool = False
    holds: Callable[[re.Match[str], str, str], bool] | None = None


_MISSING = "realpath() error 2 (No such file or directory) for"


def _declared(found: re.Match[str], config: str, _output: str) -> bool:
    return f"\ntrack_file {found.group('name')} {{\n" in config


def _said_missing(found: re.Match[str], _config: str, output: str) -> bool:
    return re.search(rf"{re.escape(_MISSING)} {re.escape(found.group('name'))}$", output, re.MULTILINE) is not None


_NO_SUCH_USER = "Error setting global script uid/gid"


def _no_such_user(_found: re.Match[str], _config: str, output: str) -> bool:
    return _NO_SUCH_USER in output


def _names_user(_found: re.Match[str], config: str, _output: str) -> bool:
    return re.search(r"^\s*script_user\s+\S", config, re.MULTILINE) is not None


def _installed(found: re.Match[str], config: str, _output: str) -> bool:
    """Whether the script of this vrrp_script is one that the role installs."""
    block = re.search(rf"^vrrp_script {re.escape(found.group('name'))} {{\n(.*?)^}}", config, re.MULTILINE | re.DOTALL)
    return block is not None and f"{SCRIPTS_DIRECTORY}/" in block.group(1)


def _any_missing(_found: re.Match[str], _config: str, output: str) -> bool:
    return _MISSING in output


_ALL_ZERO = "every real server of this virtual server has weight 0, so it serves by its sorry server or not at all"
_NO_INTERFACE = "accepted in check mode only: the interface is not there, and a real run refuses that"
_NO_USER = "accepted in check mode only: the user that scripts run as is made by an earlier task"
_NO_SCRIPT = "accepted in check mode only: the script is installed by an earlier task"
_NO_DIRECTORY = "accepted in check mode only: the directory of this file is made by an earlier task"

_KNOWN = (
    _Known(
        re.compile(
            "Warning - quorum 1 for .+ exceeds total weight of real servers 0, reducing quorum to 0"
            "|Virtual server .+: hysteresis 0 >= quorum 0; setting hysteresis to 4294967295"
        ),
        _ALL_ZERO,
    ),
    _Known(
        re.compile(
            r"WARNING - interface \S+ for (vrrp_instance|ip address) \S+ doesn't exist"
            r"|Non-existent interface specified in configuration"
        ),
        _NO_INTERFACE,
        check_mode=True,
    ),
    _Known(re.compile(rf"{_NO_SUCH_USER}(: .*)?"), _NO_USER, check_mode=True, holds=_names_user),
    _Known(
        re.compile(
            r"Unable to set default user for .+ - removing(: .*)?"
            r"|\(\S+\) track script \S+ not found, ignoring\.\.\.(: .*)?"
        ),
        _NO_USER,
        check_mode=True,
        holds=_no_such_user,
    ),
    _Known(
        re.compile(r"Disabling track script (?P<name>\S+) since not found/accessible"),
        _NO_SCRIPT,
        check_mode=True,
        holds=_installed,
    ),
    # 2.3.3 looks for the directory while it reads track_file, 2.2.7 only when it starts.
    _Known(re.compile(rf"{re.escape(_MISSING)} (?P<name>\S+)"), _NO_DIRECTORY, check_mode=True, holds=_declared),
    _Known(re.compile(r"track_file (?P<name>\S+) not found"), _NO_DIRECTORY, check_mode=True, holds=_said_missing),
    _Known(
        re.compile(r"\(\S+\) track file (?P<name>\S+) not found, ignoring\.\.\."),
        _NO_DIRECTORY,
        check_mode=True,
        holds=_said_missing,
    ),
    _Known(
        re.compile("FILE_CHECK has no track_file specified - ignoring"),
        _NO_DIRECTORY,
        check_mode=True,
        holds=_any_missing,
    ),
)

_PLACE = re.compile(r"\((?:.*: )?Line (?P<line>\d+)\) (?P<text>.*)")
# script_user of all scripts, user of one that is asked, or a user behind one that is called.
_OTHER_USER = re.compile(
    r"^\s*(?:(?:script_)?user|(?:notify(?:_\w+)?|quorum_\w+)[ \t]+(?:\"[^\"\n]*\"|[^\"\s]+))[ \t]+"
    r"(?!root(?:[ \t]+root)?[ \t]*$)\S",
    re.MULTILINE,
)
_COMMENT_OR_BLANK = re.compile(r"\s*([#!].*)?\Z")


def judge(code: int, output: str, config: str, *, check_mode: bool = False) -> Verdict:
    """Decide about ``config``, the text that was tested, from the exit code and all that keepalived printed.

    ``code`` is the exit status; a death by signal may be given as a negative number (subprocess) or as 128 + n.
    """
    status = code if code >= 0 else 128 - code
    if all(_COMMENT_OR_BLANK.match(line) for line in config.splitlines()):
        return Refuse(("the configuration is empty; keepalived would accept it and serve nothing",))
    complaints = [_complaint(line.strip()) for line in output.splitlines() if line.strip()]
    if status == _GOOD:
        return Accept(tuple(complaint.text for complaint in complaints))
    notes: list[str] = []
    refused: list[Complaint] = []
    for complaint in complaints:
        reason = _reason(complaint.text, config, output, check_mode=check_mode)
        if reason is None:
            refused.append(complaint)
        else:
            notes.append(f"{complaint.text} ({reason})")
    if status == _ENDED and not refused and _OTHER_USER.search(config):
        ended = "keepalived ended before its test was complete: this version does that for scripts of another user"
        return Accept((*notes, ended), complete=False)
    if status == _COMPLAINT and complaints and not refused:
        return Accept(tuple(dict.fromkeys(notes)))
    return Refuse((_why(status, printed=bool(complaints)),), tuple(refused))


def _complaint(line: str) -> Complaint:
    place = _PLACE.fullmatch(line)
    return Complaint(place.group("text"), int(place.group("line"))) if place else Complaint(line)


def _reason(text: str, config: str, output: str, *, check_mode: bool) -> str | None:
    for known in _KNOWN:
        found = known.pattern.fullmatch(text)
        if found and (check_mode or not known.check_mode) and (not known.holds or known.holds(found, config, output)):
            return known.reason
    return None


def _why(status: int, *, printed: bool) -> str:
    if status == _TOO_LONG:
        return f"keepalived -t did not come to its end in {LONGEST} seconds"
    if status == _SECURITY:
        return "a script would run without script security (exit status 6): set enable_script_security and script_user"
    if status == _ENDED:
        return "keepalived ended by a signal before its test was complete (exit status 143)"
    if status == _COMPLAINT and printed:
        return "keepalived complains (exit status 5)"
    if status > _SIGNALLED:
        return f"keepalived crashes on it ({_signal_name(status - _SIGNALLED)}, exit status {status})"
    return f"keepalived -t ended with exit status {status}" + ("" if printed else " and said nothing")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
