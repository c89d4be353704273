# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts as adopt_info reads them, made for tests: by hand, or as this collection would have set them up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._adopt import blocks
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.adoption import Adopted
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.host import firewall_tables
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.secrets import replaced
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.table import normal
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.marks import mark_chains
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.masquerade import masquerade_chains
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.model import quoted
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import planned
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render
from tests.unit.test_docs import ROOT, listing, templated

SAMPLES = Path(__file__).parent / "samples"
TIMEOUTS = {"tcp": 900, "tcp_fin": 120, "udp": 300}


def address(text: str, secondary: bool = False) -> dict[str, Any]:
    return {"address": text, "label": "", "scope": "global", "secondary": secondary, "temporary": False}


def host(**interfaces: list[str]) -> dict[str, Any]:
    """A host with addresses and nothing else; the first of an interface is no secondary one."""
    links: list[dict[str, Any]] = [{"name": "lo", "kind": "", "loopback": True, "addresses": [address("127.0.0.1/8")]}]
    for name, texts in interfaces.items():
        addresses = [address(text, number > 0) for number, text in enumerate(texts)]
        links.append({"name": name, "kind": "", "loopback": name == "lo", "addresses": addresses})
    lists: dict[str, Any] = {name: [] for name in ("firewall", "native_rules", "rules", "routes", "unread")}
    return {"links": links, "table": table(), "keepalived": None, "secrets": {}, "sysctls": {}, **lists}


def table(*services: dict[str, Any]) -> dict[str, Any]:
    return {"loaded": bool(services), "services": list(services), "timeouts": dict(TIMEOUTS), "sync_daemons": []}


def service(*servers: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """A virtual service as ipvs_info shows it."""
    values: dict[str, Any] = {"family": "ipv4", "scheduler": "wlc", "scheduler_flags": [], "one_packet": False}
    values.update({"persistence_timeout": 0, "persistence_netmask": "", "persistence_engine": ""})
    return {**values, **settings, "destinations": list(servers)}


def server(address: str, port: int, weight: int = 1, forwarding: str = "nat", **more: Any) -> dict[str, Any]:
    values = {"address": address, "port": port, "weight": weight, "forwarding": forwarding}
    return {**values, "upper_threshold": 0, "lower_threshold": 0, **more}


def firewall(text: str, family: str = "ipv4", variant: str = "nft") -> list[dict[str, Any]]:
    return [{"family": family, "variant": variant, **one} for one in firewall_tables(text)]


def configure(facts: dict[str, Any], file: Path, name: str, **more: Any) -> None:
    """Give a host a running keepalived with this configuration."""
    found = blocks.read(str(file), name)
    facts["secrets"] = found["secrets"]
    facts["unread"] += [{"what": one["place"], "why": one["why"]} for one in found["unread"]]
    facts["keepalived"] = {
        "running": True,
        "file": str(file),
        "items": found["items"],
        "programs": {},
        "has_script_user": False,
        **more,
    }


# --- as this collection sets hosts up


def inventory(name: str) -> dict[str, Any]:
    """An inventory of this repository as the plan takes it."""
    answer = listing(ROOT / "inventories" / name)
    variables = answer["_meta"]["hostvars"]
    groups = {group: body.get("hosts", []) for group, body in answer.items() if group != "_meta"}
    hosts = {
        one: {key: templated(value, found) for key, value in found.items() if key.startswith("lvs_")}
        for one, found in variables.items()
    }
    text = json.dumps({"hosts": hosts, "groups": groups})
    lookup = "{{ lookup('lvs.cluster.page_digest', 'files/unknown.gif') }}"
    read: dict[str, Any] = json.loads(text.replace(lookup, "d" * 32))
    return read


def set_up(name: str, wanted: Mapping[str, Any], plans: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A host as its plan makes it; of the directors the first one is master."""
    plan = plans[name]
    written = wanted["hosts"][name].get("lvs_interfaces", {})
    facts = host(**{device: [one] if isinstance(one, str) else one for device, one in written.items()})
    director = plan["director"]
    back = plan["real_server_nat"] or {"routes": []}
    for route in back["routes"]:
        found = {"family": route["family"], "dst": "default", "gateway": route["gateway"], "dev": "eth0"}
        if back["form"] == "policy":
            rule = {
                "family": route["family"],
                "src": route["source"],
                "table": "200",
                "priority": 100,
                "protocol": "152",
            }
            facts["rules"].append(rule)
            found["table"] = "200"
        facts["routes"].append(found)
    if not director:
        return facts
    facts["sysctls"] = dict(director["sysctls"])
    _hold(facts, director, first=name == wanted["groups"]["directors"][0])
    facts["table"] = table(*_services(director))
    chains: dict[tuple[str, str], dict[str, list[str]]] = {}
    for chain in [*mark_chains(director["marks"]), *masquerade_chains(director["masquerade"])]:
        if chain["table"] in ("mangle", "nat"):
            there = chains.setdefault((chain["family"], chain["table"]), {})
            there.setdefault(chain["hook"], []).append(f"-j {chain['chain']}")
            there[chain["chain"]] = [quoted(rule) for rule in chain["rules"]]
    facts["firewall"] = [
        {"family": family, "variant": "nft", "table": kind, "chains": found} for (family, kind), found in chains.items()
    ]
    if director["manager"] == "keepalived":
        file = folder / f"{name}.conf"
        file.write_text(render(tree(director)))
        configure(facts, file, name, has_script_user=True)
    return facts


def _hold(facts: dict[str, Any], director: Mapping[str, Any], *, first: bool) -> None:
    held = [(one["address"], one["interface"]) for one in director["virtual_addresses"]]
    for instance in director["vrrp_instances"] if first else ():
        for key in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
            held += [(one["address"], one.get("dev", instance["interface"])) for one in instance.get(key, ())]
    for text, device in held:
        for link in facts["links"]:
            if link["name"] == device:
                link["addresses"].append(address(text, secondary=True))


def _services(director: Mapping[str, Any]) -> list[dict[str, Any]]:
    result = []
    for key, entry in normal(planned.services(director)).items():
        names = ("family", "fwmark") if len(key) == 2 else ("family", "protocol", "address", "port")
        destinations = [{"address": ip, "port": port, **values} for (ip, port), values in entry["destinations"].items()]
        settings = {**entry["settings"], "scheduler_flags": list(entry["settings"]["scheduler_flags"])}
        result.append({**dict(zip(names, key, strict=True)), **settings, "destinations": destinations})
    return result


def as_inventory(adopted: Adopted) -> dict[str, Any]:
    """What was adopted as the plan takes it, with the passwords in it."""
    hosts = {name: dict(one) for name, one in adopted.hosts.items()}
    for group, members in adopted.clusters.items():
        values = {f"{{{{ {name} }}}}": value for name, value in adopted.vaults[group].items()}
        for name in members:
            hosts[name].update(replaced({**adopted.shared[group], **adopted.own.get(name, {})}, values))
    return {"hosts": hosts, "groups": {**adopted.groups, "all": list(hosts)}}


def texts(adopted: Adopted, kind: str) -> list[str]:
    return [one["text"] for one in adopted.findings.listed(kind)]
