"""lab/cli.py: what is wrong with a command line, or with the machine, is said in one line."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from lab import cli, shell, state
from lab.lab import Lab
from tests.support.cluster import ROOT


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No lab is there, whoever we are, and the machine has what the lab needs."""
    # A short path, as sockets need.
    folder = Path(tempfile.mkdtemp())
    monkeypatch.setattr(state, "STATE", folder)
    monkeypatch.setattr(shell, "require_root", lambda argv: None)
    monkeypatch.setattr(shell, "require", lambda *programs: None)
    monkeypatch.delenv("LVS_LAB", raising=False)
    monkeypatch.delenv("LVS_LAB_IMAGE", raising=False)
    monkeypatch.delenv("LVS_LAB_MACHINE", raising=False)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["boot"], "invalid choice: 'boot'"),
        (["up"], "the following arguments are required: -i/--inventory"),
        (["up", "-i", "x", "--image", "half"], "invalid choice: 'half'"),
        (["up", "-i", "x", "--machine", "xen"], "invalid choice: 'xen'"),
        (["power"], "the following arguments are required: host, action"),
        (["power", "lb1", "cut"], "invalid choice: 'cut'"),
        (["link", "lb1", "eth0", "out"], "invalid choice: 'out'"),
        (["exec"], "the following arguments are required: host"),
        (["down", "lb1"], "unrecognized arguments: lb1"),
    ],
)
def test_wrong_arguments(words: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 2
    assert text in capsys.readouterr().err


NOT_UP = "the lab t1 isn't up; run: python -m lab up --name t1 -i INVENTORY"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["exec", "lb1"], "no command given; write: python -m lab exec HOST -- COMMAND"),
        (["exec", "lb1", "--"], "no command given; write: python -m lab exec HOST -- COMMAND"),
        (["run"], "no command given; write: python -m lab run -- COMMAND"),
        (
            ["exec", "lb1", "--name", "x", "--", "ls"],
            "--name is too late for an option of the lab; write: python -m lab exec HOST -- COMMAND",
        ),
        (["up", "-i", "/no/where"], None),
        *(
            (words, NOT_UP)
            for words in (
                ["status"],
                ["exec", "lb1", "--", "ls"],
                ["run", "--", "ls"],
                ["power", "lb1", "off"],
                ["link", "lb1", "eth0", "up"],
                ["logs", "lb1"],
                ["twin"],
            )
        ),
    ],
)
def test_one_clear_line(words: list[str], text: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([words[0], "--name", "t1", *words[1:]]) == 1
    text = text or "inventory /no/where is not there; name a file or folder that ansible-inventory can read: -i PATH"
    assert capsys.readouterr() == ("", f"lab: {text}\n")


@pytest.mark.parametrize(("variable", "known"), [("IMAGE", "bare or full"), ("MACHINE", "uml or qemu")])
def test_a_wrong_default(
    variable: str, known: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"LVS_LAB_{variable}", "kvm")
    assert cli.main(["up", "-i", "x"]) == 1
    assert capsys.readouterr().err == f"lab: LVS_LAB_{variable}: kvm is not known; use {known}\n"


def test_what_the_system_refuses(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(self: Lab) -> bool:
        raise OSError(28, "No space left on device", "/var/lib/lvs-lab")

    monkeypatch.setattr(Lab, "down", full)
    assert cli.main(["down"]) == 1
    assert capsys.readouterr().err == "lab: [Errno 28] No space left on device: '/var/lib/lvs-lab'\n"


@pytest.mark.parametrize("command", [["down"], ["up", "-i", str(ROOT / "inventories" / "nat_ha")]])
def test_what_no_lab_made_stays(command: list[str], empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (empty / "www" / "pages").mkdir(parents=True)
    assert cli.main([*command, "--name", "www"]) == 1
    assert f"{empty}/www is there and was made by no lab, so it stays as it is" in capsys.readouterr().err
    assert [path.name for path in (empty / "www").iterdir()] == ["pages"]


def test_down_where_nothing_is(capsys: pytest.CaptureFixture[str], empty: Path) -> None:
    assert cli.main(["down", "--name", "t1"]) == 0
    assert capsys.readouterr().out == "lab t1: was not there\n"
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize("separator", [["--"], []])
def test_a_command_s_own_options_are_its_own(separator: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def become(words: list[str], **environment: str) -> NoReturn:
        seen["words"] = words
        raise SystemExit(0)

    monkeypatch.setattr(cli, "_become", become)
    monkeypatch.setattr(Lab, "require_power", lambda self, host: None)
    monkeypatch.setattr(Lab, "command", lambda self, host, argv: [self.name, host, *argv])
    with pytest.raises(SystemExit):
        cli.main(["exec", "--name", "t1", "lb1", *separator, "ls", "-l", "--", "--name", "a b", ""])
    assert seen["words"] == ["t1", "lb1", "ls", "-l", "--", "--name", "a b", ""]


def test_the_lab_s_name_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LVS_LAB", "mine")
    assert cli.main(["status"]) == 1
    assert "the lab mine isn't up" in capsys.readouterr().err


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object, **__: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(Lab, "up", interrupt)
    assert cli.main(["up", "-i", "x"]) == 130
    assert capsys.readouterr().err == "lab: interrupted; the same command goes on from here, down takes all away\n"


class TestMachine:
    """What the machine lacks."""

    @pytest.fixture(autouse=True)
    def real_checks(self, monkeypatch: pytest.MonkeyPatch, empty: Path) -> None:
        monkeypatch.undo()

    def test_no_root(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        assert cli.main(["exec", "lb1", "--", "echo", "a b"]) == 1
        assert capsys.readouterr().err == (
            "lab: the lab needs root for its network namespace and taps; "
            f"run: sudo -E -H env \"PATH=$PATH\" {sys.executable} -m lab exec lb1 -- echo 'a b'\n"
        )

    def test_root_in_a_container(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(Path, "read_text", lambda self: "CapPrm:\t0\nCapEff:\t00000000a80425fb\n")
        assert cli.main(["down"]) == 1
        assert capsys.readouterr().err == (
            "lab: root lacks CAP_NET_ADMIN and CAP_SYS_ADMIN here, as in a container; "
            "run it on the machine itself, or give the container all rights: docker run --privileged\n"
        )

    def test_root_with_all_it_needs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(Path, "read_text", lambda self: "CapEff:\t000001ffffffffff\n")
        shell.require_root([])

    @pytest.mark.parametrize(
        ("words", "text"),
        [
            (
                ["down"],
                "missing on this machine: ip, nsenter, ssh; run: apt-get install --no-install-recommends "
                "iproute2 openssh-client util-linux",
            ),
            (
                ["up", "-i", "x"],
                "missing on this machine: ip, nsenter, ssh, ansible-inventory; run: apt-get install "
                "--no-install-recommends iproute2 openssh-client util-linux and make setup "
                "(then .venv/bin/python -m lab)",
            ),
        ],
    )
    def test_missing_programs(
        self, words: list[str], text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(shell, "require_root", lambda argv: None)
        monkeypatch.setattr(shell, "use_own_environment", lambda: None)
        monkeypatch.setenv("PATH", "/nowhere")
        assert cli.main(words) == 1
        assert capsys.readouterr().err == f"lab: {text}\n"

    def test_every_program_has_its_package(self) -> None:
        assert set(shell.BUILDERS) | {"ip", "nsenter", "ssh"} == set(shell.DEBIAN_PACKAGE)

    def test_ansible_is_found_beside_our_python(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        shell.use_own_environment()
        shell.use_own_environment()
        assert os.environ["PATH"] == f"/nowhere:{Path(sys.executable).parent}:/usr/local/sbin:/usr/sbin:/sbin"
        # The last two are root's, and not in the path of another user, which sudo may have taken over.
        shell.require("ansible-inventory", "mkfs.ext4", "chroot")
