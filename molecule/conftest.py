"""For the scenarios' tests: the cluster that Molecule has booted and converged, and a note of what they ran on."""

from __future__ import annotations

import os

import pytest

from tests.support.cluster import Cluster
from tests.support.ran import pytest_runtest_call
from tools import scenarios

__all__ = ["cluster", "pytest_runtest_call"]


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    scenario = os.environ["MOLECULE_SCENARIO_NAME"]
    return Cluster(f"molecule_{scenario}", scenarios.inventory(scenario, os.environ))
