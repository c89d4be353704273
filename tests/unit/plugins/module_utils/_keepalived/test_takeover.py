"""Who could take over, and who leads."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.takeover import leading_director, unguarded

MASTER, BACKUP, FAULT = {"state": "MASTER"}, {"state": "BACKUP"}, {"state": "FAULT"}


@pytest.mark.parametrize(
    ("own", "peers", "named"),
    [
        ({"VI": MASTER}, {"lb2": {"VI": BACKUP}}, []),
        ({"VI": MASTER}, {"lb2": {"VI": FAULT}}, ["VI, and lb2"]),
        ({"VI": MASTER}, {"lb2": {"VI": FAULT}, "lb3": {"VI": BACKUP}}, []),
        ({"VI": MASTER}, {"lb2": {"VI": FAULT}, "lb3": {"VI": FAULT}}, ["VI, and lb2, lb3"]),
        ({"VI": MASTER}, {"lb2": {}}, []),
        ({"VI": MASTER}, {}, []),
        ({"VI": BACKUP}, {"lb2": {"VI": FAULT}}, []),
        ({"A": MASTER, "B": MASTER}, {"lb2": {"A": BACKUP, "B": FAULT}}, ["B, and lb2"]),
        ({"A": MASTER, "B": BACKUP}, {"lb2": {"A": FAULT, "B": MASTER}}, ["A, and lb2"]),
        ({}, {"lb2": {"A": FAULT}}, []),
    ],
)
def test_unguarded(
    own: dict[str, dict[str, str]], peers: dict[str, dict[str, dict[str, str]]], named: list[str]
) -> None:
    found = unguarded(own, peers)
    assert len(found) == len(named)
    for text, words in zip(found, named, strict=True):
        assert words in text


@pytest.mark.parametrize(
    ("peers", "named"),
    [
        ({"lb2": {"VI": BACKUP}}, []),
        ({"lb2": {}, "lb3": {"VI": BACKUP}}, []),
        ({"lb2": {"VI": FAULT}}, ["lb2 in FAULT"]),
        ({"lb2": {}, "lb3": {"other": BACKUP}}, ["it is master of VI, which does not run on lb2, lb3"]),
        # All leave.
        ({}, []),
    ],
)
def test_who_leaves_must_leave_one_that_can_take_over(
    peers: dict[str, dict[str, dict[str, str]]], named: list[str]
) -> None:
    found = unguarded({"VI": MASTER}, peers, leaves=True)
    assert len(found) == len(named)
    for text, words in zip(found, named, strict=True):
        assert words in text


@pytest.mark.parametrize(
    ("directors", "leader"),
    [
        ({"lb1": {"A": BACKUP}, "lb2": {"A": MASTER}}, "lb2"),
        ({"lb2": {"A": MASTER, "B": BACKUP}, "lb1": {"A": BACKUP, "B": MASTER}}, "lb1"),
        ({"lb1": {"A": MASTER, "B": BACKUP, "C": BACKUP}, "lb2": {"A": BACKUP, "B": MASTER, "C": MASTER}}, "lb2"),
        ({"lb1": {"A": FAULT}, "lb2": {}}, ""),
        ({}, ""),
    ],
)
def test_leading_director(directors: dict[str, dict[str, dict[str, str]]], leader: str) -> None:
    assert leading_director(directors) == leader


def test_a_master_of_what_changes_leads() -> None:
    directors = {"lb1": {"A": MASTER, "B": MASTER, "C": BACKUP}, "lb2": {"A": BACKUP, "B": BACKUP, "C": MASTER}}
    assert leading_director(directors, ["C"]) == "lb2"
    assert leading_director(directors, ["A", "C"]) == "lb1"
    assert leading_director(directors, ["D"]) == "lb1"
