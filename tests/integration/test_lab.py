"""The lab with real guests: what its commands promise, and what is left when they are killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import processes
from tests.integration.labs import ROOT, LabCommand, wait

TWO_HOSTS: dict[str, Any] = {
    "real_servers_nat": {"hosts": {"web1": {"lvs_interfaces": {"eth0": ["10.0.0.1/24", "fd00::1/64"]}}}},
    "lab_only": {
        "hosts": {
            "client": {
                "lvs_interfaces": {"eth0": ["10.0.0.2/24", "fd00::2/64"], "eth1": []},
                "lab_networks": {"eth1": "sync"},
                "lab_routes": [{"to": "default", "via": "10.0.0.1"}, {"to": "fd01::/48", "via": "fd00::1"}],
                "lab_sysctls": {"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1},
                "lab_kernel_arguments": ["lab.word=1"],
            }
        },
        # How production is reached; the twin must not.
        "vars": {"ansible_host": "192.0.2.1", "ansible_user": "nobody", "secret": "of a vault"},
    },
}
# With an address that a host of the other lab has too, and one in the same network.
ONE_HOST: dict[str, Any] = {
    "lab_only": {"hosts": {"lone": {"lvs_interfaces": {"eth0": ["10.0.0.1/24", "10.0.0.9/24"]}}}}
}


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if os.geteuid() != 0:
        pytest.fail('these tests need root: sudo -E env "PATH=$PATH" make test', pytrace=False)
    return tmp_path_factory.mktemp("labs")


def taken_down(lab: LabCommand, request: pytest.FixtureRequest) -> Iterator[LabCommand]:
    try:
        yield lab
    finally:
        if request.session.testsfailed:
            lab.keep_logs()
        lab("down")
    assert lab.leftovers() == []


@pytest.fixture(scope="module")
def lab(states: Path, request: pytest.FixtureRequest) -> Iterator[LabCommand]:
    """Two hosts on one network, up."""
    for lab in taken_down(LabCommand(f"t{os.getpid()}", states, TWO_HOSTS), request):
        lab.up()
        yield lab


@pytest.fixture
def other(states: Path, request: pytest.FixtureRequest) -> Iterator[LabCommand]:
    """A lab of one host, not up."""
    yield from taken_down(LabCommand(f"t{os.getpid()}-b", states, ONE_HOST), request)


def starting(lab: LabCommand) -> subprocess.Popen[str]:
    """An `up` whose guest's kernel has started."""
    process = lab.start("up", "-i", str(lab.inventory), start_new_session=True)
    wait(lambda: process.poll() is not None or bool(lab.power("lone")), "the kernel's start", 300)
    assert process.poll() is None, process.communicate()
    assert "lab: ready" not in (lab.folder / "guests/lone/console.log").read_text()
    return process


# -- up, and what a guest is


def test_up_twice_changes_nothing(lab: LabCommand) -> None:
    def all_there_is() -> dict[str, Any]:
        links = json.loads(lab("run", "--", "ip", "-json", "-details", "link"))
        return {
            "sessions": {p.session for p in lab.processes() if not any("ssh" in word for word in p.words)},
            "state": (lab.folder / "state.json").read_text(),
            "links": {link["ifname"]: (link["ifindex"], link["flags"], link.get("master")) for link in links},
            "boots": [lab.boot_id(host) for host in ("web1", "client")],
            "files": sorted(str(path) for path in lab.folder.rglob("*") if "ssh.d" not in path.parts),
        }

    before = all_there_is()
    output = lab.up()
    assert all_there_is() == before
    assert "nothing to do after" in output


def test_table_of_hosts_networks_and_addresses(lab: LabCommand) -> None:
    table = lab("status")
    assert (
        table
        == """\
HOST    POWER  RELEASE   INTERFACE  NETWORK       ADDRESSES               CABLE
client  on     bookworm  lab0       (management)  198.18.0.10             in
                         eth0       10.0.0.0/24   10.0.0.2/24 fd00::2/64  in
                         eth1       sync          -                       in
web1    on     bookworm  lab0       (management)  198.18.0.11             in
                         eth0       10.0.0.0/24   10.0.0.1/24 fd00::1/64  in
"""
    )
    assert table in lab.up()


def test_guests_reach_each_other(lab: LabCommand) -> None:
    for address in ("10.0.0.1", "fd00::1"):
        assert "1 received" in lab.on("client", "ping", "-c", "1", "-W", "5", address)


def test_routes_of_lab_routes(lab: LabCommand) -> None:
    routes = lab.on("client", "sh", "-c", "ip route show default; ip -6 route show fd01::/48")
    assert routes.split("\n")[0].startswith("default via 10.0.0.1 dev eth0")
    assert routes.split("\n")[1].startswith("fd01::/48 via fd00::1 dev eth0")


def test_sysctls_and_kernel_arguments(lab: LabCommand) -> None:
    names = ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding", "net.ipv6.conf.eth0.forwarding"]
    assert lab.on("client", "sysctl", "-n", *names) == "1\n1\n1\n"
    assert lab.on("web1", "sysctl", "-n", *names) == "0\n0\n0\n"
    assert "lab.word=1" in lab.on("client", "cat", "/proc/cmdline").split()


def test_web_server_of_a_real_server(lab: LabCommand) -> None:
    code = """
import urllib.request as u
print(u.urlopen("http://10.0.0.1/").read().decode(), end="")
print(u.urlopen(u.Request("http://10.0.0.1/large", method="HEAD")).headers["Content-Length"])
"""
    assert lab.on("client", "python3", "-c", code) == f"web1\n{256 * 1024 * 1024}\n"
    assert not lab.succeeds("client", "systemctl", "is-active", "nginx")


def test_a_guest_is_bare(lab: LabCommand) -> None:
    found = lab.on(
        "web1", "sh", "-c", "ls /usr/sbin /sbin /usr/bin; cut -d' ' -f1 /proc/modules; systemctl is-system-running"
    )
    assert set(found.split()) & {"keepalived", "ipvsadm", "iptables", "nft", "ip_vs"} == set()
    assert found.endswith("running\n")


def test_packages_come_from_the_lab(lab: LabCommand) -> None:
    """Last of all that looks at a bare web1."""
    lab.on("web1", "sh", "-c", "apt-get -qq update && apt-get -qq install --no-install-recommends keepalived")
    assert lab.on("web1", "dpkg-query", "-W", "-f", "${db:Status-Status}", "keepalived") == "installed"
    sources = lab.on("web1", "apt-get", "indextargets", "--format", "$(SITE)")
    assert set(sources.split()) == {"http://198.18.0.1:8000/bookworm"}


# -- commands on guests and in the namespace


def test_exec_passes_arguments_as_they_are(lab: LabCommand) -> None:
    words = ["a b", "", "it's", '"q"', "$HOME", "*", "`id`", "back\\slash", "new\nline", "-n", "--", "ü", "{{ x }}"]
    assert lab.on("client", "printf", "<%s>", *words) == "".join(f"<{word}>" for word in words)


def test_exec_passes_streams_and_status(lab: LabCommand) -> None:
    with lab.start("exec", "client", "--", "sh", "-c", "cat; echo err >&2; exit 3", stdin=subprocess.PIPE) as process:
        output = process.communicate("in\n" * 50000, timeout=60)
    assert output == ("in\n" * 50000, "err\n")
    assert process.returncode == 3


@pytest.mark.parametrize("status", [0, 1, 255])
def test_exec_passes_status(lab: LabCommand, status: int) -> None:
    lab("exec", "client", "--", "sh", "-c", f"exit {status}", status=status)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["exec", "nobody", "--", "true"], "no host nobody in the lab {lab}; it has: client, web1"),
        (["power", "nobody", "off"], "no host nobody in the lab {lab}; it has: client, web1"),
        (["logs", "nobody"], "no host nobody in the lab {lab}; it has: client, web1"),
        (["link", "client", "eth9", "down"], "client has no interface eth9; it has: eth0, eth1"),
    ],
)
def test_what_is_not_there(lab: LabCommand, words: list[str], text: str) -> None:
    assert lab(*words, status=1) == f"lab: {text.format(lab=lab.name)}\n"


def test_logs(lab: LabCommand) -> None:
    assert "Linux version" in lab("logs", "client")


def test_run_tells_where_it_is(lab: LabCommand) -> None:
    code = 'printf "%s\\n" "$LVS_LAB" "$ANSIBLE_INVENTORY" "$@"; exit 7'
    with lab.start("run", "--", "sh", "-c", code, "sh", "a b", "") as process:
        output, errors = process.communicate(timeout=60)
    name, twin, *words = output.split("\n")
    assert (process.returncode, errors, name, words) == (7, "", lab.name, ["a b", "", ""])
    assert stat.S_IMODE(Path(twin).stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(twin).parent.stat().st_mode) == 0o700
    assert "of a vault" in Path(twin).read_text()
    assert twin == lab("twin", "-i", str(lab.inventory)).strip()


PING = ("all", "--one-line", "-m", "ansible.builtin.ping")


def test_ansible_inside_the_namespace(lab: LabCommand) -> None:
    assert lab("run", "-i", str(lab.inventory), "--", "ansible", *PING).count('"ping": "pong"') == 2


def test_ansible_outside_with_the_twin(lab: LabCommand) -> None:
    ansible = Path(sys.executable).with_name("ansible")
    words = [str(ansible), "-i", lab("twin").strip(), *PING]
    assert subprocess.run(words, check=True, capture_output=True, text=True).stdout.count('"ping": "pong"') == 2


def test_nothing_outside_is_reached_from_inside(lab: LabCommand) -> None:
    """Neither the machine itself, by any of its addresses, nor what lies behind it."""
    assert lab("run", "--", "sh", "-c", "ip route show default; ip -6 route show default") == ""
    listing = subprocess.run(["ip", "-json", "address"], check=True, capture_output=True).stdout
    addresses = [
        info["local"] for link in json.loads(listing) for info in link["addr_info"] if info["family"] == "inet"
    ]
    code = """
import socket, sys
for address in sys.argv[2:]:
    try:
        socket.create_connection((address, int(sys.argv[1])), timeout=5)
        print(address, "answers")
    except OSError as error:
        print(address, error.strerror)
"""
    with socket.create_server(("", 0)) as server:
        words = [sys.executable, "-c", code, str(server.getsockname()[1]), *addresses]
        outside = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        inside = lab("run", "--", *words)
    assert outside.split("\n")[:-1] == [f"{address} answers" for address in addresses]
    assert set(inside.split("\n")[:-1]) <= {
        f"{address} {reason}" for address in addresses for reason in ("Network is unreachable", "Connection refused")
    }
    assert "unreachable" in inside


# -- power and cables


def test_link_down_and_up(lab: LabCommand) -> None:
    ping = ("client", "ping", "-c", "1", "-W", "1", "10.0.0.1")
    lab("link", "client", "eth0", "down")
    assert "10.0.0.2/24 fd00::2/64  out" in lab("status")
    assert not lab.succeeds(*ping)
    assert "nothing to do" in lab.up()
    assert "10.0.0.2/24 fd00::2/64  out" in lab("status")
    lab("link", "client", "eth0", "up")
    wait(lambda: lab.succeeds(*ping), "an answer after the cable is in")


def test_power_reset_keeps_macs_disk_and_cables(lab: LabCommand) -> None:
    def macs() -> list[str]:
        return [lab.on("client", "cat", f"/sys/class/net/{nic}/address") for nic in ("lab0", "eth0", "eth1")]

    before, boot = macs(), lab.boot_id("client")
    other_boot = lab.boot_id("web1")
    assert len(set(before)) == 3
    lab.on("client", "sh", "-c", "echo kept > /root/kept; echo 192.0.2.1 mine >> /etc/hosts; sync")
    lab("link", "client", "eth1", "down")
    lab("power", "client", "reset")
    assert lab.boot_id("client") != boot
    assert lab.boot_id("web1") == other_boot
    assert macs() == before
    assert lab.on("client", "cat", "/root/kept", "/etc/hosts").endswith("192.0.2.1 mine\n")
    assert "sync          -                       out" in lab("status")
    links = {link["ifname"]: link["flags"] for link in json.loads(lab.on("client", "ip", "-json", "link"))}
    assert ("UP" in links["eth0"], "UP" in links["eth1"]) == (True, False)
    lab("link", "client", "eth1", "up")


def test_a_guest_reboots_by_itself(lab: LabCommand) -> None:
    boot = lab.boot_id("client")
    lab.start("exec", "client", "--", "systemctl", "reboot").communicate(timeout=60)
    wait(
        lambda: lab.succeeds("client", "sh", "-c", f"! grep -q {boot.strip()} /proc/sys/kernel/random/boot_id"),
        "a reboot",
    )
    assert len(lab.power("client")) == 1


def test_power_off_and_a_guest_that_does_not_come_up(lab: LabCommand) -> None:
    """Said as soon as its kernel ends, with the console's last lines; a new disk mends it."""
    running = lab.power("web1")
    for _state in ("on", "off already"):
        lab("power", "client", "off")
        assert lab.power("client") == []
    assert "client  off" in lab("status")
    assert lab("exec", "client", "--", "true", status=1) == (
        f"lab: client is off; run: python -m lab power --name {lab.name} client on\n"
    )

    (lab.folder / "guests/client/disk.cow").write_bytes(b"no disk at all" * 1000)
    errors = lab("up", "-i", str(lab.inventory), status=1)
    assert errors.startswith("lab: ended while booting: client\n")
    assert f"--- last lines of client's console ({lab.folder}/guests/client/console.log)\n" in errors
    assert "Kernel panic" in errors
    assert "web1" not in errors
    assert lab.power("client") == []

    lab("power", "client", "renew")
    assert lab.on("client", "sh", "-c", "ls /root; hostname") == "client\n"
    renewed = lab.power("client")
    lab("power", "client", "on")
    assert lab.power("client") == renewed
    assert lab.power("web1") == running


# -- labs side by side, and labs that were killed


def test_two_labs_side_by_side(lab: LabCommand, other: LabCommand) -> None:
    """The second is started twice: its first `up` is killed while the guest boots, the next one goes on from there."""
    process = starting(other)
    kernel = other.power("lone")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    other.up()
    assert other.power("lone") == kernel
    # It has an address of web1, and the management address of client: each lab reaches its own.
    assert other.on("lone", "cat", "/etc/hostname") == "lone\n"
    assert lab.on("client", "cat", "/etc/hostname") == "client\n"
    ping = ("ping", "-c", "1", "-W", "1")
    wait(lambda: lab.succeeds("client", *ping, "10.0.0.1"), "an answer from its own lab")
    assert not lab.succeeds("client", *ping, "10.0.0.9")
    assert not other.succeeds("lone", *ping, "10.0.0.2")
    other("down")
    assert other.leftovers() == []
    assert lab.succeeds("client", "true")


def nothing(lab: LabCommand) -> None:
    pass


def namespace_deleted(lab: LabCommand) -> None:
    subprocess.run(["ip", "netns", "delete", lab.namespace], check=True)


def folder_deleted(lab: LabCommand) -> None:
    shutil.rmtree(lab.folder)


def older_layout(lab: LabCommand) -> None:
    (lab.folder / "state.json").write_text('{"version": 0}')
    assert "was written by another version of the lab; run: python -m lab down" in lab("status", status=1)


@pytest.mark.parametrize("damage", [nothing, namespace_deleted, folder_deleted, older_layout])
def test_down_after_a_killed_up_leaves_nothing(other: LabCommand, damage: Any) -> None:
    process = starting(other)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    damage(other)
    assert other("down") == f"lab {other.name}: gone\n"
    assert other.leftovers() == []
    assert other("down") == f"lab {other.name}: was not there\n"


def test_interrupted_up(other: LabCommand) -> None:
    process = starting(other)
    os.killpg(process.pid, signal.SIGINT)
    _output, errors = process.communicate(timeout=60)
    assert errors == "lab: interrupted; the same command goes on from here, down takes all away\n"
    assert process.returncode == 130
    assert len(other.power("lone")) == 1


def test_up_after_half_a_namespace(other: LabCommand) -> None:
    """`ip netns add` that was killed leaves an empty file."""
    path = Path("/run/netns") / other.namespace
    path.touch()
    process = starting(other)
    process.kill()
    process.communicate()
    assert path.is_file()
    assert str(path) in Path("/proc/self/mounts").read_text()


def test_a_killed_build_leaves_no_process_and_no_mount(states: Path) -> None:
    tree = states / "tree"
    tree.mkdir()
    script = 'mount -t tmpfs none "$1"; sleep 600 & touch "$1.mounted"; wait'
    code = "import sys; from lab import shell; shell.run(shell.contained(*sys.argv[1:]))"
    words = [sys.executable, "-c", code, "sh", "-c", script, "sh", str(tree)]

    def builders() -> list[int]:
        return [process.pid for process in processes.snapshot() if str(tree) in process.words]

    with subprocess.Popen(words, cwd=ROOT) as process:
        wait((states / "tree.mounted").exists, "the build to start")
        assert str(tree) not in Path("/proc/self/mounts").read_text()
        inside = {p.pid for p in processes.snapshot() if p.words == ("sleep", "600")}
        assert len(builders()) > 1
        assert inside
        process.kill()
    wait(lambda: not builders() and not any(processes.alive(pid) for pid in inside), "the build's end")


# -- the end of a host


def test_a_host_that_left_the_inventory_goes(lab: LabCommand, tmp_path: Path) -> None:
    """Last, because the others need it."""
    kernel = lab.power("web1")
    rest = LabCommand(lab.name, lab.states, {"real_servers_nat": TWO_HOSTS["real_servers_nat"]})
    assert "client is no longer in the inventory" in rest.up()
    assert lab.power("client") == []
    assert lab.power("web1") == kernel
    assert not (lab.folder / "guests/client").exists()
    taps = [
        link["ifname"] for link in json.loads(lab("run", "--", "ip", "-json", "link")) if link["ifname"][:3] == "tap"
    ]
    assert sorted(taps) == ["tap1-0", "tap1-1"]
    assert lab("exec", "client", "--", "true", status=1).startswith("lab: no host client in the lab")
