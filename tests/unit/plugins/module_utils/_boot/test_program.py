"""The programs on the hosts: each is made of just the modules that it imports."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._addresses import install as addresses
from ansible_collections.lvs.cluster.plugins.module_utils._boot import program
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import install as clusterip
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover import install as failover
from ansible_collections.lvs.cluster.plugins.module_utils._firewall import install as firewall
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import persistent
from ansible_collections.lvs.cluster.plugins.module_utils._metrics import install as metrics
from ansible_collections.lvs.cluster.plugins.module_utils._return_route import install as return_route

UTILS = "ansible_collections.lvs.cluster.plugins.module_utils."
SCRIPT = f"""
import importlib, sys
sys.path[:0] = sys.argv[1].split(":")
importlib.import_module(sys.argv[2])
for name, module in sys.modules.items():
    if name.startswith({UTILS!r}) and not hasattr(module, "__path__"):
        print(name[{len(UTILS)}:])
"""
PROGRAMS = (
    ("_addresses.agent", addresses.AGENT_MODULES, "virtual_addresses"),
    (clusterip.MAIN, clusterip.AGENT_MODULES, "clusterip_node"),
    ("_clusterip.failover.program", failover.AGENT_MODULES, "clusterip_failover"),
    ("_firewall.agent", firewall.AGENT_MODULES, "firewall_chains"),
    (persistent.MAIN, persistent.MODULES, "director_table"),
    (metrics.MAIN, metrics.MODULES, "director_metrics"),
    ("_return_route.agent", return_route.AGENT_MODULES, "return_route"),
)


def imported(places: Sequence[str], module: str, *flags: str) -> set[str]:
    """What of module_utils a module imports."""
    argv = [sys.executable, *flags, "-c", SCRIPT, ":".join(places), module]
    done = subprocess.run(argv, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(("main", "modules", "_module"), PROGRAMS)
def test_a_program_has_just_the_modules_that_it_imports(
    main: str, modules: Sequence[str], _module: str, tmp_path: Path
) -> None:
    file = tmp_path / "program"
    file.write_bytes(program.archive(sys.executable, main, modules))
    assert imported([str(file)], UTILS + main, "-IS") == {main, *modules}
    assert len(set(modules)) == len(modules)


# Of what host_compare compares: for that it makes the programs, too.
COMPARED = ("_addresses.agent", "_firewall.agent", persistent.MAIN)


@pytest.mark.parametrize(
    ("main", "modules", "module"),
    [*PROGRAMS, *((main, modules, "host_compare") for main, modules, _module in PROGRAMS if main in COMPARED)],
)
def test_what_brings_a_program_imports_all_of_it(main: str, modules: Sequence[str], module: str) -> None:
    """Ansible sends to a host what a module imports, and nothing else (AnsiballZ)."""
    found = imported(sys.path, f"ansible_collections.lvs.cluster.plugins.modules.{module}")
    assert {main, *modules} <= found
