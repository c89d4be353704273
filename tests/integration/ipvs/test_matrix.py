"""Every scheduler, flag, family and tunnel: check, run, check, run and the round trip, with ipvsadm as the witness."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.guest_modules import GuestModules, command, module

LIST = command("ipvsadm", "--list", "--numeric")
THRESHOLDS = command("ipvsadm", "--list", "--numeric", "--thresholds")
TUNNELS = command("ipvsadm", "--list", "--numeric", "--tun-info")

TCP: dict[str, Any] = {"address": "10.9.0.1", "port": 80}
UDP = {**TCP, "protocol": "udp"}
TCP6 = {"address": "2001:db8:9::1", "port": 80}
MARK, MARK6 = {"fwmark": 2**31 + 7}, {"fwmark": 2**32 - 2, "family": "ipv6"}
# ipvsadm prints a mark as a signed number.
MARK_LINE, MARK6_LINE = "FWM -2147483641", "FWM -2 IPv6"
EACH = [
    *((TCP, {"scheduler": name}, f"TCP 10.9.0.1:80 {name}") for name in
      ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf")),
    *((TCP, {"scheduler": name, "scheduler_flags": flags}, f"TCP 10.9.0.1:80 {name} ({words.replace('?', name)})")
      for name in ("sh", "mh")
      for flags, words in
      ((["fallback"], "?-fallback"), (["port"], "?-port"), (["port", "fallback"], "?-fallback,?-port"))),
    (TCP, {"scheduler": "rr", "scheduler_flags": ["flag-3", "flag-1"]}, "TCP 10.9.0.1:80 rr (flag-1,flag-3)"),
    (UDP, {}, "UDP 10.9.0.1:80 wlc"),
    (UDP, {"one_packet": True}, "UDP 10.9.0.1:80 wlc ops"),
    ({**TCP, "protocol": "sctp"}, {}, "SCTP 10.9.0.1:80 wlc"),
    (TCP6, {"scheduler": "wrr"}, "TCP [2001:db8:9::1]:80 wrr"),
    (MARK, {"scheduler": "mh"}, f"{MARK_LINE} mh"),
    (MARK, {"one_packet": True}, f"{MARK_LINE} wlc ops"),
    (MARK6, {"scheduler": "rr"}, f"{MARK6_LINE} rr"),
    (TCP, {"persistence_timeout": 300}, "TCP 10.9.0.1:80 wlc persistent 300"),
    (TCP, {"persistence_timeout": 300, "persistence_netmask": "24"},
     "TCP 10.9.0.1:80 wlc persistent 300 mask 255.255.255.0"),
    ({**TCP, "port": 0}, {"persistence_timeout": 2678400}, "TCP 10.9.0.1:0 wlc persistent 2678400"),
    (TCP6, {"persistence_timeout": 5, "persistence_netmask": "64"}, "TCP [2001:db8:9::1]:80 wlc persistent 5 mask 64"),
    (MARK6, {"persistence_timeout": 5, "persistence_netmask": "56"}, f"{MARK6_LINE} wlc persistent 5 mask 56"),
    (UDP, {"persistence_timeout": 60, "persistence_engine": "sip"}, "UDP 10.9.0.1:80 wlc persistent 60 pe sip"),
]  # fmt: skip
NAT, DR, TUN = {"forwarding": "nat"}, {"forwarding": "dr"}, {"forwarding": "tun"}
GUE, GRE = {**TUN, "tunnel_type": "gue", "tunnel_port": 6080}, {**TUN, "tunnel_type": "gre"}
REAL: dict[str, Any] = {"address": "192.168.9.11"}
REAL6 = {"address": "2001:db8:99::11"}
EACH_DESTINATION = [
    (TCP, {**REAL, **NAT}, "192.168.9.11:80 Masq 1"),
    (TCP, {**REAL, **NAT, "port": 8080, "weight": 0}, "192.168.9.11:8080 Masq 0"),
    (TCP, {**REAL, **DR, "weight": 65535}, "192.168.9.11:80 Route 65535"),
    (TCP, {**REAL, **DR, "weight": 2**31 - 1}, "192.168.9.11:80 Route 2147483647"),
    (TCP, {**REAL, **TUN}, "192.168.9.11:80 Tunnel ipip 1"),
    (TCP, {**REAL, **GUE}, "192.168.9.11:80 Tunnel gue:6080:-c 1"),
    (TCP, {**REAL, **GUE, "tunnel_checksum": "csum"}, "192.168.9.11:80 Tunnel gue:6080:+c 1"),
    (TCP, {**REAL, **GUE, "tunnel_checksum": "remcsum"}, "192.168.9.11:80 Tunnel gue:6080:r+c 1"),
    (TCP, {**REAL, **GRE}, "192.168.9.11:80 Tunnel gre:-c 1"),
    (TCP, {**REAL, **GRE, "tunnel_checksum": "csum"}, "192.168.9.11:80 Tunnel gre:+c 1"),
    (TCP, {**REAL6, **TUN}, "[2001:db8:99::11]:80 Tunnel ipip 1"),
    (TCP6, {**REAL6, **NAT, "port": 81}, "[2001:db8:99::11]:81 Masq 1"),
    (TCP6, {**REAL6, **DR}, "[2001:db8:99::11]:80 Route 1"),
    (TCP6, {**REAL, **TUN}, "192.168.9.11:80 Tunnel ipip 1"),
    (MARK, {**REAL, **NAT}, "192.168.9.11:0 Masq 1"),
    (MARK, {**REAL, **DR, "weight": 7}, "192.168.9.11:0 Route 7"),
    (MARK6, {**REAL6, **DR}, "[2001:db8:99::11]:0 Route 1"),
]  # fmt: skip


def lines(result: dict[str, Any]) -> list[str]:
    """What ipvsadm printed after its head, each line with single spaces."""
    return [" ".join(line.split()) for line in result["stdout"].splitlines()[3:]]


def without_figures(line: str) -> str:
    """A destination's line of ipvsadm up to its connections, without a tunnel where there is none."""
    return " ".join(word for word in line.removeprefix("-> ").split()[:-2] if word != "n/a")


def settles(box: GuestModules, name: str, arguments: dict[str, Any], witness: dict[str, Any]) -> list[str]:
    """Check, run, check, run, and back through ipvs_info and ipvs_table: what the witness says in the end."""
    step = {"name": name, **arguments}
    before, checked, untouched, ran, after, again, rerun, info = box.run(
        witness, module(**step, check=True), witness, module(**step), witness,
        module(**step, check=True), module(**step), module("ipvs_info"),
    )  # fmt: skip
    assert "failed" not in checked, checked
    assert (checked["changed"], ran["changed"]) == (True, True)
    assert checked["diff"] == ran["diff"]
    assert checked["operations"] == ran["operations"]
    assert lines(untouched) == lines(before)
    assert (again["changed"], rerun["changed"]) == (False, False), (again["diff"], rerun["diff"])
    everything = {option: info[option] for option in ("services", "timeouts", "sync_daemons")}
    unchanged, witnessed, gone, rebuilt, last = box.run(
        module("ipvs_table", **everything, purge=True), witness, command("ipvsadm", "--clear"),
        module("ipvs_table", **everything, purge=True), witness,
    )  # fmt: skip
    assert unchanged["changed"] is False, unchanged
    assert gone["rc"] == 0
    assert rebuilt["changed"] is True
    assert lines(witnessed) == lines(after)
    assert sorted(lines(last)) == sorted(lines(after))
    return lines(after)


@pytest.mark.parametrize(("service", "settings", "expected"), EACH, ids=[line for _s, _o, line in EACH])
def test_each_kind_of_service(
    box: GuestModules, service: dict[str, Any], settings: dict[str, Any], expected: str
) -> None:
    assert settles(box, "ipvs_service", {**service, **settings}, LIST) == [expected]


@pytest.mark.parametrize(
    ("service", "destination", "expected"),
    EACH_DESTINATION,
    ids=[f"{line} in {list(service.values())}" for service, _destination, line in EACH_DESTINATION],
)
def test_each_kind_of_destination(
    box: GuestModules, service: dict[str, Any], destination: dict[str, Any], expected: str
) -> None:
    box.run(module("ipvs_service", **service))
    found = settles(box, "ipvs_dest", {"service": service, **destination}, TUNNELS)
    assert [without_figures(line) for line in found[1:]] == [expected]


def test_thresholds(box: GuestModules) -> None:
    box.run(module("ipvs_service", **TCP))
    options = {"service": TCP, **REAL, "upper_threshold": 2147483647, "lower_threshold": 30}
    assert settles(box, "ipvs_dest", options, THRESHOLDS)[1:] == ["-> 192.168.9.11:80 2147483647 30 0 0"]


def test_twos_where_the_kernel_has_it(box: GuestModules) -> None:
    """A scheduler that not every kernel has: one clear error where it is missing."""
    there, result, listed = box.run(
        command("modprobe", "--dry-run", "ip_vs_twos"), module("ipvs_service", **TCP, scheduler="twos"), LIST
    )
    if there["rc"] == 0:
        assert lines(listed) == ["TCP 10.9.0.1:80 twos"]
    else:
        assert result["msg"] == (
            "virtual service tcp 10.9.0.1:80: this kernel has no scheduler twos; "
            "see whether modprobe ip_vs_twos finds it"
        )
        assert lines(listed) == []


def test_one_option_changes_and_the_rest_stays(box: GuestModules) -> None:
    """An edit replaces everything in the kernel: what isn't given must be sent as it is."""
    whole: dict[str, Any] = {
        "scheduler": "mh",
        "scheduler_flags": ["port"],
        "persistence_timeout": 300,
        "persistence_netmask": "24",
    }
    one = {**GUE, "tunnel_checksum": "csum", "weight": 3, "upper_threshold": 50, "lower_threshold": 20}
    box.run(module("ipvs_service", **TCP, **whole, destinations=[{**REAL, **one}]))
    weighed, timed, listed, thresholds = box.run(
        module("ipvs_dest", service=TCP, **REAL, weight=9),
        module("ipvs_service", **TCP, persistence_timeout=60), TUNNELS, THRESHOLDS,
    )  # fmt: skip
    shown = (
        "tcp 10.9.0.1:80 scheduler=mh scheduler_flags=port persistence_timeout=300 persistence_netmask=255.255.255.0\n"
        "  -> 192.168.9.11:80 forwarding=tun weight={} upper_threshold=50 lower_threshold=20 tunnel_type=gue "
        "tunnel_port=6080 tunnel_checksum=csum\n"
    )
    assert weighed["diff"] == {"before": shown.format(3), "after": shown.format(9)}
    assert timed["operations"]["services"] == {"added": 0, "changed": 1, "deleted": 0}
    assert timed["operations"]["destinations"] == {"added": 0, "changed": 0, "deleted": 0}
    assert lines(listed) == [
        "TCP 10.9.0.1:80 mh (mh-port) persistent 60 mask 255.255.255.0", "-> 192.168.9.11:80 Tunnel gue:6080:+c 9 0 0",
    ]  # fmt: skip
    assert lines(thresholds)[1] == "-> 192.168.9.11:80 50 20 0 0"


def test_service_with_destinations_and_purge(box: GuestModules) -> None:
    box.run(module("ipvs_service", **TCP, destinations=[{**REAL}, {"address": "192.168.9.12"}]))
    kept, purged, listed, absent, again, empty = box.run(
        module("ipvs_service", **TCP, destinations=[{**REAL, "weight": 4}]),
        module("ipvs_service", **TCP, destinations=[{**REAL}], purge_destinations=True), LIST,
        module("ipvs_service", **TCP, state="absent"), module("ipvs_service", **TCP, state="absent"), LIST,
    )  # fmt: skip
    assert kept["operations"]["destinations"] == {"added": 0, "changed": 1, "deleted": 0}
    assert purged["operations"]["destinations"] == {"added": 0, "changed": 0, "deleted": 1}
    assert lines(listed) == ["TCP 10.9.0.1:80 wlc", "-> 192.168.9.11:80 Masq 4 0 0"]
    assert absent["operations"]["services"] == {"added": 0, "changed": 0, "deleted": 1}
    assert again["changed"] is False
    assert lines(empty) == []


def test_destination_comes_and_goes(box: GuestModules) -> None:
    missing, checked = box.run(
        module("ipvs_dest", service=TCP, **REAL), module("ipvs_dest", service=TCP, **REAL, check=True)
    )
    assert missing["msg"] == "service: there is no virtual service tcp 10.9.0.1:80; add it with ipvs_service first"
    assert checked["changed"] is True  # an earlier task of the same run would have added the service
    box.run(module("ipvs_service", **TCP), module("ipvs_dest", service=TCP, **REAL))
    would, gone, again, listed = box.run(
        module("ipvs_dest", service=TCP, **REAL, state="absent", check=True),
        module("ipvs_dest", service=TCP, **REAL, state="absent"),
        module("ipvs_dest", service=TCP, **REAL, state="absent"), LIST,
    )  # fmt: skip
    assert (would["changed"], gone["changed"], again["changed"]) == (True, True, False)
    assert would["diff"] == gone["diff"]
    assert lines(listed) == ["TCP 10.9.0.1:80 wlc"]


def test_namespaces_have_tables_of_their_own(box: GuestModules) -> None:
    box.run(command("ip", "netns", "add", "other"))
    try:
        early = box.run(module("ipvs_table", namespace="other", services=[{**TCP, "destinations": [REAL]}]))[0]
        assert early["msg"].startswith(
            "destination 192.168.9.11:80 of virtual service tcp 10.9.0.1:80: the kernel refuses it: Invalid argument "
            "(EINVAL); "
        )
        assert early["operations"]["services"]["added"] == 1
        box.run(command("ip", "-n", "other", "link", "set", "lo", "up"))
        inside = {**LIST, "argv": ["ip", "netns", "exec", "other", *LIST["argv"]]}
        table = module("ipvs_table", namespace="other", services=[{**TCP, "destinations": [REAL]}])
        dest = module("ipvs_dest", namespace="other", service=TCP, **REAL, weight=8)
        ran, weighed, info, there, here, absent, gone = box.run(
            table, dest, module("ipvs_info", namespace="other"), inside, LIST,
            module("ipvs_service", namespace="other", **TCP, state="absent"), inside,
        )  # fmt: skip
        assert (ran["changed"], weighed["changed"], absent["changed"]) == (True, True, True)
        assert lines(there) == ["TCP 10.9.0.1:80 wlc", "-> 192.168.9.11:80 Masq 8 0 0"]
        assert [service["port"] for service in info["services"]] == [80]
        assert (lines(here), lines(gone)) == ([], [])
    finally:
        box.run(command("ip", "netns", "delete", "other"))


def test_info_filters(box: GuestModules) -> None:
    box.run(module("ipvs_table", services=[
        {**TCP, "destinations": [REAL, {"address": "192.168.9.12"}]},
        {**UDP, "destinations": [{"address": "192.168.9.12"}]},
        {**TCP6, "destinations": [REAL6]}, {**MARK, "destinations": [REAL]},
    ]))  # fmt: skip
    wanted: list[tuple[dict[str, Any], list[Any]]] = [
        ({}, [["192.168.9.11"], ["192.168.9.11", "192.168.9.12"], ["192.168.9.12"], ["2001:db8:99::11"]]),
        ({"protocol": "udp"}, [["192.168.9.12"]]),
        ({"address": "2001:DB8:9:0::1"}, [["2001:db8:99::11"]]),
        ({"fwmark": 2**31 + 7}, [["192.168.9.11"]]),
        ({"family": "ipv6"}, [["2001:db8:99::11"]]),
        ({"destination": "192.168.9.12"}, [["192.168.9.12"], ["192.168.9.12"]]),
        ({"port": 81}, []),
    ]  # fmt: skip
    results = box.run(*(module("ipvs_info", **filters, statistics=False) for filters, _found in wanted))
    found = [[[one["address"] for one in s["destinations"]] for s in result["services"]] for result in results]
    assert [sorted(addresses) for addresses in found] == [addresses for _filters, addresses in wanted]
    assert not [service for result in results for service in result["services"] if "statistics" in service]
