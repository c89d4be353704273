# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the scripts of the inventory stand on a director, and who runs them."""

from __future__ import annotations

import os

__all__ = ["SCRIPTS_DIRECTORY", "SCRIPT_USER", "installed_path"]

SCRIPTS_DIRECTORY = "/etc/keepalived/lvs-cluster"

SCRIPT_USER = "keepalived_script"
"""The unprivileged user whom keepalived takes by itself if the host has one of this name (keepalived.conf(5))."""


def installed_path(script: str) -> str:
    """Return where a script is on the director: an absolute path as it is, a file beside the inventory copied."""
    return script if os.path.isabs(script) else f"{SCRIPTS_DIRECTORY}/{os.path.basename(script)}"
