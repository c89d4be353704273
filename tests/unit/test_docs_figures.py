"""Times and limits that pages name are those of the code."""

from __future__ import annotations

import re

import pytest

from ansible_collections.lvs.cluster.extensions.eda.plugins.event_source import state
from ansible_collections.lvs.cluster.plugins.module_utils._addresses import agent as addresses
from ansible_collections.lvs.cluster.plugins.module_utils._boot import loaders, watch
from ansible_collections.lvs.cluster.plugins.module_utils._metrics import install as metrics
from ansible_collections.lvs.cluster.plugins.module_utils._picture import summary, tables
from ansible_collections.lvs.cluster.plugins.module_utils._return_route import agent as return_route
from lab.qemu import Qemu
from lab.uml import UserModeLinux
from tests.unit.test_docs import ROOT

NUMBERS = {1: "one", 2: "two", 5: "five"}
RESTART = int(re.findall(r"RestartSec=(\d+)", loaders.service_lines("program", "apply", ()))[0])
AGAIN = f"tried again every {NUMBERS.get(RESTART, RESTART)} seconds"
OFTEN = "once a minute" if watch.IDLE == 60 else f"every {watch.IDLE:g} seconds"
LONGEST = "up to a minute" if watch._LONGEST == 60 else f"up to {watch._LONGEST:g} seconds"
LATER = f"{addresses.SETTLE:g} seconds"
BY_RULE, BY_DEFAULT = (f"{return_route.SETTLE[form]:g} second" for form in ("policy", "default"))
PAUSE = NUMBERS.get(int(state._SHORTEST_PAUSE), state._SHORTEST_PAUSE)

# Page below docs -> what it says.
FIGURES = {
    "operations/metrics.md": [f"figures of itself every {metrics.SECONDS} seconds"],
    "firewall.md": [f"{AGAIN} if it fails", f"so it looks {OFTEN} besides"],
    "cluster_ip.md": [AGAIN],
    "direct_routing.md": [
        f"puts them back {LATER} later",
        f"waits longer, {LONGEST}",
        f"looks again, at least {OFTEN}",
    ],
    "platforms.md": [f"listens to the kernel, {LATER} later"],
    "setups/fwmark_dr.md": [f"put back {LATER} after systemd-networkd"],
    "nat.md": [
        f"{BY_RULE}s (`policy`) or {BY_DEFAULT} (`default`)",
        f"waits longer, {LONGEST}",
    ],
    "eda.md": [
        f"says nothing for {state._SILENCE_SECONDS:g} seconds",
        f"after {PAUSE} second, then two, up to {state._LONGEST_PAUSE:g}",
    ],
    "operations/check.md": [
        f"above {summary.MOST_SERVICES} virtual services or {summary.MOST_POOLS} different sets of real servers",
        f"above {summary.MOST_SERVERS} real servers, those that are used alike",
        f"above {summary.MOST_VIPS} VIPs or directors, {summary.MOST_TAPS} interfaces in a network",
        f"{summary.MOST_NETWORKS} networks, {summary.MOST_FRONTS} clusters or about {summary.MOST_LINES} arrows",
        f"more than {summary.MOST_LABELS} different weights",
        f"a list has {tables.SHOWN_OF_A_LIST} entries at most",
    ],
    "lab.md": [
        f"within {UserModeLinux.ready_seconds:g} seconds ({Qemu.ready_seconds:g} with Debian's own kernel)",
    ],
}


@pytest.mark.parametrize(
    ("page", "words"), [(page, words) for page, all_words in FIGURES.items() for words in all_words]
)
def test_figure_is_that_of_the_code(page: str, words: str) -> None:
    assert words in " ".join((ROOT / "docs" / page).read_text().split())


def test_one_figure_stands_for_two_limits() -> None:
    assert summary.MOST_VIPS == summary.MOST_DIRECTORS
