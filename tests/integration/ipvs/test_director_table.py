"""A director's table, now and at boot: weights that are held back or drained, what leaves, what stays of others."""

from __future__ import annotations

from typing import Any

from tests.support.guest_modules import GuestModules, command, module

VIP, MARK = {"address": "10.9.0.1", "port": 80}, {"fwmark": 7}
RS1, RS2 = "192.168.9.11", "192.168.9.12"
FOREIGN = ("ipvsadm", "--add-service", "--tcp-service", "10.9.0.1:8080", "--scheduler", "rr")
FILES = (
    *("/etc/lvs-cluster", "/var/lib/lvs-cluster", "/usr/local/lib/lvs-cluster"),
    "/etc/systemd/system/lvs-director-table.service",
)


def service(**weights: int) -> dict[str, Any]:
    """The service on the VIP with these destinations, by the last number of their addresses."""
    destinations = [
        {"address": f"192.168.9.{number[1:]}", "weight": weight, "forwarding": "dr"}
        for number, weight in weights.items()
    ]
    return {**VIP, "scheduler": "wrr", "destinations": destinations}


def table(box: GuestModules) -> list[str]:
    """Services and destinations as ipvsadm saves them."""
    (result,) = box.run(command("ipvsadm", "--save", "--numeric"))
    return sorted(result["stdout"].splitlines())


def line(address: str, weight: int) -> str:
    return f"-a -t 10.9.0.1:80 -r {address}:80 -g -w {weight}"


def have(box: GuestModules, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    (result,) = box.run(module("director_table", check=check, **arguments))
    assert "failed" not in result, result
    return result


def test_check_run_check_run_and_back(box: GuestModules) -> None:
    box.run(command(*FOREIGN))
    others = table(box)
    wanted: dict[str, Any] = {
        "services": [service(_11=1, _12=2), {**MARK, "destinations": [{"address": RS1, "forwarding": "tun"}]}]
    }
    assert have(box, check=True, **wanted)["changed"]
    assert table(box) == others
    assert have(box, **wanted)["changed"]
    there = table(box)
    assert {line(RS1, 1), line(RS2, 2), *others} < set(there)
    assert not have(box, check=True, **wanted)["changed"]
    assert not have(box, **wanted)["changed"]
    (enabled,) = box.run(command("systemctl", "is-enabled", "lvs-director-table"))
    assert enabled["stdout"] == "enabled\n"

    # What boots with it: an empty kernel, and the service as it is installed.
    box.run(command("ipvsadm", "--clear"), command("systemctl", "restart", "lvs-director-table"))
    assert set(table(box)) == set(there) - set(others)

    box.run(command(*FOREIGN))
    assert have(box, check=True, state="absent")["changed"]
    assert have(box, state="absent", drain_timeout=0)["changed"]
    assert table(box) == others
    assert not have(box, state="absent")["changed"]
    (left,) = box.run(command("ls", "-d", *FILES))
    assert left["stdout"] == ""


def test_what_is_not_prepared_is_held_back_until_it_is(box: GuestModules) -> None:
    unready = [{"address": RS2, "forwarding": "dr"}]
    first = have(box, services=[service(_11=1, _12=2)], unready=unready)
    assert first["held"] == ["tcp 10.9.0.1:80 -> 192.168.9.12:80"]
    assert line(RS2, 0) in table(box)
    # At boot, too.
    box.run(command("ipvsadm", "--clear"), command("systemctl", "restart", "lvs-director-table"))
    assert line(RS2, 0) in table(box)
    assert not have(box, services=[service(_11=1, _12=2)], unready=unready)["changed"]
    second = have(box, services=[service(_11=1, _12=2)])
    assert (second["changed"], second["held"], second["drained"]) == (True, [], [])
    assert line(RS2, 2) in table(box)
    # It serves now, and a run that prepares nobody leaves it its weight.
    assert not have(box, services=[service(_11=1, _12=2)], unready=unready)["changed"]


def test_what_a_person_drained_stays_drained(box: GuestModules) -> None:
    have(box, services=[service(_11=1, _12=2)])
    edit = ("ipvsadm", "--edit-server", "--tcp-service", "10.9.0.1:80", "--real-server", f"{RS1}:80", "--gatewaying")
    box.run(command(*edit, "--weight", "0"))
    run = have(box, services=[service(_11=3, _12=4)])
    assert run["drained"] == ["tcp 10.9.0.1:80 -> 192.168.9.11:80"]
    assert {line(RS1, 0), line(RS2, 4)} < set(table(box))
    box.run(command("ipvsadm", "--clear"), command("systemctl", "restart", "lvs-director-table"))
    assert line(RS1, 0) in table(box)
    box.run(command(*edit, "--weight", "1"))
    assert have(box, services=[service(_11=3, _12=4)])["drained"] == []
    assert {line(RS1, 3), line(RS2, 4)} < set(table(box))


def test_weight_0_of_the_inventory_is_no_persons(box: GuestModules) -> None:
    have(box, services=[service(_11=1, _12=0)])
    have(box, services=[service(_11=1, _12=5)])
    assert line(RS2, 5) in table(box)


def test_what_leaves_may_stay_until_all_else_was_changed(box: GuestModules) -> None:
    have(box, services=[service(_11=1, _12=2), {**MARK, "destinations": []}])
    first = have(box, services=[service(_11=1)], purge=False)
    assert sorted(first["stale"]) == ["fwmark 7", "tcp 10.9.0.1:80 -> 192.168.9.12:80"]
    assert line(RS2, 2) in table(box)
    second = have(box, services=[service(_11=1)])
    assert (second["changed"], second["stale"]) == (True, [])
    assert table(box) == ["-A -t 10.9.0.1:80 -s wrr", line(RS1, 1)]
    # It comes back: the 0 that it had while it left was ours.
    have(box, services=[service(_11=1, _12=2)])
    assert line(RS2, 2) in table(box)


def test_bad_input_is_told_at_once_and_changes_nothing(box: GuestModules) -> None:
    have(box, services=[service(_11=1)])
    before = table(box)
    bad = [{**VIP, "destinations": [{"address": RS1, "forwarding": "dr", "port": 81}, {"address": "x"}]}]
    (result,) = box.run(module("director_table", services=bad))
    assert result["failed"]
    assert "destinations[0].port" in result["msg"]
    assert "destinations[1].address" in result["msg"]
    assert table(box) == before
