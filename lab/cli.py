"""The command line: python -m lab."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any, NoReturn

from lab import images, manual, shell
from lab.errors import LabError
from lab.inventory import MACHINES
from lab.lab import Lab


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status (1 with one clear line where the lab can't)."""
    words = sys.argv[1:] if argv is None else list(argv)
    arguments = _parser().parse_args(words)
    try:
        shell.require_root(words)
        shell.use_own_environment()
        shell.require("ip", "nsenter", "ssh", *arguments.programs)
        return int(arguments.act(arguments))
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        if error.detail:
            print(error.detail, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; the same command goes on from here, down takes all away", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:  # a full disk, or one that nobody may write to
        print(f"lab: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--name", default=os.environ.get("LVS_LAB") or "lab", help="which lab (default: lab, or $LVS_LAB)"
    )
    plain = argparse.RawDescriptionHelpFormatter  # the texts have their own line ends
    parser = argparse.ArgumentParser(
        prog="python -m lab", description=manual.PURPOSE, epilog=manual.REST, formatter_class=plain
    )
    commands = parser.add_subparsers(
        required=True, metavar="COMMAND", title="commands", description="python -m lab COMMAND --help tells all of one."
    )

    def command(name: str, act: Any, *programs: str) -> argparse.ArgumentParser:
        page = manual.PAGES[name]
        sub = commands.add_parser(
            name,
            parents=[common],
            help=page.line,
            description=page.description,
            epilog=page.epilog,
            formatter_class=plain,
        )
        sub.set_defaults(act=act, programs=programs)
        return sub

    reader = "ansible-inventory"
    host: Any = {"help": "the host's name in the inventory"}
    words: Any = {"nargs": argparse.REMAINDER, "metavar": "-- COMMAND", "help": "the command and its arguments"}
    whose: Any = {"default": "", "help": "whose twin (default: of the inventory that the lab was started with)"}
    up = command("up", _up, reader)
    up.add_argument("-i", "--inventory", required=True, help="a file, folder or script, as for ansible-inventory")
    up.add_argument(
        "--image",
        choices=images.KINDS,
        default="",
        help="bare: nothing of LVS is installed; full: the packages that roles install are there "
        "(default: what the lab has; for a new one bare, or $LVS_LAB_IMAGE)",
    )
    up.add_argument(
        "--machine",
        choices=MACHINES,
        default="",
        help="of hosts without lab_machine: uml, a kernel as an ordinary process; qemu, Debian's own kernel "
        "(default: what the lab has; for a new one uml, or $LVS_LAB_MACHINE)",
    )
    command("down", _down)
    command("status", _status)
    run = command("run", _run, reader)
    run.add_argument("-i", "--inventory", **whose)
    run.add_argument("command", **words)
    execute = command("exec", _exec)
    execute.add_argument("host", **host)
    execute.add_argument("command", **words)
    power = command("power", _power)
    power.add_argument("host", **host)
    power.add_argument("action", choices=("off", "on", "reset", "renew"), help="what happens to its power")
    link = command("link", _link)
    link.add_argument("host", **host)
    link.add_argument("interface", help="one of its lvs_interfaces")
    link.add_argument("action", choices=("up", "down"), help="plug the cable in, or pull it out")
    logs = command("logs", _logs)
    logs.add_argument("host", **host)
    logs.add_argument("--journal", action="store_true", help="also what journalctl has of this boot")
    twin = command("twin", _twin, reader)
    twin.add_argument("-i", "--inventory", **whose)
    return parser


def _up(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    image = os.environ.get("LVS_LAB_IMAGE") or "bare"
    machine = os.environ.get("LVS_LAB_MACHINE") or "uml"
    for variable, value, known in (("IMAGE", image, images.KINDS), ("MACHINE", machine, MACHINES)):
        if value not in known:
            raise LabError(f"LVS_LAB_{variable}: {value} is not known; use {' or '.join(known)}")
    lab = _lab(arguments)
    changed = lab.up(
        arguments.inventory,
        arguments.image,
        arguments.machine,
        default=image,
        default_machine=machine,
    )
    _print_table(lab)
    print(f"{'ready' if changed else 'nothing to do'} after {time.monotonic() - began:.1f} s")
    return 0


def _down(arguments: argparse.Namespace) -> int:
    found = _lab(arguments).down()
    print(f"lab {arguments.name}: {'gone' if found else 'was not there'}")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    _print_table(_lab(arguments))
    return 0


def _run(arguments: argparse.Namespace) -> int:
    words = _words(arguments.command, "run -- COMMAND")
    lab = _lab(arguments)
    twin = lab.twin(arguments.inventory)
    # LVS_LAB lets commands inside say `python -m lab exec` without naming the lab again.
    _become(lab.namespace.enter(*words), ANSIBLE_INVENTORY=str(twin), LVS_LAB=lab.name)


def _exec(arguments: argparse.Namespace) -> int:
    words = _words(arguments.command, "exec HOST -- COMMAND")
    lab = _lab(arguments)
    lab.require_power(arguments.host)
    _become(lab.command(arguments.host, words))


def _power(arguments: argparse.Namespace) -> int:
    _lab(arguments).power(arguments.host, arguments.action)
    return 0


def _link(arguments: argparse.Namespace) -> int:
    _lab(arguments).link(arguments.host, arguments.interface, plugged=arguments.action == "up")
    return 0


def _logs(arguments: argparse.Namespace) -> int:
    lab = _lab(arguments)
    console = lab.console(arguments.host)
    print(console.read_text(errors="replace") if console.exists() else "", end="")
    if arguments.journal:
        lab.require_power(arguments.host)
        _become(lab.command(arguments.host, ["journalctl", "--no-pager", "-b"]))
    return 0


def _twin(arguments: argparse.Namespace) -> int:
    print(_lab(arguments).twin(arguments.inventory))
    return 0


def _lab(arguments: argparse.Namespace) -> Lab:
    # What is done goes to standard output where it is the command's own (up), else out of the way of what is asked for.
    stream = sys.stdout if arguments.act is _up else sys.stderr
    return Lab(arguments.name, lambda text: print(text, file=stream, flush=True))


def _words(command: list[str], usage: str) -> list[str]:
    words = command[1:] if command[:1] == ["--"] else command
    if not words:
        raise LabError(f"no command given; write: python -m lab {usage}")
    if words == command and words[0].startswith("-"):
        raise LabError(f"{words[0]} is too late for an option of the lab; write: python -m lab {usage}")
    return words


def _become(words: list[str], **environment: str) -> NoReturn:
    """Be another program from here on, so that its streams, signals and exit status are passed by nobody."""
    sys.stdout.flush()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and what is ignored stays so
    os.execvpe(words[0], words, {**os.environ, **environment})


def _print_table(lab: Lab) -> None:
    rows = [("HOST", "POWER", "RELEASE", "INTERFACE", "NETWORK", "ADDRESSES", "CABLE")]
    for guest in lab.status():
        kind = "" if guest["machine"] == MACHINES[0] else f" ({guest['machine']})"
        first = (guest["host"], guest["power"], f"{guest['release']}{kind}")
        rows.append((*first, "lab0", "(management)", guest["address"], "in"))
        for nic in guest["interfaces"]:
            rows.append(("", "", "", nic["name"], nic["network"], " ".join(nic["addresses"]) or "-", nic["cable"]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
