# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference setups with keepalived as they were written once: in keepalived's old words and in the inventory's.

setups/NAME.yml gives setups/NAME.HOST.conf, which keepalived 2.2.7 and 2.3.3 take. LVS_REGENERATE_GOLDEN=1 writes it
anew and fails, so that the difference is read before it counts.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.support.samples import keywords, round_trip
from tests.unit.plugins.module_utils._keepalived.conf_reader import read

SETUPS = Path(__file__).parent / "setups"
NAMES = sorted(path.stem for path in SETUPS.glob("*.yml"))
REGENERATE = os.environ.get("LVS_REGENERATE_GOLDEN") == "1"

# What became of a keyword that the inventory takes and keepalived does not, or not without a complaint.
NEW_WORDS = {
    "lb_algo": "lvs_sched",
    "lb_kind": "lvs_method",
    "lvs_id": "router_id",
    "lvs_sync_daemon_interface": "lvs_sync_daemon",
    "nb_get_retry": "retry",
}
GONE = {"nat_mask"}


def _plans(name: str) -> dict[str, Any]:
    case = yaml.safe_load((SETUPS / f"{name}.yml").read_text())
    for group, shared in case["vars"].items():
        for host in case["groups"][group]:
            case["hosts"][host] = {**shared, **case["hosts"][host]}
    answer = plan({"hosts": case["hosts"], "groups": case["groups"]})
    assert not answer["faults"]
    return {host: one["director"] for host, one in answer["hosts"].items() if "director" in one}


@pytest.mark.parametrize("host", ["lb1", "lb2"])
@pytest.mark.parametrize("name", NAMES)
def test_the_inventory_in_old_words(name: str, host: str) -> None:
    written = render(tree(_plans(name)[host]))
    golden = SETUPS / f"{name}.{host}.conf"
    if REGENERATE:
        golden.write_text(written)
        pytest.fail("written anew: read the difference and run without LVS_REGENERATE_GOLDEN")
    assert written == golden.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_original_text_comes_back(name: str) -> None:
    original = (SETUPS / f"{name}.original.conf").read_text()
    assert read(round_trip(original)) == read(original)


@pytest.mark.parametrize("name", NAMES)
def test_no_keyword_of_the_original_is_lost(name: str) -> None:
    """Each keyword of the original is in the text that the inventory gives, or what it is called now."""
    original = keywords(read((SETUPS / f"{name}.original.conf").read_text())) - GONE
    written = keywords(read((SETUPS / f"{name}.lb1.conf").read_text()))
    assert {NEW_WORDS.get(word, word) for word in original} <= written
    assert not written & NEW_WORDS.keys()
