# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.health import Check, Health, Rhythm

WEB = Check("http", "2001:db8::9", 80, "/up")
DNS = Check("tcp", "10.0.0.9", 53)
RHYTHM = Rhythm(1.0, 2, 3)


def test_bad_until_every_check_was_good_once() -> None:
    health = Health([WEB, DNS], RHYTHM)
    assert not health.good
    for _attempt in range(5):
        health.note(WEB, False)
    assert health.note(WEB, True)
    assert not health.good
    assert health.note(DNS, True)
    assert health.good


def test_only_answers_in_a_row_change_the_verdict() -> None:
    health = Health([DNS], RHYTHM)
    health.note(DNS, True)
    assert [health.note(DNS, well) for well in (False, True, False, False)] == [False, False, False, True]
    assert not health.good
    assert [health.note(DNS, well) for well in (True, True, False, True, True, True)] == [False] * 5 + [True]
    assert health.good


def test_without_checks_a_node_is_good() -> None:
    assert Health([], RHYTHM).good


def test_a_new_check_drives_nothing_away_by_itself() -> None:
    health = Health([DNS], RHYTHM)
    health.note(DNS, True)
    health.change([DNS, WEB], Rhythm(1.0, 3, 1))
    assert health.good
    assert [health.note(WEB, False) for _attempt in range(3)] == [False, False, True]
    assert not health.good
    health.change([DNS], RHYTHM)
    assert health.good
    assert not health.note(WEB, False)


def test_a_new_check_makes_a_bad_node_no_better() -> None:
    health = Health([DNS], RHYTHM)
    health.change([WEB], RHYTHM)
    assert not health.good
    assert health.note(WEB, True)
    assert health.good


def test_the_name_of_a_check() -> None:
    assert (str(WEB), str(DNS)) == ("http [2001:db8::9]:80/up", "tcp 10.0.0.9:53")
