"""What is compared, and the text of a transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._firewall import model
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.model import Chain, Printed, Target

MARK = Chain("ipv4", "mangle", "PREROUTING", "LVS-MARK", (("-d", "10.0.0.6", "-j", "ACCEPT"),))
SENT, PRINTED = "-d 10.0.0.6 -j ACCEPT", "-d 10.0.0.6/32 -j ACCEPT"
RECORD = {MARK.key: Printed(MARK, (PRINTED,))}
JUMP = "-j LVS-MARK"
MANGLE = ("ipv4", "mangle")


def text(
    listing: Mapping[str, tuple[str, ...]], wanted: tuple[Chain, ...], known: tuple[Chain, ...] = (MARK,)
) -> list[str]:
    targets = model.plan(wanted, known, RECORD).get(MANGLE, {})
    return model.transaction("mangle", listing, targets).splitlines()[1:-1]


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        ({}, [":LVS-MARK - [0:0]", f"-A LVS-MARK {SENT}", "-A PREROUTING -j LVS-MARK"]),
        ({"LVS-MARK": (PRINTED,), "PREROUTING": ("-i lo", JUMP, "-i eth0")}, []),
        ({"LVS-MARK": (PRINTED,), "PREROUTING": ()}, ["-A PREROUTING -j LVS-MARK"]),
        ({"LVS-MARK": (PRINTED,), "PREROUTING": (JUMP, JUMP, JUMP)}, ["-D PREROUTING -j LVS-MARK"] * 2),
        ({"LVS-MARK": (SENT,), "PREROUTING": (JUMP,)}, [":LVS-MARK - [0:0]", f"-A LVS-MARK {SENT}"]),
        ({"LVS-MARK": (PRINTED,), "PREROUTING": ("-i lo -j LVS-MARK",)}, ["-A PREROUTING -j LVS-MARK"]),
    ],
)
def test_least_change(listing: dict[str, tuple[str, ...]], expected: list[str]) -> None:
    assert text(listing, (MARK,)) == expected


def test_other_rules_are_sent_as_they_are_given() -> None:
    other = MARK._replace(rules=(("-s", "10.0.0.7"),))
    listing = {"LVS-MARK": (PRINTED,), "PREROUTING": (JUMP,)}
    assert text(listing, (other,)) == [":LVS-MARK - [0:0]", "-A LVS-MARK -s 10.0.0.7"]


def test_a_chain_moves_to_another_hook_and_another_goes() -> None:
    gone = MARK._replace(name="LVS-OLD", hook="INPUT")
    listing = {
        "LVS-MARK": (PRINTED,),
        "LVS-OLD": ("-j LVS-MARK",),
        "PREROUTING": (JUMP,),
        "INPUT": ("-j LVS-OLD",),
        "OUTPUT": (JUMP,),  # not where our jump was or is: somebody else's
    }
    assert text(listing, (MARK._replace(hook="FORWARD"),), (MARK, gone)) == [
        "-F LVS-OLD", "-D PREROUTING -j LVS-MARK", "-D INPUT -j LVS-OLD", "-A FORWARD -j LVS-MARK", "-X LVS-OLD",
    ]  # fmt: skip


def test_what_is_gone_already_needs_nothing() -> None:
    assert text({"PREROUTING": ()}, ()) == []


def test_a_snapshot_brings_everything_back_in_the_printed_words() -> None:
    listing = {"LVS-MARK": (PRINTED,), "PREROUTING": (JUMP, JUMP), "INPUT": ()}
    other = MARK._replace(rules=(("-s", "10.0.0.7"),))
    new = other._replace(name="LVS-NEW", hook="INPUT")
    targets = model.plan((other, new), (MARK,), RECORD)[MANGLE]
    changed = {"LVS-MARK": ("-s 10.0.0.7/32",), "LVS-NEW": (), "PREROUTING": (JUMP,), "INPUT": ("-j LVS-NEW",)}
    back = model.transaction("mangle", changed, model.snapshot(listing, targets)).splitlines()[1:-1]
    assert back == [
        ":LVS-MARK - [0:0]", "-F LVS-NEW", "-D PREROUTING -j LVS-MARK", "-D INPUT -j LVS-NEW",
        f"-A LVS-MARK {PRINTED}", "-I PREROUTING 1 -j LVS-MARK", "-I PREROUTING 2 -j LVS-MARK", "-X LVS-NEW",
    ]  # fmt: skip


def test_rules_of_others_that_lead_to_a_chain_that_goes() -> None:
    targets = {"LVS-A": Target(None, (), {"INPUT": 0}), "LVS-B": Target((), (), {"INPUT": 1})}
    listing = {
        "LVS-A": (),
        "LVS-B": ("-j LVS-A",),
        "INPUT": ("-j LVS-A", "-i lo -j LVS-A", "-j LVS-B", "-j LVS-AB"),
        "OUTPUT": ("-j LVS-A",),
        "THEIRS": ("-s 192.0.2.1/32 -g LVS-A",),
    }
    assert model.others_jumps(listing, targets) == [
        "-A INPUT -i lo -j LVS-A", "-A OUTPUT -j LVS-A", "-A THEIRS -s 192.0.2.1/32 -g LVS-A",
    ]  # fmt: skip


def test_a_listing() -> None:
    printed = '-P INPUT ACCEPT\n-N LVS-A\n-N LVS-B\n-A INPUT -j LVS-A\n-A LVS-A -m comment --comment "-A B" -j RETURN\n'
    assert model.parse_listing(printed) == {
        "INPUT": ("-j LVS-A",), "LVS-A": ('-m comment --comment "-A B" -j RETURN',), "LVS-B": (),
    }  # fmt: skip


def test_words_that_the_format_has_to_quote() -> None:
    assert model.quoted(["--comment", "it's", 'a "b\\"', "1:2,3", "!"]) == '--comment "it\\\'s" "a \\"b\\\\\\"" 1:2,3 !'


def test_configuration_and_record_come_back_from_their_files() -> None:
    config = json.loads(json.dumps(model.config_of([MARK])))
    assert model.chains_of(config) == (MARK,)
    assert model.record_of(json.loads(json.dumps(model.record_to_json(RECORD)))) == RECORD
    assert (model.chains_of(None), model.record_of(None)) == ((), {})
