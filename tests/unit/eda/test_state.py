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
SORRY = "192.168.0.1:80"
SETUP: dict[str, Any] = {"vips": {}, "sorry": {WEB: SORRY}}
BACKUP = {"snapshot": {"instances": {"VI_1": "BACKUP"}, **SETUP, "services": POOLS}}


def known(setup: dict[str, Any] | None = None, **states: str) -> Director:
    director = Director("lb1")
    said = SETUP if setup is None else setup
    assert director.take({"snapshot": {"instances": states, **said, "services": POOLS}}) == []
    return director


def left(director: Director, service: str, pool: dict[str, int]) -> list[tuple[str, Any]]:
    """The real servers that are removed when a service comes to this pool, with what is said of its sorry server."""
    events = director.take({"services": {service: pool}})
    assert {(event["type"], event["change"]) for event in events} <= {("real_server", "removed")}
    return [(event["real_server"], event["sorry_serves"]) for event in events]


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
    common = {"type": "real_server", "host": "lb1", "service": WEB, "active": True, "sorry_serves": False}
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
def test_active_is_a_director_that_clients_may_reach(states: dict[str, Any], active: bool) -> None:
    (event,) = known(**states).take({"services": {MAIL: {}}})
    assert event["active"] is active


@pytest.mark.parametrize(
    ("service", "states", "active"),
    [
        # Two directors that serve one address each.
        (WEB, {"VI_1": "MASTER", "VI_2": "BACKUP"}, True),
        (WEB, {"VI_1": "BACKUP", "VI_2": "MASTER"}, False),
        (MAIL, {"VI_1": "BACKUP", "VI_2": "MASTER"}, True),
        (MAIL, {"VI_1": "MASTER", "VI_2": "STOP"}, False),
        # Nobody's VIP, and none.
        ("tcp 10.0.0.9:80", {"VI_1": "MASTER", "VI_2": "BACKUP"}, True),
        ("fwmark 1", {"VI_1": "BACKUP", "VI_2": "MASTER"}, True),
        ("fwmark 1 (ipv6)", {"VI_1": "BACKUP", "VI_2": "BACKUP"}, False),
    ],
)
def test_active_is_told_by_the_instance_of_the_services_vip(service: str, states: dict[str, str], active: bool) -> None:
    director = known({"vips": {"VI_1": ["10.0.0.4", "10.0.0.5"], "VI_2": ["fd00::5"]}, "sorry": {}}, **states)
    director.take({"services": {service: {"192.168.0.12:80": 1}}})
    (event,) = director.take({"services": {service: {}}})[-1:]
    assert event["active"] is active
    (event,) = director.take({"services": {service: None}})
    assert event["active"] is active


# --- sorry servers


def test_a_sorry_server_that_comes_and_goes_is_no_real_server() -> None:
    """It may be a real server of another service, and healthy."""
    director = known(VI_1="MASTER")
    events = director.take({"services": {WEB: {SORRY: 1}}})
    assert [event["real_server"] for event in events] == list(POOLS[WEB])
    events = director.take({"services": {WEB: POOLS[WEB]}})
    assert [(event["change"], event["real_server"]) for event in events] == [("added", name) for name in POOLS[WEB]]
    # In another service it is one of them.
    assert director.take({"services": {MAIL: {**POOLS[MAIL], SORRY: 1}}})[0]["real_server"] == SORRY


def test_servers_that_a_lost_quorum_takes_out_are_marked() -> None:
    """keepalived takes out the healthy ones as well, and puts the sorry server in."""
    director = known(VI_1="MASTER")
    assert left(director, WEB, {SORRY: 1}) == [("192.168.0.12:80", True), ("192.168.0.13:80", True)]


def test_a_server_that_fails_alone_is_not_marked() -> None:
    director = known(VI_1="MASTER")
    assert left(director, WEB, {"192.168.0.13:80": 8}) == [("192.168.0.12:80", False)]
    assert left(director, WEB, {}) == [("192.168.0.13:80", False)]
    assert left(director, MAIL, {}) == [("[fd00::12]:25", False)]


def test_a_sorry_server_with_inhibit_serves_while_it_has_a_weight() -> None:
    director = Director("lb1")
    pool = {**POOLS[WEB], SORRY: 0}
    director.take({"snapshot": {"instances": {}, **SETUP, "services": {WEB: pool}}})
    assert left(director, WEB, {"192.168.0.13:80": 8, SORRY: 0}) == [("192.168.0.12:80", False)]
    assert left(director, WEB, {SORRY: 1}) == [("192.168.0.13:80", True)]


def test_a_reload_may_bring_another_sorry_server() -> None:
    director = known(VI_1="MASTER")
    other = "192.168.0.2:80"
    assert director.take({"instances": {"VI_1": "MASTER"}, "vips": {}, "sorry": {WEB: other}}) == []
    assert left(director, WEB, {other: 1}) == [("192.168.0.12:80", True), ("192.168.0.13:80", True)]


@pytest.mark.parametrize("setup", [{}, {"vips": {}, "sorry": None}])
def test_whether_a_sorry_server_serves_may_not_be_known(setup: dict[str, Any]) -> None:
    """From a configuration that can't be read, and from a program of before."""
    assert left(known(setup, VI_1="MASTER"), MAIL, {}) == [("[fd00::12]:25", None)]


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
    nobody: tuple[Any, ...] = ([], "", None)
    for hosts in nobody:
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
    called: list[dict[str, Any]] = [action["run_playbook"] for action in actions if "run_playbook" in action]
    assert [one["name"] for one in called] == ["lvs.cluster.drain", "lvs.cluster.status"]
    for one in called:
        text = (ROOT / "playbooks" / f"{one['name'].rpartition('.')[2]}.yml").read_text()
        assert [name for name in one.get("extra_vars", {}) if f"#   {name} " not in text] == []


def test_the_rulebook_drains_no_server_that_the_sorry_server_stands_in_for_and_tries_again_when_locked() -> None:
    rule = next(rule for rule in rulebooks()[0][0]["rules"] if rule["name"].startswith("Drain "))
    assert rule["condition"].endswith(" and event.active == true and event.sorry_serves == false")
    drain = rule["actions"][-1]["run_playbook"]
    # What else is under the lock takes minutes: a run of site or rolling.
    assert drain["retries"] * drain["delay"] >= 600
    # It is said before the drain, which the lock may keep back.
    assert rule["actions"][0]["debug"]["msg"].endswith(" is going to be drained")
