"""Modules run on a guest without Ansible's connection in between: hundreds of runs in the time of a few tasks.

What a module sees is what Ansible gives it: its options as JSON, check and diff mode, the real kernel. What is left out
is the way there, which the targets under tests/integration/targets go.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import ansible

from tests.support.cluster import ROOT, Cluster

FOLDER = "/srv/modules"
COLLECTION = "ansible_collections/lvs/cluster"

# Reads a list of steps a line from standard input and prints their results as a line. A step is a module with its
# options, a command, or several steps at once. A process of its own is for what changes the process, by entering a
# namespace or giving up its rights.
SCRIPT = r"""
import contextlib, importlib, io, json, os, subprocess, sys
sys.path.insert(0, "FOLDER")
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args

MODULES = "ansible_collections.lvs.cluster.plugins.modules."

def module(step):
    main = importlib.import_module(MODULES + step["module"]).main
    arguments = {**step.get("args", {}), "_ansible_check_mode": step.get("check", False), "_ansible_diff": True}
    out = io.StringIO()
    with contextlib.redirect_stdout(out), patch_module_args(arguments), contextlib.suppress(SystemExit):
        main()
    return json.loads(out.getvalue())

def command(step):
    done = subprocess.run(step["argv"], input=step.get("stdin", ""), capture_output=True, text=True)
    return {"rc": done.returncode, "stdout": done.stdout, "stderr": done.stderr}

def start(step):
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        if "uid" in step:
            os.setgroups([])
            os.setgid(step["uid"])
            os.setuid(step["uid"])
        try:
            result = module(step) if "module" in step else command(step)
        except BaseException as error:
            result = {"crashed": repr(error)}
        with os.fdopen(writer, "w") as stream:
            json.dump(result, stream)
        os._exit(0)
    os.close(writer)
    return reader

def finish(reader):
    with os.fdopen(reader) as stream:
        result = json.load(stream)
    os.wait()
    return result

def run(step):
    if "together" in step:
        return {"together": [finish(reader) for reader in [start(one) for one in step["together"]]]}
    if "uid" in step or "namespace" in step.get("args", {}):
        return finish(start(step))
    return module(step) if "module" in step else command(step)

for name in ("ipvs_service", "ipvs_dest", "ipvs_table", "ipvs_info"):
    importlib.import_module(MODULES + name)
for line in sys.stdin:
    print(json.dumps([run(step) for step in json.loads(line)]), flush=True)
""".replace("FOLDER", FOLDER)


def _archive() -> bytes:
    """ansible.module_utils and the collection's plugins, as AnsiballZ would pack the parts that a module needs."""
    buffer = io.BytesIO()
    source = Path(ansible.__file__).parent
    with tarfile.open(fileobj=buffer, mode="w") as archive:

        def clean(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
            return None if "__pycache__" in member.name else member

        for name in ("release.py", "module_utils"):
            archive.add(source / name, f"ansible/{name}", filter=clean)
        for name in ("module_utils", "modules"):
            archive.add(ROOT / "plugins" / name, f"{COLLECTION}/plugins/{name}", filter=clean)
        # AnsiballZ packs an empty one, too: the real one belongs to the control node.
        for name, text in (("ansible/__init__.py", ""), ("steps.py", SCRIPT)):
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


class GuestModules:
    """The collection's modules on one guest."""

    def __init__(self, cluster: Cluster, host: str) -> None:
        self.cluster, self.host = cluster, host
        unpack = f"mkdir -p {FOLDER} && tar -xf - -C {FOLDER} && chmod -R a+rX {FOLDER}"
        words = cluster.lab.command(host, ["sh", "-c", unpack])
        subprocess.run(words, input=_archive(), check=True, timeout=120)
        words = cluster.lab.command(host, ["python3", f"{FOLDER}/steps.py"])
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self) -> None:
        """End the program that runs the steps."""
        self._process.communicate()

    def run(self, *steps: dict[str, Any]) -> list[dict[str, Any]]:
        """The result of each step, one after the other."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{json.dumps(steps)}\n")
        stdin.flush()
        return self._results(steps, stdout.readline())

    def run_under(
        self, prefix: tuple[str, ...], *steps: dict[str, Any], python: str = "python3"
    ) -> list[dict[str, Any]]:
        """The same in a Python of its own, which another program may start."""
        words = (*prefix, python, f"{FOLDER}/steps.py")
        return self._results(steps, self.cluster.run(self.host, *words, stdin=f"{json.dumps(steps)}\n"))

    @staticmethod
    def _results(steps: tuple[dict[str, Any], ...], output: str) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = json.loads(output)
        crashed = [(step, result) for step, result in zip(steps, results, strict=True) if "crashed" in result]
        assert not crashed, crashed
        return results


def module(name: str, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    """A step that runs a module."""
    return {"module": name, "args": arguments, "check": check}


def command(*argv: str, stdin: str = "") -> dict[str, Any]:
    """A step that runs a command."""
    return {"argv": list(argv), "stdin": stdin}
