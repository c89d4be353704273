# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person chose for a bucket on this node: a file of its own whose number keepalived adds to the priority.

keepalived hears of the file by inotify and adds the number at once, without a reload (2.2.7 and 2.3.3:
process_update_vrrp_track_file_status). It keeps priorities within 1 to 254. Those of the plan are 128 to 250, so a
bucket that is taken has 254, above all, and one that is given 1 to 123: below all that are not given, and among those
that are the order of the plan is kept. A node in FAULT because of its health has no bucket, whatever stands here.

-254 is FAULT: the node lets the bucket go and tells the others. That is how a bucket moves where VRRP does not preempt.
"""

from __future__ import annotations

import os
import re
import time
from typing import Collection, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import (
    read_file,
    read_json,
    remove_file,
    write_file,
)
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.settings import Places

__all__ = [
    "GIVEN",
    "HOME",
    "LEFT",
    "LET_GO",
    "NUMBERS",
    "TAKEN",
    "await_buckets",
    "buckets_of",
    "by_choice",
    "choice_of",
    "choose",
    "let_go",
    "mend",
    "read_choices",
    "served",
    "text_of",
]

TAKEN, GIVEN, HOME = "taken", "given", "home"
NUMBERS = {TAKEN: 253, GIVEN: -127}
LET_GO = -254
LEFT = "left"  # what a let_go() that was killed left: FAULT for ever, and nobody's choice
_NAME = re.compile(r"[1-9][0-9]{0,3}")
_NUMBER = re.compile(r"\s*([+-]?[0-9]+)")
_LOOK = 0.05  # seconds between two looks at what the service has written


def text_of(number: int, why: str) -> bytes:
    """The number, and behind it, where keepalived does not read, what it means."""
    return f"{number}\n# {why}, as lvs.cluster.buckets was told\n".encode()


def choice_of(text: str) -> str:
    """What the text of a file means, however somebody wrote it."""
    found = _NUMBER.match(text)
    number = int(found.group(1)) if found else 0
    if number <= LET_GO:
        return LEFT
    return TAKEN if number > 0 else GIVEN if number < 0 else HOME


def by_choice(choices: Mapping[int, str]) -> dict[str, list[int]]:
    """{"taken": [...], "given": [...]}, sorted."""
    return {kind: buckets_of(choices, kind) for kind in (TAKEN, GIVEN)}


def buckets_of(choices: Mapping[int, str], kind: str) -> list[int]:
    """The buckets with that choice, sorted."""
    return sorted(bucket for bucket, one in choices.items() if one == kind)


def read_choices(places: Places) -> dict[int, str]:
    """Bucket -> "taken" or "given" where a person has chosen, or "left"; BootError for what cannot be read."""
    try:
        names = os.listdir(places.choices_dir)
    except FileNotFoundError:
        return {}
    except OSError as exc:
        raise BootError(f"cannot read {places.choices_dir}: {exc}") from exc
    found = {}
    for name in names:
        placed = read_file(f"{places.choices_dir}/{name}") if _NAME.fullmatch(name) else None
        if placed is not None:
            choice = choice_of(placed.data.decode(errors="replace"))
            if choice != HOME:
                found[int(name)] = choice
    return found


def choose(places: Places, choices: Mapping[int, str]) -> None:
    """Notes these; "home" forgets one."""
    for bucket, choice in choices.items():
        if choice == HOME:
            remove_file(places.choice(bucket))
        else:
            write_file(places.choice(bucket), text_of(NUMBERS[choice], f"bucket {bucket} is {choice}"))


def mend(places: Places) -> None:
    """Forgets what is left of a let_go() that was killed; such a bucket would never be served here."""
    for bucket, choice in read_choices(places).items():
        if choice == LEFT:
            remove_file(places.choice(bucket))


def served(places: Places) -> set[int]:
    """The buckets that the service has had the kernel serve."""
    data = read_json(places.buckets)
    return set(data.get("buckets", [])) if data else set()


def let_go(places: Places, after: Mapping[int, str], seconds: float) -> None:
    """Puts these buckets into FAULT until the kernel serves none of them, and then notes what they are ``after`` that.

    Out of FAULT an instance waits three adverts and more, and the others, who were told, not even one.
    """
    try:
        for bucket in after:
            write_file(places.choice(bucket), text_of(LET_GO, f"bucket {bucket} is let go for a moment"))
        await_buckets(places, (), after, seconds)
    finally:
        choose(places, after)


def await_buckets(places: Places, serving: Collection[int], without: Collection[int], seconds: float) -> None:
    """Until the kernel serves the first and none of the second; BootError after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        has = served(places)
        missing, left = sorted(set(serving) - has), sorted(set(without) & has)
        if not missing and not left:
            return
        if time.monotonic() >= deadline:
            said = [f"has not got {_named(missing)}"] if missing else []
            said += [f"still serves {_named(left)}"] if left else []
            raise BootError(f"this node {' and '.join(said)} after {seconds:g} seconds")
        time.sleep(_LOOK)


def _named(buckets: Collection[int]) -> str:
    return f"bucket{'s' if len(buckets) > 1 else ''} {', '.join(map(str, buckets))}"
