"""The filters of status.yml, as a playbook calls them."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.filter import cluster_status, status_page
from tests.unit.plugins.module_utils._status.samples import AT, cluster_nodes, nat_ha

STATUS = cluster_status.FilterModule().filters()["cluster_status"]
PAGE = status_page.FilterModule().filters()["status_page"]


def test_a_report_its_lines_and_its_page() -> None:
    plans, results = nat_ha()
    found = STATUS(results, plans, [], AT)
    assert set(found) == {"lines", "report", "stats"}
    assert found["report"]["at"] == AT
    assert found["stats"] == found["report"]
    assert any("MASTER (VI_1)" in line for line in found["lines"])
    # Through JSON, as a file.
    assert PAGE(json.loads(json.dumps(found["report"])), plans).startswith("<!DOCTYPE html>")


def test_buckets_alone() -> None:
    plans, cluster_ips = cluster_nodes()
    found = STATUS({}, plans, cluster_ips, AT)
    assert found["report"]["cluster_ips"] == cluster_ips
    assert (found["report"]["services"], found["report"]["directors"]) == ([], [])


def test_what_is_no_result_is_an_error_of_the_filter() -> None:
    plans, _results = nat_ha()
    with pytest.raises(AnsibleFilterError, match="cluster_status: KeyError"):
        STATUS({"lb1": {"loaded": True}}, plans)
    with pytest.raises(AnsibleFilterError, match="status_page: KeyError"):
        PAGE({}, plans)
