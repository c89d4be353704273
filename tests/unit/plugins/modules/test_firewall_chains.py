"""firewall_chains and its program, with both backends of iptables, in network and mount namespaces of their own."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._firewall.marks import mark_chains
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.masquerade import masquerade_chains
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.mss import mss_chains
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.peers import peer_chains
from tests.unit.plugins.modules.firewall_host import OWNER, PROGRAM, Firewall

RECORD = f"/var/lib/lvs-cluster/{OWNER}-firewall.json"
PORTS = [[80, 80], [8000, 8010]]
MARKS: dict[str, Any] = {
    "mask": 0xF,
    "rules": [
        {"mark": 1, "family": "ipv4", "address": "10.0.0.6", "protocol": "udp", "ports": PORTS},
        {"mark": 2, "family": "ipv6", "address": "2001:db8::6", "protocol": "udp", "ports": PORTS},
    ],
}
CHAINS = mark_chains(MARKS)
# Rules that iptables prints in other words than these.
COUNT = {
    "table": "filter",
    "hook": "INPUT",
    "chain": "LVS-COUNT",
    "rules": [
        ["-d", "10.0.0.6", "-p", "tcp", "--syn"],
        ["-m", "comment", "--comment", 'it\'s "ours"', "-j", "MARK", "--set-mark", 1440],
    ],
}
SYNC = {"family": "ipv4", "interface": "eth1", "source": "10.9.9.2", "protocol": "udp", "port": 8848}
FIRST = [
    {"table": "filter", "hook": "INPUT", "chain": "LVS-ONE", "first": True, "rules": [["-i", "lo", "-j", "ACCEPT"]]},
    {"table": "filter", "hook": "INPUT", "chain": "LVS-TWO", "first": True},
]


@pytest.fixture(scope="module", params=["legacy", "nft"])
def machine(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Firewall]:
    with Firewall(tmp_path_factory.mktemp("host") / "host", request.param) as found:
        yield found


@pytest.fixture
def host(machine: Firewall) -> Firewall:
    machine.reset()
    return machine


only_nft = pytest.mark.parametrize("machine", ["nft"], indirect=True)


def boot(host: Firewall) -> None:
    host.run(PROGRAM, "apply")


def saved(host: Firewall, program: str, *flags: str) -> str:
    """Rules of a family in the words of iptables-save, without its counters and comments."""
    text = host.run(f"{program}-save", *flags)
    return "\n".join(re.sub(r"\[\d+:\d+\]", "", line) for line in text.splitlines() if not line.startswith("#"))


def standing(host: Firewall) -> str:
    return saved(host, "iptables") + "\n" + saved(host, "ip6tables")


def theirs(host: Firewall) -> str:
    """What stands, without our chains and jumps."""
    return "\n".join(line for line in standing(host).splitlines() if not re.search(r"(:|-A |-j )LVS-\S+( |$)", line))


def contents(host: Firewall) -> str:
    return host.run("sha256sum", *host.new_files())


def counted(host: Firewall, program: str) -> dict[str, int]:
    """The packets of the rules with a comment, by it."""
    text = host.run(f"{program}-save", "-c")
    return {found[2]: int(found[1]) for found in re.finditer(r"^\[(\d+):\d+\] .* --comment (\S+)$", text, re.MULTILINE)}


# --- present, change, absent ------------------------------------------------------------------------------------


def ours(host: Firewall) -> list[str]:
    return sorted(line for line in standing(host).splitlines() if "LVS-" in line)


def test_chains_that_wait_for_others_to_change(host: Firewall) -> None:
    host.chains([*CHAINS, COUNT])
    before = standing(host)
    assert not host.chains([COUNT], purge=False)["changed"]
    assert standing(host) == before
    more = {**COUNT, "rules": [*COUNT["rules"], ["-j", "RETURN"]]}
    done = host.chains([more], purge=False)
    assert done["tables"] == ["ipv4 filter"]
    assert "-A PREROUTING -j LVS-MARK" in standing(host)
    # The files name all of them, for a boot between the two runs.
    assert not host.chains([*CHAINS, more], check=True)["changed"]
    host.chains([more])
    assert "-A PREROUTING -j LVS-MARK" not in standing(host)


def test_check_run_check_run_change_and_back(host: Firewall) -> None:
    before = standing(host)
    first = host.chains([*CHAINS, COUNT], check=True)
    assert first["tables"] == ["ipv4 mangle", "ipv6 mangle", "ipv4 filter"]
    assert standing(host) == before
    assert host.new_files() == []

    done = host.chains([*CHAINS, COUNT])
    assert done["diff"] == first["diff"]
    assert done["diff"]["before"]["ipv4 mangle"] == []
    assert done["diff"]["after"]["ipv4 mangle"] == [
        "-N LVS-MARK",
        "-A PREROUTING -j LVS-MARK",
        *(f"-A LVS-MARK {' '.join(rule)}" for rule in CHAINS[0]["rules"]),
        "-N LVS-MARK-IN",
        "-A INPUT -j LVS-MARK-IN",
        *(f"-A LVS-MARK-IN {' '.join(rule)}" for rule in CHAINS[1]["rules"]),
    ]
    assert theirs(host) == before
    assert host.calls()[-3:] == [
        "systemctl daemon-reload",
        f"systemctl enable --quiet {OWNER}-firewall.service",
        f"systemctl restart {OWNER}-firewall.service",
    ]
    present = standing(host)
    assert not host.chains([*CHAINS, COUNT], check=True)["changed"]
    assert not host.chains([*CHAINS, COUNT])["changed"]
    assert standing(host) == present

    moved = {**COUNT, "hook": "FORWARD", "rules": [*COUNT["rules"], ["-j", "RETURN"]]}
    changed = host.chains([CHAINS[0], moved])
    assert changed["tables"] == ["ipv4 mangle", "ipv4 filter", "ipv6 mangle"]
    # A rule that stays is shown in the words of iptables.
    assert changed["diff"]["before"]["ipv4 filter"][2].endswith("--tcp-flags FIN,SYN,RST,ACK SYN")
    assert changed["diff"]["after"]["ipv4 filter"][1:3] == [
        "-A FORWARD -j LVS-COUNT",
        changed["diff"]["before"]["ipv4 filter"][2],
    ]
    assert saved(host, "iptables").count("-j LVS-") == 2
    assert "-j LVS-" not in saved(host, "ip6tables")
    assert theirs(host) == before

    assert host.chains(state="absent")["changed"]
    assert standing(host) == before
    assert host.new_files() == []
    assert not host.chains(state="absent")["changed"]


# --- what somebody does to our rules ----------------------------------------------------------------------------


DAMAGES = (
    "-A PREROUTING -j LVS-MARK",  # a copy that was saved and restored beside ours
    "-D PREROUTING -j LVS-MARK",
    "-D LVS-MARK 2",
    "-A LVS-MARK -j RETURN",
    "-F LVS-MARK",
)


def test_the_program_repairs(host: Firewall) -> None:
    host.chains(CHAINS)
    whole, record = standing(host), host.run("cat", RECORD)
    for damage in DAMAGES:
        host.run("iptables", "-t", "mangle", *damage.split())
        assert standing(host) != whole
        boot(host)
        assert standing(host) == whole, damage
    assert host.run("cat", RECORD) == record


def test_looks_at_the_same_time_come_one_after_the_other(host: Firewall) -> None:
    """As a run and the service that follows firewalld."""
    host.chains(CHAINS)
    before = ours(host)
    for program in ("iptables", "ip6tables"):
        host.run("sh", "-c", f"{program} -t mangle -F; {program} -t mangle -X")
    looks = [subprocess.Popen(host.argv(PROGRAM, "apply"), stderr=subprocess.PIPE, text=True) for _number in range(4)]
    assert [(look.communicate()[1], look.returncode) for look in looks] == [("", 0)] * 4
    assert ours(host) == before


def test_a_repair_is_seen_and_leaves_the_jump_in_its_place(host: Firewall) -> None:
    host.chains(CHAINS)
    host.run("iptables", "-t", "mangle", "-A", "PREROUTING", "-m", "mark", "--mark", "0x1")
    whole = standing(host)
    host.run("iptables", "-t", "mangle", "-D", "LVS-MARK", "2")
    assert host.chains(CHAINS)["diff"]["before"].keys() == {"ipv4 mangle"}
    assert standing(host) == whole

    host.run("rm", RECORD)  # costs a transaction for what iptables prints in other words, no more
    assert not host.chains(CHAINS, check=True)["tables"]
    host.chains(CHAINS)
    assert standing(host) == whole


# --- jumps that are first ---------------------------------------------------------------------------------------


def hook(host: Firewall, name: str) -> list[str]:
    """The rules of a hook of table filter, by what is after -j."""
    lines = host.run("iptables", "-S", name).splitlines()
    return [line.rpartition("-j ")[2] for line in lines if line.startswith("-A ")]


def test_first_is_before_others_and_comes_back_there(host: Firewall) -> None:
    before = standing(host)
    host.chains([COUNT, *FIRST])
    assert hook(host, "INPUT") == ["LVS-ONE", "LVS-TWO", "DROP", "THEIRS", "LVS-COUNT"]
    assert not host.chains([COUNT, *FIRST])["changed"]
    whole = standing(host)

    # Two owners keep their places.
    other = [{"table": "filter", "hook": "INPUT", "chain": "LVS-OTHER", "first": True}]
    host.chains(other, name="lvs-other")
    assert hook(host, "INPUT")[:3] == ["LVS-OTHER", "LVS-ONE", "LVS-TWO"]
    assert not host.chains([COUNT, *FIRST], check=True)["changed"]
    assert not host.chains(other, name="lvs-other", check=True)["changed"]
    host.chains(name="lvs-other", state="absent")
    assert standing(host) == whole

    host.run("iptables", "-I", "INPUT", "2", "-s", "192.0.2.7", "-j", "REJECT")
    moved = host.chains([COUNT, *FIRST], check=True)
    assert "-A INPUT -j LVS-TWO" in moved["diff"]["before"]["ipv4 filter"]
    assert "-I INPUT -j LVS-TWO" in moved["diff"]["after"]["ipv4 filter"]
    for repair in (lambda: host.chains([COUNT, *FIRST]), lambda: boot(host)):
        host.run("iptables", "-I", "INPUT", "-j", "THEIRS")
        repair()
        assert hook(host, "INPUT")[:2] == ["LVS-ONE", "LVS-TWO"]
        assert not host.chains([COUNT, *FIRST], check=True)["changed"]
    host.run("iptables", "-F", "INPUT")
    host.run("iptables", "-A", "INPUT", "-s", "192.0.2.1", "-j", "DROP")
    host.run("iptables", "-A", "INPUT", "-m", "comment", "--comment", "LVS-MARK -j no", "-j", "THEIRS")
    boot(host)
    assert standing(host) == whole

    host.chains(state="absent")
    assert standing(host) == before


def test_a_failed_run_puts_jumps_back_to_their_places(host: Firewall) -> None:
    host.chains([FIRST[0], {**FIRST[1], "first": False}])
    host.run("iptables", "-A", "INPUT", "-j", "THEIRS")
    before = standing(host)
    bad = {"family": "ipv6", "table": "filter", "hook": "INPUT", "chain": "LVS-BAD", "rules": [BAD_RULES[1][0]]}
    assert BAD_RULES[1][1] in host.chains([FIRST[1], COUNT, bad])["msg"]
    assert standing(host) == before


# --- chains for ufw's hosts -------------------------------------------------------------------------------------


def test_a_chain_is_there_while_ufw_is_enabled(host: Firewall) -> None:
    host.run("sh", "-c", "mkdir -p /etc/ufw; echo ENABLED=no > /etc/ufw/ufw.conf")
    host.program("ufw", "#!/bin/sh\n")
    before = standing(host)
    peers = peer_chains([SYNC])
    done = host.chains(peers)
    assert (done["changed"], done["tables"], done["inactive"], done["active"]) == (True, [], ["LVS-PEERS"], [])
    assert standing(host) == before
    assert not host.chains(peers)["changed"]
    boot(host)
    assert standing(host) == before

    host.run("sed", "-i", "s/=no/=yes/", "/etc/ufw/ufw.conf")
    assert host.chains(peers, check=True)["tables"] == ["ipv4 filter"]
    boot(host)
    assert hook(host, "INPUT") == ["LVS-PEERS", "DROP", "THEIRS"]
    done = host.chains(peers)
    assert (done["inactive"], done["active"]) == ([], ["ufw"])
    assert not host.chains(peers)["changed"]

    host.run("sed", "-i", "s/=yes/=no/", "/etc/ufw/ufw.conf")
    boot(host)
    assert standing(host) == before
    host.run("rm", "-r", "/etc/ufw")
    assert host.chains(state="absent")["changed"]


# --- boot -------------------------------------------------------------------------------------------------------


def test_the_program_brings_everything_back_and_sends_nothing_twice(host: Firewall) -> None:
    host.chains([*CHAINS, COUNT])
    whole = standing(host)
    for program in ("iptables", "ip6tables"):
        for table in ("mangle", "filter"):
            host.run("sh", "-c", f"{program}-save -t {table} > {host.folder}/old-{program}-{table}")
            host.run("sh", "-c", f"{program} -t {table} -F; {program} -t {table} -X")
    works = (host.programs / "iptables").read_text()
    host.program("iptables", "#!/bin/sh\necho 'no lock' >&2; exit 4\n")
    failed = subprocess.run(host.argv(PROGRAM, "apply"), capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "iptables -w 5 -t mangle -S failed with status 4: no lock" in failed.stderr
    # A table that fails keeps no other from its rules.
    assert standing(host).count("-j LVS-") == 2
    host.program("iptables", works)
    boot(host)
    assert standing(host).count("-j LVS-") == 5

    # What netfilter-persistent does with a copy that holds ours.
    for program in ("iptables", "ip6tables"):
        host.run("sh", "-c", f"cat {host.folder}/old-{program}-* | {program}-restore")
    host.program("iptables-restore", "#!/bin/sh\nexit 1\n")
    boot(host)
    assert standing(host) == whole


# --- refused ----------------------------------------------------------------------------------------------------


def test_a_foreign_chain_of_our_name_is_refused_unless_it_is_what_we_want(host: Firewall) -> None:
    host.run("iptables", "-t", "filter", "-N", "LVS-COUNT")
    host.run("iptables", "-t", "filter", "-A", "FORWARD", "-j", "LVS-COUNT")
    before = standing(host)
    forward = {**COUNT, "hook": "FORWARD"}
    result = host.chains([*CHAINS, forward])
    assert result["msg"].endswith(
        "remove it and run again: iptables -t filter -D FORWARD -j LVS-COUNT && iptables -t filter -F LVS-COUNT && "
        "iptables -t filter -X LVS-COUNT"
    )
    assert standing(host) == before
    assert host.new_files() == []

    host.chains([{**forward, "rules": []}])
    assert standing(host) == before
    other = host.chains([{**forward, "rules": []}], name="lvs-other")
    assert "LVS-COUNT (ipv4 filter): belongs to lvs-director" in other["msg"]

    host.run("iptables", "-t", "filter", "-A", "THEIRS", "-s", "192.0.2.9", "-g", "LVS-COUNT")
    left = host.chains(state="absent")
    assert "iptables -t filter: this rule of others leads to a chain that is to go: -A THEIRS -s" in left["msg"]


BAD_RULES = [
    (["-m", "nosuchmatch", "-j", "RETURN"], "Couldn't load match `nosuchmatch'"),
    # iptables-restore --test finds nothing wrong with it, the kernel does.
    (["-p", "tcp", "-j", "DNAT", "--to-destination", "[2001:db8::1]"], "the state before this run was put back"),
]


def test_a_bad_rule_changes_nothing_anywhere(host: Firewall) -> None:
    host.chains([CHAINS[0]])
    before, files = standing(host), contents(host)
    for rule, fault in BAD_RULES:
        bad = {"family": "ipv6", "table": "mangle", "hook": "INPUT", "chain": "LVS-BAD", "rules": [rule]}
        result = host.chains([CHAINS[1], COUNT, bad])
        assert fault in result["msg"]
        assert "ip6tables-restore refuses the rules of table mangle" in result["msg"]
        assert standing(host) == before
        assert contents(host) == files


# --- the marks, with packets ------------------------------------------------------------------------------------


FAMILIES = (("iptables", "10.0.0.6/32", 1, "icmp"), ("ip6tables", "2001:db8::6/128", 2, "icmpv6"))


def test_packets_get_our_bits_before_routing_and_exactly_the_mark_at_ipvs(host: Firewall) -> None:
    host.chains(CHAINS)
    for program, vip, mark, icmp in FAMILIES:
        host.run("ip", "addr", "add", vip, "dev", "lo")
        for rule in (
            f"mangle PREROUTING -p udp -m mark --mark {0x100 | mark:#x} -m comment --comment before-routing",
            f"filter INPUT -p udp -m mark --mark {mark} -m comment --comment at-ipvs",
            f"filter INPUT -p udp -m connmark --mark {0x200 | mark:#x} -m comment --comment connection",
            "filter INPUT -p udp -m mark --mark 0x100 -m comment --comment unmatched",
            f"filter INPUT -p {icmp} -m mark --mark {mark} -m comment --comment about-it",
        ):
            table, *words = rule.split()
            host.run(program, "-t", table, "-A", *words)
        for port in (80, 8005, 8010, 81):
            host.run("bash", "-c", f"echo > /dev/udp/{vip.partition('/')[0]}/{port}")
        assert counted(host, program) == {
            "before-routing": 3, "at-ipvs": 3, "connection": 3, "unmatched": 1, "about-it": 3,
        }  # fmt: skip


def test_the_filters_rules_are_written_as_iptables_prints_them(host: Firewall) -> None:
    entries = [{"family": rule["family"], "address": rule["address"], "mss": 1440} for rule in MARKS["rules"]]
    masquerade = [
        {**entry, "source": source, "interface": "eth0", "services": [[entry["address"], "tcp", 8080, 8081]]}
        for entry, source in zip(entries, ("192.168.0.0/24", "fd00::/64"), strict=True)
    ]
    chains = [
        *mark_chains({**MARKS, "mask": 0xFFFFFFFF}),
        *mss_chains(entries),
        *masquerade_chains([*masquerade, {**masquerade[0], "interface": "eth1", "address": None}]),
        {**peer_chains([SYNC])[0], "when_active": []},
    ]
    host.chains(chains)
    printed = standing(host)
    for chain in chains:
        for rule in chain["rules"]:
            assert f"-A {chain['chain']} {' '.join(rule)}\n" in printed


def test_a_check_makes_no_table_of_the_legacy_backend(tmp_path: Path) -> None:
    """To list one makes it, and loads what is behind it: connection tracking, with nat."""
    entry = {"family": "ipv4", "address": "10.0.0.6", "source": "192.168.0.0/24", "interface": "eth0"}
    chains = masquerade_chains([{**entry, "services": [["10.0.0.6", "tcp", 8080, 8081]]}])
    with Firewall(tmp_path / "host", "legacy") as host:
        host.reset()
        before = host.run("cat", "/proc/net/ip_tables_names").split()
        assert "nat" not in before
        checked = host.chains(chains, check=True)
        assert checked["changed"]
        assert host.run("cat", "/proc/net/ip_tables_names").split() == before
        assert host.chains(chains)["diff"] == checked["diff"]
        assert "nat" in host.run("cat", "/proc/net/ip_tables_names").split()


# --- what the host lacks ----------------------------------------------------------------------------------------


@only_nft
def test_a_family_that_is_not_there_is_a_fault_only_where_it_is_wanted(host: Firewall) -> None:
    host.chains(CHAINS)
    for suffix in ("", "-restore"):
        host.program(f"ip6tables{suffix}", "#!/bin/sh\necho 'Table does not exist' >&2; exit 3\n")
    assert "ip6tables: the kernel has no table mangle: Table does not exist" in host.chains(CHAINS)["msg"]
    assert host.chains(CHAINS[:2])["tables"] == []
    assert json.loads(host.run("cat", RECORD))["chains"][-1]["family"] == "ipv4"
    assert not host.chains(CHAINS[:2])["changed"]


@only_nft
def test_without_iptables_check_mode_tells_what_a_run_would_do(host: Firewall) -> None:
    for program in ("iptables", "ip6tables"):
        host.program(program, f"#!/bin/sh\necho '{program} is missing' >&2; exit 127\n")
    assert host.chains(CHAINS, check=True)["tables"] == ["ipv4 mangle", "ipv6 mangle"]
    assert "install the package iptables" in host.chains(CHAINS)["msg"]
    assert not host.chains(state="absent")["changed"]


@only_nft
def test_a_service_that_cannot_start_undoes_the_run(host: Firewall) -> None:
    host.chains(CHAINS)
    before, files = standing(host), contents(host)
    once = 'is-*) exit 0;; start) tried=$(dirname "$0")/tried; [ -e "$tried" ] || { : > "$tried"; exit 1; }'
    host.program("systemctl", f"#!/bin/sh\ncase $1 in {once};; esac\n")
    result = host.chains([COUNT])
    assert result["msg"].endswith("firewall.service failed with status 1: ; the state before this run was put back")
    assert standing(host) == before
    assert contents(host) == files
