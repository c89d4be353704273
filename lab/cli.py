"""The command line: python -m lab."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from lab import images, shell
from lab.errors import LabError
from lab.lab import Lab


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status (1 with one clear line where the lab can't)."""
    arguments = _parser().parse_args(argv)
    try:
        shell.require_root()
        shell.require("ip", "bridge", "nsenter", "ssh", "ansible-inventory")
        return int(arguments.act(arguments))
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        if error.detail:
            print(error.detail, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--name", default=os.environ.get("LVS_LAB", "lab"), help="which lab (default: lab, or $LVS_LAB)"
    )
    parser = argparse.ArgumentParser(prog="python -m lab", description="Boot any inventory as real Linux kernels.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, act: Any, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, parents=[common], help=text, description=text)
        sub.set_defaults(act=act)
        return sub

    up = command("up", _up, "Boot every host of an inventory that isn't running, and wait until all answer.")
    up.add_argument("-i", "--inventory", required=True)
    up.add_argument("--image", choices=images.KINDS, default=os.environ.get("LVS_LAB_IMAGE", "bare"),
                    help="bare: nothing of LVS is installed; full: the packages that roles install are there")  # fmt: skip
    command("down", _down, "End every process of the lab and remove its networks and disks.")
    command("status", _status, "Show the lab's hosts, networks and addresses.")
    run = command("run", _run, "Run a command inside the lab's network namespace, with the twin as ANSIBLE_INVENTORY.")
    run.add_argument(
        "-i", "--inventory", default="", help="whose twin (default: the one that the lab was started with)"
    )
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    execute = command("exec", _exec, "Run a command on a host; standard streams and exit status pass through.")
    execute.add_argument("host")
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    power = command("power", _power, "off: a power cut; on; reset: off and on; renew: off and on with a new disk.")
    power.add_argument("host")
    power.add_argument("action", choices=("off", "on", "reset", "renew"))
    link = command("link", _link, "Pull out (down) or plug in (up) the cable of an interface.")
    link.add_argument("host")
    link.add_argument("interface")
    link.add_argument("action", choices=("up", "down"))
    logs = command("logs", _logs, "Print a host's console log; --journal adds its journal.")
    logs.add_argument("host")
    logs.add_argument("--journal", action="store_true")
    command("twin", _twin, "Print the path of the twin inventory.").add_argument("-i", "--inventory", default="")
    return parser


def _up(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    lab = _lab(arguments, talk=True)
    booted = lab.up(arguments.inventory, arguments.image)
    lab.twin()
    _print_table(lab)
    print(f"{'ready' if booted else 'nothing to do'} after {time.monotonic() - began:.1f} s")
    return 0


def _down(arguments: argparse.Namespace) -> int:
    found = _lab(arguments).down()
    print(f"lab {arguments.name}: {'gone' if found else 'was not there'}")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    _print_table(_lab(arguments))
    return 0


def _run(arguments: argparse.Namespace) -> int:
    lab = _lab(arguments)
    twin = lab.twin(arguments.inventory)
    words = _words(arguments.command, "run -- COMMAND")
    # LVS_LAB lets commands inside say `python -m lab exec` without naming the lab again.
    environment = {**os.environ, "ANSIBLE_INVENTORY": str(twin), "LVS_LAB": lab.name}
    return subprocess.run(lab.namespace.enter(*words), check=False, env=environment).returncode


def _exec(arguments: argparse.Namespace) -> int:
    words = _words(arguments.command, "exec HOST -- COMMAND")
    return subprocess.run(_lab(arguments).command(arguments.host, words), check=False).returncode


def _power(arguments: argparse.Namespace) -> int:
    _lab(arguments).power(arguments.host, arguments.action)
    return 0


def _link(arguments: argparse.Namespace) -> int:
    _lab(arguments).link(arguments.host, arguments.interface, plugged=arguments.action == "up")
    return 0


def _logs(arguments: argparse.Namespace) -> int:
    lab = _lab(arguments)
    print(lab.console(arguments.host).read_text(errors="replace"), end="", flush=True)
    if arguments.journal:
        return subprocess.run(lab.command(arguments.host, ["journalctl", "--no-pager", "-b"]), check=False).returncode
    return 0


def _twin(arguments: argparse.Namespace) -> int:
    print(_lab(arguments).twin(arguments.inventory))
    return 0


def _lab(arguments: argparse.Namespace, *, talk: bool = False) -> Lab:
    return Lab(arguments.name, (lambda text: print(text, flush=True)) if talk else (lambda text: None))


def _words(command: list[str], usage: str) -> list[str]:
    words = command[1:] if command[:1] == ["--"] else command
    if not words:
        raise LabError(f"no command given; write: python -m lab {usage}")
    return words


def _print_table(lab: Lab) -> None:
    rows = [("HOST", "POWER", "RELEASE", "INTERFACE", "NETWORK", "ADDRESSES", "CABLE")]
    for guest in lab.status():
        first = (guest["host"], guest["power"], guest["release"])
        rows.append((*first, "lab0", "(management)", guest["address"], "in"))
        for nic in guest["interfaces"]:
            rows.append(("", "", "", nic["name"], nic["network"], " ".join(nic["addresses"]) or "-", nic["cable"]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
