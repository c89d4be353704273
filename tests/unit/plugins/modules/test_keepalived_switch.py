# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""With real packets, in a network namespace, and a process that counts signals in the place of keepalived."""

from __future__ import annotations

import contextlib
import os
import select
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import HEADER
from tests.unit.plugins.module_utils._keepalived.packets import ah, body, ipv4, ipv6
from tests.unit.plugins.modules.rollout import NEW, OLD, SECONDS, Director, a_director, text


@pytest.fixture
def director(tmp_path: Path) -> Iterator[Director]:
    with a_director(tmp_path / "host") as found:
        yield found


@pytest.fixture
def backup(director: Director) -> Director:
    director.start()
    return director


def advert(source: str = "10.0.0.3", **words: Any) -> bytes:
    return ipv4(body(**words), source=source)


# -- following


def test_a_backup_follows_the_changed_advert(backup: Director) -> None:
    result = backup.switch("follow")
    assert (result["following"], result["changed"], result["switched_by"]) == (True, False, "nothing")
    backup.send(advert())
    sent = backup.send(advert(password=b"simsim"))
    moment, new = backup.loaded()
    assert new
    assert moment > sent
    result = backup.switch("finish")
    assert (result["changed"], result["switched_by"], result["running"]) == (True, "advert", True)
    assert result["reason"] == "advert of 10.0.0.3, virtual router 51 on eth0 as in the staged configuration"
    assert 0 < result["seconds"] < SECONDS
    assert (backup.dest.read_text(), backup.next.exists(), result["pending"]) == (NEW, False, False)
    again = backup.switch("finish")
    assert (again["changed"], again["switched_by"]) == (False, "nothing")
    assert backup.signals() == 0
    assert not backup.saved.exists()


def test_keepalived_is_told_at_once(backup: Director) -> None:
    """The median of three, because this machine may have been busy at one of them."""
    until_signal, told = [], []
    for _turn in range(3):
        backup.dest.write_text(OLD)
        backup.next.write_text(NEW)
        backup.switch("follow")
        sent = backup.send(advert(password=b"simsim"))
        until_signal.append(backup.loaded()[0] - sent)
        told.append(backup.switch("finish")["seconds"])
    print(f"from the advert to the signal: {until_signal} s, {told} s of them the process's own")
    assert statistics.median(until_signal) < 0.25
    assert statistics.median(told) < 0.25


def test_the_process_needs_no_file_of_the_module(backup: Director) -> None:
    """As Ansible runs it: from an archive that is gone afterwards."""
    words = f"state=follow dest={backup.dest}"
    backup.host.run("ansible", "localhost", "-c", "local", "-m", "lvs.cluster.keepalived_switch", "-a", words)
    backup.send(advert(password=b"simsim"))
    assert backup.loaded()[1]
    assert backup.switch("finish")["switched_by"] == "advert"


def v3(interval: int = 100, **words: Any) -> bytes:
    return ipv4(body(version=3, interval=interval, **words), source="10.0.0.3")


V6_TEXT = HEADER + "\nvrrp_instance A {\ninterface eth0\nvirtual_router_id 6\nvirtual_ipaddress {\nfe80::5\nVIP\n}\n}\n"


def v6(address: str, source: str = "fe80::3") -> bytes:
    return ipv6(body(version=3, router=6, interval=100, addresses=("fe80::5", address)), source=source)


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        (text(words="version 3"), text(words="version 3\nadvert_int 0.1"), v3(), v3(10)),
        (V6_TEXT.replace("VIP", "fd00::5"), V6_TEXT.replace("VIP", "fd00::6"), v6("fd00::5"), v6("fd00::6")),
        (OLD, text(words="mcast_dst_ip 224.0.0.99"), advert(), ipv4(body(), to="224.0.0.99")),
        (OLD, OLD.replace("51", "61"), advert(), advert(priority=0)),
        (OLD, NEW, advert(), advert(addresses=("10.0.0.5",))),
        (
            OLD.replace("PASS\n", "AH\n"),
            OLD.replace("PASS\n", "AH\n").replace("10.0.0.6", "10.0.0.7"),
            ipv4(ah(body(auth_type=2)), protocol=51),
            ipv4(ah(body(auth_type=2, addresses=("10.0.0.5", "10.0.0.7"))), protocol=51),
        ),
        ("include elsewhere\n" + OLD, NEW, advert(), advert(password=b"simsim")),
    ],
    ids=["version 3", "ipv6", "group", "goodbye", "unexpected", "ah", "unreadable"],
)
def test_what_is_followed(backup: Director, old: str, new: str, before: bytes, after: bytes) -> None:
    backup.dest.write_text(old)
    backup.next.write_text(new)
    assert backup.switch("follow")["following"]
    backup.send(before)
    backup.send(after)
    backup.loaded()
    assert backup.switch("finish")["switched_by"] == "advert"
    assert backup.dest.read_text() == new


def test_what_is_not_followed(backup: Director) -> None:
    assert backup.switch("follow")["following"]
    for packet in (
        advert(),
        advert(priority=7),
        advert(priority=0),
        ipv4(body(), source="10.0.0.3", ttl=1),
        advert(addresses=("10.0.0.6", "10.0.0.5")),
        advert(source="10.0.0.4", password=b"simsim"),  # our own
        advert(router=77, password=b"simsim"),
        advert(source="10.0.0.99", password=b"strange"),
        ipv4(body(password=b"simsim"), source="10.0.0.3", protocol=17),
        advert(password=b"simsim")[:36],
    ):
        backup.send(packet)
    # What is sent after it is heard after it.
    backup.send(advert(source="10.0.0.8", password=b"simsim"))
    backup.loaded()
    assert backup.signals() == 0
    result = backup.switch("finish")
    assert (result["switched_by"], result["reason"].split(",")[0]) == ("advert", "advert of 10.0.0.8")


def test_a_file_of_somebody_else_is_kept(backup: Director) -> None:
    foreign = OLD.replace(HEADER, "# mine")
    backup.dest.write_text(foreign)
    backup.switch("follow")
    backup.send(advert(password=b"simsim"))
    backup.loaded()
    backup.switch("finish")
    assert (backup.saved.read_text(), backup.dest.read_text()) == (foreign, NEW)


def test_after_the_timeout_all_is_as_before(backup: Director) -> None:
    assert backup.switch("follow", timeout=1)["following"]
    follower = backup.outcome()["process"][0]
    # It may have given up by now.
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(follower)
        try:
            assert select.select([descriptor], [], [], SECONDS)[0], "it did not give up"
        finally:
            os.close(descriptor)
    assert backup.outcome()["state"] == "timeout"
    assert (backup.dest.read_text(), backup.next.read_text()) == (OLD, NEW)
    assert backup.signals() == 0
    result = backup.switch("finish")
    assert (result["switched_by"], result["reason"]) == ("finish", "no advert told of the switch within 1 seconds")
    assert backup.loaded()[1]


def test_finish_ends_a_process_that_still_waits(backup: Director) -> None:
    backup.switch("follow")
    follower = backup.outcome()["process"][0]
    result = backup.switch("finish", wait=0)
    assert (result["changed"], result["switched_by"]) == (True, "finish")
    assert result["reason"] == "no advert told of the switch"
    assert backup.loaded()[1]
    assert not alive(follower)
    assert backup.signals() == 0
    assert not backup.switch("finish", wait=0)["changed"]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_finish_waits_for_an_advert_that_is_on_its_way(backup: Director) -> None:
    backup.switch("follow")
    with ThreadPoolExecutor() as pool:
        finishing = pool.submit(backup.switch, "finish", wait=SECONDS)
        backup.send(advert(password=b"simsim"))
        assert finishing.result()["switched_by"] == "advert"


def test_finish_does_not_wait_for_what_no_advert_tells(backup: Director) -> None:
    # Twice that long it would wait for an advert.
    slow = text(words="advert_int 60")
    backup.dest.write_text(slow)
    backup.next.write_text(slow + "# a comment\n")
    backup.switch("follow")
    before = time.monotonic()
    assert backup.switch("finish")["switched_by"] == "finish"
    assert time.monotonic() - before < SECONDS
    backup.loaded()


def test_a_second_follow_takes_the_place_of_the_first(backup: Director) -> None:
    backup.switch("follow")
    first = backup.outcome()["process"][0]
    assert backup.switch("follow")["following"]
    assert not alive(first)
    backup.send(advert(password=b"simsim"))
    backup.loaded()
    assert backup.switch("finish")["switched_by"] == "advert"
    assert backup.signals() == 0


def test_a_keepalived_that_was_restarted_meanwhile_is_told(backup: Director) -> None:
    backup.switch("follow")
    assert backup.keepalived is not None
    backup.keepalived.kill()
    backup.keepalived.wait()
    backup.start()
    backup.send(advert(password=b"simsim"))
    assert backup.loaded()[1]
    assert backup.switch("finish")["switched_by"] == "advert"


# -- leading


def test_lead(backup: Director) -> None:
    checked = backup.switch("lead", check=True)
    assert (checked["changed"], backup.dest.read_text()) == (True, OLD)
    result = backup.switch("lead")
    assert (result["changed"], result["switched_by"], result["pending"]) == (True, "lead", False)
    assert backup.loaded()[1]
    assert backup.dest.read_text() == NEW
    assert backup.switch("lead")["switched_by"] == "nothing"
    assert backup.signals() == 0


def test_what_must_run_before_keepalived_is_told(backup: Director) -> None:
    made = backup.host.folder / "made"
    backup.switch("lead", prepare=["cp", str(backup.dest), str(made)])
    assert backup.loaded()[1]
    assert made.read_text() == NEW


def test_keepalived_is_not_told_where_that_fails_and_the_next_run_makes_it_good(backup: Director) -> None:
    result = backup.switch("lead", prepare=["ls", "/nowhere"])
    assert "ls ended with 2, so keepalived was not told: ls: cannot access" in result["msg"]
    assert backup.signals() == 0
    assert backup.switch("lead")["changed"]
    assert backup.loaded()[1]


def test_without_keepalived_the_file_is_put_in_its_place(director: Director) -> None:
    assert director.switch("follow")["following"] is False
    result = director.switch("finish")
    assert (result["changed"], result["switched_by"], result["running"]) == (True, "finish", False)
    assert (director.dest.read_text(), result["pending"]) == (NEW, False)


@pytest.mark.parametrize("state", ["follow", "lead", "finish"])
def test_nothing_staged(backup: Director, state: str) -> None:
    backup.next.unlink()
    result = backup.switch(state)
    assert (result["changed"], result["switched_by"], result["following"]) == (False, "nothing", False)
    assert result["running"]
    assert backup.signals() == 0


def test_check_mode_starts_nothing(backup: Director) -> None:
    assert not backup.switch("follow", check=True)["following"]
    assert backup.switch("finish", check=True)["changed"]
    assert "lvs-cluster" not in backup.host.run("ls", "/run")


def test_what_needs_a_restart_is_not_signalled(backup: Director) -> None:
    backup.next.write_text(NEW + "net_namespace red\n")
    result = backup.switch("lead")
    said = "the network namespace (net_namespace)"
    assert (result["changed"], result["pending"], result["restart"]) == (True, True, said)
    assert backup.signals() == 0
    later = backup.config(backup.dest.read_text())
    assert (later["changed"], later["pending"], later["restart"]) == (False, True, said)


@pytest.mark.parametrize("words", [{"timeout": 0}, {"wait": -1}])
def test_faults(backup: Director, words: dict[str, Any]) -> None:
    assert backup.switch("follow", **words)["failed"]
