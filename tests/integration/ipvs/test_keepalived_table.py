"""keepalived's configuration of before and of now, and a table that has not followed, in the kernel."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._history import entries, kept
from tests.support.guest_modules import GuestModules, command, module

FOLDER = "/srv/keepalived-table"
CONFIG = f"{FOLDER}/keepalived.conf"
GROUP = """
global_defs {{
    {daemon}
}}
virtual_server_group G {{
    {addresses}
}}
virtual_server group G {{
    lvs_sched wrr
    lvs_method NAT
    {servers}
}}
"""
FIRST = "real_server 192.168.9.11 80 { \n weight 20 \n uthreshold 1000 \n }"
SECOND = "real_server 192.168.9.12 80 { \n weight 8 \n }"
BEFORE = GROUP.format(
    daemon="lvs_sync_daemon lo id 3", addresses="10.9.0.1 80\n10.9.0.2 80", servers=f"{FIRST}\n{SECOND}"
)
NOW = GROUP.format(daemon="router_id lb1", addresses="10.9.0.1 80", servers=FIRST.replace("1000", "200"))
# What the configuration of before asked for, and in the first service what somebody added.
TABLE = """-A -t 10.9.0.1:80 -s wrr
-a -t 10.9.0.1:80 -r 192.168.9.11:80 -m -w 0 -x 1000
-a -t 10.9.0.1:80 -r 192.168.9.12:80 -m -w 8
-a -t 10.9.0.1:80 -r 192.168.9.99:80 -m -w 1
-A -t 10.9.0.2:80 -s wrr
-a -t 10.9.0.2:80 -r 192.168.9.11:80 -m -w 20 -x 1000
-A -t 10.9.0.3:80 -s rr
"""
DONE = [
    "delete virtual service tcp 10.9.0.2:80",
    "edit destination 192.168.9.11:80 of virtual service tcp 10.9.0.1:80",
    "delete destination 192.168.9.12:80 of virtual service tcp 10.9.0.1:80",
    "stop the sync daemon backup",
]


def put(box: GuestModules, now: str, *before: str) -> None:
    """These configurations: the one that is in force, and those that are kept, oldest first."""
    box.run(command("rm", "-rf", kept.FOLDER), command("mkdir", "-p", FOLDER, kept.FOLDER))
    files = {CONFIG: now}
    for second, text in enumerate(before):
        time = datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC)
        name = entries.Entry("keepalived.conf", time, entries.digest(text)).name
        files[f"{kept.FOLDER}/{name}"] = text
    box.run(*({**command("tee", path), "stdin": text} for path, text in files.items()))


def finish(box: GuestModules, *, check: bool = False) -> dict[str, Any]:
    (result,) = box.run(module("keepalived_table", check=check, config=CONFIG))
    assert "failed" not in result, result
    return result


def there(box: GuestModules) -> str:
    """The table with thresholds, and the sync daemons."""
    listed = box.run(
        *(command("ipvsadm", "-L", "-n", word) for word in ("--thresholds", "--daemon")), command("ipvsadm", "-Sn")
    )
    return "".join(result["stdout"] for result in listed)


@pytest.fixture
def left(box: GuestModules) -> GuestModules:
    """The guest with a table that keepalived has left so."""
    (loaded, started) = box.run(
        {**command("ipvsadm", "--restore"), "stdin": TABLE},
        command("ipvsadm", "--start-daemon", "backup", "--mcast-interface", "lo", "--syncid", "3"),
    )
    assert (loaded["rc"], started["rc"]) == (0, 0), (loaded, started)
    return box


def test_what_was_left_undone_is_done_once(left: GuestModules) -> None:
    put(left, NOW, "global_defs {\n}\n", BEFORE)
    before = there(left)
    assert (finish(left, check=True)["corrected"], there(left)) == (DONE, before)
    done = finish(left)
    assert (done["changed"], done["corrected"]) == (True, DONE)
    after = there(left)
    assert "backup sync daemon" not in after
    # Its weight is what a health check has made it.
    assert "-a -t 10.9.0.1:80 -r 192.168.9.11:80 -m -w 0\n" in after
    assert re.search(r"192\.168\.9\.11:80 +200 +0 ", after)
    assert "10.9.0.2" not in after
    assert "192.168.9.12" not in after
    assert "-a -t 10.9.0.1:80 -r 192.168.9.99:80 -m -w 1" in after
    assert "-A -t 10.9.0.3:80 -s rr" in after
    again = finish(left)
    assert (again["changed"], again["corrected"], there(left)) == (False, [], after)


def test_without_a_configuration_of_before_nothing_goes(left: GuestModules) -> None:
    put(left, NOW)
    assert finish(left)["corrected"] == [DONE[1]]
    for path in (CONFIG, kept.FOLDER):
        left.run(command("rm", "-rf", path))
    assert not finish(left)["changed"]


def test_what_includes_other_files_is_not_compared(left: GuestModules) -> None:
    put(left, f"include other.conf\n{NOW}", BEFORE)
    before = there(left)
    result = finish(left)
    assert (result["changed"], there(left)) == (False, before)
    assert result["msg"].startswith("nothing was compared: ")
