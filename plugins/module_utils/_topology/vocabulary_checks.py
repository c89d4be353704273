# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of health checks."""

from __future__ import annotations

from typing import Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_words import (
    OPTIONS,
    PORT,
    TEXT,
    integer,
    listed,
    seconds,
)

__all__ = [
    "HEALTH_CHECKS",
]

CHECK_TIMING = {
    "type": TEXT,
    "connect_port": PORT,
    "connect_timeout": seconds(low=0.001),
    "retry": integer(0, 1000),
    "delay_before_retry": seconds(),
    "options": OPTIONS,
}
STATUS = integer(100, 599)
DIGEST = Spec("text", "the MD5 digest of the page, 32 hexadecimal digits", pattern="[0-9a-fA-F]{32}")
PATH = Spec("text", "a path that begins with /", pattern=r"/\S*")
URL = Spec(
    "mapping",
    "a mapping with path and status_code or digest",
    fields={
        "path": Spec("text", PATH.wanted, pattern=PATH.pattern, required=True),
        "status_code": STATUS,
        "digest": DIGEST,
        "virtualhost": TEXT,
        "options": OPTIONS,
    },
)
HTTP_CHECK = Spec(
    "mapping",
    "a health check",
    # keepalived 2.2.7 crashes on an HTTP_GET without a url, so one of these is needed (FACTS.md).
    one_of=("path", "urls"),
    old_words={"nb_get_retry": "retry"},
    fields={
        **CHECK_TIMING,
        "path": PATH,
        "status_code": STATUS,
        "digest": DIGEST,
        "urls": Spec("list", "a list of mappings with path", item=URL, at_least=1),
        "virtualhost": TEXT,
    },
)
TCP_CHECK = Spec("mapping", "a health check", old_words={"nb_get_retry": "retry"}, fields=CHECK_TIMING)
CHECKS: Mapping[str, Spec] = {"tcp": TCP_CHECK, "http": HTTP_CHECK, "https": HTTP_CHECK}
HEALTH_CHECKS = listed(
    Spec("variant", f"type: one of {', '.join(CHECKS)}", variants=CHECKS), "a list of mappings, each with its type"
)
