"""virtual_addresses and its agent as programs, in network and mount namespaces of their own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.watch import BETWEEN
from tests.unit.plugins.modules.addresses_host import (
    ABSENT,
    ARP,
    FOUR,
    NAME,
    PROGRAM,
    RECORD,
    SERVICE,
    SIX,
    a_host,
    eventually,
    service,
    standing,
)
from tests.unit.plugins.netns import Host, wait_for_sleep

# br0 stands for a tunnel: a link that is down until it is set up.
TUNNEL = {"address": "10.0.0.7/32", "interface": "br0"}
WANTED: dict[str, Any] = {"name": NAME, "addresses": [FOUR, SIX, TUNNEL], "links": ["br0"], "needs": {ARP: 1}}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with a_host(tmp_path / "host") as found:
        yield found


def test_check_run_check_run_and_back(host: Host) -> None:
    before, names = standing(host), host.new_files()
    first = host.module("virtual_addresses", check=True, **WANTED)
    assert first["changed"]
    assert first["steps"] == [
        "ip link set br0 up",
        "ip address add 10.0.0.6/32 dev lo scope host",
        "ip address add fd00::6/128 dev lo nodad noprefixroute preferred_lft 0",
        "ip address add 10.0.0.7/32 dev br0 scope global",
    ]
    assert (standing(host), host.new_files()) == (before, names)

    done = host.module("virtual_addresses", **WANTED)
    assert (done["diff"], done["steps"], done["stale"]) == (first["diff"], first["steps"], [])
    assert done["diff"]["before"]["addresses"] == []
    assert done["diff"]["after"]["addresses"] == [
        "10.0.0.6/32 dev lo", "10.0.0.7/32 dev br0", "fd00::6/128 dev lo"]  # fmt: skip
    assert done["diff"]["after"]["links"] == ["br0"]
    assert "lo inet 10.0.0.6/32 scope host lo" in standing(host)
    assert "fd00::6/128 scope global nodad deprecated noprefixroute" in standing(host)
    assert host.calls()[-3:] == [
        "systemctl daemon-reload",
        f"systemctl enable --quiet {SERVICE}",
        f"systemctl restart {SERVICE}",
    ]

    assert not host.module("virtual_addresses", check=True, **WANTED)["changed"]
    again = host.module("virtual_addresses", **WANTED)
    assert (again["changed"], again["diff"]) == (False, {"before": {}, "after": {}})

    host.run("ip", "address", "del", "10.0.0.6/32", "dev", "lo")
    back = host.module("virtual_addresses", **WANTED)
    assert back["steps"] == ["ip address add 10.0.0.6/32 dev lo scope host"]
    assert back["diff"]["before"].keys() == {"addresses"}

    assert host.module("virtual_addresses", check=True, **ABSENT)["changed"]
    host.module("virtual_addresses", **ABSENT)
    assert (standing(host), host.new_files()) == (before, names)
    assert host.run("ls", "/etc").count("lvs-cluster") + host.run("ls", "/var/lib").count("lvs-cluster") == 0
    assert not host.module("virtual_addresses", **ABSENT)["changed"]
    assert host.run("ls", "/var/lib") == ""


def test_what_others_have_put_there_stays(host: Host) -> None:
    host.run("sh", "-ec", "ip address add 10.0.0.6/32 dev lo; ip link set br0 up; ip address add 10.0.0.7/24 dev br0")
    before = standing(host)
    result = host.module("virtual_addresses", **WANTED)
    assert result["steps"] == ["ip address add fd00::6/128 dev lo nodad noprefixroute preferred_lft 0"]
    assert not host.module("virtual_addresses", **WANTED)["changed"]
    host.module("virtual_addresses", **ABSENT)
    assert standing(host) == before

    host.run("sh", "-ec", "ip address flush dev br0; ip link set br0 down")
    host.module("virtual_addresses", **WANTED)
    host.run("ip", "address", "add", "10.9.0.1/24", "dev", "br0")
    host.module("virtual_addresses", **ABSENT)
    assert "br0 inet 10.9.0.1/24" in standing(host)
    assert "\nbr0:\n" in standing(host)


def test_purge_takes_away_only_when_it_is_time(host: Host) -> None:
    before = standing(host)
    host.module("virtual_addresses", **WANTED)
    less: dict[str, Any] = {"name": NAME, "addresses": [{"address": "10.0.0.8/32", "interface": "lo"}, FOUR]}
    for check, changed in ((True, True), (False, True), (False, False)):
        result = host.module("virtual_addresses", check=check, **less, purge=False)
        assert result["stale"] == ["fd00::6/128 dev lo", "10.0.0.7/32 dev br0", "link br0"]
        steps = ["ip address add 10.0.0.8/32 dev lo scope host"] if changed else []
        assert (result["changed"], result["steps"]) == (changed, steps)
    with service(host):
        host.run("ip", "address", "del", "10.0.0.7/32", "dev", "br0")
        eventually(host, lambda text: "10.0.0.7/32" in text)

    result = host.module("virtual_addresses", **less)
    assert result["steps"] == [
        "ip address del 10.0.0.7/32 dev br0",
        "ip address del fd00::6/128 dev lo",
        "ip link set br0 down",
    ]
    assert result["stale"] == []
    assert not host.module("virtual_addresses", **less)["changed"]

    for state in ("absent", "present"):
        result = host.module("virtual_addresses", name=NAME, state=state, purge=False)
        assert (result["changed"], result["stale"]) == (False, ["10.0.0.8/32 dev lo", "10.0.0.6/32 dev lo"])
    host.module("virtual_addresses", name=NAME)  # nothing is wanted
    assert (standing(host), host.new_files()) == (before, [])


def test_an_address_moves(host: Host) -> None:
    host.module("virtual_addresses", name=NAME, addresses=[{"address": "10.0.0.6/32", "interface": "eth0"}])
    result = host.module("virtual_addresses", name=NAME, addresses=[FOUR], purge=False)
    assert (result["steps"], result["stale"]) == (
        ["ip address add 10.0.0.6/32 dev lo scope host", "ip address del 10.0.0.6/32 dev eth0"],
        [],
    )
    assert standing(host).count("10.0.0.6") == 1
    other = {"address": "fd00::6/64", "interface": "eth0"}
    host.module("virtual_addresses", name=NAME, addresses=[other])
    other["address"] = "fd00::6/128"
    host.module("virtual_addresses", name=NAME, addresses=[other])
    assert "eth0 inet6 fd00::6/128" in standing(host)
    assert not host.module("virtual_addresses", name=NAME, addresses=[other])["changed"]


def test_an_address_on_two_links_is_on_both_until_it_is_purged(host: Host) -> None:
    host.run("ip", "link", "add", "br1", "type", "bridge")
    other = {**TUNNEL, "interface": "br1"}
    adds = [f"ip address add 10.0.0.7/32 dev {name} scope global" for name in ("br0", "br1")]
    first = host.module("virtual_addresses", **{**WANTED, "addresses": [TUNNEL], "links": ["br0"]})
    assert first["steps"] == ["ip link set br0 up", adds[0]]
    both = {**WANTED, "addresses": [TUNNEL, other], "links": ["br0", "br1"]}
    assert host.module("virtual_addresses", **both)["steps"] == ["ip link set br1 up", adds[1]]
    assert not host.module("virtual_addresses", **both)["changed"]
    # The directors still send through the old one.
    one = {**WANTED, "addresses": [other], "links": ["br1"]}
    for changed in (True, False):
        result = host.module("virtual_addresses", purge=False, **one)
        assert (result["changed"], result["steps"], result["stale"]) == (
            changed,
            [],
            ["10.0.0.7/32 dev br0", "link br0"],
        )
    with service(host):
        host.run("ip", "address", "del", "10.0.0.7/32", "dev", "br0")
        eventually(host, lambda stands: "br0 inet 10.0.0.7/32" in stands)
    assert host.module("virtual_addresses", **one)["steps"] == [
        "ip address del 10.0.0.7/32 dev br0",
        "ip link set br0 down",
    ]
    # From one link to another, with the directors in between: both, then the new one.
    assert host.module("virtual_addresses", purge=False, **{**WANTED, "addresses": [TUNNEL]})["steps"] == [
        "ip link set br0 up",
        adds[0],
    ]
    assert "br1 inet 10.0.0.7/32" in standing(host)
    # Another prefix length there is no other place.
    wider = {**WANTED, "addresses": [{**TUNNEL, "address": "10.0.0.7/31"}]}
    assert host.module("virtual_addresses", **wider)["steps"][-1] == "ip link set br1 down"
    assert host.module("virtual_addresses", purge=False, **{**WANTED, "addresses": [TUNNEL]})["steps"] == [
        adds[0],
        "ip address del 10.0.0.7/31 dev br0",
    ]


def test_a_primary_address_does_not_take_the_hosts_own_along(host: Host) -> None:
    host.run("ip", "address", "del", "10.0.0.2/24", "dev", "eth0")
    host.module("virtual_addresses", name=NAME, addresses=[{"address": "10.0.0.6/24", "interface": "eth0"}])
    host.run("ip", "address", "add", "10.0.0.2/24", "dev", "eth0")
    assert "promote_secondaries to 1 first" in host.module("virtual_addresses", **ABSENT)["msg"]
    host.run("sysctl", "-qw", "net.ipv4.conf.eth0.promote_secondaries=1")
    host.module("virtual_addresses", **ABSENT)
    assert "10.0.0.2/24" in standing(host)


# What is wrong, how it comes and goes, what is asked for.
REFUSALS: list[tuple[str, str, str, dict[str, Any]]] = [
    (
        f"10.0.0.6/32 dev lo needs {ARP} to be at least 1, and it is 0: set it first",
        *(f"sysctl -qw {ARP}=0", f"sysctl -qw {ARP}=1", {}),
    ),
    (
        "10.0.0.6/32 dev lo: it stands on eth0 already",
        *("ip address add 10.0.0.6/24 dev eth0", "ip address del 10.0.0.6/24 dev eth0", {}),
    ),
    (
        "set net.ipv6.conf.br0.disable_ipv6 to 0 first",
        *("sysctl -qw net.ipv6.conf.br0.disable_ipv6=1", "sysctl -qw net.ipv6.conf.br0.disable_ipv6=0"),
        {"addresses": [{"address": "fd00::6/128", "interface": "br0"}]},
    ),
    ("needs: net.no is no number that this host has", "true", "true", {"addresses": [SIX], "needs": {"net.no": 1}}),
    ("is no name of an owner", "true", "true", {"name": "Ü"}),
]


def test_what_cannot_be_changes_nothing(host: Host) -> None:
    for fault, prepare, restore, options in REFUSALS:
        host.run("sh", "-c", prepare)
        before = standing(host)
        result = host.module("virtual_addresses", **{**WANTED, **options})
        assert result["failed"]
        assert fault in result["msg"]
        assert (standing(host), host.new_files(), host.run("ls", "/var/lib")) == (before, [], "")
        host.run("sh", "-c", restore)

    # All at once, and in check mode only those that an earlier task would not have seen to.
    addresses = [{"address": "10.0.0.6", "interface": "lo"}, {"address": "10.1.1.1/32", "interface": "eth9"}]
    result = host.module("virtual_addresses", name=NAME, addresses=addresses, links=["tunl0"], gue=[{"port": 0}])
    for fault in ("no prefix length", "eth9 does not exist", "kernel module ipip first", "port 0 is outside"):
        assert fault in result["msg"]

    host.run("sysctl", "-qw", f"{ARP}=0")
    tunnel = {"address": "10.0.0.7/32", "interface": "tunl0"}
    options = {"addresses": [FOUR, tunnel], "links": ["tunl0"], "gue": [{"port": 6080}]}
    result = host.module("virtual_addresses", check=True, **{**WANTED, **options})
    assert result["steps"][:2] == ["ip link set tunl0 up", "ip fou add port 6080 gue"]
    assert len(result["steps"]) == 4


# Keeps ports as the kernel would, in a file; everything else is the real program's.
FAKE_IP = """#!/bin/sh
ports=$(dirname "$0")/ports; touch "$ports"
case "$*" in
"-j fou show") echo "[$(sed 's/.*/{"port":&,"gue":null,"family":"inet"}/' "$ports" | paste -sd,)]";;
"fou add port "*" gue") echo "$4" >> "$ports";;
"fou del port "*) sed -i "/^$4\\$/d" "$ports";;
*) exec /sbin/ip "$@";;
esac
"""


def test_gue_ports_of_ours_come_and_go(host: Host) -> None:
    host.program("ip", FAKE_IP)
    host.run("ip", "fou", "add", "port", "7", "gue")
    wanted = {**WANTED, "gue": [{"port": 6080}, {"port": 7}]}
    assert "ip fou add port 6080 gue" in host.module("virtual_addresses", **wanted)["steps"]
    assert not host.module("virtual_addresses", **wanted)["changed"]
    assert "gue ipv4 port 6080" in host.module("virtual_addresses", **WANTED, purge=False)["stale"]
    host.module("virtual_addresses", **ABSENT)
    assert (host.programs / "ports").read_text() == "7\n"


def test_a_failure_half_way_puts_everything_back(host: Host) -> None:
    host.module("virtual_addresses", **{**WANTED, "addresses": [SIX]})
    before, config = standing(host), host.run("cat", f"/etc/lvs-cluster/{NAME}-addresses.json", RECORD)
    refusing = '#!/bin/sh\ncase "$*" in *"del fd00::6/128"*) echo no >&2; exit 2;; esac\nexec /sbin/ip "$@"\n'
    host.program("ip", refusing)
    result = host.module("virtual_addresses", **{**WANTED, "addresses": [FOUR, TUNNEL]})
    assert "ip address del fd00::6/128 dev lo: no; the state before this run was put back" in result["msg"]
    assert standing(host) == before
    assert host.run("cat", f"/etc/lvs-cluster/{NAME}-addresses.json", RECORD) == config


def test_a_service_that_does_not_start_puts_everything_back(host: Host) -> None:
    before, names = standing(host), host.new_files()
    host.program("systemctl", "#!/bin/sh\ncase $1 in is-*) exit 1;; restart) echo no >&2; exit 1;; esac\n")
    result = host.module("virtual_addresses", **WANTED)
    assert f"systemctl restart {SERVICE} failed with status 1: no; the state before this run" in result["msg"]
    assert (standing(host), host.new_files()) == (before, names)


# --- the neighbours ---------------------------------------------------------------------------------------------

# Prints the ARP frames and neighbour advertisements that arrive at the other end, until there are nine.
LISTENER = """
import json, socket, sys
listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
listener.bind(("wire", 0))
listener.settimeout(5)
print("ready", flush=True)
found = []
while len(found) < 9:
    frame = listener.recv(2048)
    if frame[12:14] == b"\\x08\\x06" or frame[12:14] == b"\\x86\\xdd" and frame[20] == 58 and frame[54] == 136:
        found.append(frame.hex())
print(json.dumps(found))
"""


def ones_complement(data: bytes) -> int:
    total = sum(int.from_bytes(data[place : place + 2], "big") for place in range(0, len(data), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_the_neighbours_are_told(host: Host) -> None:
    (link,) = json.loads(host.run("ip", "-j", "link", "show", "eth0"))
    mac = bytes.fromhex(link["address"].replace(":", ""))
    argv = host.argv(sys.executable, "-c", LISTENER)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == "ready\n"
        addresses = [{"address": text, "interface": "eth0"} for text in ("10.0.0.6/32", "fd00::6/128")]
        result = host.module("virtual_addresses", name="lvs-director", addresses=addresses, announce=True)
        assert "warnings" not in result
        frames = [bytes.fromhex(text) for text in json.loads(listener.stdout.readline())]

    arp, advertisements = ([x for x in frames if x[12:14] == kind] for kind in (b"\x08\x06", b"\x86\xdd"))
    assert [frame[20:22] for frame in arp] == [b"\0\1", b"\0\2"] * 3
    assert {(frame[:6], frame[6:12], frame[22:32]) for frame in arp} == {(b"\xff" * 6, mac, mac + bytes([10, 0, 0, 6]))}
    assert len(advertisements) == 3
    six = socket.inet_pton(socket.AF_INET6, "fd00::6")
    for frame in advertisements:
        assert frame[:12] == bytes.fromhex("333300000001") + mac
        assert (frame[21], frame[22:38], frame[38:54]) == (255, six, socket.inet_pton(socket.AF_INET6, "ff02::1"))
        assert frame[54:86] == b"\x88\x00" + frame[56:58] + b"\x20\0\0\0" + six + b"\x02\x01" + mac
        assert ones_complement(frame[22:54] + (32).to_bytes(4, "big") + b"\0\0\0\x3a" + frame[54:86]) == 0xFFFF

    host.run("ip", "link", "set", "eth0", "down")
    addresses[0]["address"] = "10.0.0.7/32"
    result = host.module("virtual_addresses", name="lvs-director", addresses=addresses, announce=True)
    assert result["changed"]
    assert "10.0.0.7/32 dev eth0 was not announced" in json.dumps(result["warnings"])


# --- the agent --------------------------------------------------------------------------------------------------


def whole(text: str) -> bool:
    return all(word in text for word in ("10.0.0.6/32", "fd00::6/128", "10.0.0.7/32", "\nbr0:\n"))


def test_the_service_puts_back_what_is_taken_and_stopping_it_removes_nothing(host: Host) -> None:
    host.module("virtual_addresses", **WANTED)
    take = "ip address del 10.0.0.6/32 dev lo; ip address del fd00::6/128 dev lo; ip address flush dev br0"
    host.run("sh", "-ec", f"{take}; ip link set br0 down; rm {RECORD}")
    with service(host) as (log, _pid):
        assert whole(standing(host))  # as at boot: all is there before it says that it is ready
        assert "put in place: ip link set br0 up; ip address add 10.0.0.6/32 dev lo scope host" in log.read_text()
        host.run("sh", "-ec", take)
        eventually(host, whole)
        host.run("ip", "link", "set", "br0", "down")
        eventually(host, whole)
    assert whole(standing(host))
    with service(host) as (_log, pid):
        host.module("virtual_addresses", **ABSENT)
        # One that has slept for so long has no look before it: that begins at most BETWEEN after the event.
        wait_for_sleep(pid, BETWEEN + 0.5)
        assert "10.0.0.6" not in standing(host)
    assert host.run("ls", "/var/lib") == ""


def test_the_service_waits_for_links_and_needs(host: Host) -> None:
    host.module("virtual_addresses", **WANTED)
    take = "ip link del br0; ip address del 10.0.0.6/32 dev lo; ip address del fd00::6/128 dev lo"
    host.run("sh", "-ec", f"{take}; sysctl -qw {ARP}=0")
    with service(host) as (log, _pid):
        assert "fd00::6/128" in standing(host)
        assert "10.0.0.6/32" not in standing(host)
        assert log.read_text().count("not possible now") == 1
        assert f"needs {ARP} to be at least 1, and it is 0" in log.read_text()
        assert "link br0 does not exist" in log.read_text()
        host.run("sh", "-ec", f"sysctl -qw {ARP}=1; ip link add br0 type bridge")
        eventually(host, whole)


def test_a_directors_address_waits_for_the_hosts_own(host: Host) -> None:
    addresses = [{"address": text, "interface": "eth0"} for text in ("10.0.0.6/24", "fd00::6/64")]
    host.module("virtual_addresses", name=NAME, addresses=addresses)
    host.run("sh", "-ec", "ip address flush dev eth0")
    with service(host) as (log, _pid):
        assert "waits for the host's own address" in log.read_text()
        assert "10.0.0.6" not in standing(host)
        host.run("ip", "address", "add", "10.0.0.2/24", "dev", "eth0")
        eventually(host, lambda text: "eth0 inet 10.0.0.6/24 scope global secondary eth0" in text)
        host.run("sh", "-c", "ip link set eth0 down; ip link set eth0 up")  # takes IPv6 addresses along
        eventually(host, lambda text: "fd00::6/64 scope global nodad deprecated" in text)
        assert "local fd00::6 dev eth0" in host.run("ip", "-6", "route", "show", "table", "local")


def test_an_address_that_was_there_before_the_service_is_not_ours(host: Host) -> None:
    host.module("virtual_addresses", **WANTED)
    host.run("sed", "-i", 's/"boot": "[^"]*"/"boot": "an earlier one"/', RECORD)  # after a reboot others came first
    with service(host):
        host.module("virtual_addresses", **ABSENT)
    assert whole(standing(host))


def test_through_ansible_as_a_zip_of_its_own(host: Host) -> None:
    """The agent's source must be found when the module runs out of AnsiballZ's archive."""
    arguments = json.dumps(WANTED)
    words = [
        "ansible",
        "localhost",
        "-i",
        "localhost,",
        "-c",
        "local",
        "-e",
        "ansible_python_interpreter=/usr/bin/python3",
    ]
    words += ["-m", "lvs.cluster.virtual_addresses", "-a", arguments]
    collections = f"ANSIBLE_COLLECTIONS_PATH={Path(__file__).parents[4] / '.venv' / 'collections'}"
    assert "CHANGED" in host.run("env", collections, *words)
    assert whole(standing(host))
    assert host.run("head", "-c", "2", PROGRAM) == "#!"
