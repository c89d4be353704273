# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._firewall.marks import mark_chains
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.model import chains_of
from ansible_collections.lvs.cluster.plugins.module_utils._history import restoring
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import weights
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import read_text

GOLDEN = Path(__file__).parents[1] / "_keepalived" / "golden" / "everything.conf"
BLOCKS = read_text(GOLDEN.read_text(), "lb1")
KEY = ServiceKey("ipv4", "tcp", "10.0.0.5", 80)


def name(number: int) -> DestinationKey:
    return DestinationKey("ipv4", f"192.168.0.{number}", 80)


def table(**numbers: int) -> Table:
    return {KEY: Entry(Settings(), {name(int(one[1:])): Destination(weight=weight) for one, weight in numbers.items()})}


def test_what_a_configuration_names() -> None:
    assert restoring.instances(BLOCKS) == ["VI_4", "VI_6", "VI_2"]
    names = restoring.weight_file_names(BLOCKS, "/var/lib/lvs-cluster/weights")
    assert len(names) == 8
    assert names[0] == "pages_10.0.0.5_tcp_80_192.168.0.12_80"
    # Not the user's own files, and nothing where the weights are elsewhere.
    assert "maintenance" not in names
    assert restoring.weight_file_names(BLOCKS, "/elsewhere") == []


def test_scripts_are_those_of_the_inventory() -> None:
    folder = "/etc/keepalived/lvs-cluster"
    assert restoring.scripts(BLOCKS) == [f"{folder}/check.sh", f"{folder}/to_master.sh", f"{folder}/up.sh"]


def test_marks_that_a_configuration_names() -> None:
    text = (
        "virtual_server_group many {\n fwmark 5\n 10.0.0.9 80\n}\nvirtual_server group many {\n}\n"
        "virtual_server fwmark 3 {\n ip_family inet6\n}\nvirtual_server 10.0.0.5 80 {\n}\n"
        "virtual_server_group unused {\n fwmark 8\n}\n"
    )
    assert restoring.named_marks(read_text(text, "lb1")) == {("ipv4", 5), ("ipv6", 3)}
    assert restoring.table_marks([KEY, ServiceKey("ipv6", fwmark=3)]) == {("ipv6", 3)}


@pytest.mark.parametrize("mask", [0xFFFFFFFF, 0xFF])
def test_marks_that_our_chains_give(mask: int) -> None:
    same = {"protocol": "tcp", "ports": [[80, 80]]}
    rules = [
        {**same, "family": "ipv4", "mark": 1, "address": "10.0.0.5"},
        {**same, "family": "ipv4", "mark": 16, "address": "10.0.0.6"},
        {**same, "family": "ipv6", "mark": 3, "address": "fd00::5"},
    ]
    chains = chains_of({"chains": mark_chains({"mask": mask, "rules": rules})})
    assert restoring.given_marks(chains) == {("ipv4", 1), ("ipv4", 16), ("ipv6", 3)}
    assert restoring.given_marks(()) == frozenset()


def test_a_mark_of_the_other_family_is_none() -> None:
    assert restoring.unmarked_fault([("ipv4", 1)], [("ipv4", 1), ("ipv4", 2)]) is None
    fault = restoring.unmarked_fault([("ipv4", 2), ("ipv6", 1)], [("ipv4", 1)])
    assert fault is not None
    assert "no packet gets here any more (2 (ipv4), 1 (ipv6))" in fault
    assert "change the services back in the inventory and run lvs.cluster.site" in fault


def test_a_weight_0_that_was_kept_takes_the_weight_of_now() -> None:
    live = table(_1=5, _2=0, _3=0, _4=9)
    ours = {(KEY, name(3))}
    wanted = restoring.wanted_table(table(_1=0, _2=0, _3=0, _4=2, _5=0), live, ours)
    assert [values.weight for values in wanted[KEY].destinations.values()] == [5, 1, 0, 2, 0]
    # So a person's 0 stays a person's, and a server that was held back stays so.
    decision = weights.decide(live, wanted, (), ours, {})
    assert {one.address[-1]: values.weight for one, values in decision.table[KEY].destinations.items()} == {
        "1": 5,
        "2": 0,
        "3": 0,
        "4": 2,
        "5": 0,
    }
    assert decision.drained == [(KEY, name(2))]
    assert decision.zero == {(KEY, name(3)), (KEY, name(5))}


def test_a_service_that_comes_back() -> None:
    kept = table(_1=3, _2=0)
    assert restoring.wanted_table(kept, {}, ()) == kept
