# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.filter.keepalived_conf import FilterModule, keepalived_conf

GOLDEN = os.path.join(os.path.dirname(__file__), "..", "module_utils", "_keepalived", "golden")


def _plan() -> dict[str, Any]:
    with open(os.path.join(GOLDEN, "nat_ha.json"), encoding="utf-8") as stream:
        plan: dict[str, Any] = json.load(stream)
    return plan


def test_the_filter_gives_the_golden_text() -> None:
    with open(os.path.join(GOLDEN, "nat_ha.conf"), encoding="utf-8") as stream:
        expected = stream.read()
    assert FilterModule().filters()["keepalived_conf"](_plan()) == expected


def test_another_directory() -> None:
    assert "file /w/intranet_10.0.0.5_tcp_80_192.168.0.12_80\n" in keepalived_conf(_plan(), "/w")


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (None, "needs a director's plan"),
        ({"services": [{"name": "x"}]}, "lacks the key"),
        ({"global": {"options": ["x"]}}, r"global\.options: a mapping of keepalived keywords is needed"),
    ],
)
def test_faults_name_the_filter_and_the_place(plan: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=rf"lvs\.cluster\.keepalived_conf.*{message}"):
        keepalived_conf(plan)


def test_a_password_is_not_in_the_fault() -> None:
    plan = _plan()
    plan["vrrp_instances"][0]["authentication"]["auth_pass"] = 'sesame"'
    with pytest.raises(AnsibleFilterError) as error:
        keepalived_conf(plan)
    assert "auth_pass" in str(error.value)
    assert "sesame" not in str(error.value)
