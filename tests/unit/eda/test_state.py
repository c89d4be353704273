"""The event source `state`: its arguments, the words that it runs, and what it makes of what a director says."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import jinja2.nativetypes
import pytest
import yaml

from ansible_collections.lvs.cluster.extensions.eda.plugins.event_source import state
from ansible_collections.lvs.cluster.extensions.eda.plugins.event_source.state import Director, Settings, Target

ROOT = Path(__file__).resolve().parents[3]
RULEBOOK = ROOT / "extensions" / "eda" / "rulebooks" / "lvs.yml"
WEB = "tcp 10.0.0.5:80"
MAIL = "tcp [fd00::5]:25"
POOLS = {WEB: {"192.168.0.12:80": 20, "192.168.0.13:80": 8}, MAIL: {"[fd00::12]:25": 1}}
BACKUP = {"snapshot": {"instances": {"VI_1": "BACKUP"}, "services": POOLS}}


def known(**states: str) -> Director:
    director = Director("lb1")
    assert director.take({"snapshot": {"instances": states, "services": POOLS}}) == []
    return director


# --- events


def test_what_is_there_is_an_event_only_if_asked_for() -> None:
    assert Director("lb1").take(BACKUP) == []
    assert Director("lb1", initial=True).take(BACKUP) == [
        {"type": "vrrp_state", "host": "lb1", "instance": "VI_1", "from": None, "to": "BACKUP"},
        {"type": "virtual_service", "host": "lb1", "service": WEB, "change": "added", "active": False},
        {"type": "virtual_service", "host": "lb1", "service": MAIL, "change": "added", "active": False},
    ]


def test_vrrp_states_one_by_one_and_all_together() -> None:
    director = known(VI_1="BACKUP", VI_2="BACKUP")

    def event(name: str, before: str | None, after: str | None) -> dict[str, Any]:
        return {"type": "vrrp_state", "host": "lb1", "instance": name, "from": before, "to": after}

    assert director.take({"instance": "VI_1", "state": "MASTER"}) == [event("VI_1", "BACKUP", "MASTER")]
    assert director.take({"instance": "VI_1", "state": "MASTER"}) == []
    assert director.take({"instances": {"VI_1": "MASTER", "VI_3": "FAULT"}}) == [
        event("VI_2", "BACKUP", None),
        event("VI_3", None, "FAULT"),
    ]
    assert director.take({"alive": True}) == []


def test_real_servers() -> None:
    director = known(VI_1="MASTER")
    pool = {"192.168.0.13:80": 0, "192.168.0.14:80": 3}
    common = {"type": "real_server", "host": "lb1", "service": WEB, "active": True}
    assert director.take({"services": {WEB: pool}}) == [
        {
            **common, "real_server": "192.168.0.12:80", "address": "192.168.0.12",
            "change": "removed", "from": 20, "to": None,
        },
        {
            **common, "real_server": "192.168.0.13:80", "address": "192.168.0.13",
            "change": "weight", "from": 8, "to": 0,
        },
        {
            **common, "real_server": "192.168.0.14:80", "address": "192.168.0.14",
            "change": "added", "from": None, "to": 3,
        },
    ]  # fmt: skip
    assert director.take({"services": {WEB: pool}}) == []
    (event,) = director.take({"services": {MAIL: {}}})
    assert (event["real_server"], event["address"]) == ("[fd00::12]:25", "fd00::12")


def test_a_service_that_goes_says_nothing_of_its_servers() -> None:
    """Else a keepalived that is stopped three times would look like servers that come and go."""
    director = known(VI_1="MASTER")
    assert director.take({"services": {WEB: None}}) == [
        {"type": "virtual_service", "host": "lb1", "service": WEB, "change": "removed", "active": True}
    ]
    assert director.take({"services": {WEB: None}}) == []
    assert [event["change"] for event in director.take({"services": {WEB: POOLS[WEB]}})] == ["added"]


@pytest.mark.parametrize(
    ("states", "active"),
    [
        ({}, True),  # a director without keepalived
        ({"VI_1": "MASTER", "VI_2": "BACKUP"}, True),
        ({"VI_1": "BACKUP"}, False),
        ({"VI_1": "FAULT"}, False),
        ({"VI_1": "STOP"}, False),
    ],
)
def test_active_is_a_director_that_clients_may_reach(states: dict[str, str], active: bool) -> None:
    (event,) = known(**states).take({"services": {MAIL: {}}})
    assert event["active"] is active


def test_what_changed_while_a_director_was_lost_is_told_when_it_is_back() -> None:
    director = known(VI_1="MASTER")
    lost = [{"type": "director", "host": "lb1", "change": "lost", "reason": "no route"}]
    assert director.lose("no route") == lost
    assert director.lose("no route") == []
    events = director.take({"snapshot": {"instances": {"VI_1": "BACKUP"}, "services": {WEB: POOLS[WEB]}}})
    assert events == [
        {"type": "director", "host": "lb1", "change": "back", "reason": ""},
        {"type": "vrrp_state", "host": "lb1", "instance": "VI_1", "from": "MASTER", "to": "BACKUP"},
        {"type": "virtual_service", "host": "lb1", "service": MAIL, "change": "removed", "active": False},
    ]
    assert [event["change"] for event in director.lose("again")] == ["lost"]


def test_a_director_that_was_never_reached_is_lost_once_and_then_back() -> None:
    director = Director("lb1")
    assert [event["change"] for event in director.lose("no route")] == ["lost"]
    assert [event["change"] for event in director.take(BACKUP)] == ["back"]


def test_an_error_is_a_reason_to_be_lost() -> None:
    with pytest.raises(state.Lost, match="use become: true"):
        Director("lb1").take({"error": "no privilege; use become: true"})
    with pytest.raises(LookupError, match="no known kind"):
        Director("lb1").take({"temperature": 12})


# --- arguments and commands


def test_arguments_are_those_that_are_documented() -> None:
    documented = yaml.safe_load(state.DOCUMENTATION)["options"]
    for name, option in documented.items():
        assert Settings.of({name: option["default"]}) == Settings.of({})
    with pytest.raises(ValueError, match="unknown: host; there are ") as error:
        Settings.of({"host": "lb1"})
    assert str(error.value).partition("there are ")[2].split(", ") == sorted(documented)
    assert set(documented["hosts"]["suboptions"]) == set(Target._fields)


def test_values_may_be_texts() -> None:
    given = {"hosts": "lb1, lb2", "become": "True", "interval": "0.5", "initial": "no", "eda_feedback_queue": object()}
    targets = (Target("lb1", "lb1"), Target("lb2", "lb2"))
    assert Settings.of(given) == Settings(targets, True, "python3", 0.5, (), False)


def test_without_hosts_it_is_this_one() -> None:
    for hosts in ([], "", None):
        assert Settings.of({"hosts": hosts}).targets == (Target(platform.node()),)
    local = Settings.of({"become": True})
    assert state.command(local, local.targets[0]) == ["sudo", "-n", "python3", "-IS", "-"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"hosts": {"lb1": {}}}, "hosts: .* is no list"),
        ({"hosts": [{"address": "192.0.2.1"}]}, "is no name, and no mapping"),
        ({"hosts": [{"name": "lb1", "adress": "192.0.2.1"}]}, "is no name, and no mapping"),
        ({"hosts": ["-oProxyCommand=reboot"]}, "is no address and no user"),
        ({"hosts": [{"name": "lb1", "user": "a b"}]}, "is no address and no user"),
        ({"hosts": [{"name": "lb1", "port": "ssh"}]}, "'ssh' is no port"),
        ({"hosts": ["lb1", {"name": "lb1", "address": "192.0.2.1"}]}, "one name is there twice"),
        ({"python": "python3; reboot"}, "is no program's name or path"),
        ({"python": "-c"}, "is no program's name or path"),
        ({"interval": 0}, "is no number of seconds from 0.2 to 60"),
        ({"interval": "often"}, "'often' is no number of seconds"),
        ({"ssh_args": "-i key"}, "write each word by itself"),
        ({"become": "maybe"}, "become: 'maybe' is neither true nor false"),
    ],
)
def test_arguments_that_make_no_sense(args: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings.of(args)


def test_ssh_takes_no_unknown_key_and_asks_nothing() -> None:
    host = {"name": "lb1", "address": "192.0.2.1", "user": "eda", "port": 2222}
    words = ["-i", "key", "-o", "StrictHostKeyChecking=no"]
    settings = Settings.of({"hosts": [host], "become": True, "ssh_args": words})
    argv = state.command(settings, settings.targets[0])
    # The first value of an option counts.
    assert argv.index("StrictHostKeyChecking=yes") < argv.index("StrictHostKeyChecking=no")
    assert "BatchMode=yes" in argv[: argv.index("key")]
    assert argv[-9:] == ["-o", "StrictHostKeyChecking=no", "--", "192.0.2.1", "sudo", "-n", "python3", "-IS", "-"]
    assert argv[argv.index("-l") : argv.index("-l") + 4] == ["-l", "eda", "-p", "2222"]


# --- what is shipped


def rulebooks() -> list[Any]:
    return [yaml.safe_load(RULEBOOK.read_text()), yaml.safe_load(state.EXAMPLES)]


@pytest.mark.parametrize("variables", [{}, {"lvs_eda_hosts": ["lb1", "lb2"], "lvs_eda_become": True}])
def test_rulebooks_give_the_source_what_it_takes(variables: dict[str, Any]) -> None:
    environment = jinja2.nativetypes.NativeEnvironment(undefined=jinja2.StrictUndefined)
    for rulebook in rulebooks():
        for ruleset in rulebook:
            for source in ruleset["sources"]:
                args = {
                    name: environment.from_string(value).render(variables) if isinstance(value, str) else value
                    for name, value in source["lvs.cluster.state"].items()
                }
                settings = Settings.of(args)
                assert settings.become is args["become"]


def test_playbooks_of_the_rulebook_exist_and_read_what_they_get() -> None:
    actions = [action for rule in rulebooks()[0][0]["rules"] for action in rule.get("actions", [rule.get("action")])]
    called = [action["run_playbook"] for action in actions if "run_playbook" in action]
    assert [one["name"] for one in called] == ["lvs.cluster.drain", "lvs.cluster.status"]
    for one in called:
        text = (ROOT / "playbooks" / f"{one['name'].rpartition('.')[2]}.yml").read_text()
        assert [name for name in one.get("extra_vars", {}) if f"#   {name} " not in text] == []
