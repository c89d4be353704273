"""A node with lvs_colocated: handover leaves, had a keepalived before us, and the run that takes us away is lost."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.integration.colocated.test_forms import configure, of_form, two_nodes
from tests.support.cluster import Cluster, booted, wait_until
from tests.support.nodes import INTERFACE

FILE = "/etc/keepalived/keepalived.conf"
OLD_VIP = "192.168.0.77"
OLD = f"""vrrp_instance OLD {{
    interface {INTERFACE}
    virtual_router_id 77
    priority 100
    virtual_ipaddress {{
        {OLD_VIP}/24
    }}
}}
"""


def keepalived(cluster: Cluster, question: str) -> str:
    return cluster.run("web2", "systemctl", question, "keepalived", check=False).strip()


def test_keepalived_runs_again_where_the_run_was_lost_that_had_stopped_it(tmp_path: Path) -> None:
    inventory = two_nodes(tmp_path, of_form("handover", 1))
    with booted("leaving", inventory) as cluster:
        cluster.run("web2", "sh", "-c", f"cat > {FILE}; systemctl enable --now keepalived", stdin=OLD)
        wait_until(lambda: cluster.holders(OLD_VIP, ("web2",)) == ["web2"], seconds=30, what="the old configuration")
        configure(cluster, inventory)
        assert cluster.holders(OLD_VIP, ("web2",)) == []

        (inventory / "host_vars").mkdir()
        (inventory / "host_vars" / "web2.yml").write_text(yaml.safe_dump({"lvs_state": "absent"}))
        dropin = cluster.run("web2", "sh", "-c", "ls /etc/systemd/system/keepalived.service.d/*").strip()
        # What something is mounted on can't be removed.
        cluster.run("web2", "mount", "--bind", dropin, dropin)
        lost = cluster.playbook("site", inventory=inventory)
        assert lost.status != 0, lost.output
        assert keepalived(cluster, "is-active") == "inactive", lost.output
        assert cluster.run("web2", "cat", FILE) == OLD

        cluster.run("web2", "umount", dropin)
        again = cluster.playbook("site", inventory=inventory)
        assert again.status == 0, again.output
        assert [keepalived(cluster, question) for question in ("is-active", "is-enabled")] == ["active", "enabled"]
        wait_until(lambda: cluster.holders(OLD_VIP, ("web2",)) == ["web2"], seconds=30, what="the old configuration")
        third = cluster.playbook("site", inventory=inventory)
        assert (third.status, third.changed) == (0, {}), third.output
