"""What ip prints, the record, and steps that fail."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._addresses import kernel, model
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.model import Address, Link, Port, Record
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

# iproute2 6.1.0, shortened to what matters.
ADDRESSES = """[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"mtu":65536,"addr_info":[
{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host","label":"lo"},
{"family":"inet6","local":"fd00::6","prefixlen":128,"scope":"global","nodad":true,"deprecated":true,
"noprefixroute":true,"valid_life_time":4294967295,"preferred_life_time":0}]},
{"ifindex":2,"ifname":"eth0","flags":["NO-CARRIER","BROADCAST","MULTICAST","UP"],"addr_info":[
{"family":"inet","local":"10.0.0.2","prefixlen":24,"scope":"global","label":"eth0"},
{"family":"inet","local":"10.0.0.9","prefixlen":24,"scope":"global","secondary":true,"label":"eth0"},{}]},
{"ifindex":3,"link":null,"ifname":"tunl0","flags":["NOARP"],"link_type":"ipip","addr_info":[]},{}]"""
# As ip/ipfou.c of iproute2 4.17 to 7.1 prints it: a null for gue, a number for the protocol of others.
PORTS = """[{"port":6080,"gue":null,"family":"inet"},{"port":6080,"gue":null,"family":"inet6"},
{"port":5555,"ipproto":4,"family":"inet","local":"10.0.0.2"}]"""
ONE, TWO = Address("10.0.0.6/32", "lo"), Address("10.0.0.7/32", "lo")


def test_addresses() -> None:
    links, addresses = kernel.parse_links(ADDRESSES)
    assert links == {
        "lo": Link(True, True, False, 1),
        "eth0": Link(True, False, True, 2),
        "tunl0": Link(False, False, False, 3),
    }
    assert addresses == {
        Address("127.0.0.1/8", "lo"): False,
        Address("fd00::6/128", "lo"): False,
        Address("10.0.0.2/24", "eth0"): False,
        Address("10.0.0.9/24", "eth0"): True,
    }


def test_ports() -> None:
    found = kernel.parse_ports(PORTS)
    assert found == {Port("ipv4", 6080): True, Port("ipv6", 6080): True, Port("ipv4", 5555): False}
    assert kernel.parse_ports("[ ]\n") == {}


@pytest.mark.parametrize(
    ("status", "error", "ports"),
    [(1, "RTNETLINK answers: No such file or directory\nError talking to the kernel", None), (0, "", {})],
)
def test_a_kernel_without_fou_is_told_from_one_without_ports(
    status: int, error: str, ports: dict[Port, bool] | None
) -> None:
    def run(argv: Sequence[str]) -> tuple[int, str, str]:
        return (status, "", error) if "fou" in argv else (0, ADDRESSES, "")

    wanted = model.Wanted(gue=(Port("ipv4", 6080),))
    assert kernel.read_live(run, wanted, Record(set(), set(), set())).ports == ports


def test_what_cannot_be_read_is_not_nothing() -> None:
    def run(argv: Sequence[str]) -> tuple[int, str, str]:
        return (2, "", "RTNETLINK answers: Operation not permitted") if "fou" in argv else (0, ADDRESSES, "")

    with pytest.raises(BootError, match="not permitted"):
        kernel.read_live(run, model.Wanted(gue=(Port("ipv4", 6080),)), Record(set(), set(), set()))


def test_a_record_of_an_earlier_boot_says_nothing() -> None:
    data = {"boot": "now", "addresses": [ONE._asdict()], "links": ["tunl0"], "gue": [{"family": "ipv4", "port": 1}]}
    assert kernel.record_of(data, "now") == Record({ONE}, {"tunl0"}, {Port("ipv4", 1)})
    assert not any(kernel.record_of(data, "later"))
    assert not any(kernel.record_of(None, "now"))
    with pytest.raises(BootError, match="damaged"):
        kernel.record_of({"boot": "now"}, "now")


class Machine:
    """Refuses some steps; keeps what the record said when each was taken."""

    def __init__(self, **refusals: str) -> None:
        self.refusals = refusals
        self.record = Record(set(), set(), set())
        self.stored: list[Record] = []
        self.taken: list[tuple[str, bool]] = []

    def run(self, argv: Sequence[str]) -> tuple[int, str, str]:
        self.taken.append((argv[2], bool(self.stored) and any(self.stored[-1])))
        error = self.refusals.get(argv[2], "")
        return (2, "", error) if error else (0, "", "")

    def store(self, record: Record) -> None:
        self.stored.append(record.copy())


def steps(*addresses: Address) -> list[model.Step]:
    return [model.address_step(item) for item in addresses]


def test_the_record_comes_before_the_step() -> None:
    machine = Machine()
    outcome = kernel.execute(steps(ONE, TWO), machine.run, machine.record, machine.store)
    assert machine.taken == [("add", True), ("add", True)]
    assert machine.stored == [Record({ONE, TWO}, set(), set())]
    assert outcome.done == steps(ONE, TWO)
    assert kernel.undo(outcome.done, machine.run) == []
    assert [words for words, _recorded in machine.taken[2:]] == ["del", "del"]


def test_a_failed_step_leaves_nothing_in_the_record() -> None:
    machine = Machine(add="RTNETLINK answers: Permission denied")
    outcome = kernel.execute(steps(ONE, TWO), machine.run, machine.record, machine.store)
    assert len(machine.taken) == 1
    assert outcome.errors == ["ip address add 10.0.0.6/32 dev lo scope host: RTNETLINK answers: Permission denied"]
    assert not any(machine.stored[-1])
    kernel.execute(steps(ONE, TWO), machine.run, machine.record, machine.store, go_on=True)
    assert len(machine.taken) == 3


@pytest.mark.parametrize("error", ["RTNETLINK answers: File exists", "Error: ipv4: Address already assigned."])
def test_what_somebody_adds_at_the_same_moment_is_not_ours(error: str) -> None:
    machine = Machine(add=error)
    assert kernel.execute(steps(ONE), machine.run, machine.record, machine.store) == kernel.Outcome([], [])
    assert not any(machine.record)


@pytest.mark.parametrize(
    "error",
    [
        "RTNETLINK answers: Cannot assign requested address",
        "Error: ipv4: Address not found.",
        "Error: ipv6: address not found.",
        'Cannot find device "eth0"',
    ],
)
def test_what_is_gone_already_is_gone(error: str) -> None:
    machine = Machine(**{"del": error})
    machine.record.addresses.add(ONE)
    outcome = kernel.execute([steps(ONE)[0].reversed()], machine.run, machine.record, machine.store)
    assert (outcome.errors, machine.record.addresses) == ([], set())
