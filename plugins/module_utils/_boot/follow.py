# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that puts rules of ours back whenever firewalld has flushed them.

firewalld empties every table of iptables when it starts, reloads and stops, in some versions with its backend nftables,
too (https://github.com/firewalld/firewalld/issues/863). It says so on the system bus, save when it fails.
"""

from __future__ import annotations

import select
import subprocess
import sys
import time
from typing import IO, Iterator, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.watch import IDLE, log, notify

__all__ = ["follow"]

_NAME, _PATH = "org.fedoraproject.FirewallD1", "/org/fedoraproject/FirewallD1"
_LISTEN = (
    *("busctl", "--no-pager"),
    f"--match=type='signal',interface='{_NAME}',member='Reloaded'",
    # It has come, or gone.
    f"--match=type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{_NAME}'",
    "monitor",
)
# Has its name on the bus before it loads its rules, and answers after that. Without it the answer is an error at once.
_PING = ("busctl", "--auto-start=no", "--timeout=30", "call", _NAME, _PATH, "org.freedesktop.DBus.Peer", "Ping")
_AGAIN = 15.0  # seconds


def follow(run: Command, program: str, verb: str) -> None:
    """Runs ``program`` with ``verb``, tells systemd that the service has started, and again after each flush, for ever.

    In a process of its own: an upgrade of the collection may have replaced the program since. BootError: the first run
    failed.
    """
    argv = (sys.executable, "-IS", program, verb)
    _put_back(run, argv)
    notify("READY=1")
    while True:
        try:
            _listen(run, argv)
        except (BootError, OSError) as exc:
            log(f"{exc}: trying again in {_AGAIN:.0f} seconds")
        # Not a wait for something: the bus may come at any time, or never, and a fault must not fill the journal.
        time.sleep(_AGAIN)


def _listen(run: Command, argv: Sequence[str]) -> None:
    """BootError or OSError, sooner or later."""
    # At boot there is no module whose run_command it could be. No buffer, or select() does not see what waits in it.
    with subprocess.Popen(  # pylint: disable=ansible-bad-function
        _LISTEN, bufsize=0, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as listener:
        try:
            for line in _lines(listener.stdout):
                # Once it listens it says so: what happened until then was not heard.
                if line.startswith(b"Monitoring") or b"Member=" in line:
                    _put_back(run, argv)
                    log("looked after our rules")
                elif not line:
                    # A reload that failed has flushed them, too, and says nothing.
                    _put_back(run, argv)
        finally:
            listener.kill()
    raise BootError("the system bus cannot be listened to any more")


def _lines(stream: IO[bytes] | None) -> Iterator[bytes]:
    """The lines of a program, and an empty one whenever it has said nothing for IDLE seconds."""
    while stream is not None:
        heard = select.select([stream], [], [], IDLE)[0]
        line = stream.readline() if heard else b""
        if heard and not line:
            return
        yield line


def _put_back(run: Command, argv: Sequence[str]) -> None:
    run(_PING)
    code, out, err = run(argv)
    if code:
        raise BootError(err or out.strip() or f"{argv[-2]} failed with status {code}")
