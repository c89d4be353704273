"""From what stands to what is wanted: the steps for rules and routes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.model import (
    MAIN,
    Default,
    Live,
    Route,
    Rule,
    Wanted,
    fits,
    plan,
    wanted_of,
)

VIA1 = Route("ipv4", 200, "192.168.0.1", "eth0", 152)
MAIN1 = VIA1._replace(table=MAIN, metric=0)
FIRST = Rule("ipv4", "192.168.0.12", MAIN, 5000, True)
SECOND = Rule("ipv4", "192.168.0.12", 200, 5001, False)
POLICY = Wanted((FIRST, SECOND), (VIA1,))
FORM_DEFAULT = Wanted((), (MAIN1,))
OTHERS = Default(Route("ipv4", MAIN, "10.9.0.254", "up0", 0), False, ("default", "via", "10.9.0.254", "dev", "up0"))
OURS = Default(MAIN1, True, ("default", "via", "192.168.0.1"))


def words(wanted: Wanted, live: Live, saved: dict[str, list[str]] | None = None) -> list[str]:
    return [" ".join(op.argv) for op in plan(wanted, live, saved or {})]


def config(form: str = "policy", **route: Any) -> dict[str, Any]:
    item = {"family": "ipv4", "source": "192.168.0.12", "gateway": "192.168.0.1", "interface": "eth0", "table": 200}
    return {"form": form, "rule_priority": 5000, "routes": [{**item, **route}]}


def test_both_forms_of_a_configuration() -> None:
    assert wanted_of(config()) == POLICY
    assert wanted_of(config("default")) == FORM_DEFAULT
    assert wanted_of(None) == Wanted()


def test_ipv6_asks_for_metric_1() -> None:
    wanted = wanted_of(config("default", family="ipv6", gateway="fd00::1"))
    assert words(wanted, Live()) == ["-6 route replace default via fd00::1 dev eth0 table 254 metric 1 proto 152"]


@pytest.mark.parametrize("broken", [{}, {"form": "policy"}, {**config(), "routes": [{}]}, {**config(), "routes": 3}])
def test_a_configuration_of_somebody_else(broken: dict[str, Any]) -> None:
    with pytest.raises(BootError, match="run the playbook again"):
        wanted_of(broken)


def test_policy_from_nothing() -> None:
    assert words(POLICY, Live()) == [
        "-4 route replace default via 192.168.0.1 dev eth0 table 200 metric 152 proto 152",
        "-4 rule add from 192.168.0.12 lookup 254 suppress_prefixlength 0 priority 5000 protocol 152",
        "-4 rule add from 192.168.0.12 lookup 200 priority 5001 protocol 152",
    ]


def test_nothing_to_do_when_all_stands() -> None:
    assert plan(POLICY, Live((FIRST, SECOND), (VIA1,), (OTHERS,)), {}) == []


def test_only_what_is_missing() -> None:
    assert words(POLICY, Live((FIRST,), (VIA1,))) == [
        "-4 rule add from 192.168.0.12 lookup 200 priority 5001 protocol 152"
    ]


def test_removal_takes_rules_before_routes_and_nothing_of_others() -> None:
    assert words(Wanted(), Live((FIRST, SECOND), (VIA1,), (OTHERS,))) == [
        "-4 rule del from 192.168.0.12 lookup 254 suppress_prefixlength 0 priority 5000 protocol 152",
        "-4 rule del from 192.168.0.12 lookup 200 priority 5001 protocol 152",
        "-4 route del default via 192.168.0.1 dev eth0 table 200 metric 152 proto 152",
    ]


def test_another_gateway_replaces_in_place() -> None:
    old = VIA1._replace(gateway="192.168.0.2")
    assert words(POLICY, Live((FIRST, SECOND), (old,))) == [
        "-4 route replace default via 192.168.0.1 dev eth0 table 200 metric 152 proto 152"
    ]


def test_an_interface_left_open_fits_any() -> None:
    open_ = VIA1._replace(interface="")
    assert fits(open_, VIA1)
    assert not fits(VIA1, VIA1._replace(interface="eth1"))
    assert not fits(open_, VIA1._replace(gateway="192.168.0.9"))
    assert "dev" not in words(Wanted((), (open_,)), Live())[0].split()


def test_default_beside_a_higher_metric() -> None:
    dhcp = OTHERS._replace(route=OTHERS.route._replace(metric=1024))
    (op,) = plan(FORM_DEFAULT, Live((), (), (dhcp,)), {})
    assert (op.save, op.argv[2]) == (None, "replace")


def test_default_of_others_with_our_metric_is_recorded() -> None:
    (op,) = plan(FORM_DEFAULT, Live((), (), (OTHERS,)), {})
    assert op.save == ("ipv4", OTHERS.spec)


def test_default_that_leads_there_already_is_left_alone() -> None:
    same = Default(MAIN1, False, ("default", "via", "192.168.0.1"))
    assert plan(FORM_DEFAULT, Live((), (), (same,)), {}) == []
    assert plan(Wanted(), Live((), (), (same,)), {}) == []


def test_ours_behind_another_is_no_use() -> None:
    (op,) = plan(FORM_DEFAULT, Live((), (MAIN1,), (OTHERS, OURS)), {})
    assert op.save == ("ipv4", OTHERS.spec)


SAVED = {"ipv4": ["default", "via", "10.9.0.254", "dev", "up0"]}


def test_the_recorded_default_comes_back_in_one_step() -> None:
    (op,) = plan(Wanted(), Live((), (MAIN1,), (OURS,)), SAVED)
    assert op.argv == ("-4", "route", "replace", *SAVED["ipv4"])
    assert op.forget == "ipv4"
    assert op.fallback[:3] == ("-4", "route", "del")


def test_the_recorded_default_comes_back_when_ours_is_lost() -> None:
    (op,) = plan(Wanted(), Live(), SAVED)
    assert (op.argv, op.fallback) == (("-4", "route", "replace", *SAVED["ipv4"]), ())


def test_a_newer_default_of_others_wins_over_the_recorded_one() -> None:
    (op,) = plan(Wanted(), Live((), (MAIN1,), (OURS, OTHERS)), SAVED)
    assert op.argv == ("-4", "route", "del", "default", "via", "192.168.0.1", "dev", "eth0", "table", "254",
                       "metric", "0", "proto", "152")  # fmt: skip
    assert op.forget == "ipv4"


def test_from_default_to_policy() -> None:
    assert [op.argv[1:3] for op in plan(POLICY, Live((), (MAIN1,), (OURS,)), SAVED)] == [
        ("route", "replace"), ("rule", "add"), ("rule", "add"), ("route", "replace"),
    ]  # fmt: skip


def test_the_record_stays_while_the_form_stays() -> None:
    assert plan(FORM_DEFAULT, Live((), (MAIN1,), (OURS,)), SAVED) == []
