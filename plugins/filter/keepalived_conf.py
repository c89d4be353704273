# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Door to the keepalived serialiser: a director's plan to the text of keepalived.conf."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import TreeError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.weights import DIRECTORY


def keepalived_conf(director: Any, weights_directory: str = DIRECTORY) -> str:
    """Return the text for a DIRECTOR plan; raise AnsibleFilterError where something cannot be written."""
    if not isinstance(director, Mapping):
        raise AnsibleFilterError("lvs.cluster.keepalived_conf needs a director's plan, a mapping")
    try:
        return render(tree(director, weights_directory))
    except TreeError as error:
        raise AnsibleFilterError(f"lvs.cluster.keepalived_conf: {error}") from error
    except KeyError as error:
        raise AnsibleFilterError(f"lvs.cluster.keepalived_conf: the director's plan lacks the key {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"keepalived_conf": keepalived_conf}
