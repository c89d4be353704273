"""A host on which firewall_chains runs: one backend of iptables, and rules of others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.unit.plugins.netns import Host

OWNER = "lvs-director"
PROGRAM = f"/usr/local/lib/lvs-cluster/{OWNER}-firewall"
OUR_FILES = (
    "/etc/lvs-cluster",
    "/usr/local/lib/lvs-cluster",
    "/var/lib/lvs-cluster",
    f"/etc/systemd/system/{OWNER}-firewall.service",
)
OTHERS = """\
*mangle
:THEIRS - [0:0]
-A PREROUTING -p udp -j MARK --set-xmark 0x100/0x100
-A PREROUTING -p udp -j CONNMARK --set-xmark 0x200/0x200
-A FORWARD -j THEIRS
-A THEIRS -m mark --mark 0x7 -j RETURN
COMMIT
*filter
:INPUT ACCEPT [0:0]
:THEIRS - [0:0]
-A INPUT -s 192.0.2.1 -j DROP
-A INPUT -m comment --comment "LVS-MARK -j no" -j THEIRS
COMMIT
"""


# Starts once and forks for each run: reading all of AnsibleModule's code takes longer than what is tested here.
_RUNNER = """
import json, os, sys
from ansible.module_utils.testing import patch_module_args
from ansible_collections.lvs.cluster.plugins.modules.firewall_chains import main
for line in sys.stdin:
    if os.fork() == 0:
        with patch_module_args(json.loads(line)):
            main()
    os.wait()
"""


class Firewall(Host):
    """A host with one backend of iptables."""

    def __init__(self, folder: Path, backend: str) -> None:
        super().__init__(folder)
        self.backend = backend
        self.systemctl = ""
        self._runner: subprocess.Popen[str] | None = None

    def __enter__(self) -> Firewall:
        super().__enter__()
        self.systemctl = (self.programs / "systemctl").read_text()
        argv = self.argv(sys.executable, "-c", _RUNNER)
        self._runner = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        self._runner.communicate()
        super().__exit__(kind, error, trace)

    def reset(self) -> None:
        """As new, with rules of others; not by way of what is tested."""
        for program in ("iptables", "ip6tables"):
            for name in (program, f"{program}-restore", f"{program}-save"):
                # A script and no link: a test that puts another program in its place must not write through it.
                self.program(name, f'#!/bin/sh\nexec xtables-{self.backend}-multi {name} "$@"\n')
        self.program("systemctl", self.systemctl)
        self.calls()
        for note in ("enabled", "active"):
            (self.programs / note).unlink(missing_ok=True)
        self.run("rm", "-rf", *OUR_FILES)
        rules = self.folder / "rules"
        rules.write_text(OTHERS)
        self.run("iptables-restore", str(rules))
        rules.write_text(OTHERS.replace("192.0.2.1", "2001:db8::99"))
        self.run("ip6tables-restore", str(rules))

    def chains(
        self,
        chains: Sequence[Mapping[str, Any]] = (),
        *,
        name: str = OWNER,
        state: str = "present",
        check: bool = False,
        purge: bool = True,
    ) -> dict[str, Any]:
        """The result of firewall_chains."""
        assert self._runner is not None
        assert self._runner.stdin is not None
        assert self._runner.stdout is not None
        options = {"name": name, "chains": list(chains), "state": state, "purge": purge}
        parameters = {**options, "_ansible_check_mode": check, "_ansible_diff": True}
        self._runner.stdin.write(json.dumps(parameters) + "\n")
        self._runner.stdin.flush()
        assert self._runner.stdout.readline() == "\n"
        return dict(json.loads(self._runner.stdout.readline()))
