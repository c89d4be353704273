"""Reaching guests: SSH from inside the lab's namespace, for people, tests and Ansible alike."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.inventory import write_private
from lab.networks import Namespace


class Remote:
    """SSH to the guests of one lab. Connections are shared (ControlMaster), their sockets lie in the lab's folder."""

    def __init__(self, folder: Path, namespace: Namespace) -> None:
        self._folder = folder
        self._namespace = namespace
        self._known_hosts = folder / "known_hosts"
        self._program = folder / "ssh"

    def prepare(self, host_keys: Mapping[str, str]) -> None:
        """Write what the connections need; `host_keys` maps a guest's address to its public host key."""
        (self._folder / "ssh.d").mkdir(exist_ok=True, mode=0o700)
        write_private(self._known_hosts, "".join(f"{address} {key}\n" for address, key in sorted(host_keys.items())))
        # Ansible takes a program in place of ssh; this one enters the namespace, so a twin works from anywhere.
        # What runs ssh by its name alone may have this one first on its search path; so here ssh has its whole path.
        command = shlex.join(self._namespace.enter(shutil.which("ssh") or "ssh"))
        write_private(self._program, f'#!/bin/sh\nexec {command} "$@"\n')
        self._program.chmod(0o700)

    def control_path(self, address: str) -> Path:
        return self._folder / "ssh.d" / address

    def variables(self, address: str, key: Path) -> dict[str, Any]:
        """The connection variables of a twin; they leave nothing of it to the settings in an ansible.cfg."""
        return {
            "ansible_connection": "ansible.builtin.ssh",
            "ansible_host": address,
            "ansible_port": 22,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(key),
            "ansible_ssh_private_key": "",
            "ansible_ssh_extra_args": "",
            "ansible_ssh_executable": str(self._program),
            "ansible_ssh_transfer_method": "piped",
            "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=60",
            "ansible_ssh_common_args": shlex.join(self._options()),
            "ansible_control_path": str(self.control_path(address)),
            "ansible_python_interpreter": "/usr/bin/python3",
        }

    def command(self, address: str, key: Path, argv: list[str]) -> list[str]:
        """The command line that runs argv on a guest, with our standard streams."""
        shared = ["ControlMaster=auto", "ControlPersist=60", f"ControlPath={self.control_path(address)}"]
        words = [word for option in (*shared, "BatchMode=yes") for word in ("-o", option)]
        words += ["-i", str(key), *self._options()]
        return self._namespace.enter("ssh", *words, f"root@{address}", "--", shlex.join(argv))

    def hang_up(self, address: str) -> None:
        """Close the shared connection to a guest whose power was cut, so that nobody waits for it."""
        socket = self.control_path(address)
        if socket.exists():
            subprocess.run(
                ["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "lab"], check=False, capture_output=True
            )
            socket.unlink(missing_ok=True)

    def _options(self) -> list[str]:
        options = [
            # A guest lets nobody try the keys of an agent before the lab's.
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "StrictHostKeyChecking=yes",
            f"UserKnownHostsFile={self._known_hosts}",
            "GlobalKnownHostsFile=/dev/null",
            "ConnectTimeout=10",
            "ServerAliveInterval=5",
            "ServerAliveCountMax=3",
            "LogLevel=ERROR",
        ]
        return ["-F", "/dev/null", *(word for option in options for word in ("-o", option))]
