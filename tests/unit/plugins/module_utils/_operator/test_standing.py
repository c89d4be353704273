"""Whether a real server is the last one that serves."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._operator.standing import Server, last_ones

WEB, SHOP = (ServiceKey("ipv4", "tcp", "10.0.0.5", port) for port in (80, 8080))


def name(number: int) -> DestinationKey:
    return DestinationKey("ipv4", f"192.168.0.{number}", 80)


def server(key: ServiceKey, number: int) -> Server:
    return Server(key, name(number), f"rs{number} in {key.port}")


def table(**weights: dict[int, int]) -> Table:
    """Weights by the number of a server, in web and in shop."""
    keys = {"web": WEB, "shop": SHOP}
    return {
        keys[service]: Entry(Settings(), {name(one): Destination("nat", weight) for one, weight in given.items()})
        for service, given in weights.items()
    }


@pytest.mark.parametrize(
    ("weights", "leaving", "last"),
    [
        ({1: 5, 2: 5}, [1], []),
        ({1: 5}, [1], [1]),
        ({1: 5, 2: 5}, [1, 2], [1, 2]),
        ({1: 5, 2: 5, 3: 5}, [1, 2], []),
        # Who has no weight serves nobody, and is no help.
        ({1: 5, 2: 0}, [1], [1]),
        # Of two that leave only the one that serves is the last.
        ({1: 5, 2: 0}, [1, 2], [1]),
        # It has no connection to lose: nothing changes by it.
        ({1: 0, 2: 5}, [1], []),
        ({1: 0}, [1], []),
        # The sorry server alone stands there, or nobody.
        ({9: 1}, [1], []),
        ({}, [1], []),
        ({1: 5}, [], []),
    ],
)
def test_one_service(weights: dict[int, int], leaving: list[int], last: list[int]) -> None:
    found = last_ones(table(web=weights), [(server(WEB, one), 0) for one in leaving])
    assert found == [server(WEB, one).label for one in last]


def test_a_service_that_is_not_in_the_table() -> None:
    assert last_ones({}, [(server(WEB, 1), 0)]) == []


def test_each_service_is_judged_by_itself() -> None:
    there = table(web={1: 5, 2: 5}, shop={1: 5})
    both = [(server(WEB, 1), 0), (server(SHOP, 1), 0)]
    assert last_ones(there, both) == ["rs1 in 8080"]
    # The other server of the one is not there for the other.
    assert last_ones(table(web={1: 5}, shop={2: 5}), both) == ["rs1 in 80"]


@pytest.mark.parametrize(
    ("weights", "changes", "last"),
    [
        ({1: 1, 2: 1}, {1: 0}, [1]),
        ({1: 1, 2: 1, 3: 1}, {1: 0}, []),
        ({1: 1, 2: 2}, {2: 1}, []),
        ({1: 1, 2: 2}, {2: 0}, [2]),
        ({1: 1, 2: 2}, {1: 0, 2: 1}, [1, 2]),
        # It is down already.
        ({1: 1, 2: 0}, {1: 0}, []),
        # Whose health check fails has weight 0 in the table, whatever it is given.
        ({1: 2, 2: 0}, {1: 0, 2: 9}, [1]),
    ],
)
def test_a_quorum(weights: dict[int, int], changes: dict[int, int], last: list[int]) -> None:
    """With less than 2 keepalived takes out who still serves."""
    given = [(server(WEB, number)._replace(need=2), weight) for number, weight in changes.items()]
    assert last_ones(table(web=weights), given) == [server(WEB, one).label for one in last]
