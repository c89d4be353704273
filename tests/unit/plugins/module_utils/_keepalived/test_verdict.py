# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Outputs are what keepalived 2.2.7 (Debian 12) and 2.3.3 (Debian 13) printed with -t; the file's path is shortened."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.verdict import Accept, Complaint, Refuse, judge

CONFIG = "global_defs {\n}\n\ntrack_file w1 {\n    file /var/lib/lvs-cluster/weights/w1\n}\n"
AS_NOBODY = "global_defs {\n enable_script_security\n script_user nobody\n}\n"

ALL_ZERO = (
    "Warning - quorum 1 for [10.0.0.5]:tcp:80 exceeds total weight of real servers 0, reducing quorum to 0\n"
    "Virtual server [10.0.0.5]:tcp:80: hysteresis 0 >= quorum 0; setting hysteresis to 4294967295\n"
)
ALL_ZERO_MARK = (
    "Warning - quorum 1 for FWM 2 exceeds total weight of real servers 0, reducing quorum to 0\n"
    "Virtual server FWM 2: hysteresis 0 >= quorum 0; setting hysteresis to 4294967295\n"
)
NO_INTERFACE = (
    "(/c/a.conf: Line 9) WARNING - interface nope0 for vrrp_instance VI_1 doesn't exist\n"
    "(/c/a.conf: Line 18) WARNING - interface nope0 for ip address 10.0.0.5/24 doesn't exist\n"
    "Non-existent interface specified in configuration\n"
)
NO_DIRECTORY = (  # 2.3.3 only
    "(/c/a.conf: Line 6) realpath() error 2 (No such file or directory) for w1\n"
    "(/c/a.conf: Line 30) track_file w1 not found\n"
    "(/c/a.conf: Line 31) FILE_CHECK has no track_file specified - ignoring\n"
    "(/c/a.conf: Line 6) realpath() error 2 (No such file or directory) for w1\n"
)
UNKNOWN = (
    "There are 1 missing '}'s or extra '{'s\n"
    "(/c/b.conf: Line 3) Unknown keyword 'bogus_key'\n"
    "(VI_1) the virtual router id must be set\n"
)
TRUNCATED = "(/c/pw.conf: Line 10) Truncating auth_pass to 8 characters\n"
ONE_MEMBER = "Sync group VG1 has only 1 virtual router(s) - this probably isn't what you want\n"
SECURITY = "SECURITY VIOLATION - scripts are being executed but script_security not enabled.\n"
NO_USER = "(Line 3) Error setting global script uid/gid\n"


def test_good() -> None:
    assert judge(0, "", CONFIG) == Accept()


@pytest.mark.parametrize("config", ["", "\n\n", "# only a comment\n  ! and one more\n"])
def test_an_empty_file_is_refused_whatever_keepalived_says(config: str) -> None:
    verdict = judge(0, "", config)
    assert isinstance(verdict, Refuse)
    assert verdict.reasons == ("the configuration is empty; keepalived would accept it and serve nothing",)


@pytest.mark.parametrize("output", [ALL_ZERO, ALL_ZERO_MARK])
def test_all_weights_zero_is_accepted_with_the_reason(output: str) -> None:
    verdict = judge(5, output, CONFIG)
    assert isinstance(verdict, Accept)
    assert len(verdict.notes) == 2
    assert all("has weight 0, so it serves by its sorry server" in note for note in verdict.notes)


def test_another_quorum_is_refused() -> None:
    output = (
        "Warning - quorum 30 for [10.0.0.5]:tcp:80 exceeds total weight of real servers 28, reducing quorum to 28\n"
    )
    assert judge(5, output, CONFIG, check_mode=True) == Refuse(
        ("keepalived complains (exit status 5)",), (Complaint(output.strip()),)
    )


@pytest.mark.parametrize("output", [NO_INTERFACE, NO_DIRECTORY, NO_INTERFACE + NO_DIRECTORY + ALL_ZERO])
def test_what_an_earlier_task_makes_is_accepted_in_check_mode_only(output: str) -> None:
    assert isinstance(judge(5, output, CONFIG, check_mode=True), Accept)
    assert isinstance(judge(5, output, CONFIG), Refuse)


def test_a_note_is_given_once() -> None:
    verdict = judge(5, NO_DIRECTORY, CONFIG, check_mode=True)
    assert isinstance(verdict, Accept)
    assert len(verdict.notes) == 3


def test_a_track_file_that_is_not_declared_is_refused() -> None:
    output = "(/c/a.conf: Line 30) track_file w9 not found\n"
    verdict = judge(5, NO_DIRECTORY + output, CONFIG, check_mode=True)
    assert verdict == Refuse(("keepalived complains (exit status 5)",), (Complaint("track_file w9 not found", 30),))


def test_a_missing_directory_of_another_file_is_refused() -> None:
    output = "(/c/a.conf: Line 6) realpath() error 2 (No such file or directory) for other\n"
    assert isinstance(judge(5, output, CONFIG, check_mode=True), Refuse)


def test_a_check_without_its_file_is_refused_where_the_directory_is_there() -> None:
    output = "(/c/a.conf: Line 31) FILE_CHECK has no track_file specified - ignoring\n"
    assert isinstance(judge(5, output, CONFIG, check_mode=True), Refuse)


@pytest.mark.parametrize("output", [UNKNOWN, TRUNCATED, ONE_MEMBER, NO_USER])
@pytest.mark.parametrize("known", ["", ALL_ZERO])
def test_everything_else_is_refused(output: str, known: str) -> None:
    verdict = judge(5, known + output, CONFIG, check_mode=True)
    assert isinstance(verdict, Refuse)
    assert len(verdict.complaints) == len(output.splitlines())


def test_line_numbers_are_read() -> None:
    verdict = judge(5, UNKNOWN + NO_USER, CONFIG)
    assert isinstance(verdict, Refuse)
    assert [complaint.line for complaint in verdict.complaints] == [None, 3, None, 3]
    assert verdict.complaints[1].text == "Unknown keyword 'bogus_key'"


def test_script_security_is_refused_with_the_remedy() -> None:
    verdict = judge(6, SECURITY, CONFIG)
    assert isinstance(verdict, Refuse)
    assert "set enable_script_security and script_user" in verdict.reasons[0]


@pytest.mark.parametrize("code", [143, -15])
def test_an_end_over_another_user_s_script_is_accepted_if_nothing_else_was_said(code: int) -> None:
    verdict = judge(code, "", AS_NOBODY)
    assert isinstance(verdict, Accept)
    assert "ended before its test was complete" in verdict.notes[-1]


@pytest.mark.parametrize(
    ("output", "config"),
    [(UNKNOWN, AS_NOBODY), ("", CONFIG), ("", AS_NOBODY.replace("nobody", "root")), ("", "script_user root root\n")],
)
def test_every_other_end_by_a_signal_is_refused(output: str, config: str) -> None:
    assert isinstance(judge(143, output, config), Refuse)


@pytest.mark.parametrize(
    ("code", "output"), [(5, ""), (4, NO_INTERFACE), (1, ""), (139, ""), (-11, ALL_ZERO), (127, "")]
)
def test_every_other_status_is_refused(code: int, output: str) -> None:
    assert isinstance(judge(code, output, CONFIG, check_mode=True), Refuse)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (139, "keepalived crashes on it (SIGSEGV, exit status 139)"),
        (-11, "keepalived crashes on it (SIGSEGV, exit status 139)"),
        (-6, "keepalived crashes on it (SIGABRT, exit status 134)"),
        (255, "keepalived crashes on it (signal 127, exit status 255)"),
        (127, "keepalived -t ended with exit status 127 and said nothing"),
    ],
)
def test_a_crash_is_called_one(code: int, said: str) -> None:
    assert judge(code, "", CONFIG) == Refuse((said,))


def test_a_crash_with_its_complaint() -> None:
    # 2.2.7, for an HTTP_GET without a url.
    output = "(/c/a.conf: Line 13) HTTP/SSL_GET checker has no urls specified - ignoring\n"
    complaint = Complaint("HTTP/SSL_GET checker has no urls specified - ignoring", 13)
    assert judge(-11, output, CONFIG) == Refuse(("keepalived crashes on it (SIGSEGV, exit status 139)",), (complaint,))


MISSING_USER = """\
(Line 3) Error setting global script uid/gid
(/k.conf: Line 27) Unable to set default user for misc script '/usr/bin/true' 'x' - removing
(/k.conf: Line 8) Unable to set default user for vrrp script gateway - removing
(/k.conf: Line 17) (A) track script gateway not found, ignoring...
"""
SCRIPT = 'vrrp_script gateway {\n    script "/etc/keepalived/lvs-cluster/check.sh a"\n}\n'
NO_SCRIPT = "Disabling track script gateway since not found/accessible\n"


@pytest.mark.parametrize(
    ("output", "config"),
    [(MISSING_USER, "global_defs {\n    script_user keepalived_script\n}\n"), (NO_SCRIPT, SCRIPT)],
)
def test_what_an_earlier_task_makes_is_missing_in_check_mode_only(output: str, config: str) -> None:
    assert isinstance(judge(5, output, config, check_mode=True), Accept)
    assert isinstance(judge(5, output, config), Refuse)


@pytest.mark.parametrize(
    ("output", "config"),
    [
        (MISSING_USER.partition("\n")[2], "global_defs {\n    script_user keepalived_script\n}\n"),
        (NO_SCRIPT, SCRIPT.replace("/etc/keepalived/lvs-cluster", "/opt")),
        (NO_SCRIPT, SCRIPT.replace("gateway", "another")),
    ],
)
def test_what_no_task_makes_is_refused_in_check_mode_too(output: str, config: str) -> None:
    assert isinstance(judge(5, output, config, check_mode=True), Refuse)


@pytest.mark.parametrize(
    ("config", "accepted"),
    [
        ("global_defs {\n    script_user nobody\n}\n", True),
        ("vrrp_script a {\n    user nobody\n}\n", True),
        ('vrrp_instance A {\n    notify_master "/a b c" nobody\n}\n', True),
        ("vrrp_instance A {\n    notify_master /a nobody nogroup\n}\n", True),
        ('vrrp_instance A {\n    notify_master "/a b c" root\n}\n', False),
        ('vrrp_instance A {\n    notify_master "/a b c"\n}\n', False),
        ('vrrp_instance A {\n    notify "/a b c" nobody\n}\n', True),
        ('vrrp_instance A {\n    notify "/a b c" root\n}\n', False),
        ("vrrp_script a {\n    user root\n}\n", False),
    ],
)
def test_an_end_by_a_signal_is_excused_where_another_user_runs_something(config: str, accepted: bool) -> None:
    assert isinstance(judge(143, "", config), Accept) is accepted


def test_a_test_that_does_not_end_is_refused() -> None:
    verdict = judge(124, "", "global_defs {\n}\n")
    assert isinstance(verdict, Refuse)
    assert "did not come to its end in" in verdict.reasons[0]


# What 2.3.3 prints in a first check run, where /var/lib/lvs-cluster is missing; 2.2.7 looks for it when it starts.
NO_FAILOVER = """\
(/tmp/t.conf: Line 17) realpath() error 2 (No such file or directory) for lvs_failover_group_VG1
(/tmp/t.conf: Line 33) (VG1) track file lvs_failover_group_VG1 not found, ignoring...
"""
FOLLOWED = "a\n\ntrack_file lvs_failover_group_VG1 {\n    file /var/lib/lvs-cluster/lvs_failover_group_VG1\n}\n"


def test_the_directory_of_a_failover_file_may_be_missing_in_check_mode_only() -> None:
    assert isinstance(judge(5, NO_FAILOVER, FOLLOWED, check_mode=True), Accept)
    assert isinstance(judge(5, NO_FAILOVER, FOLLOWED), Refuse)


def test_a_file_that_is_followed_and_not_declared_is_refused() -> None:
    second = "(/tmp/t.conf: Line 34) (VI_1) track file other not found, ignoring...\n"
    verdict = judge(5, NO_FAILOVER + second, FOLLOWED, check_mode=True)
    assert isinstance(verdict, Refuse)
    assert [one.line for one in verdict.complaints] == [34]
