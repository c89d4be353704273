"""What a drop-in file says, and which options make none."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import dropin
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import HEADER, Placed

PATH = "/etc/systemd/system/keepalived.service.d/lvs-director.conf"
GOOD: dict[str, Any] = {"Service": {"Restart": "on-failure"}}


def of(value: Any) -> dict[str, Any]:
    return {"Service": {"X": value}}


def test_the_place_and_the_text() -> None:
    settings = {
        "Unit": {"StartLimitIntervalSec": 0},
        "Service": {
            "Restart": "on-failure",
            "ExecStart": ["", "/usr/sbin/keepalived --dont-fork"],
            "PrivateTmp": True,
            "IgnoreSIGPIPE": False,
            "Environment": ' "A=ü b" ',
            "X-Ours": "",
        },
    }
    dropin.check("keepalived.service", "lvs-director", settings)
    assert dropin.path_of("keepalived.service", "lvs-director") == PATH
    placed = dropin.file_of(settings)
    assert (placed.mode, dropin.is_ours(placed)) == (0o644, True)
    assert placed.data.decode() == (
        f"{HEADER}\n"
        "[Unit]\nStartLimitIntervalSec=0\n"
        "[Service]\nRestart=on-failure\nExecStart=\nExecStart=/usr/sbin/keepalived --dont-fork\nPrivateTmp=yes\n"
        'IgnoreSIGPIPE=no\nEnvironment="A=ü b"\nX-Ours=\n'
    )


@pytest.mark.parametrize("unit", ["getty@tty1.service", "getty@.service", "foo-.slice", r"dev-disk-by\x2dlabel.device"])
def test_names_of_units(unit: str) -> None:
    dropin.check(unit, "lvs-director", GOOD)


@pytest.mark.parametrize(
    "unit", ["", "keepalived", ".service", "keepalived.conf", "../x.service", "a/b.service", "a b.service",
             "a.service\n", "a.service.d", "a" * 246 + ".service"],
)  # fmt: skip
def test_what_is_no_unit(unit: str) -> None:
    with pytest.raises(BootError, match=r"^unit: .* is no unit: write its name with its suffix"):
        dropin.check(unit, "lvs-director", GOOD)


@pytest.mark.parametrize("name", ["", "LVS", "-lvs", "a.b", "../lvs", "a" * 42, "lvs\n"])
def test_what_is_no_owner(name: str) -> None:
    with pytest.raises(BootError, match=r"^name: .* is no owner: use small letters"):
        dropin.check("keepalived.service", name, None)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({}, "settings: is empty: give a section with a directive"),
        ({"Service": {}}, "settings: Service: has no directives"),
        ({"Restart": "always"}, "settings: Restart: has no directives"),
        ({"Ser vice": {"A": 1}}, "settings: 'Ser vice' is no section"),
        ({"Service]\n[Unit": {"A": 1}}, r"is no section"),
        ({"Service": {"Re start": 1}}, "settings: Service: 'Re start' is no directive"),
        ({"Service": {"A=b\nC": 1}}, "is no directive"),
        ({"Service": {"#A": 1}}, "is no directive"),
        (of([]), "settings: Service: X: is an empty list"),
        (of(None), "settings: Service: X: None is no value: write a text"),
        (of(1.5), "1.5 is no value"),
        (of({"a": 1}), "is no value"),
        (of([["a"]]), "is no value"),
        (of("a\nb"), "settings: Service: X: .* has a line break"),
        (of("a\rb"), "has a line break"),
        (of(["a", "b\0"]), "has a line break"),
        (of("\udcff"), "has a line break or another control character"),
        (of("a\\"), "ends in a backslash"),
        (of("a\\\\\\ "), "ends in a backslash"),
    ],
)
def test_what_is_no_setting(settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(BootError, match=fault):
        dropin.check("keepalived.service", "lvs-director", settings)


@pytest.mark.parametrize("value", ["a\tb", "a\\\\", "\\a", "# b", "a\n"])
def test_what_is_a_setting(value: str) -> None:
    dropin.check("keepalived.service", "lvs-director", of(value))
    assert dropin.file_of(of(value)).data.decode().endswith(f"X={value.strip()}\n")


def test_all_faults_are_said_at_once() -> None:
    with pytest.raises(BootError) as error:
        dropin.check("keepalived", "LVS", {"Unit": {}, "Service": {"A": None, "B": [1, "c\nd"]}})
    words = str(error.value).split("; ")
    assert [word.rsplit(" is no ", 1)[0].rsplit(" has ", 1)[0] for word in words] == [
        *("unit: 'keepalived'", "name: 'LVS'", "settings: Unit:"),
        *("settings: Service: A: None", r"settings: Service: B: 'c\nd'"),
    ]


@pytest.mark.parametrize(
    ("data", "ours"),
    [
        (HEADER.encode(), True),
        (HEADER.encode() + b"\r\n[Service]\n", True),
        (b"[Service]\n" + HEADER.encode(), False),
        (HEADER.encode() + b" or not\n", False),
        (b"", False),
        (b"\xff\n", False),
    ],
)
def test_whose_it_is(data: bytes, ours: bool) -> None:
    assert dropin.is_ours(Placed(data)) is ours


def test_a_diff_shows_texts_and_a_mode_that_differs() -> None:
    new = dropin.file_of(GOOD)
    text = new.data.decode()
    assert dropin.diff(PATH, None, new) == {
        "before_header": PATH, "after_header": PATH, "before": "", "after": text,
    }  # fmt: skip
    assert dropin.diff(PATH, new, None)["after"] == ""
    put_right = dropin.diff(PATH, Placed(new.data, 0o600), new)
    assert (put_right["before"], put_right["after"]) == (f"mode 0600\n{text}", f"mode 0644\n{text}")
