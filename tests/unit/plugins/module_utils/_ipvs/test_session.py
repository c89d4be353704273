"""What a Session does beside another process that writes to the same table, on a model of the kernel."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import drain, host, plan
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import ADD, DELETE, EDIT, Operation
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.transport import Ipvs
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.wire import Connections
from tests.unit.plugins.module_utils._ipvs.kernel_model import Event, FakeIpvs, Kernel, Name, at_moments, flat, name_of
from tests.unit.plugins.module_utils._ipvs.strategies import (
    POOL,
    foreign_changes,
    pool_names,
    removables,
    tables,
)
from tests.unit.plugins.properties import STABLE

WEB, DNS, MARK = POOL[0], POOL[1], POOL[3]
ONE, TWO = pool_names(WEB)[:2]
LOCAL = Destination()
ALL = plan.Removable(frozenset(POOL), frozenset(POOL))
VERBS = {ADD: "added", EDIT: "changed", DELETE: "deleted"}


class Clock:
    """Time passes by sleeping only."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


CLOCK = Clock()


@pytest.fixture(autouse=True, scope="module")
def _no_host() -> Iterator[None]:
    """No look at the machine, and no waiting."""
    wait = drain.wait

    def quick(look: Callable[[], Connections], **options: Any) -> drain.Drained:
        return wait(look, clock=drain.Clock(CLOCK.now, CLOCK.sleep), **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(host, "require_privilege", lambda: None)
        patch.setattr(host, "is_loaded", lambda: True)
        patch.setattr(drain, "wait", quick)
        yield


def session_on(fake: FakeIpvs, *, check: bool = False) -> Session:
    session = Session(check=check)
    session._kernel = cast(Ipvs, fake)
    return session


def counted(operations: list[Operation]) -> dict[str, dict[str, int]]:
    """Operations as a module's result counts them."""
    counts = Counter((one.destination is None, VERBS[one.verb]) for one in operations)
    words = VERBS.values()
    return {
        "services": {word: counts[True, word] for word in words},
        "destinations": {word: counts[False, word] for word in words},
    }


def told(fake: FakeIpvs) -> dict[str, Any]:
    return {"changed": bool(fake.done), "operations": counted(fake.done)}


def load(session: Session, wanted: Table) -> tuple[Table, Table]:
    return session.load(session.table, lambda _table: wanted)


def web(settings: Settings | None = None, **destinations: Destination) -> Table:
    names = {"one": ONE, "two": TWO}
    return {WEB: Entry(settings or Settings(), {names[name]: values for name, values in destinations.items()})}


def disturbed_after(events: list[Event], kind: str) -> set[Name]:
    """Entries that another process changed after the last event of this kind; with a service all that is in it."""
    last = max(place for place, event in enumerate(events) if event.kind == kind)
    return disturbed(events[last:])


def disturbed(events: list[Event]) -> set[Name]:
    return {name_of(operation) for event in events if event.kind == "foreign" for operation in event.operations}


def spared(name: Name, changed: set[Name]) -> bool:
    """Whether no other process has changed this entry."""
    return name not in changed and (name[0], None) not in changed


# -- loading beside others


@STABLE
@given(tables(), tables(), foreign_changes(), st.integers(1, 5))
def test_a_load_ends_as_wanted_whatever_others_do(
    present: Table, wanted: Table, changes: list[tuple[int, Operation]], size: int
) -> None:
    kernel = Kernel(present)
    fake = FakeIpvs(kernel, batch_size=size, before=at_moments(changes))
    session = session_on(fake)
    load(session, wanted)
    there = flat(kernel.table)
    late = disturbed_after(fake.events, "read")
    for name, values in flat(wanted).items():
        assert there.get(name) == values or not spared(name, late), f"{name} was changed by nobody else since"
    assert DELETE not in {operation.verb for operation, _number in fake.log}
    assert {name_of(operation) for operation in fake.done} <= flat(wanted).keys()
    assert session.result({}, {}, diff=False) == told(fake)

    quiet = FakeIpvs(kernel)
    load(session_on(quiet), wanted)
    assert flat(kernel.table) == {**there, **flat(wanted)}
    assert all(number == 0 for _operation, number in quiet.log)


@STABLE
@given(tables(), tables())
def test_an_undisturbed_load_reads_once_and_ends_as_wanted(present: Table, wanted: Table) -> None:
    fake = FakeIpvs(Kernel(present))
    assert load(session_on(fake), wanted) == (present, wanted)
    assert [event.kind for event in fake.events].count("read") == 1
    assert flat(fake.kernel.table) == {**flat(present), **flat(wanted)}


RACES = [
    ("EEXIST of a service", {}, web(one=LOCAL), Operation(ADD, WEB, Settings("rr"))),
    ("EEXIST of a destination", web(), web(one=LOCAL), Operation(ADD, WEB, None, ONE, LOCAL._replace(weight=7))),
    ("ESRCH of a service", web(Settings("rr")), web(), Operation(DELETE, WEB)),
    ("ESRCH of a new destination", web(), web(one=LOCAL), Operation(DELETE, WEB)),
    ("ESRCH of a destination", web(one=LOCAL), web(one=LOCAL._replace(weight=7)), Operation(DELETE, WEB)),
    (
        "ENOENT of a destination",
        web(one=LOCAL),
        web(one=LOCAL._replace(weight=7)),
        Operation(DELETE, WEB, None, ONE),
    ),
]


@pytest.mark.parametrize(("name", "present", "wanted", "change"), RACES, ids=[race[0] for race in RACES])
def test_what_another_was_faster_with_is_planned_again(
    name: str, present: Table, wanted: Table, change: Operation
) -> None:
    fake = FakeIpvs(Kernel(present), before=at_moments([(1, change)]))
    session = session_on(fake)
    before, _wanted = load(session, wanted)
    assert errno.errorcode[next(number for _operation, number in fake.log if number)] == name.split()[0]
    assert before == present
    assert fake.kernel.table == wanted
    assert session.result({}, {}, diff=False) == told(fake)


def keep_what_is_there(table: Table) -> Table:
    """Wants weight 3 and leaves the other values as they are, as the modules do with options that aren't given."""
    entry = table.get(WEB, Entry(Settings(), {}))
    values = entry.destinations.get(ONE, Destination())._replace(weight=3)
    return {WEB: Entry(entry.settings, {ONE: values})}


@pytest.mark.parametrize("weight", [3, 4])
def test_options_not_given_keep_what_another_set_meanwhile(weight: int) -> None:
    theirs = Destination("dr", weight, 9, 3)
    fake = FakeIpvs(Kernel(web()), before=at_moments([(1, Operation(ADD, WEB, None, ONE, theirs))]))
    session = session_on(fake)
    before, wanted = session.load(session.table, keep_what_is_there)
    assert before == web()
    assert fake.kernel.table == web(one=theirs._replace(weight=3))
    assert wanted == fake.kernel.table, "what a module tells isn't what is there"


def test_after_ten_attempts_it_says_so() -> None:
    def spoil(fake: FakeIpvs, _number: int, kind: str) -> None:
        fake.foreign(Operation(ADD, WEB, Settings("rr")) if kind == "batch" else Operation(DELETE, WEB))

    fake = FakeIpvs(Kernel(), before=spoil)
    wanted = {MARK: Entry(Settings(), {}), **web()}
    with pytest.raises(IpvsError, match=r"another process changed the table 10 times .* run this again") as caught:
        load(session_on(fake), wanted)
    assert [event.kind for event in fake.events].count("batch") == 10
    assert fake.done == [Operation(ADD, MARK, Settings())]
    assert caught.value.facts == told(fake)


# -- refusals


@STABLE
@given(tables(), tables(), st.data(), st.integers(1, 5))
def test_a_refused_entry_is_named_and_the_next_run_goes_on(
    present: Table, wanted: Table, data: st.DataObject, size: int
) -> None:
    planned = plan.load(present, wanted)
    if not planned:
        return
    refused = data.draw(st.sampled_from(planned))
    kernel = Kernel(present)
    kernel.refuse = {name_of(refused): errno.EINVAL}
    fake = FakeIpvs(kernel, batch_size=size)
    with pytest.raises(IpvsError, match="EINVAL") as caught:
        load(session_on(fake), wanted)
    key, name = name_of(refused)
    named: dict[str, Any] = {"fwmark": key.fwmark} if key.fwmark else {"address": key.address, "port": key.port}
    named["family"] = key.family
    assert str(caught.value).startswith(f"{refused}: ")
    assert str(key) in str(caught.value)
    assert name is None or str(name) in str(caught.value)
    facts = caught.value.facts
    told_of = facts.pop("refused")
    assert named.items() <= told_of["service"].items()
    assert told_of.get("destination") == (None if name is None else {"address": name.address, "port": name.port})
    assert facts == told(fake)

    left = plan.load(kernel.table, wanted)
    assert len(left) == len(planned) - len(fake.done)
    kernel.refuse = {}
    again = FakeIpvs(kernel)
    load(session_on(again), wanted)
    assert again.done == left
    assert flat(kernel.table) == {**flat(present), **flat(wanted)}


@pytest.mark.parametrize("verb", [ADD, EDIT])
@pytest.mark.parametrize(
    ("loaded", "engine", "says"),
    [
        (set(), "", "no scheduler wlc"),
        (set(), "sip", "no scheduler wlc"),
        ({"ip_vs_wlc"}, "sip", "no persistence engine sip"),
    ],
)
def test_a_missing_module_is_told(
    verb: str, loaded: set[str], engine: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "has_module", lambda name: name in loaded)
    fake = FakeIpvs(Kernel(web(Settings("rr")) if verb == EDIT else {}))
    fake.kernel.refuse = {(WEB, None): errno.ENOENT}
    settings = Settings(persistence_timeout=360 if engine else 0, persistence_engine=engine)
    with pytest.raises(IpvsError, match=rf"virtual service tcp 10\.0\.0\.5:80: .*{says}") as caught:
        load(session_on(fake), web(settings))
    assert caught.value.facts["operations"] == counted([])
    assert caught.value.facts["changed"] is False


@pytest.mark.parametrize(
    ("number", "says"), [(errno.EPERM, "become: true"), (errno.EAFNOSUPPORT, "no IPv6"), (errno.ERANGE, "ERANGE")]
)
def test_other_refusals_say_what_to_do(number: int, says: str) -> None:
    fake = FakeIpvs(Kernel())
    fake.kernel.refuse = {(WEB, None): number}
    with pytest.raises(IpvsError, match=says):
        load(session_on(fake), web())


def test_the_first_refused_entry_is_the_one_that_is_named() -> None:
    """The destinations of a service that was refused are refused, too."""
    fake = FakeIpvs(Kernel(), batch_size=10)
    fake.kernel.refuse = {(WEB, None): errno.EINVAL, (MARK, None): errno.EINVAL}
    with pytest.raises(IpvsError, match=r"virtual service tcp 10\.0\.0\.5:80: ") as caught:
        load(session_on(fake), {**web(one=LOCAL), DNS: Entry(Settings(), {}), MARK: Entry(Settings(), {})})
    assert fake.done == [Operation(ADD, DNS, Settings())]
    assert caught.value.facts["operations"] == counted(fake.done)


def test_a_batch_that_is_refused_as_a_whole_is_told_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A purge whose services another process has deleted. Any kernel says ENOENT to an unknown netlink family."""
    monkeypatch.setattr(Ipvs, "_resolve", lambda _self: 0x3FFF)
    operations = [Operation(DELETE, ServiceKey("ipv4", fwmark=mark)) for mark in range(1, 1001)]
    with Session(check=False) as session:
        batches = list(session.kernel.apply(operations))
    refused = [number for batch in batches for number in batch.refused.values()]
    assert refused == [errno.ENOENT] * len(operations)


# -- check mode


@STABLE
@given(tables(), tables(), removables(), st.sampled_from([None, 5.0]))
def test_check_mode_sends_nothing_and_foretells_all(
    present: Table, wanted: Table, removable: plan.Removable, grace: float | None
) -> None:
    fake = FakeIpvs(Kernel(present))
    session = session_on(fake, check=True)
    before, after = load(session, wanted)
    merged = plan.apply(before, plan.load(before, after))
    assert session.purge(lambda: merged, wanted, removable, grace=grace) is None
    session.carry_out([Operation(DELETE, WEB)])
    assert fake.log == []
    assert (before, after, fake.kernel.table) == (present, wanted, present)

    real = FakeIpvs(Kernel(present))
    other = session_on(real)
    load(other, wanted)
    other.purge(other.table, wanted, removable, grace=None)
    expected = {"changed": True, "operations": counted([*real.done, Operation(DELETE, WEB)])}
    assert session.result({}, {}, diff=False) == expected


def test_check_mode_without_ip_vs_has_an_empty_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "is_loaded", lambda: False)
    session = Session(check=True)
    assert load(session, web(one=LOCAL)) == ({}, web(one=LOCAL))
    assert session.service(WEB) == {}
    assert session.result({}, {}, diff=False)["operations"]["services"]["added"] == 1
    assert session._kernel is None


# -- purging


@STABLE
@given(tables(), tables(), removables(), foreign_changes(), st.sampled_from([None, 2.0]))
def test_a_purge_takes_what_may_go_whatever_others_do(
    present: Table, wanted: Table, removable: plan.Removable, changes: list[tuple[int, Operation]], grace: float | None
) -> None:
    kernel = Kernel(present)
    fake = FakeIpvs(kernel, before=at_moments(changes))
    session = session_on(fake)
    planned: list[Operation] = []

    def read() -> Table:
        table = session.table()
        planned.extend(plan.purge(table, wanted, removable))
        return table

    session.purge(read, wanted, removable, grace=grace)
    assert [operation for operation, _number in fake.log if operation.verb == DELETE] == planned
    others = [operation for operation in fake.done if operation.verb != DELETE]
    assert all(one.verb == EDIT and one.values is not None and one.values.weight == 0 for one in others)
    assert grace is not None or others == []
    there, changed = flat(kernel.table), disturbed_after(fake.events, "read")
    for name in map(name_of, planned):
        assert name not in there or not spared(name, changed)
    if not changes:
        after = Kernel(present)
        after.carry_out_all(planned)
        assert kernel.table == after.table
    assert session.result({}, {}, diff=False) == told(fake)


def test_what_is_gone_already_is_no_error() -> None:
    changes = [(1, Operation(DELETE, WEB, None, ONE)), (1, Operation(DELETE, DNS))]
    fake = FakeIpvs(Kernel({**web(one=LOCAL, two=LOCAL), DNS: Entry(Settings(), {})}), before=at_moments(changes))
    session = session_on(fake)
    session.purge(session.table, web(), ALL, grace=None)
    assert [number for _operation, number in fake.log] == [errno.ENOENT, 0, errno.ESRCH]
    assert fake.kernel.table == web()
    assert session.result({}, {}, diff=False)["operations"] == counted([Operation(DELETE, WEB, None, TWO)])
    session.carry_out([Operation(DELETE, DNS), Operation(DELETE, WEB, None, ONE)])
    with pytest.raises(IpvsError, match=r"another process changed the table .* run this again"):
        session.carry_out([Operation(EDIT, WEB, None, ONE, LOCAL)])


class Connected:
    """Figures of connections: those to the leaving destinations end at some time, all others never."""

    def __init__(self, leaving: set[Name], ends: float) -> None:
        self.leaving, self.ends, self.asked = leaving, CLOCK.time + ends, 0

    def __call__(self, key: ServiceKey, name: DestinationKey) -> Connections:
        self.asked += 1
        if {(key, name), (key, None)} & self.leaving:
            return Connections(0 if CLOCK.time >= self.ends else 2, 5, 1)
        return Connections(1000, 1000, 1000)


@pytest.mark.parametrize(("ends", "done"), [(0.0, True), (2.0, True), (4.0, True), (30.0, False)])
def test_a_purge_with_grace_quiesces_waits_and_deletes(ends: float, done: bool) -> None:
    values = Destination("dr", 7, 9, 3)
    there = {**web(one=LOCAL, two=values), DNS: Entry(Settings("rr"), {ONE: values, TWO: LOCAL._replace(weight=0)})}
    wanted = web(one=LOCAL)
    figures = Connected({(WEB, TWO), (DNS, None)}, ends)
    fake = FakeIpvs(Kernel(there), batch_size=10, figures=figures)
    session = session_on(fake)
    began = CLOCK.time
    ended = session.purge(session.table, wanted, ALL, grace=4.0)
    assert ended is not None
    assert ended.done is done
    assert ended.last == Connections(0 if done else 6, 15, 3)
    assert CLOCK.time - began == min(ends, 4.0)
    kinds = [event.kind for event in fake.events]
    assert kinds[:2] == ["read", "batch"]
    assert kinds[-1] == "batch"
    assert set(kinds[2:-1]) == {"connections"}
    quiet = values._replace(weight=0)
    edits = (Operation(EDIT, WEB, None, TWO, quiet), Operation(EDIT, DNS, None, ONE, quiet))
    assert fake.events[1].operations == edits
    assert set(fake.events[-1].operations) == {Operation(DELETE, WEB, None, TWO), Operation(DELETE, DNS)}
    assert fake.kernel.table == wanted


def test_a_purge_of_nothing_neither_waits_nor_sends() -> None:
    fake = FakeIpvs(Kernel(web(one=LOCAL)))
    session = session_on(fake)
    assert session.purge(session.table, web(one=LOCAL), ALL, grace=4.0) is None
    assert fake.events == [Event("read")]


def test_a_session_closes_its_kernel() -> None:
    fake = FakeIpvs(Kernel())
    with session_on(fake):
        assert not fake.closed
    assert fake.closed
