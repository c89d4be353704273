"""return_route and its agent as programs, in network and mount namespaces of their own."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.watch import BETWEEN
from tests.unit.plugins.netns import Host, wait_for_sleep

AGENT = "/usr/local/lib/lvs-cluster/return-route"
ROUTE = {"source": "192.168.0.12", "network": "192.168.0.0/24", "gateway": "192.168.0.1", "interface": "eth0"}
SIX = {"family": "ipv6", "source": "fd00::12", "network": "fd00::/64", "gateway": "fd00::1"}
POLICY: dict[str, Any] = {"routes": [ROUTE, SIX], "connection": ""}
FORM_DEFAULT: dict[str, Any] = {"form": "default", "routes": [ROUTE], "connection": ""}
ABSENT: dict[str, Any] = {"state": "absent", "connection": ""}
FAR = "203.0.113.9 50000 192.168.0.12 22"
# Debian 13 has no such folder.
TAKEN = "mkdir -p /etc/iproute2; echo 200 vpn >> /etc/iproute2/rt_tables"
# A process that has slept for so long has no look before it: one begins at most BETWEEN after the event.
LOOKED = BETWEEN + 0.5
BACK = "default via 192.168.0.254 dev eth0 proto static mtu lock 1300"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path / "host") as found:
        found.cable("eth0", "wire")
        for words in ("addr add 192.168.0.12/24 dev eth0", "-6 addr add fd00::12/64 dev eth0 nodad"):
            found.run("ip", *words.split())
        yield found


def standing(host: Host) -> str:
    """Rules and default routes, without the spaces that ip puts at the end of a line."""
    shows = [host.run("ip", *words.split()) for words in (
        "rule show", "-6 rule show", "route show table all default", "-6 route show table all default")]  # fmt: skip
    return "\n".join(line.strip() for line in "".join(shows).splitlines())


def eventually(host: Host, what: Callable[[str], bool]) -> None:
    """Wait longer than a busy machine needs. Without an event a service looks a minute later."""
    begun = time.monotonic()
    while not what(standing(host)):
        assert time.monotonic() - begun < 20, standing(host)
        time.sleep(0.05)


def test_policy_check_run_check_run_and_back(host: Host) -> None:
    before, names = standing(host), host.new_files()
    first = host.module("return_route", check=True, **POLICY)
    assert first["changed"]
    assert standing(host) == before
    assert host.new_files() == names

    done = host.module("return_route", **POLICY)
    assert done["diff"] == first["diff"]
    assert done["diff"]["after"]["rules"] == [
        "5000: from 192.168.0.12 lookup main, its default route left out",
        "5000: from fd00::12 lookup main, its default route left out",
        "5001: from 192.168.0.12 lookup LVS",
        "5001: from fd00::12 lookup LVS",
    ]
    far, near = (host.run("ip", "route", "get", to, "from", "192.168.0.12") for to in ("203.0.113.9", "192.168.0.50"))
    assert "via 192.168.0.1 dev eth0 table LVS" in far
    assert "via" not in near
    assert "via fd00::1 dev eth0" in host.run("ip", "-6", "route", "get", "2001:db8::1", "from", "fd00::12")
    assert host.calls()[-3:] == [
        "systemctl daemon-reload",
        "systemctl enable --quiet lvs-return-route.service",
        "systemctl restart lvs-return-route.service",
    ]

    assert not host.module("return_route", check=True, **POLICY)["changed"]
    assert not host.module("return_route", **POLICY)["changed"]

    host.module("return_route", **ABSENT)
    assert standing(host) == before
    assert host.new_files() == names
    assert not host.module("return_route", **ABSENT)["changed"]


@pytest.mark.parametrize("form", ["policy", "default"])
def test_another_gateway_waits_until_it_is_said_to_be_there(host: Host, form: str) -> None:
    """A route that is missing does not wait, nor one that a director without a change of gateway needs."""
    here: dict[str, Any] = {"form": form, "routes": [ROUTE], "connection": ""}
    there: dict[str, Any] = {**here, "routes": [{**ROUTE, "gateway": "192.168.0.254"}]}
    first = host.module("return_route", turn=False, **here)
    assert (first["changed"], first["turns"]) == (True, False)
    before = standing(host)
    assert "via 192.168.0.1 " in before
    for check in (True, False):
        waits = host.module("return_route", check=check, turn=False, **there)
        assert (waits["changed"], waits["turns"], waits["steps"]) == (False, True, [])
    assert standing(host) == before
    turned = host.module("return_route", **there)
    assert (turned["changed"], turned["turns"]) == (True, False)
    assert "via 192.168.0.254 " in standing(host)
    assert "via 192.168.0.1 " not in standing(host)
    again = host.module("return_route", turn=False, **there)
    assert (again["changed"], again["turns"]) == (False, False)


def test_a_default_route_of_others_in_our_table_stays(host: Host) -> None:
    """Somebody followed a recipe by hand: it leads to the same gateway, and is his."""
    host.run("ip", "route", "add", "default", "via", "192.168.0.1", "table", "200")
    before = standing(host)
    host.module("return_route", **POLICY)
    lines = [line for line in standing(host).splitlines() if "table LVS" in line and line.startswith("default")]
    assert [line for line in lines if "proto 152" not in line] == ["default via 192.168.0.1 dev eth0 table LVS"]
    assert any("proto 152" in line for line in lines)
    assert not host.module("return_route", **POLICY)["changed"]
    host.module("return_route", **ABSENT)
    assert standing(host) == before


def test_what_is_missing_live_is_seen_and_put_back(host: Host) -> None:
    host.module("return_route", **POLICY)
    host.run("ip", "rule", "del", "priority", "5001")
    result = host.module("return_route", **POLICY)
    assert result["steps"] == ["ip -4 rule add from 192.168.0.12 lookup 200 priority 5001 protocol 152"]
    assert result["diff"]["before"].keys() == {"rules"}


def test_rt_tables_stays_and_a_missing_folder_is_made_and_removed(host: Host) -> None:
    host.run("rm", "-rf", "/etc/iproute2")
    host.module("return_route", **POLICY)
    assert host.run("cat", "/etc/iproute2/rt_tables.d/lvs.conf").endswith("lost\n200 LVS\n")
    host.module("return_route", **ABSENT)
    assert "iproute2" not in host.run("ls", "/etc").split()


def test_the_default_form_replaces_records_and_restores_word_for_word(host: Host) -> None:
    host.run("ip", "route", "add", *BACK.split())
    host.run("ip", "route", "add", "default", "via", "192.168.0.253", "metric", "100")
    before = standing(host)
    host.module("return_route", **FORM_DEFAULT)
    assert "default via 192.168.0.1 dev eth0 proto 152" in standing(host)
    assert "default via 192.168.0.253 dev eth0 metric 100" in standing(host)
    assert BACK not in standing(host)
    assert not host.module("return_route", **FORM_DEFAULT)["changed"]

    host.module("return_route", **POLICY)
    assert BACK in standing(host)
    host.module("return_route", **FORM_DEFAULT)
    result = host.module("return_route", **ABSENT)
    assert len(result["restored"]) == 1
    assert standing(host) == before


def test_a_default_route_that_leads_there_already_stays(host: Host) -> None:
    host.run("ip", "route", "add", "default", "via", "192.168.0.1")
    before = standing(host)
    assert host.module("return_route", **FORM_DEFAULT)["steps"] == []
    host.module("return_route", **ABSENT)
    assert standing(host) == before


def test_a_restored_route_whose_interface_is_gone_is_a_warning(host: Host) -> None:
    host.run("ip", "link", "add", "old", "type", "veth", "peer", "name", "old-wire")
    for words in (
        "link set old up",
        "link set old-wire up",
        "addr add 10.9.0.2/24 dev old",
        "route add default via 10.9.0.1",
    ):
        host.run("ip", *words.split())
    host.module("return_route", **FORM_DEFAULT)
    host.run("ip", "link", "del", "old")
    result = host.module("return_route", **ABSENT)
    assert "did not come back" in json.dumps(result["warnings"])
    assert "152" not in standing(host)


@pytest.mark.parametrize(
    ("prepare", "route", "fault"),
    [
        ("true", {"interface": "eth7"}, "interface eth7 does not exist on this host"),
        ("true", {"gateway": "192.168.1.1"}, "gateway 192.168.1.1 is not in network"),
        (TAKEN, {}, "has table 200 vpn, which clashes with 200 LVS"),
        ("ip route add default via 192.168.0.7 table 200", {}, "table 200 already has a default route via 192.168.0.7"),
    ],
)
def test_bad_input_changes_nothing(host: Host, prepare: str, route: dict[str, str], fault: str) -> None:
    host.run("sh", "-c", prepare)
    before, names = standing(host), host.new_files()
    result = host.module("return_route", routes=[{**ROUTE, **route}], connection="")
    assert result["failed"]
    assert fault in result["msg"]
    assert standing(host) == before
    assert host.new_files() == names


def test_a_failure_half_way_puts_everything_back(host: Host) -> None:
    host.run("ip", "route", "add", *BACK.split())
    before, names = standing(host), host.new_files()
    host.program("systemctl", "#!/bin/sh\ncase $1 in is-*) exit 1;; enable) echo no >&2; exit 1;; esac\n")
    result = host.module("return_route", **FORM_DEFAULT)
    assert "systemctl enable --quiet lvs-return-route.service failed with status 1: no" in result["msg"]
    assert "the state before this run was put back" in result["msg"]
    assert standing(host) == before
    assert host.new_files() == names


# --- the timed rollback -----------------------------------------------------------------------------------------


def rollback_words(host: Host) -> list[str]:
    """The command that systemd-run was asked to start later."""
    (armed,) = [call for call in host.calls() if "--unit" in call]
    assert "--unit=lvs-return-route-rollback --on-active=30 " in armed
    return armed.split(" --collect ")[1].split()


def test_rollback_is_armed_only_when_the_connection_moves(host: Host) -> None:
    near = host.module("return_route", **{**POLICY, "connection": "192.168.0.50 50000 192.168.0.12 22"})
    assert not near["rollback_armed"]
    assert not [call for call in host.calls() if call.startswith("systemd-run")]
    assert host.module("return_route", check=True, **{**ABSENT, "connection": FAR})["rollback_armed"]
    assert not [call for call in host.calls() if call.startswith("systemd-run")]


def test_an_unconfirmed_change_is_undone_and_a_late_confirmation_refused(host: Host) -> None:
    host.run("ip", "route", "add", *BACK.split())
    before, names = standing(host), host.new_files()
    result = host.module("return_route", **{**FORM_DEFAULT, "connection": FAR, "rollback_timeout": 30})
    assert result["rollback_armed"]
    assert standing(host) != before
    assert not host.module("return_route", **FORM_DEFAULT)["changed"]
    assert host.module("return_route", **FORM_DEFAULT)["rollback_armed"]  # still waits for its confirmation

    host.run(*rollback_words(host))
    assert standing(host) == before
    assert set(host.new_files()) - set(names) == {"/var/lib/lvs-cluster/return-route-undone.json"}
    assert "was undone" in host.module("return_route", state="confirmed")["msg"]
    assert host.module("return_route", **FORM_DEFAULT)["changed"]


def test_an_unconfirmed_removal_is_undone(host: Host) -> None:
    host.run("ip", "route", "add", *BACK.split())
    host.module("return_route", **POLICY)
    before, names = standing(host), host.new_files()
    host.calls()
    assert host.module("return_route", **{**ABSENT, "connection": FAR, "rollback_timeout": 30})["rollback_armed"]
    assert "152" not in standing(host)
    host.run(*rollback_words(host))
    assert standing(host) == before
    assert set(names) < set(host.new_files())
    assert "systemctl --no-block restart lvs-return-route.service" in host.calls()


HELD = """
import json, sys
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.lvs.cluster.plugins.module_utils._boot import alone as locks
from ansible_collections.lvs.cluster.plugins.module_utils._return_route import agent, change
from ansible_collections.lvs.cluster.plugins.modules.return_route import main
agent.alone = change.alone = lambda: locks.alone("return-route", 0.1)
with locks.alone("return-route"), patch_module_args(json.loads(sys.argv[1])):
    main()
"""


def test_a_lock_that_is_never_free_changes_nothing(host: Host) -> None:
    before, names = standing(host), host.new_files()
    for arguments in (POLICY, {**POLICY, "connection": FAR}):
        argv = host.argv(sys.executable, "-c", HELD, json.dumps(arguments))
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=host.folder)
        message = json.loads(done.stdout)["msg"]
        assert "another process has had /run/lvs-cluster-return-route.lock locked for 0.1 s" in message
        assert message.endswith("; nothing was changed")
    assert standing(host) == before
    assert host.new_files() == names
    assert not [call for call in host.calls() if "lvs-return-route.service" in call and "restart" in call]


def test_what_the_service_mends_in_between_is_planned_again(host: Host) -> None:
    """By the plan of before our route would stay, and the other's would be forgotten."""
    host.module("return_route", **FORM_DEFAULT)
    host.run("ip", "route", "replace", *BACK.split())
    # Called after the run has read the routes, and before it has the lock.
    host.program("systemctl", f"#!/bin/sh\nip route show | grep -q 'proto 152' || [ ! -e {AGENT} ] || {AGENT} apply\n")
    result = host.module("return_route", **ABSENT)
    assert result.get("changed"), result
    assert BACK in standing(host)
    assert "152" not in standing(host)


def test_a_confirmed_change_stays(host: Host) -> None:
    host.run("ip", "route", "add", *BACK.split())
    host.module("return_route", **{**POLICY, "connection": FAR, "rollback_timeout": 30})
    words = rollback_words(host)
    assert host.module("return_route", check=True, state="confirmed")["changed"]
    assert host.module("return_route", state="confirmed")["changed"]
    assert host.calls()[-1] == "systemctl stop lvs-return-route-rollback.timer"
    assert not host.module("return_route", state="confirmed")["changed"]
    assert "/var/lib/lvs-cluster/return-route-rollback" not in "".join(host.new_files())
    gone = subprocess.run(host.argv(*words), capture_output=True, check=False)
    assert gone.returncode != 0
    assert not host.module("return_route", **POLICY)["changed"]


def test_without_systemd_run_nothing_is_changed(host: Host) -> None:
    host.run("ip", "route", "add", *BACK.split())
    before, names = standing(host), host.new_files()
    host.program("systemd-run", "#!/bin/sh\nexit 127\n")
    result = host.module("return_route", **{**POLICY, "connection": FAR})
    assert "systemd-run, which would undo it" in result["msg"]
    assert standing(host) == before
    assert host.new_files() == names


# --- the agent --------------------------------------------------------------------------------------------------


@contextmanager
def service(host: Host) -> Iterator[tuple[Path, int]]:
    """The agent as systemd would run it, ready; gives its log and its process number (nsenter becomes the program)."""
    log = host.folder / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, log.open("w") as stream:
        # Not an abstract name: those belong to a network namespace.
        ready.bind(str(host.folder / "notify"))
        ready.settimeout(10)
        process = subprocess.Popen(
            host.argv("env", f"NOTIFY_SOCKET={ready.getsockname()}", AGENT, "run"), stderr=stream
        )
        try:
            assert ready.recv(100) == b"READY=1"
        except BaseException:
            process.kill()
            process.wait()
            raise
    try:
        yield log, process.pid
    finally:
        process.terminate()
        process.wait()


def whole(text: str) -> bool:
    return text.count("from 192.168.0.12") == 2 and "default via 192.168.0.1 dev eth0 table LVS proto 152" in text


def test_the_service_puts_back_what_is_taken_and_stopping_it_removes_nothing(host: Host) -> None:
    host.module("return_route", **POLICY)
    host.run(AGENT, "remove")
    assert "152" not in standing(host)
    with service(host) as (log, _pid):
        eventually(host, whole)  # as at boot
        # What a restart of systemd-networkd does to rules and routes that it does not know.
        host.run("sh", "-c", "ip rule del priority 5000; ip rule del priority 5001; ip route flush table 200")
        eventually(host, whole)
        host.run("sh", "-c", "ip link set eth0 down; ip link set eth0 up")
        eventually(host, whole)
        assert "put back: ip -4 route replace default" in log.read_text()
    assert whole(standing(host))


def test_the_service_waits_for_an_interface_and_keeps_quiet(host: Host) -> None:
    host.module("return_route", **POLICY)
    host.run("ip", "link", "set", "eth0", "down")
    with service(host) as (log, _pid):
        assert log.read_text().count("not possible now") == 1
        host.run("ip", "link", "set", "eth0", "up")
        eventually(host, whole)


def test_the_service_takes_the_default_route_back(host: Host) -> None:
    host.module("return_route", **FORM_DEFAULT)
    with service(host):
        host.run("ip", "route", "replace", *BACK.split())
        eventually(host, lambda text: "default via 192.168.0.1 dev eth0 proto 152" in text)
    host.module("return_route", **ABSENT)
    assert BACK in standing(host)


def test_the_service_does_not_repair_what_absent_takes_away(host: Host) -> None:
    host.module("return_route", **POLICY)
    with service(host) as (_log, pid):
        host.module("return_route", **ABSENT)
        wait_for_sleep(pid, LOOKED)
        assert "152" not in standing(host)


def test_an_idle_service_is_idle(host: Host) -> None:
    host.module("return_route", **POLICY)
    ip, notes = shutil.which("ip"), host.folder / "looks"
    host.program("ip", f'#!/bin/sh\necho "$*" >> {notes}\nexec {ip} "$@"\n')
    with service(host) as (_log, pid):
        each = len(notes.read_text().splitlines())
        # Somebody else's routes come and go: nothing of ours is missing, so there is at most one look a second.
        begun = time.monotonic()
        change = f"{ip} route add 10.0.$n.0/24 via 192.168.0.7; {ip} route del 10.0.$n.0/24; sleep 0.02"
        host.run("sh", "-c", f"for n in $(seq 60); do {change}; done")
        most = 2 + (time.monotonic() - begun) / BETWEEN
        wait_for_sleep(pid, LOOKED)
        looks = len(notes.read_text().splitlines()) / each
        assert 1 < looks <= most
        resident = Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]
        assert int(resident) < 40_000


def test_a_reboot_before_the_confirmation_undoes_the_change(host: Host) -> None:
    host.run("ip", "route", "add", *BACK.split())
    before = standing(host)
    host.module("return_route", **{**POLICY, "connection": FAR})
    pending = "/var/lib/lvs-cluster/return-route-rollback/pending.json"
    host.run("sed", "-i", 's/"boot_id": "[^"]*"/"boot_id": "an earlier one"/', pending)
    with service(host):
        eventually(host, lambda text: text == before)


def test_a_removal_that_a_reboot_left_unconfirmed_is_over(host: Host) -> None:
    """Its timer went with the boot and its service with the removal: nothing waits, and nothing is undone later."""
    host.module("return_route", **POLICY)
    host.module("return_route", state="absent", connection=FAR)
    pending = "/var/lib/lvs-cluster/return-route-rollback/pending.json"
    early = ("sed", "-i", 's/"boot_id": "[^"]*"/"boot_id": "an earlier one"/', pending)
    host.run(*early)
    confirmed = host.module("return_route", state="confirmed")
    assert (confirmed["changed"], confirmed["rollback_armed"]) == (False, False)
    host.module("return_route", **POLICY)
    host.module("return_route", state="absent", connection=FAR)
    host.run(*early)
    host.module("return_route", **{**POLICY, "routes": [ROUTE]})
    wanted = standing(host)
    with service(host):
        assert "pending.json" not in host.run("find", "/var/lib/lvs-cluster")
        eventually(host, lambda text: text == wanted)


def test_through_ansible_as_a_zip_of_its_own(host: Host) -> None:
    """The agent's source must be found when the module runs out of AnsiballZ's archive."""
    arguments = json.dumps(POLICY)
    ansible = (
        "ansible",
        "localhost",
        "-i",
        "localhost,",
        "-c",
        "local",
        "-e",
        "ansible_python_interpreter=/usr/bin/python3",
    )
    words = [*ansible, "-m", "lvs.cluster.return_route", "-a", arguments]
    collections = f"ANSIBLE_COLLECTIONS_PATH={Path(__file__).parents[4] / '.venv' / 'collections'}"
    assert "CHANGED" in host.run("env", collections, *words)
    assert whole(standing(host))
    assert "SUCCESS" in host.run("env", collections, *words)
    assert host.run("head", "-c", "2", AGENT) == "#!"
