"""A throw-away node of a cluster on which clusterip_node runs: its own kernel rules, links, /etc and /run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.unit.plugins.netns import Host

VIP = "10.0.0.9"
MAC = "03:4c:0a:00:00:09"
SERVICE = "lvs-clusterip.service"
ADDRESSES = "lvs-clusterip-addresses.service"
PROGRAM = "/usr/local/lib/lvs-cluster/lvs-clusterip"
FOLDER = "/etc/lvs-cluster/clusterip"
WANTED: dict[str, Any] = {"address": f"{VIP}/24", "interface": "eth0", "total_nodes": 4, "local_nodes": [1, 2]}
ABSENT: dict[str, Any] = {"address": VIP, "state": "absent"}

# systemd's answers for several services, each enabled and running or not. What `fail` says fails once; who makes as
# many changes as `kill` says is killed with the last one, which is not made.
# lvs-clusterip.service runs its program, as it would with systemd.
_SYSTEMCTL = f"""#!/bin/sh
here=$(dirname "$0"); echo "systemctl $*" >> "$here/calls"
fail=$(cat "$here/fail" 2>/dev/null)
case "$*" in ${{fail:-none}}) rm "$here/fail"; echo "Job failed" >&2; exit 1;; esac
for service; do :; done
case " $* " in
*" is-enabled "*) [ -e "$here/enabled.$service" ]; exit;;
*" is-active "*) [ -e "$here/active.$service" ]; exit;;
esac
left=$(cat "$here/kill" 2>/dev/null)
[ -z "$left" ] || echo $((left - 1)) > "$here/kill"
if [ "$left" = 1 ]; then rm "$here/kill"; kill -9 $PPID; exit; fi
case " $* " in
*" enable "*) : > "$here/enabled.$service";;
*" disable "*) rm -f "$here/enabled.$service";;
esac
case " $* " in
*" disable --now "*|*" stop "*) rm -f "$here/active.$service";;
*" enable --now "*|*" start "*|*" restart "*)
    if [ "$service" = {SERVICE} ] && [ ! -e "$here/active.$service" ]; then
        /usr/bin/python3 -IS {PROGRAM} load || exit
    fi
    : > "$here/active.$service";;
esac
"""

# Starts once and forks for each run: reading all of AnsibleModule's code takes longer than what is tested here.
_RUNNER = """
import json, os, sys
from ansible.module_utils.testing import patch_module_args
from ansible_collections.lvs.cluster.plugins.modules.clusterip_node import main
for line in sys.stdin:
    if os.fork() == 0:
        with patch_module_args(json.loads(line)):
            main()
    if os.WIFSIGNALED(os.wait()[1]):
        print('\\n{"killed": true}', flush=True)
"""


class Node(Host):
    """A node with eth0 and eth1, each with a neighbour at its other end."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._runner: subprocess.Popen[str] | None = None

    def __enter__(self) -> Node:
        super().__enter__()
        self.program("systemctl", _SYSTEMCTL)
        self.run("mount", "-t", "tmpfs", "none", "/run")
        for number in ("0", "1"):
            self.cable(f"eth{number}", f"wire{number}")
            self.run("ip", "address", "add", f"10.{number}.0.2/24", "dev", f"eth{number}")
        argv = self.argv(sys.executable, "-c", _RUNNER)
        self._runner = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        self._runner.communicate()
        super().__exit__(kind, error, trace)

    def node(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """The result of clusterip_node."""
        assert self._runner is not None
        assert self._runner.stdin is not None
        assert self._runner.stdout is not None
        parameters = {**options, "_ansible_check_mode": check, "_ansible_diff": True}
        self._runner.stdin.write(json.dumps(parameters) + "\n")
        self._runner.stdin.flush()
        assert self._runner.stdout.readline() == "\n"
        return dict(json.loads(self._runner.stdout.readline()))

    def kills(self, calls: int) -> None:
        """Whoever has systemd make so many changes is killed with the last one."""
        (self.programs / "kill").write_text(str(calls))

    def fails(self, words: str) -> None:
        """systemctl fails when it is asked this for the next time, a pattern of sh."""
        (self.programs / "fail").write_text(words)

    def rules(self) -> list[str]:
        """The kernel's rules and chains, of iptables as well, in any order.

        What iptables leaves behind when it was asked once, a table with nothing but built-in chains, counts as none.
        """
        ruleset = self.run("nft", "-s", "list", "ruleset").replace("\t", "")
        ruleset = re.sub(r"chain [A-Z]+ \{\ntype .*\n\}\n", "", ruleset)
        ruleset = re.sub(r"table \S+ \S+ \{\n\n?\}\n", "", ruleset)
        legacy = [self.run(f"{program}-legacy-save") for program in ("iptables", "ip6tables")]
        found = [*ruleset.splitlines(), *re.findall(r"^(?:-A .*|:\S+ - )", "\n".join(legacy), re.MULTILINE)]
        return sorted(line for line in found if line not in ("", "}"))

    def addresses(self) -> list[str]:
        """The addresses that somebody has put there, each with its interface, in any order."""
        lines = self.run("ip", "-o", "address", "show").splitlines()
        words = [line.split() for line in lines if "scope link" not in line]
        return sorted(f"{line[3]} dev {line[1]}" for line in words if line[1] != "lo")

    def macs(self) -> list[str]:
        """The MACs that interfaces take in because a program said so, each with its interface, in any order."""
        found, interface = [], ""
        for line in self.run("ip", "maddr", "show").splitlines():
            words = line.split()
            if "static" in words:
                found.append(f"{words[1]} dev {interface}")
            elif line[0].isdigit():
                interface = words[1]
        return sorted(found)

    def services(self) -> list[str]:
        return sorted(path.name for path in self.programs.iterdir() if path.name.endswith(".service"))

    def contents(self) -> dict[str, str]:
        """The files of ours, each with its digest and its mode."""
        script = 'for file; do echo "$file $(md5sum < $file) $(stat -c %a $file)"; done'
        text = self.run("sh", "-c", script, "files", *self.new_files())
        return dict(line.split(" ", 1) for line in text.splitlines())

    def folders(self) -> str:
        return self.run("find", "/etc", "/usr/local/lib", "/var/lib", "-type", "d", "-name", "*lvs*")

    def all(self) -> tuple[object, ...]:
        """All that a run could have changed."""
        return self.rules(), self.addresses(), self.macs(), self.services(), self.contents(), self.folders()
