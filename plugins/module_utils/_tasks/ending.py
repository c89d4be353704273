# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module ends: with what its work returned, or with the error that stopped it."""

from __future__ import annotations

import os
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

__all__ = ["TaskError", "end"]


class TaskError(Exception):
    """What stopped a module's work, for fail_json; ``facts`` are returned beside the message."""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts


def end(module: AnsibleModule, run: Callable[[AnsibleModule], dict[str, Any]]) -> None:
    """Do the work, and leave with exit_json or fail_json."""
    os.umask(0o022)  # folders that are made here are for all to read, whatever the login's umask
    try:
        result = run(module)
    except TaskError as error:
        module.fail_json(msg=str(error), **error.facts)
    module.exit_json(**result)
