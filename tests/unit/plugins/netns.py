"""A throw-away host for tests of modules: network and mount namespaces of its own, and a systemd that only takes notes.

Nothing that runs in it reaches this machine's routes, rules or files: /etc is a copy, the other folders that modules of
ours write to are empty. /proc/sys/net is that of the network namespace; the rest of /proc/sys is the machine's, so a
test sets sysctls of net alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
COLLECTIONS = REPOSITORY / ".venv" / "collections"

_SET_UP = """
set -e
mount --make-rprivate /
cp -a /etc "$1/etc"
mount --bind "$1/etc" /etc
for folder in /usr/local/lib /var/lib; do mount -t tmpfs none $folder; done
rm -rf /etc/systemd/system && mkdir -p /etc/systemd/system /etc/sysctl.d /etc/modules-load.d
ip link set lo up
echo ready
exec sleep infinity
"""

# Answers as systemd would, from two files, and writes down what it was asked.
_SYSTEMCTL = """#!/bin/sh
here=$(dirname "$0"); echo "systemctl $*" >> "$here/calls"
case " $* " in
*" is-enabled "*) [ -e "$here/enabled" ]; exit;;
*" is-active "*) [ -e "$here/active" ]; exit;;
*" enable "*) : > "$here/enabled";;
*" disable --now "*) rm -f "$here/enabled" "$here/active";;
*" disable "*) rm -f "$here/enabled";;
*" start "*|*" restart "*) : > "$here/active";;
*" stop lvs-return-route.service "*) rm -f "$here/active";;
esac
"""
_SYSTEMD_RUN = """#!/bin/sh
here=$(dirname "$0"); echo "systemd-run $*" >> "$here/calls"
"""


class Host:
    """One such host; ``with Host(tmp_path) as host`` ends all its processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        self._holder: subprocess.Popen[str] | None = None

    def __enter__(self) -> Host:
        if os.geteuid() != 0:
            raise AssertionError("this test makes network namespaces: run it as root")
        self.programs.mkdir(parents=True)
        for name, text in (("systemctl", _SYSTEMCTL), ("systemd-run", _SYSTEMD_RUN)):
            self.program(name, text)
        argv = ["unshare", "-n", "-m", "sh", "-c", _SET_UP, "set-up", str(self.folder)]
        self._holder = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "ready\n", "unshare, mount or ip failed: see the output above"
        (self.folder / "begun").touch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._holder is not None
        self._holder.kill()
        self._holder.communicate()

    @property
    def pid(self) -> str:
        """A process of this host, by which its namespaces are known."""
        assert self._holder is not None
        return str(self._holder.pid)

    def program(self, name: str, text: str) -> None:
        """A program of this host that comes before the machine's own."""
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def argv(self, *words: str) -> list[str]:
        path = f"PATH={self.programs}:{REPOSITORY}/.venv/bin:{os.environ['PATH']}:/usr/sbin:/sbin"
        environment = [path, f"PYTHONPATH={COLLECTIONS}", "HOME=" + str(self.folder), "LC_ALL=C.UTF-8"]
        # --root: in a chroot the namespace's own root is not ours; what these tests delete must never be the machine's.
        entered = ["-n", "-m", "--root", f"--wdns={self.folder}"]
        return ["nsenter", "-t", self.pid, *entered, "env", "-i", *environment, *words]

    def run(self, *words: str) -> str:
        """Standard output; a failure shows everything that the program printed."""
        done = subprocess.run(self.argv(*words), capture_output=True, text=True, check=False, cwd=self.folder)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def cable(self, near: str, far: str) -> None:
        """Two interfaces with a cable, up, and waits until the kernel has seen that they have a carrier."""
        self.run("ip", "link", "add", near, "type", "veth", "peer", "name", far)
        for name in (far, near):
            self.run("ip", "link", "set", name, "up")
        begun = time.monotonic()
        while True:
            states = {link["ifname"]: link["operstate"] for link in json.loads(self.run("ip", "-json", "link", "show"))}
            if states[near] == states[far] == "UP":
                return
            assert time.monotonic() - begun < 30, states
            time.sleep(0.01)  # from look to look: ip has no command that waits for it

    def new_files(self) -> list[str]:
        """What was written since the host began, in the folders that modules of ours write to."""
        folders = ("/etc", "/usr/local/lib", "/var/lib")
        return sorted(self.run("find", *folders, "-type", "f", "-newer", str(self.folder / "begun")).split())

    def module(self, module: str, /, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
        """The result of a module of the collection, run as a program; a failure is a result like any other."""
        parameters = {**arguments, "_ansible_check_mode": check, "_ansible_diff": True}
        code = (
            "import json, sys\n"
            "from ansible.module_utils import basic\n"
            "from ansible.module_utils.testing import patch_module_args\n"
            f"from ansible_collections.lvs.cluster.plugins.modules.{module} import main\n"
            "with patch_module_args(json.loads(sys.argv[1])):\n    main()\n"
        )
        argv = self.argv(sys.executable, "-c", code, json.dumps(parameters))
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=self.folder)
        try:
            return dict(json.loads(done.stdout))
        except ValueError:
            raise AssertionError(f"{module} printed no result: {done.stdout}{done.stderr}") from None

    def calls(self) -> list[str]:
        """What systemctl and systemd-run were asked since the last time this was asked."""
        notes = self.programs / "calls"
        found = notes.read_text().splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return found


def wait_for_sleep(pid: int, seconds: float) -> None:
    """Wait until a process has slept for so long and nothing has woken it. One that is busy never does."""
    begun, before, since = time.monotonic(), "", 0.0
    while True:
        now, lines = time.monotonic(), Path(f"/proc/{pid}/status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines)
        woken = status["voluntary_ctxt_switches"]
        if woken != before or not status["State"].startswith("S"):
            before, since = woken, now
        if now - since >= seconds:
            return
        assert now - begun < seconds + 20, f"process {pid} is {status['State']}, and was woken {woken} times"
        time.sleep(0.05)
