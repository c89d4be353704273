"""The report as lines, and cut to a size."""

from __future__ import annotations

import json

from ansible_collections.lvs.cluster.plugins.module_utils._status.text import MOST_LINES, capped, lines, short_state
from tests.unit.plugins.module_utils._status.samples import (
    NO_KEEPALIVED,
    a_lock,
    cluster_nodes,
    fwmark_dr,
    judged,
    nat_ha,
    nat_ha_sync,
)


def test_a_pair() -> None:
    plans, results = nat_ha()
    assert lines(judged(results, plans)) == [
        "DIRECTOR  STATE          VIPS                  SYNC DAEMON  ACTIVE  INACTIVE  CONN/S  PKT/S IN  OUT",
        "lb1       MASTER (VI_1)  10.0.0.5 192.168.0.1  -               168       336      16        84   56",
        "lb2       BACKUP (VI_1)  -                     -                 0         0       0         0    0",
        "intranet  tcp 10.0.0.5:80  wlc  nat  persistent 50 s  (figures of lb1)",
        "  SERVER  ADDRESS          WEIGHT  ACTIVE  INACTIVE  CONN/S  PKT/S IN  OUT  STATE",
        "  rs1     192.168.0.12:80      20      60       120       6        30   20  up",
        "  rs2     192.168.0.13:80       8      24        48       2        12    8  up",
        "plain  tcp 10.0.0.5:8080  wlc  nat  (figures of lb1)",
        "  SERVER  ADDRESS          WEIGHT  ACTIVE  INACTIVE  CONN/S  PKT/S IN  OUT  STATE",
        "  rs1     192.168.0.12:80      20      60       120       6        30   20  up",
        "  rs2     192.168.0.13:80       8      24        48       2        12    8  up",
    ]


def test_problems_come_first() -> None:
    plans, results = nat_ha()
    del results["lb1"]["services"][0]["destinations"][1]
    results["lb2"] = {"unreachable": True, "msg": "no route to host"}
    found = lines(judged(results, plans))
    assert found[:3] == [
        "PROBLEMS",
        "  lb2: what this director does is not known: no route to host",
        "  intranet (tcp 10.0.0.5:80): rs2 (192.168.0.13:80) is down, says lb1",
    ]
    assert "lb2       not reached" in found
    assert "  rs2     192.168.0.13:80  - of 8       0         0       0         0    0  down" in found


def test_states_of_directors() -> None:
    plans, results = nat_ha()
    results["lb1"]["lock"] = a_lock()
    results["lb1"]["keepalived"]["pending"] = True
    results["lb2"]["keepalived"] = dict(NO_KEEPALIVED)
    found = "\n".join(lines(judged(results, plans)))
    assert "MASTER (VI_1), configuration not loaded, locked: lvs.cluster.site by anna on desk since" in found
    assert "keepalived is not installed" in found
    (director,) = judged({"lb1": {"msg": "x"}}, {"lb1": plans["lb1"]})["directors"]
    assert short_state(director) == "not known"
    plans, results = fwmark_dr()
    results["lb1"].update(loaded=False, services=[])
    assert "static, ip_vs is not loaded" in "\n".join(lines(judged(results, plans)))


def test_a_sync_daemon() -> None:
    plans, results = nat_ha_sync()
    found = lines(judged(results, plans))
    assert "master on eth2" in found[1]
    assert "backup on eth2" in found[2]
    (daemon,) = results["director1"]["sync_daemons"]
    results["director1"]["sync_daemons"] = [daemon, {**daemon, "role": "backup"}]
    assert "both on eth2" in lines(judged(results, plans))[1]


def test_buckets_are_told_as_ever() -> None:
    plans, cluster_ips = cluster_nodes()
    found = lines(judged({}, plans, cluster_ips[1:]))
    assert "  web1   8 9 11 12  (nftables)" in found
    assert not [line for line in found if "nobody" in line or "twice" in line]


def test_nothing_at_all() -> None:
    assert lines(judged({}, {})) == ["The inventory has no director and no cluster IP."]


def test_a_long_report_is_cut() -> None:
    plans, results = nat_ha()
    report = judged(results, plans)
    report["notes"] = [f"note {number}" for number in range(MOST_LINES)]
    found = lines(report)
    assert len(found) == MOST_LINES + 1
    assert found[-1] == "... and 12 lines more: lvs_report_dir gets all of it"


def test_a_statistic_is_small() -> None:
    plans, results = nat_ha()
    report = judged(results, plans)
    assert capped(report) == report
    report["problems"] = ["x" * 1000] * 30
    small = capped(report, 20_000)
    assert set(small) == {"at", "totals", "problems", "note"}
    assert len(json.dumps(small)) < 20_000
    assert small["totals"] == report["totals"]
