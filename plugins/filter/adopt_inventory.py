# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `adopt_inventory`: what was read of running hosts as the files of an inventory."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import yaml
from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.adoption import Reference, adopt
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.files import (
    files_of,
    report_of,
    services_of,
    vaults_of,
)


class _Dumper(yaml.SafeDumper):
    """YAML as people write it: lists are indented, what Ansible must not template is marked."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.Node:
    if any(mark in value for mark in ("{{", "{%", "{#")):
        return dumper.represent_scalar("!unsafe", value, style='"')
    return yaml.SafeDumper.represent_str(dumper, value)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Reference, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", value, '"'))


def _yaml(data: Any) -> str:
    """A mapping with a key on each line; what holds no other container is written on one line."""
    stream = io.StringIO()
    dumper = _Dumper(stream, default_flow_style=None, sort_keys=False, width=110, allow_unicode=True)
    dumper.open()
    node = dumper.represent_data(data)
    if isinstance(node, yaml.CollectionNode):
        node.flow_style = False
    dumper.serialize(node)
    dumper.close()
    return stream.getvalue()


def _plain(value: Any) -> Any:
    """Ansible's own kinds of text and containers as Python's."""
    if isinstance(value, Mapping):
        return {_plain(str(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    # What is unsafe before ansible-core 2.19 stays of its own kind through str().
    return str.__str__(value) if isinstance(value, str) else value


def adopt_inventory(facts: Mapping[str, Any], directors: Iterable[str]) -> dict[str, Any]:
    """Files, vaults, what is left, notes and faults of an adoption."""
    try:
        adopted = adopt(_plain(facts), [str(name) for name in directors])
        found = {kind: adopted.findings.listed(kind) for kind in ("faults", "left", "notes")}
        result = {
            "files": {**files_of(adopted, _yaml), "adopt.txt": report_of(adopted)},
            "vaults": vaults_of(adopted, _yaml),
            "services": [one["name"] for one in services_of(adopted)],
            "directors": adopted.groups["directors"],
            "hosts": list(adopted.hosts),
            **found,
        }
        # Before ansible-core 2.19 the braces in it would be filled in, those that hosts have, too.
        wrapped: dict[str, Any] = wrap_var(result)
        return wrapped
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"lvs.cluster.adopt_inventory needs what adopt_info returned: {error!r}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"adopt_inventory": adopt_inventory}
