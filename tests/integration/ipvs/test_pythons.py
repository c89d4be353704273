"""The modules with every Python that ansible-core accepts on a host, as far as this machine has them to lend."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.cluster import Cluster
from tests.support.guest_modules import GuestModules, command, module
from tools.sanity import candidates, find_pythons, runs

VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
LENT = find_pythons(VERSIONS, lambda version: candidates(version, os.environ), runs)
# The guests of one release have its own C library, which a Python of this machine may not run with.
OWN = "the guest's own"
LEFT_OUT = ("test", "idlelib", "tkinter", "ensurepip", "site-packages", "__pycache__", "config-*")
TCP: dict[str, Any] = {"address": "10.9.0.1", "port": 80}
REAL: dict[str, Any] = {"address": "192.168.9.11", "forwarding": "tun", "tunnel_type": "gre", "weight": 3}


def prefix_of(python: str) -> Path:
    output = subprocess.run(
        [python, "-c", "import sys; print(sys.base_prefix)"], capture_output=True, check=True
    ).stdout
    return Path(output.decode().strip())


def lend(cluster: Cluster, version: str) -> str:
    """Copy an interpreter with its standard library to the guest, to the same path; that of the program."""
    prefix = prefix_of(LENT[version])
    parts = [prefix / "bin" / f"python{version}", prefix / "lib" / f"python{version}"]
    parts += sorted((prefix / "lib").glob(f"libpython{version}*.so*"))
    without = [word for name in LEFT_OUT for word in ("--exclude", name)]
    pack = ["tar", "-C", "/", *without, "-cf", "-", *(str(part).lstrip("/") for part in parts)]
    archive = subprocess.run(pack, capture_output=True, check=True).stdout
    unpack = cluster.lab.command("box", ["tar", "-C", "/", "-xf", "-"])
    subprocess.run(unpack, input=archive, check=True, timeout=120)
    python = str(prefix / "bin" / f"python{version}")
    # On a Debian 13 machine its own Python; CI's machine is Debian 12, as these guests are, and skips none.
    if "version `GLIBC_" in cluster.run("box", "sh", "-c", '"$1" --version 2>&1 || :', "sh", python):
        pytest.skip(f"{python} of this machine needs a newer C library than the guest's")
    return python


@pytest.mark.parametrize("version", [OWN, *LENT])
def test_modules_run_with_this_python(cluster: Cluster, box: GuestModules, version: str) -> None:
    python = "python3" if version == OWN else lend(cluster, version)
    steps = [
        module("ipvs_table", services=[{**TCP, "destinations": [REAL]}], state_file="/var/lib/lvs-cluster/ipvs.json"),
        module("ipvs_service", **TCP, persistence_timeout=60), module("ipvs_dest", service=TCP, **REAL),
        module("ipvs_info", namespace=None), command("ipvsadm", "--save", "--numeric"),
        module("ipvs_dest", service=TCP, address=REAL["address"], state="drained", remove=True),
    ]  # fmt: skip
    table, service, dest, info, saved, drained = box.run_under((), *steps, python=python)
    assert (table["changed"], service["changed"], dest["changed"], drained["changed"]) == (True, True, False, True)
    assert info["services"][0]["destinations"][0]["tunnel_type"] == "gre"
    assert saved["stdout"].splitlines() == [
        "-A -t 10.9.0.1:80 -s wlc -p 60", "-a -t 10.9.0.1:80 -r 192.168.9.11:80 -i -w 3 --tun-type gre --tun-nocsum",
    ]  # fmt: skip
