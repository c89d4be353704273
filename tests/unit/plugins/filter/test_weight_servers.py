# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.lvs.cluster.plugins.filter.weight_servers import FilterModule


def server(file: str, **changes: Any) -> dict[str, Any]:
    return {"host": "rs1", "address": "192.168.0.11", "forwarding": "nat", "weight_file": file, **changes}


DIRECTOR = {
    "services": [
        {"name": "web", "real_servers": [server("web_a"), server("web_b", host=None, address="192.168.0.99")]},
        {"name": "shop", "real_servers": [server("shop_group_a"), server("shop_group_b", host="rs2")]},
        {"name": "shop", "real_servers": [server("shop_group_a"), server("shop_group_b", host="rs2")]},
        {"name": "mail", "real_servers": [server("mail_b", host="rs2", forwarding="dr")]},
    ]
}


def test_each_file_is_listed_once_also_where_services_share_it() -> None:
    found = FilterModule().filters()["weight_servers"](DIRECTOR, {"nat": ["rs1"], "dr": ["rs2"]})
    assert found == [
        {"file": "web_a", "label": "web rs1", "forwarding": "nat", "ready": True},
        {"file": "web_b", "label": "web 192.168.0.99", "forwarding": "nat", "ready": True},
        {"file": "shop_group_a", "label": "shop rs1", "forwarding": "nat", "ready": True},
        {"file": "shop_group_b", "label": "shop rs2", "forwarding": "nat", "ready": False},
        {"file": "mail_b", "label": "mail rs2", "forwarding": "dr", "ready": True},
    ]
