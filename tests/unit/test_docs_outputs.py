"""What the documentation shows as our own output is what the code prints, from the shipped inventories' plans."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._firewall.marks import mark_chains
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.masquerade import masquerade_chains
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.mss import mss_chains
from ansible_collections.lvs.cluster.plugins.module_utils._history import alike
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import guard, where
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
)
from ansible_collections.lvs.cluster.plugins.module_utils._lock import model as lock
from ansible_collections.lvs.cluster.plugins.module_utils._picture import tables, wiring
from ansible_collections.lvs.cluster.plugins.module_utils._status.text import lines as status_lines
from ansible_collections.lvs.cluster.plugins.module_utils._verify.prepared import unprepared
from ansible_collections.lvs.cluster.plugins.module_utils._verify.report import report as verified
from tests.unit.plugins.module_utils._status import samples
from tests.unit.plugins.module_utils._verify import seen
from tests.unit.test_docs import ROOT, Block, blocks, nat_ha, planned


def variables() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(nat_ha())["hosts"]
    return found


def interfaces() -> dict[str, Any]:
    return {name: one["lvs_interfaces"] for name, one in variables().items() if "lvs_interfaces" in one}


def plans(*services: str) -> dict[str, Any]:
    """The plans of inventories/nat_ha, with those of its services that are named."""
    offered = [one for one in variables()["lb1"]["lvs_virtual_services"] if one["name"] in services]
    answer, _content, _names = planned(Block(ROOT, 0, "yaml", {}, json.dumps({"lvs_virtual_services": offered})))
    assert answer["faults"] == []
    found: dict[str, Any] = answer["hosts"]
    return found


def check() -> list[str]:
    """Of one service alone, and without the other hosts."""
    known = wiring.enriched(plans("plain"), interfaces())
    return tables.lines({name: known[name] for name in ("lb1", "rs1")})


def status() -> list[str]:
    """One server drained, the other down."""
    hosts = plans("intranet")
    told = {
        "lb1": samples.told(hosts["lb1"], state="MASTER", connections=3),
        "lb2": samples.told(hosts["lb2"], state="BACKUP"),
    }
    by = {"since": "2026-11-26T20:00:00Z", "until": "", "by": "anna"}
    for name, one in told.items():
        (server, _other) = hosts[name]["director"]["services"][0]["real_servers"]
        one["overrides"] = [{"server": server["weight_file"], "state": "drained", "weight": 0, **by}]
        (service,) = one["services"]
        (drained,) = service["destinations"] = service["destinations"][:1]
        drained["weight"] = 0
        service["statistics"] = drained["statistics"]
        one["sync_daemons"] = [{"role": role, "interface": "eth2", "id": 1} for role in ("master", "backup")]
    return status_lines(samples.judged(told, hosts))


def requests(*services: str) -> list[str]:
    """What verify says of requests: 100 to 40 of plain, and one client's, who has one server, of intranet."""
    answered = {"plain": {"rs1": 100, "rs2": 40}, "intranet": {"rs2": 140}}
    ports = {"plain": 8080, "intranet": 80}
    results = [
        {"name": f"{name}:{ports[name]}", "answered": 140, "by": answered[name], "failures": {}} for name in services
    ]
    hosts = plans(*services)
    states = {"lb1": "MASTER", "lb2": "BACKUP"}
    vip, mac = "10.0.0.5", "02:00:00:00:00:01"
    own = {str(interfaces()["lb1"]["eth0"]).partition("/")[0]: [mac]}
    looked: dict[str, Any] = {
        "requests": {"client": {"results": results}},
        "neighbours": {"client": {"answers": {vip: [mac], **own}, "not_asked": {"192.168.0.1": "not on its network"}}},
        "directors": {name: {"status": seen.status(hosts[name]["director"], states[name])} for name in states},
        "real_servers": {"rs1": [], "rs2": []},
        "interfaces": interfaces(),
    }
    found = verified(looked, hosts)
    assert found["faults"] == []
    table: list[str] = found["table"]
    return table


def of_requests() -> list[str]:
    table = requests("intranet", "plain")
    return table[: table.index("")]


def connections() -> list[str]:
    entry = {
        **{"protocol": "tcp", "client": "203.0.113.7", "client_port": 40000, "address": "10.0.0.5", "port": 80},
        **{"server": "192.168.0.12", "server_port": 80, "forwarding": "nat", "state": "ESTABLISHED", "expires": 899},
    }
    template = {**entry, "client_port": 0, "state": "NONE", "expires": 41}
    said = {"connections": [entry], "templates": [template], "total": 1, "templates_total": 1}
    return where.lines(where.report({"lb1": said, "lb2": said}, plans("intranet")), "203.0.113.7/32")


def losses() -> list[str]:
    key = ServiceKey("ipv4", "tcp", "10.0.0.5", 80)

    def pool(*hosts: int) -> Entry:
        servers = {DestinationKey("ipv4", f"192.168.0.{host}", 80): Destination("nat", 1) for host in hosts}
        return Entry(Settings(), servers)

    lost = guard.find({key: pool(12, 13, 14)}, {key: pool(14)}, frozenset({key}), guard.Spared())
    return [f"lb1: {fault}" for fault in guard.faults(lost, Fraction(1, 2))]


def different_runs() -> list[str]:
    def kept(*changes: tuple[str, str]) -> dict[str, Any]:
        (run, time), *_earlier = changes
        return {"entry": {"run": run, "time": time}, "times": [when for _run, when in changes]}

    first = ("aaaaaaaa", "2026-11-20T09:00:00Z")
    lb1 = kept((first[0], "2026-11-20T09:00:40Z"))
    lb2 = kept(("bbbbbbbb", "2026-11-26T20:30:00Z"), first)
    return [f"Nothing was changed. {fault}." for fault in alike.faults({"lb1": lb1, "lb2": lb2})]


def held() -> list[str]:
    holder = lock.Holder("1", "anna", "control1", 4711, "", "", "", "")
    since = 1795725060
    return [lock.describe("lb1", lock.Lock(holder, "lvs.cluster.site", since, since + 3600))]


def iptables(*chains: dict[str, Any]) -> list[str]:
    """Jumps, then rules, as iptables -S has them: by hook, and by name."""
    hooks = sorted(
        chains, key=lambda one: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"].index(one["hook"])
    )
    named = sorted(chains, key=lambda one: str(one["chain"]))
    jumps = [f"-A {one['hook']} -j {one['chain']}" for one in hooks]
    return jumps + [f"-A {one['chain']} {' '.join(rule)}" for one in named for rule in one["rules"]]


def marks() -> list[str]:
    def rule(mark: int, protocol: str, *ports: int) -> dict[str, Any]:
        numbers = [[port, port] for port in ports]
        return {"mark": mark, "family": "ipv4", "address": "10.0.0.6", "protocol": protocol, "ports": numbers}

    return iptables(*mark_chains({"mask": 3, "rules": [rule(1, "tcp", 80, 443), rule(2, "udp", 53)]}))


def segments() -> list[str]:
    return iptables(*mss_chains([{"family": "ipv4", "address": "10.0.0.6", "mss": 1440}]))


def masquerading() -> list[str]:
    item = {
        **{"family": "ipv4", "source": "192.168.0.0/24", "interface": "eth0", "address": "10.0.0.6"},
        "services": [["10.0.0.6", "tcp", 8080, 8080]],
    }
    found = masquerade_chains([item])
    return [line for table in ("nat", "filter") for line in iptables(*(one for one in found if one["table"] == table))]


def differing() -> list[str]:
    return unprepared([{"changed": True, "steps": ["ip address add 10.0.0.6/32 dev lo scope host"]}], "rs2")


def block_of(doc: str, begins: str) -> Block:
    (block,) = (one for one in blocks(ROOT / doc) if one.language == "text" and one.text.startswith(begins))
    return block


SHOWN: list[tuple[str, str, Callable[[], list[str]]]] = [
    ("docs/operations/check.md", "lb1: director", check),
    ("docs/operations/connections.md", "client ", connections),
    ("docs/operations/guard.md", "lb1: tcp", losses),
    ("docs/operations/status.md", "PROBLEMS", status),
    ("docs/operations/verify.md", "SERVICE", lambda: requests("plain")),
    ("README.md", "SERVICE", of_requests),
    ("docs/direct_routing.md", "rs2: is not", differing),
    ("docs/operations/rollback.md", "Nothing was", different_runs),
    ("docs/firewall.md", "$ iptables -t mangle", marks),
    ("docs/firewall.md", "-A OUTPUT", segments),
    ("docs/firewall.md", "$ iptables -t nat", masquerading),
]


@pytest.mark.parametrize(("doc", "begins", "printed"), SHOWN)
def test_what_is_shown_is_what_is_printed(doc: str, begins: str, printed: Callable[[], list[str]]) -> None:
    assert printed() == [line for line in block_of(doc, begins).text.splitlines() if not line.startswith("$ ")]


@pytest.mark.parametrize(
    ("doc", "printed"),
    [
        ("docs/operations/lock.md", held),
        ("docs/troubleshooting.md", held),
        ("docs/troubleshooting.md", losses),
    ],
)
def test_a_long_message_is_shown_on_several_lines(doc: str, printed: Callable[[], list[str]]) -> None:
    shown = " ".join(block_of(doc, "No lock").text.split())
    assert all(line in shown for line in printed())
    (message,) = re.findall(r'msg: "(No lock, .*): \{\{', (ROOT / "playbooks/tasks/lock.yml").read_text())
    assert shown.startswith(f"{message}: lb1 is being changed")
