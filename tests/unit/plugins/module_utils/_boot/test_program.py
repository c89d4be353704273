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
sys.path.insert(0, sys.argv[1])
importlib.import_module({UTILS!r} + sys.argv[2])
for name, module in sys.modules.items():
    if name.startswith({UTILS!r}) and not hasattr(module, "__path__"):
        print(name[{len(UTILS)}:])
"""


@pytest.mark.parametrize(
    ("main", "modules"),
    [
        ("_addresses.agent", addresses.AGENT_MODULES),
        ("_clusterip.boot", clusterip.AGENT_MODULES),
        ("_clusterip.failover.program", failover.AGENT_MODULES),
        ("_firewall.agent", firewall.AGENT_MODULES),
        (persistent.MAIN, persistent.MODULES),
        (metrics.MAIN, metrics.MODULES),
        ("_return_route.agent", return_route.AGENT_MODULES),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_program_has_just_the_modules_that_it_imports(main: str, modules: Sequence[str], tmp_path: Path) -> None:
    file = tmp_path / "program"
    file.write_bytes(program.archive(sys.executable, main, modules))
    argv = [sys.executable, "-IS", "-c", SCRIPT, str(file), main]
    done = subprocess.run(argv, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {main, *modules}
    assert len(set(modules)) == len(modules)
