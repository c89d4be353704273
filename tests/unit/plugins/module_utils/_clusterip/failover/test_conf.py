# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.filter.bucket_keepalived_conf import FilterModule
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.conf import config_text

PLAN: dict[str, Any] = {
    "failback": "auto",
    "cluster_ips": [{"address": "10.0.0.9", "interface": "eth0"}],
    "vrrp": {
        "interface": "eth0",
        "advert_int": 0.5,
        "instances": [
            {"bucket": 1, "virtual_router_id": 101, "priority": 250, "placeholder": "127.77.101.1/32"},
            {"bucket": 2, "virtual_router_id": 102, "priority": 240, "placeholder": "127.77.101.2/32"},
        ],
    },
}
TEXT = """# Managed by lvs.cluster (Ansible): changes made here are lost

global_defs {
    vrrp_version 3
    vrrp_notify_fifo /run/lvs-clusterip/notify.fifo root
    fifo_write_vrrp_states_on_reload
}

track_file lvs_bucket_health {
    file /run/lvs-clusterip/health
    weight 0
    init_file 1
}

track_file lvs_bucket_choice_1 {
    file /var/lib/lvs-cluster/buckets/1
    weight 1
}

track_file lvs_bucket_choice_2 {
    file /var/lib/lvs-cluster/buckets/2
    weight 1
}

vrrp_instance LVS_BUCKET_1 {
    state BACKUP
    interface eth0
    virtual_router_id 101
    priority 250
    advert_int 0.5
    virtual_ipaddress {
        127.77.101.1/32 dev lo scope host
    }
    track_file {
        lvs_bucket_health
        lvs_bucket_choice_1
    }
}

vrrp_instance LVS_BUCKET_2 {
    state BACKUP
    interface eth0
    virtual_router_id 102
    priority 240
    advert_int 0.5
    virtual_ipaddress {
        127.77.101.2/32 dev lo scope host
    }
    track_file {
        lvs_bucket_health
        lvs_bucket_choice_2
    }
}
"""


def test_an_instance_for_each_bucket() -> None:
    assert config_text(PLAN, failback="auto") == TEXT


def test_without_failback_a_node_that_comes_back_preempts_nobody() -> None:
    manual = config_text(PLAN, failback="manual")
    assert manual.replace("    nopreempt\n", "") == TEXT
    assert manual.count("    nopreempt\n") == 2


def test_the_filter() -> None:
    convert = FilterModule().filters()["bucket_keepalived_conf"]
    assert convert(PLAN) == TEXT
    assert "nopreempt" in convert({**PLAN, "failback": "manual"})
    with pytest.raises(AnsibleFilterError, match="lacks the key 'vrrp'"):
        convert({"failback": "auto", "cluster_ips": []})
    with pytest.raises(AnsibleFilterError, match="auto or manual"):
        convert({**PLAN, "failback": "never"})
    with pytest.raises(AnsibleFilterError):
        convert({**PLAN, "vrrp": None})


def test_adverts_are_sent_from_the_nodes_own_address_where_it_is_known() -> None:
    def text(source: str) -> str:
        return config_text({**PLAN, "vrrp": {**PLAN["vrrp"], "source": source}}, failback="auto")

    assert text("") == TEXT
    assert "    mcast_src_ip 10.0.0.11\n" in text("10.0.0.11")


def test_the_other_interfaces_with_a_cluster_ip_are_tracked() -> None:
    """A node that no client of a VIP reaches must not keep its buckets, over whatever link adverts go."""
    places = [("10.0.0.9", "eth0"), ("10.2.0.9", "eth2"), ("10.1.0.9", "eth1"), ("fd00::9", "eth1")]
    cluster_ips = [{"address": address, "interface": interface} for address, interface in places]
    text = config_text({**PLAN, "cluster_ips": cluster_ips}, failback="auto")
    tracked = "    track_interface {\n        eth1\n        eth2\n    }\n"
    assert text.count(tracked) == 2
    assert text.replace(tracked, "") == TEXT
