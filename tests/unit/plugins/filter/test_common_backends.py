# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.filter.common_backends import FilterModule

FOUND = {
    "web1": {"10.0.0.9": {"nftables": "", "xt_cluster": ""}},
    "web2": {"10.0.0.9": {"nftables": "nft is missing", "xt_cluster": ""}},
}
common = FilterModule().filters()["common_backends"]


def test_its_example() -> None:
    assert common(FOUND) == {"backends": {"10.0.0.9": "xt_cluster"}, "faults": []}


def test_nodes_left_out_and_what_stands() -> None:
    found = {"web1": FOUND["web1"]}
    assert "web3 may have another backend" in common(found, ("web3",))["faults"][0]
    assert common(found, ["web3"], {"web1": ["10.0.0.9"]})["backends"] == {"10.0.0.9": "nftables"}


@pytest.mark.parametrize("given", [None, ["web1"], {"web1": None}, {"web1": {"10.0.0.9": None}}])
def test_what_no_node_returned(given: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"lvs\.cluster\.common_backends: "):
        common(given)
