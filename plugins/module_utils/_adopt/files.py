# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an adopted inventory: which variables stand where, and the report for people."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.adoption import Adopted
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.table import label
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.verbatim import identities

__all__ = ["files_of", "report_of", "services_of", "vaults_of"]

Writer = Callable[[Any], str]
"""Data to YAML."""

_ADOPTED = "# Written by lvs.cluster.adopt from what runs.\n"
_HOSTS = (
    "# How to connect is not here: keep your old inventory beside this one (ansible-playbook -i OLD -i THIS ...),\n"
    "# or add the ansible_ variables.\n"
)
_VAULT = "# Encrypt this file: ansible-vault encrypt\n"
_ORDER = (
    "lvs_manager",
    "lvs_virtual_services",
    "lvs_virtual_addresses",
    "lvs_mark_mask",
    "lvs_vrrp_instances",
    "lvs_vrrp_sync_groups",
    "lvs_vrrp_scripts",
    "lvs_track_processes",
    "lvs_track_files",
    "lvs_bfd_instances",
    "lvs_sync_daemon",
    "lvs_masquerade",
    "lvs_colocated",
    "lvs_sysctls",
    "lvs_keepalived_global",
    "lvs_keepalived_options",
)


def services_of(adopted: Adopted) -> list[Mapping[str, Any]]:
    """All services, those of peers once."""
    found = [one for shared in adopted.shared.values() for one in shared.get("lvs_virtual_services", ())]
    for own in adopted.own.values():
        found += [one for one in own.get("lvs_virtual_services", ()) if one not in found]
    return found


def files_of(adopted: Adopted, yaml: Writer) -> dict[str, str]:
    """The text of each file by its path, without passwords."""
    files = {"hosts.yml": f"---\n{_ADOPTED}{_HOSTS}{yaml({'all': {'children': _groups(adopted)}})}"}
    for group, variables in adopted.shared.items():
        if variables:
            files[f"group_vars/{group}/main.yml"] = _variables(variables, yaml)
    for host, variables in adopted.own.items():
        files[f"host_vars/{host}/main.yml"] = _variables(variables, yaml)
    return files


def _variables(variables: Mapping[str, Any], yaml: Writer) -> str:
    ordered = sorted(variables, key=_ORDER.index)
    return f"---\n{_ADOPTED}" + "\n".join(yaml({key: _short(variables[key])}) for key in ordered)


def _short(value: Any, key: str = "") -> Any:
    """Addresses and tracked things that have nothing beside their name as a text alone."""
    if isinstance(value, Mapping):
        return {name: _short(one, str(name)) for name, one in value.items()}
    if not isinstance(value, list):
        return value
    word = "address" if key.startswith("virtual_ipaddress") else "name" if key.startswith("track_") else ""
    return [one[word] if word and list(one) == [word] else _short(one) for one in value]


def _groups(adopted: Adopted) -> dict[str, Any]:
    """Groups with their hosts; what describes a host stands where it comes first."""
    told: set[str] = set()

    def members(names: Iterable[str]) -> dict[str, Any]:
        result = {}
        for name in names:
            result[name] = {} if name in told else adopted.hosts[name]
            told.add(name)
        return {"hosts": result}

    groups: dict[str, Any] = {}
    for group, names in adopted.groups.items():
        if group == "directors" and len(adopted.clusters) > 1:
            groups[group] = {"children": {one: members(found) for one, found in adopted.clusters.items()}}
        else:
            groups[group] = members(names)
    return groups


def vaults_of(adopted: Adopted, yaml: Writer) -> dict[str, str]:
    """The text of each file with passwords, by its path."""
    return {
        f"group_vars/{group}/vault.yml": f"---\n{_ADOPTED}{_VAULT}{yaml(passwords)}"
        for group, passwords in adopted.vaults.items()
        if passwords
    }


def report_of(adopted: Adopted) -> str:
    """What was found, and what is left, for people."""
    lines = ["Adopted by lvs.cluster.adopt", ""]
    for cluster in adopted.clusters.values():
        lines.append(f"Directors: {', '.join(cluster)}")
    for group, names in adopted.groups.items():
        if group != "directors":
            lines.append(f"{group}: {', '.join(names)}")
    lines += ["", "Services"]
    for service in services_of(adopted):
        asked = ", ".join(label(key) for key in sorted(identities([service]), key=str))
        servers = ", ".join(f"{one.get('host') or one['address']} ({one['weight']})" for one in service["real_servers"])
        lines.append(f"  {service['name']}: {asked}, {service['scheduler']}, {service['forwarding']}: {servers}")
    heads = {
        "faults": "Faults: with these the inventory does not describe what runs",
        "left": "Left: what the inventory does not describe, and what to do",
        "notes": "Notes: what the inventory says in other words, or what is so at the moment",
    }
    for kind, head in heads.items():
        found = adopted.findings.listed(kind)
        if found:
            lines += ["", head, *(f"  {one['text']}" for one in found)]
    lines += [
        "",
        "Next: put the files under version control, ansible-vault encrypt the vault files, and run",
        "  ansible-playbook -i OLD -i THIS lvs.cluster.site --check --diff",
        "where OLD is the inventory with the ansible_ variables that say how to connect.",
        "",
    ]
    return "\n".join(lines)
