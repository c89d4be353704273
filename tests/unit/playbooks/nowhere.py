"""A playbook on an example whose hosts nobody reaches: what it says before it tries one. No lab is needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.cluster import ROOT

# Nothing listens there: had a run tried to reach a host, it would say so.
NOWHERE: dict[str, Any] = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_connection": "ssh"}


def play(
    folder: Path,
    playbook: str,
    example: str,
    *words: str,
    everywhere: Mapping[str, Any] | None = None,
    hosts: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[int, str]:
    """Run a playbook of ours, or a file in the folder, with other variables; exit status and output."""
    inventory = folder / example
    shutil.copytree(ROOT / "inventories" / example, inventory)
    files = {
        "group_vars/all": NOWHERE if everywhere is None else everywhere,
        **{f"host_vars/{host}": one for host, one in (hosts or {}).items()},
    }
    for name, variables in files.items():
        path = inventory / f"{name}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(variables))
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8", "ANSIBLE_SHOW_CUSTOM_STATS": "1"}
    environment["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT / ".venv" / "collections")
    name = playbook if playbook.endswith(".yml") else f"lvs.cluster.{playbook}"
    argv = ["ansible-playbook", "--inventory", str(inventory), name, *words]
    done = subprocess.run(
        argv, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    # Older ones than 2.19 show messages as JSON.
    return done.returncode, (done.stdout + done.stderr).replace("\\n", "\n")
