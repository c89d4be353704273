# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.filter.settled_buckets import FilterModule

settled = FilterModule().filters()["settled_buckets"]
FOUND: dict[str, Any] = {
    "web1": {
        "10.0.0.9": {"changed": False, "buckets": [1, 2], "buckets_before": [1, 2], "by_hand": {"taken": [2]}},
    },
    "web2": {"10.0.0.9": {"changed": True, "buckets": [2], "buckets_before": None, "by_hand": {}}},
}


def test_its_example() -> None:
    assert settled(FOUND, {"web1": [1], "web2": [2]}) == {
        "web2": {
            "buckets": {"10.0.0.9": {"now": [], "at_boot": []}},
            "lines": ["bucket 2 of 10.0.0.9 stays on web1, where it was moved by hand"],
        }
    }


@pytest.mark.parametrize("given", [None, ["web1"], {"web1": None}, {"web1": {"10.0.0.9": {}}}, {"web3": FOUND["web2"]}])
def test_what_no_node_returned(given: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"lvs\.cluster\.settled_buckets: "):
        settled(given, {"web1": [1], "web2": [2]})
