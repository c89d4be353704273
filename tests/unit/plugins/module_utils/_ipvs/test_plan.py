"""From any table to any other with the fewest operations, on a kernel that refuses what the real one does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import plan
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Destination, Entry, Settings, Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import ADD, DELETE, EDIT, Operation
from tests.unit.plugins.module_utils._ipvs.kernel_model import Flat, Kernel, Name, flat, name_of
from tests.unit.plugins.module_utils._ipvs.strategies import POOL, pool_names, removables, tables
from tests.unit.plugins.properties import STABLE

ALL = plan.Removable(frozenset(POOL), frozenset(POOL))
WEB, DNS = POOL[0], POOL[1]
ONE, TWO = pool_names(WEB)[:2]
LOCAL = Destination()


def may_go(name: Name, wanted: Table, removable: plan.Removable) -> bool:
    """Whether a purge takes out an entry that isn't wanted, by the words of the documentation."""
    key, destination = name
    if key in wanted:
        return destination is not None and key in removable.destinations
    return key in removable.services


def expected(present: Table, wanted: Table, removable: plan.Removable) -> Flat:
    """The entries after load and purge."""
    want = flat(wanted)
    stay = {name: values for name, values in flat(present).items() if not may_go(name, wanted, removable)}
    return {**stay, **want}


def fewest_to_load(present: Table, wanted: Table) -> int:
    there = flat(present)
    return sum(there.get(name) != values for name, values in flat(wanted).items())


def fewest_to_purge(present: Table, wanted: Table, removable: plan.Removable) -> int:
    """One for each service that goes, and one for each destination that goes while its service stays."""
    want = flat(wanted)
    gone = [name for name in flat(present) if name not in want and may_go(name, wanted, removable)]
    services = {key for key, destination in gone if destination is None}
    return len(services) + sum(destination is not None and key not in services for key, destination in gone)


@STABLE
@given(tables(), tables())
def test_a_load_reaches_what_is_wanted_and_leaves_the_rest(present: Table, wanted: Table) -> None:
    kernel = Kernel(present)
    operations = plan.load(present, wanted)
    assert kernel.carry_out_all(operations) == []
    assert flat(kernel.table) == {**flat(present), **flat(wanted)}
    assert len(operations) == fewest_to_load(present, wanted)
    assert plan.load(kernel.table, wanted) == []


@STABLE
@given(tables(), tables(), removables())
def test_load_and_purge_reach_what_is_wanted(present: Table, wanted: Table, removable: plan.Removable) -> None:
    kernel = Kernel(present)
    loaded = plan.load(present, wanted)
    assert kernel.carry_out_all(loaded) == []
    purged = plan.purge(kernel.table, wanted, removable)
    assert kernel.carry_out_all(purged) == []
    assert flat(kernel.table) == expected(present, wanted, removable)
    assert len(loaded) == fewest_to_load(present, wanted)
    assert len(purged) == fewest_to_purge(present, wanted, removable)
    assert plan.load(kernel.table, wanted) == []
    assert plan.purge(kernel.table, wanted, removable) == []


@STABLE
@given(tables(), tables())
def test_all_that_is_removable_goes(present: Table, wanted: Table) -> None:
    kernel = Kernel(present)
    kernel.carry_out_all(plan.load(present, wanted))
    assert kernel.carry_out_all(plan.purge(kernel.table, wanted, ALL)) == []
    assert kernel.table == wanted


@STABLE
@given(tables(), tables())
def test_nothing_is_deleted_that_may_not(present: Table, wanted: Table) -> None:
    assert plan.purge(present, wanted, plan.Removable()) == []


@STABLE
@given(tables(), tables(), removables())
def test_services_come_first_and_deletions_last(present: Table, wanted: Table, removable: plan.Removable) -> None:
    kernel = Kernel(present)
    loaded = plan.load(present, wanted)
    kernel.carry_out_all(loaded)
    operations = [*loaded, *plan.purge(kernel.table, wanted, removable)]
    verbs = [operation.verb for operation in operations]
    assert DELETE not in verbs[: len(loaded)]
    assert set(verbs[len(loaded) :]) <= {DELETE}
    for place, operation in enumerate(operations):
        if operation.destination is None and operation.verb != DELETE:
            before = [one for one in operations[:place] if one.service == operation.service]
            assert before == [], f"{operation} comes after {before}"


@STABLE
@given(tables(), tables(), removables())
def test_no_entry_is_touched_twice(present: Table, wanted: Table, removable: plan.Removable) -> None:
    loaded = plan.load(present, wanted)
    operations = [*loaded, *plan.purge(plan.apply(present, loaded), wanted, removable)]
    names = [name_of(operation) for operation in operations]
    assert len(names) == len(set(names))


@STABLE
@given(tables(), st.data())
def test_a_table_that_is_as_wanted_takes_no_operation(present: Table, data: st.DataObject) -> None:
    keys = data.draw(st.permutations(list(present)))
    again = {key: Entry(present[key].settings, dict(reversed(present[key].destinations.items()))) for key in keys}
    assert plan.load(present, again) == []
    assert plan.purge(present, again, ALL) == []


@STABLE
@given(tables(), tables(), removables())
def test_a_service_that_goes_takes_its_destinations(present: Table, wanted: Table, removable: plan.Removable) -> None:
    purged = plan.purge(present, wanted, removable)
    whole = {operation.service for operation in purged if operation.destination is None}
    assert whole == {key for key in present if key not in wanted and key in removable.services}
    for key in whole:
        assert [operation for operation in purged if operation.service == key] == [Operation(DELETE, key)]


@STABLE
@given(tables(), tables(), removables())
def test_quiescence_sets_weights_of_what_leaves_and_nothing_else(
    present: Table, wanted: Table, removable: plan.Removable
) -> None:
    purged = plan.purge(present, wanted, removable)
    after = Kernel(present)
    after.carry_out_all(purged)
    leaving = flat(present).keys() - flat(after.table).keys()
    quiesced = plan.quiesce(present, purged)
    kernel = Kernel(present)
    assert kernel.carry_out_all(quiesced) == []
    there = {
        name: values._replace(weight=0) if name in leaving and isinstance(values, Destination) else values
        for name, values in flat(present).items()
    }
    assert flat(kernel.table) == there
    assert len(quiesced) == sum(there[name] != values for name, values in flat(present).items())
    assert plan.quiesce(kernel.table, purged) == []


@STABLE
@given(tables(), tables(), removables())
def test_apply_gives_the_table_that_the_kernel_has_then(
    present: Table, wanted: Table, removable: plan.Removable
) -> None:
    original = Kernel(present).table
    kernel = Kernel(present)
    loaded = plan.load(present, wanted)
    after = plan.apply(present, loaded)
    kernel.carry_out_all(loaded)
    assert after == kernel.table
    purged = plan.purge(after, wanted, removable)
    for operations in (plan.quiesce(after, purged), purged):
        kernel.carry_out_all(operations)
        after = plan.apply(after, operations)
        assert after == kernel.table
    assert plan.apply(present, [*loaded, *purged]) == kernel.table
    assert present == original, "the table before is changed"


def test_a_plan_by_hand() -> None:
    """Small enough to be read; the properties above say nothing of the order of a service's destinations."""
    present = {WEB: Entry(Settings("rr"), {ONE: LOCAL}), DNS: Entry(Settings(), {ONE: LOCAL})}
    other = LOCAL._replace(weight=5)
    wanted = {POOL[3]: Entry(Settings(), {}), WEB: Entry(Settings("wlc"), {ONE: other, TWO: LOCAL})}
    assert plan.load(present, wanted) == [
        Operation(ADD, POOL[3], Settings()),
        Operation(EDIT, WEB, Settings("wlc")),
        Operation(EDIT, WEB, None, ONE, other),
        Operation(ADD, WEB, None, TWO, LOCAL),
    ]
    purged = plan.purge(present, wanted, ALL)
    assert purged == [Operation(DELETE, DNS)]
    assert plan.quiesce(present, purged) == [Operation(EDIT, DNS, None, ONE, LOCAL._replace(weight=0))]


@STABLE
@given(st.lists(st.booleans(), min_size=1, max_size=4), removables())
def test_unwanted_destinations_of_a_wanted_service(kept: list[bool], removable: plan.Removable) -> None:
    names = pool_names(WEB)[: len(kept)]
    present = {WEB: Entry(Settings(), dict.fromkeys(names, LOCAL))}
    keep = {name: LOCAL for name, stays in zip(names, kept, strict=True) if stays}
    purged = plan.purge(present, {WEB: Entry(Settings(), keep)}, removable)
    gone = [name for name in names if name not in keep] if WEB in removable.destinations else []
    assert purged == [Operation(DELETE, WEB, None, name) for name in gone]
