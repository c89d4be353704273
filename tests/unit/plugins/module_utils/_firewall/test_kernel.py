"""Answers of iptables that tell apart what is not there, what cannot be read, and what somebody else just changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._firewall import kernel
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.model import Target

MANGLE = ("ipv4", "mangle")
HOOKS = "-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n"
# Captured from iptables 1.8.9 (nft): "nft add rule" put a rule into LVS-A and one into a chain of others.
NATIVE = "Error: unknown ipv4 meta key\niptables v1.8.9 (nf_tables): Parsing nftables rule failed"


TARGETS = {"LVS-A": Target(("-i lo",), ("-i lo",), {"INPUT": 1})}
DONE = HOOKS + "-N LVS-A\n-A INPUT -j LVS-A\n-A LVS-A -i lo\n"
GONE = {"LVS-A": Target(None, (), {"INPUT": 0})}


class Iptables:
    """Answers in turn; keeps what it was asked and the texts that it was given."""

    def __init__(self, *answers: tuple[int, str, str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, ...]] = []
        self.sent: list[str] = []

    def __call__(self, argv: Sequence[str]) -> tuple[int, str, str]:
        self.asked.append(tuple(argv))
        if "restore" in argv[0]:
            self.sent.append(Path(argv[-1]).read_text())
        return self.answers.pop(0)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ((127, "", "iptables is not installed"), "iptables is not installed: install the package iptables"),
        (
            (3, "", "can't initialize: Table does not exist"),
            "iptables: the kernel has no table mangle: can't initialize",
        ),
        ((4, "", "Permission denied"), "iptables -w 5 -t mangle -S failed with status 4: Permission denied"),
        ((1, "-P INPUT ACCEPT\n", "Can't find library"), "failed with status 1: Can't find library"),
    ],
)
def test_what_cannot_be_read_is_not_absent(answer: tuple[int, str, str], fault: str) -> None:
    with pytest.raises(BootError) as caught:
        kernel.read_table(Iptables(answer), MANGLE, TARGETS)
    assert fault in str(caught.value)


def test_a_table_that_the_kernel_lacks_has_nothing_that_could_go() -> None:
    assert kernel.read_table(Iptables((3, "", "Table does not exist")), MANGLE, GONE) == {}
    for code in (1, 4, 127):
        with pytest.raises(BootError):
            kernel.read_table(Iptables((code, "", "x")), MANGLE, GONE)


def test_rules_that_only_nft_can_show_hide_nothing_of_ours() -> None:
    # iptables stops at the first of them, here in a chain of others.
    cut = HOOKS + "-N LVS-A\n-N THEIRS\n-A INPUT -i lo\n"
    run = Iptables((3, cut, NATIVE), (0, "-P INPUT ACCEPT\n-A INPUT -i lo\n-A INPUT -j LVS-A\n", ""),
                   (3, "-N LVS-A\n-A LVS-A -i lo\n", NATIVE))  # fmt: skip
    found = kernel.read_table(run, MANGLE, TARGETS)
    assert [argv[-1] for argv in run.asked] == ["-S", "INPUT", "LVS-A"]
    assert found["INPUT"] == ("-i lo", "-j LVS-A")
    assert found["LVS-A"] == ("-i lo", "(hidden)")

    with pytest.raises(BootError, match="has rules in INPUT that only nft can show"):
        kernel.read_table(Iptables((3, cut, NATIVE), (3, "-P INPUT ACCEPT\n", NATIVE)), MANGLE, TARGETS)


def test_one_transaction_and_its_file_is_gone() -> None:
    run = Iptables((0, HOOKS, ""), (0, "", ""), (0, DONE, ""))
    assert kernel.push(run, MANGLE, TARGETS)["LVS-A"] == ("-i lo",)
    assert run.sent == ["*mangle\n:LVS-A - [0:0]\n-A LVS-A -i lo\n-A INPUT -j LVS-A\nCOMMIT\n"]
    *command, path = run.asked[1]
    assert command == ["iptables-restore", "--noflush", "-w", "5"]
    assert not Path(path).exists()


def test_a_change_of_others_in_between_is_taken_in() -> None:
    doubled = DONE.replace("-A INPUT", "-A INPUT -j LVS-A\n-A INPUT")
    run = Iptables((0, doubled, ""), (1, "", "iptables-restore: line 2 failed"), (0, HOOKS, ""),
                   (0, HOOKS, ""), (0, "", ""), (0, DONE, ""))  # fmt: skip
    kernel.push(run, MANGLE, TARGETS)
    assert ["-D INPUT" in text for text in run.sent] == [True, False]


@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        (
            "iptables-restore v1.8.9 (nf_tables): \nline 3: RULE_APPEND failed (Invalid argument): rule in chain LVS-A",
            "(Invalid argument): rule in chain LVS-A (-A LVS-A -i lo)",
        ),
        (
            "iptables-restore v1.8.9 (legacy): Couldn't load match `x':No such file or directory\n\n"
            "Error occurred at line: 3\nTry `iptables-restore -h' or 'iptables-restore --help' for more information.",
            "No such file or directory Error occurred at line: 3 (-A LVS-A -i lo)",
        ),
        ("iptables-restore: line 5 failed", "line 5 failed (the kernel refuses one of the rules; its log may say why"),
    ],
)
def test_a_refused_transaction_is_told_once_with_its_line(complaint: str, told: str) -> None:
    run = Iptables((0, HOOKS, ""), (1, "", complaint), (0, HOOKS, ""))
    with pytest.raises(BootError) as caught:
        kernel.push(run, MANGLE, TARGETS)
    assert told in str(caught.value)
    assert len(run.sent) == 1


def test_a_transaction_that_is_undone_at_once_is_a_fault() -> None:
    run = Iptables((0, HOOKS, ""), (0, "", ""), (0, HOOKS + "-N LVS-A\n", ""))
    with pytest.raises(BootError, match="somebody else changes table mangle, not there: jump from INPUT to LVS-A"):
        kernel.push(run, MANGLE, TARGETS)


def test_somebody_who_never_stops_is_told() -> None:
    changing = [(0, f"{HOOKS}-A INPUT -i eth{number}\n", "") for number in range(6)]
    answers = [one for number in (0, 2, 4) for one in (changing[number], (1, "", "x"), changing[number + 1])]
    with pytest.raises(BootError, match="all the time"):
        kernel.push(Iptables(*answers), MANGLE, TARGETS)


def test_a_record_of_something_else_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "record"
    path.write_text('{"chains": [{"chain": "LVS-A"}]}')
    monkeypatch.setattr(kernel, "record_path", lambda owner: str(path))
    with pytest.raises(BootError, match="is not what we wrote"):
        kernel.read_record("lvs-a")
