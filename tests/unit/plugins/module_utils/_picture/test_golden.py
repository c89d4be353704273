"""Golden files: what a case of the topology is drawn and told as.

LVS_REGENERATE_GOLDEN=1 writes them anew and fails, so that the difference is read before it counts.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._picture import mermaid, tables
from tests.unit.plugins.module_utils._picture.cases import NAMES, planned

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = os.environ.get("LVS_REGENERATE_GOLDEN") == "1"


def compare(text: str, golden: Path) -> None:
    if REGENERATE:
        golden.write_text(text)
        pytest.fail("written anew: read the difference and run without LVS_REGENERATE_GOLDEN")
    assert text == golden.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_mermaid(name: str) -> None:
    compare(mermaid.draw(planned(name)), GOLDEN / f"{name}.mmd")


@pytest.mark.parametrize("name", NAMES)
def test_tables(name: str) -> None:
    compare("".join(f"{line}\n" for line in tables.lines(planned(name))), GOLDEN / f"{name}.txt")


@pytest.mark.parametrize("name", ["cluster_nodes", "mixed"])
def test_rows(name: str) -> None:
    compare(json.dumps(tables.rows(planned(name)), indent=2) + "\n", GOLDEN / f"{name}.json")
