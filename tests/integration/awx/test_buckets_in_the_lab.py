"""The job that moves buckets between the nodes of a cluster IP, as in test_in_the_lab.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.awx.runner import Runner, answered, done, in_the_lab
from tests.support import buckets
from tests.support.buckets import NODES
from tests.support.cluster import ROOT, Cluster, booted

pytestmark = pytest.mark.late

INVENTORY = ROOT / "inventories" / "clusterip"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with booted("awx-cip", INVENTORY) as one:
        yield one


@pytest.fixture(scope="module")
def jobs(cluster: Cluster) -> Iterator[Runner]:
    with in_the_lab(cluster) as one:
        yield one


def test_a_node_gives_its_buckets_and_takes_them_back(jobs: Runner, cluster: Cluster) -> None:
    done(jobs.run("site", answered("site")))
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    given = {"lvs_host": NODES[0], "lvs_bucket": "all", "lvs_bucket_state": "given"}
    moved = done(jobs.run("buckets", answered("buckets", **given)))
    assert moved.artifacts["lvs_buckets"]["cluster_ips"]
    after = buckets.table(cluster)
    assert after[NODES[0]] == ()
    assert buckets.is_whole(after)
    done(jobs.run("buckets", answered("buckets", lvs_host=NODES[0], lvs_home="true")))
    buckets.wait_for(cluster, before, 30)
