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
        convert({"failback": "auto"})
    with pytest.raises(AnsibleFilterError, match="auto or manual"):
        convert({**PLAN, "failback": "never"})
    with pytest.raises(AnsibleFilterError):
        convert({**PLAN, "vrrp": None})


def test_adverts_are_sent_from_the_nodes_own_address_where_it_is_known() -> None:
    vrrp = {"interface": "eth0", "advert_int": 1, "instances": [
        {"bucket": 1, "virtual_router_id": 101, "priority": 250, "placeholder": "127.77.101.1/32"},
    ]}  # fmt: skip
    assert "mcast_src_ip" not in config_text({"vrrp": {**vrrp, "source": ""}}, failback="auto")
    assert "    mcast_src_ip 10.0.0.11\n" in config_text({"vrrp": {**vrrp, "source": "10.0.0.11"}}, failback="auto")
