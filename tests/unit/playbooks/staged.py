"""A playbook on hosts that only take notes: what would be done, where, and in which order. No lab is needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.cluster import ROOT

# Each writes down what it was asked, and answers from a file of its host, the last answer for good.
_STUB = """#!/usr/bin/python
# WANT_JSON
import json, os, sys
name, host, folder = "{name}", os.environ["STAGED_HOST"], "{folder}"
words = {{key: value for key, value in json.load(open(sys.argv[1])).items() if not key.startswith("_ansible")}}
with open(os.path.join(folder, "notes"), "a") as notes:
    notes.write(json.dumps([host, name, words]) + "\\n")
path = os.path.join(folder, f"{{host}}.{{name}}")
answers = json.load(open(path)) if os.path.exists(path) else [{{}}]
if len(answers) > 1:
    json.dump(answers[1:], open(path, "w"))
print(json.dumps({{"changed": False, **answers[0]}}))
"""


class Stage:
    """A copy of the collection in which some modules and files of tasks are such stubs."""

    def __init__(self, folder: Path, example: str, stubs: list[str]) -> None:
        self.folder = folder
        self._collection = folder / "collections" / "ansible_collections" / "lvs" / "cluster"
        self._collection.mkdir(parents=True)
        for name in ("roles", "meta", "galaxy.yml"):
            (self._collection / name).symlink_to(ROOT / name)
        for name in ("playbooks", "plugins"):
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, self._collection / name, ignore=ignore)
        for name in stubs:
            text = _STUB.format(name=name, folder=folder)
            (self._collection / "plugins" / "modules" / f"{name}.py").write_text(text)
        self._inventory = folder / example
        shutil.copytree(ROOT / "inventories" / example, self._inventory)
        (self._inventory / "host_vars").mkdir(exist_ok=True)

    def local(self, *hosts: str) -> None:
        """These hosts are this machine; a stub is told which of them it is."""
        for host in hosts:
            python = self.folder / f"python_{host}"
            python.write_text(f'#!/bin/sh\nSTAGED_HOST={host} exec {sys.executable} "$@"\n')
            python.chmod(0o755)
            self._set(host, connection="local", python_interpreter=str(python), become=False)

    def away(self, host: str) -> None:
        self._set(host, connection="ssh", host="127.0.0.1", port=1)

    def _set(self, name: str, **words: object) -> None:
        text = json.dumps({f"ansible_{key}": value for key, value in words.items()})
        (self._inventory / "host_vars" / f"{name}.yml").write_text(text)

    def replace(self, file: str, old: str, new: str) -> None:
        """What must not be done on this machine."""
        path = self._collection / "playbooks" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def tasks(self, file: str, text: str) -> None:
        (self._collection / "playbooks" / "tasks" / file).write_text(text)

    def answers(self, host: str, stub: str, *answers: Mapping[str, object]) -> None:
        (self.folder / f"{host}.{stub}").write_text(json.dumps(answers))

    def play(
        self, playbook: str, *extra: str, limit: str = "", check: bool = False, called_in: Path = ROOT
    ) -> tuple[int, str]:
        """Exit status, and output in one line."""
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8"}
        environment["ANSIBLE_COLLECTIONS_PATH"] = str(self.folder / "collections")
        words = ["ansible-playbook", "--inventory", str(self._inventory), f"lvs.cluster.{playbook}"]
        words += (
            ["--limit", limit] * bool(limit) + ["--check"] * check + [word for one in extra for word in ("-e", one)]
        )
        done = subprocess.run(
            words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd=called_in
        )
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    def notes(self, *stubs: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Host, stub and arguments of each call, in their order."""
        path = self.folder / "notes"
        lines = path.read_text().splitlines() if path.exists() else []
        found: list[tuple[str, str, dict[str, Any]]] = [tuple(json.loads(line)) for line in lines]
        return [one for one in found if not stubs or one[1] in stubs]
