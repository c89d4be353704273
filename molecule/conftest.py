"""Fixtures for the scenarios' tests: the cluster that Molecule has booted and converged."""

from __future__ import annotations

import os

import pytest

from tests.support.cluster import Cluster
from tests.support.ran import RECORDER
from tools import scenarios


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    scenario = os.environ["MOLECULE_SCENARIO_NAME"]
    found = Cluster(f"molecule_{scenario}", scenarios.inventory(scenario, os.environ))
    # Not by the hook: of a fixture for the whole session pytest asks no conftest.py below its root.
    RECORDER.see(found)
    return found
