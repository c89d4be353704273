# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A keepalived configuration as a tree of nodes: a keyword, the values behind it, and perhaps a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Union

__all__ = ["Node", "TreeError", "Value", "from_data", "from_options", "to_data"]

Value = Union[str, int, float]


class TreeError(ValueError):
    """Data that is no tree of nodes, or a tree that keepalived's text cannot hold.

    ``path`` names the place, for example ``vrrp_instance VI_1 > authentication > auth_pass``. The message holds the
    path and what is wrong, never a value, because a value may be a password.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem


class Node(NamedTuple):
    """One line of keepalived.conf: ``name value value``, with ``block`` also its ``{ ... }``.

    ``block`` is None for a line without braces; ``()`` is an empty block.
    """

    name: str
    values: tuple[Value, ...] = ()
    block: tuple[Node, ...] | None = None


def from_data(data: Any, path: str = "") -> list[Node]:
    """Read ``[{"name": str, "values": [scalar, ...], "block": [...] or None}, ...]``; raise TreeError."""
    if not _is_list(data):
        raise TreeError(path, "a list of nodes is needed")
    return [_node(item, f"{path}[{number}]") for number, item in enumerate(data)]


def to_data(nodes: Sequence[Node]) -> list[dict[str, Any]]:
    """Return the plain lists and dicts that ``from_data`` reads back to equal nodes."""
    return [
        {
            "name": node.name,
            "values": list(node.values),
            "block": None if node.block is None else to_data(node.block),
        }
        for node in nodes
    ]


def from_options(options: Any, path: str = "options") -> list[Node]:
    """Read an ``options`` mapping of the inventory: keepalived's keywords as they stand, in the mapping's order.

    - scalar: the keyword with one value (a text with spaces stays one value and is quoted);
    - list of scalars: the keyword once, with all of them on its line: ``lvs_timeouts: [tcp, 7200, udp, 300]``;
    - list of lists: the keyword once for each inner list;
    - mapping: a block; list of mappings: the block once for each;
    - true: the bare keyword; false, null and an empty list: left out.

    Several values on a line are far more common in keepalived than a repeated keyword, so they have the plainer form.
    A key may hold values too, parted by spaces: ``"vrrp_script check": {interval: 2}`` is ``vrrp_script check {``.
    """
    if not isinstance(options, Mapping):
        raise TreeError(path, "a mapping of keepalived keywords is needed")
    nodes: list[Node] = []
    for key, value in options.items():
        words = str(key).split() if isinstance(key, (str, int)) and not isinstance(key, bool) else []
        if not words:
            raise TreeError(path, "a key is not a keyword")
        nodes.extend(_option(words[0], tuple(words[1:]), value, f"{path}.{words[0]}"))
    return nodes


def _option(name: str, head: tuple[Value, ...], value: Any, path: str) -> list[Node]:
    if value is None or value is False:
        return []
    if value is True:
        return [Node(name, head)]
    if isinstance(value, Mapping):
        return [Node(name, head, tuple(from_options(value, path)))]
    if not _is_list(value):
        return [Node(name, (*head, _scalar(value, path)))]
    if all(isinstance(item, Mapping) for item in value):
        return [Node(name, head, tuple(from_options(item, f"{path}[{at}]"))) for at, item in enumerate(value)]
    if all(_is_list(item) for item in value):
        return [Node(name, head + _scalars(item, f"{path}[{at}]")) for at, item in enumerate(value)]
    return [Node(name, head + _scalars(value, path))]


def _node(item: Any, path: str) -> Node:
    if not isinstance(item, Mapping):
        raise TreeError(path, "a mapping with name, values and block is needed")
    unknown = sorted(str(key) for key in item if key not in ("name", "values", "block"))
    if unknown:
        raise TreeError(path, f"unknown key {unknown[0]}; a node has name, values and block")
    name = item.get("name")
    if not isinstance(name, str) or not name:
        raise TreeError(path, "the name must be a text that is not empty")
    values = item.get("values", [])
    if not _is_list(values):
        raise TreeError(f"{path}.values", "a list is needed")
    block = item.get("block")
    inner = None if block is None else tuple(from_data(block, f"{path}.block"))
    return Node(str(name), _scalars(values, f"{path}.values"), inner)


def _scalars(values: Sequence[Any], path: str) -> tuple[Value, ...]:
    return tuple(_scalar(value, f"{path}[{at}]") for at, value in enumerate(values))


def _scalar(value: Any, path: str) -> Value:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise TreeError(path, "a text or a number is needed")
    return value


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))
