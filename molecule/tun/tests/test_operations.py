"""What the playbooks that only look say of this cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import operations
from tests.support.cluster import Cluster


@pytest.mark.late
def test_all_is_right(cluster: Cluster, tmp_path: Path) -> None:
    operations.all_is_right(cluster, tmp_path)
