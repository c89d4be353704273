"""The cluster with all that its health checks ask, and the mail server that its directors report to."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import servers
from tests.support.cluster import Cluster
from tests.support.mail import Mail


@pytest.fixture(scope="session")
def mail(cluster: Cluster) -> Iterator[Mail]:
    with Mail(cluster, "client") as server:
        yield server


@pytest.fixture(scope="session")
def served(cluster: Cluster, mail: Mail) -> Cluster:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda host: servers.prepare(cluster, host), ("rs1", "rs2")))
    return cluster
