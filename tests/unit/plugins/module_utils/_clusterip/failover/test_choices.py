# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person chose: the files that keepalived adds up, and waiting for what the service then writes."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover import choices
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.settings import Places
from ansible_collections.lvs.cluster.plugins.module_utils._topology.bucket_vrrp import MOST_NODES, instances


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "run").mkdir()
    return Places(str(tmp_path / "etc"), str(tmp_path / "run"), str(tmp_path / "choices"))


def serve(places: Places, *buckets: int) -> None:
    # In one step, as the service does it: another thread reads it.
    new = Path(f"{places.buckets}.new")
    new.write_text(json.dumps({"buckets": buckets}))
    new.replace(places.buckets)


def test_what_is_chosen_is_read_again_and_forgotten(places: Places) -> None:
    assert choices.read_choices(places) == {}
    choices.choose(places, {3: "given", 12: "taken", 4: "taken"})
    assert choices.by_choice(choices.read_choices(places)) == {"taken": [4, 12], "given": [3]}
    assert Path(places.choice(3)).read_text() == "-127\n# bucket 3 is given, as lvs.cluster.buckets was told\n"
    choices.choose(places, {3: "taken", 12: "home", 7: "home"})
    assert choices.read_choices(places) == {3: "taken", 4: "taken"}


@pytest.mark.parametrize(
    ("text", "choice"),
    [("-127\n", "given"), (" +5", "taken"), ("0\n", "home"), ("", "home"), ("-254\n# x", "left"), ("-300", "left")],
)
def test_what_somebody_wrote_means_something_too(text: str, choice: str) -> None:
    assert choices.choice_of(text) == choice


def test_other_files_are_no_choices(places: Places) -> None:
    choices.choose(places, {1: "given"})
    for name in (".lvs-abc", "01", "x", "12345"):
        Path(places.choices_dir, name).write_text("5")
    assert choices.read_choices(places) == {1: "given"}
    with pytest.raises(BootError, match="cannot read"):
        choices.read_choices(places._replace(choices_dir=places.choice(1)))


@pytest.mark.parametrize("nodes", [1, 2, 3, 13, 40, MOST_NODES])
def test_who_took_comes_before_all_and_who_gave_after_all(nodes: int) -> None:
    """Whatever the plan's priorities are: as keepalived adds the number and keeps the sum within 1 to 254."""
    ranks = [{number: number - 1 for number in range(1, nodes + 1)}]
    plain = [instances(101, number, ranks)[0]["priority"] for number in range(1, nodes + 1)]
    taken, given = ([min(254, max(1, one + choices.NUMBERS[kind])) for one in plain] for kind in ("taken", "given"))
    for order in (plain, given):
        assert order == sorted(order, reverse=True)
        assert len(set(order)) == nodes
    assert min(taken) > max(plain)
    assert min(plain) > max(given)
    assert min(given) >= 1
    # Not FAULT, which is -254.
    assert min(choices.NUMBERS.values()) > choices.LET_GO


def test_what_a_killed_run_left_in_fault_is_no_choice_and_goes(places: Places) -> None:
    choices.choose(places, {1: "given", 2: "taken"})
    Path(places.choice(3)).write_bytes(choices.text_of(choices.LET_GO, "let go"))
    assert choices.read_choices(places) == {1: "given", 2: "taken", 3: "left"}
    assert choices.by_choice(choices.read_choices(places)) == {"taken": [2], "given": [1]}
    choices.mend(places)
    assert choices.read_choices(places) == {1: "given", 2: "taken"}


def test_let_go_is_a_fault_until_the_kernel_serves_it_no_more(places: Places) -> None:
    serve(places, 1, 2, 3)
    choices.choose(places, {1: "taken"})
    seen: list[Any] = []

    def service() -> None:
        while not seen:
            text = Path(places.choice(2)).read_text() if Path(places.choice(2)).exists() else ""
            if text.startswith("-254\n"):
                seen.append(Path(places.choice(1)).read_text().split("\n")[0])
                serve(places, 3)

    thread = threading.Thread(target=service)
    thread.start()
    choices.let_go(places, {1: "given", 2: "home"}, 10)
    thread.join()
    assert seen == ["-254"]
    assert choices.read_choices(places) == {1: "given"}


def test_what_does_not_go_is_said_and_nothing_stays_in_fault(places: Places) -> None:
    serve(places, 1, 2)
    with pytest.raises(BootError, match=r"this node still serves buckets 1, 2 after 0 seconds"):
        choices.let_go(places, {1: "given", 2: "home"}, 0)
    assert choices.read_choices(places) == {1: "given"}
    with pytest.raises(BootError, match=r"has not got bucket 4 and still serves bucket 2 after 0 seconds"):
        choices.await_buckets(places, [1, 4], [2, 5], 0)
    choices.await_buckets(places, [1, 2], [4], 0)


def test_a_service_that_does_not_run_serves_nothing(places: Places) -> None:
    assert choices.served(places) == set()
