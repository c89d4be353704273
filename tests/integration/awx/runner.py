"""Jobs as AWX starts them: ansible-runner as a user without rights, with a read-only collection and little network."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.cluster import RECAP, ROOT, Cluster
from tests.unit.awx.test_surveys import survey

EXAMPLE = ROOT / "examples" / "awx"
PROGRAMS = Path(sys.prefix) / "bin"
# A user that nobody else is. It gets a name and a home, as in AWX's containers: Ansible and OpenSSH ask for them.
USER = 42042
PASSWORD = "vRRp-s3c"

Enter = Callable[[list[str]], list[str]]


def nowhere(words: list[str]) -> list[str]:
    """A command line within a network of its own, which has not even a loopback interface."""
    return ["unshare", "--net", "--", *words]


@dataclass(frozen=True)
class Job:
    """What became of a job: its status, all that it printed, and its artifacts, which AWX hands on in a workflow."""

    status: int
    output: str
    artifacts: dict[str, Any]

    @property
    def text(self) -> str:
        return " ".join(self.output.split())

    @property
    def changed(self) -> dict[str, int]:
        return {host: int(changed) for host, _ok, changed, _u, _f in RECAP.findall(self.output) if int(changed)}


@dataclass
class Runner:
    """The example project with an inventory, and how its jobs are started."""

    folder: Path
    enter: Enter = nowhere
    jobs: int = field(default=0)

    @property
    def private(self) -> Path:
        return self.folder / "private"

    @property
    def collections(self) -> Path:
        return self.folder / "collections"

    def use(self, inventory: Path, everywhere: Mapping[str, Any] | None = None) -> None:
        """Take this inventory for the next jobs, with more variables for all hosts."""
        target = self.private / "inventory"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(inventory, target)
        if everywhere:
            (target / "group_vars").mkdir(exist_ok=True)
            (target / "group_vars" / "all.yml").write_text(json.dumps(everywhere))

    def run(self, playbook: str, answers: Mapping[str, Any], *words: str) -> Job:
        """Run one of the project's playbooks with these extra variables; `words` are for ansible-playbook."""
        self.jobs += 1
        name = f"{self.jobs}-{playbook}"
        (self.private / "env" / "extravars").write_text(json.dumps({**answers, "vault_vrrp_pass": PASSWORD}))
        command = [str(PROGRAMS / "ansible-runner"), "run", str(self.private), "--ident", name, "-p", f"{playbook}.yml"]
        done = self.execute(*command, *(("--cmdline", shlex.join(words)) if words else ()))
        events = (self.private / "artifacts" / name / "job_events").glob("*-*.json")
        told = [json.loads(path.read_text()) for path in events]
        (last,) = [one["event_data"] for one in told if one["event"] == "playbook_on_stats"] or [{}]
        return Job(done.returncode, done.stdout, last.get("artifact_data", {}))

    def execute(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program as that user, in that network, with what it must not write mounted read-only."""
        _own(self.private)
        rights = ["--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
        user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", *rights, "--"]
        environment = {
            "HOME": str(self.private),
            "PATH": f"{PROGRAMS}:/usr/local/bin:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_NOCOLOR": "1",
        }
        settings = [f"{name}={value}" for name, value in environment.items()]
        users = self.folder / "passwd"
        users.write_text(f"{Path('/etc/passwd').read_text()}runner:x:{USER}:{USER}::{self.private}:/bin/sh\n")
        mounts = mounting(self.folder / "stage", [self.collections]) + f"mount --bind {users} /etc/passwd\n"
        inner = [
            "unshare",
            "--mount",
            "--",
            "sh",
            "-ec",
            f'{mounts}cd /\nexec "$@"',
            "sh",
            *user,
            "env",
            "-i",
            *settings,
        ]
        return subprocess.run(
            self.enter([*inner, *command]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, timeout=900,
        )  # fmt: skip


def mounting(stage: Path, read_only: list[Path]) -> str:
    """Shell commands that make folders read-only, and let the user reach our Python where it lies in a closed home."""
    needed = [*read_only, *(path for path in map(Path, (sys.prefix, sys.base_prefix)) if _closed(path))]
    lines = []
    for number, path in enumerate(needed):
        lines += [f"mkdir -p {stage}/{number}", f"mount --bind {path} {stage}/{number}"]
    for path in sorted({closed for path in needed if (closed := _closed(path))}):
        lines += [f"mount -t tmpfs -o mode=0755 tmpfs {path}"]
    for number, path in enumerate(needed):
        lines += [f"mkdir -p {path}", f"mount --move {stage}/{number} {path}", f"mount -o remount,bind,ro {path}"]
    return "".join(f"{line}\n" for line in lines)


def answered(playbook: str, **answers: str) -> dict[str, str]:
    """All answers to a playbook's survey as text, as AWX may hand them on: the defaults, and a person's own."""
    defaults = {name: str(one["default"]) for name, one in survey(playbook).items() if "default" in one}
    return {**defaults, **answers}


def done(job: Job) -> Job:
    """A job that came to a good end, and told no password."""
    assert job.status == 0, job.output
    assert PASSWORD not in job.output
    return job


def _closed(path: Path) -> Path | None:
    """The topmost folder on the way that others may not enter."""
    for folder in [*reversed(path.parents), path]:
        if not folder.stat().st_mode & 0o001:
            return folder
    return None


def _own(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            os.chown(path, USER, USER)


@contextmanager
def runner(enter: Enter = nowhere) -> Iterator[Runner]:
    """The collection as it is built, installed for all to read, and the example project in a folder of the user."""
    # Not pytest's folder, which is root's alone.
    folder = Path(tempfile.mkdtemp(prefix="lvs-awx-"))
    try:
        folder.chmod(0o755)
        galaxy = [f"{PROGRAMS}/ansible-galaxy", "collection"]
        subprocess.run(
            [*galaxy, "build", "--output-path", f"{folder}/built"], check=True, cwd=ROOT, capture_output=True
        )
        (package,) = (folder / "built").glob("*.tar.gz")
        install = [*galaxy, "install", "--offline", "--no-deps", "-p", f"{folder}/collections", str(package)]
        # Else it would find the working tree's and install none.
        alone = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections")}
        subprocess.run(install, check=True, cwd=folder, env=alone, capture_output=True)
        one = Runner(folder, enter)
        shutil.copytree(EXAMPLE, one.private / "project")
        (one.private / "env").mkdir()
        yield one
    finally:
        shutil.rmtree(folder)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@contextmanager
def in_the_lab(cluster: Cluster) -> Iterator[Runner]:
    """Jobs in the lab's network, with the twin as their inventory and a copy of the keys that open its hosts."""
    with runner(lambda words: cluster.lab.namespace.enter(*words)) as one:
        twin = json.loads(cluster.lab.twin().read_text())
        for name, variables in twin["all"]["hosts"].items():
            _reached(variables, one.private / "keys", name)
        folder = one.folder / "inventory"
        folder.mkdir(mode=0o700)
        (folder / "hosts.json").write_text(json.dumps(twin))
        one.use(folder)
        yield one


def _reached(variables: dict[str, Any], keys: Path, name: str) -> None:
    """Let a host be reached by the user of the jobs: with keys of its own, and no program of root's."""
    keys.mkdir(mode=0o700, exist_ok=True)
    key = keys / name
    shutil.copyfile(variables["ansible_ssh_private_key_file"], key)
    key.chmod(0o600)
    variables["ansible_ssh_private_key_file"] = str(key)
    for variable in ("ansible_ssh_executable", "ansible_control_path"):
        variables.pop(variable)
    known = keys / "known_hosts"
    words = variables["ansible_ssh_common_args"].split()
    (old,) = [word.partition("=")[2] for word in words if word.startswith("UserKnownHostsFile=")]
    shutil.copyfile(old, known)
    variables["ansible_ssh_common_args"] = " ".join(words).replace(old, str(known))
    # The password comes from AWX's credential.
    variables.pop("vault_vrrp_pass", None)
