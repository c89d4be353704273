"""Clusters that were set up by hand, as their recipes were written, move to this collection and keep their table."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.cluster import ROOT, Cluster, booted, wait_until
from tests.support.load import Load
from tests.support.ran import RECORDER

PASSWORD = "lvs-1999"
# docs/operations/adopt.md: "Going back".
BACK = ("--limit", "directors", "--extra-vars", "lvs_state=absent")

DIRECTOR = """
sysctl -q -w net.ipv4.ip_forward=1
ip address add 10.0.0.6/24 dev eth0
iptables -t mangle -A PREROUTING -j CONNMARK --restore-mark
iptables -t mangle -N LVS
iptables -t mangle -A PREROUTING -d 10.0.0.6/32 -p tcp -m tcp --dport 80 -m mark --mark 0 -j LVS
iptables -t mangle -A LVS -j MARK --set-mark 0x1
iptables -t mangle -A LVS -j CONNMARK --save-mark
modprobe ip_vs
ipvsadm -A -f 1 -s wrr
ipvsadm -a -f 1 -r 10.0.0.11 -g -w 1
ipvsadm -a -f 1 -r 10.0.0.12 -g -w 2
"""
REAL_SERVER = """
sysctl -q -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
ip address add 10.0.0.6/32 dev lo
"""
KEEPALIVED = """! Configuration File for keepalived
global_defs {
   notification_email {
     root@localhost
   }
   notification_email_from keepalived@localhost
   smtp_server 127.0.0.1
   smtp_connect_timeout 30
   router_id LVS_%(name)s
}

vrrp_instance VI_1 {
    state %(state)s
    interface eth0
    virtual_router_id 51
    priority %(priority)s
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass %(password)s
    }
    virtual_ipaddress {
        10.0.0.5/24
        192.168.0.1/24 dev eth1 label eth1:0
    }
}

virtual_server 10.0.0.5 80 {
    delay_loop 30
    lb_algo wlc
    lb_kind NAT
    persistence_timeout 50
    protocol TCP
    sorry_server 192.168.0.1 80

    real_server 192.168.0.12 80 {
        weight 20
        HTTP_GET {
            url {
              path /
              status_code 200
            }
            connect_timeout 5
            nb_get_retry 3
            delay_before_retry 2
        }
    }
    real_server 192.168.0.13 80 {
        weight 8
        TCP_CHECK {
            connect_timeout 3
        }
    }
}
"""
# A word that a reload refuses to change, and an address that the setup does not have.
OTHER = """global_defs {
    nftables by_hand
}

vrrp_instance VI_BY_HAND {
    state MASTER
    interface eth0
    virtual_router_id 99
    priority 100
    virtual_ipaddress {
        10.0.0.77/24
    }
}
"""
# The form with a routing table of its own.
WAY_BACK = """
mkdir -p /etc/iproute2
echo '200 LVS' >> /etc/iproute2/rt_tables
ip rule add from %(address)s table LVS
ip route add default via 192.168.0.1 table LVS
"""
WEIGH = """
for file in /var/lib/lvs-cluster/weights/*_%(address)s_80; do
    sed '1s/.*/%(number)s/' "$file" > "$file.new"
    mv "$file.new" "$file"
done
"""


@contextmanager
def by_hand(example: str, tmp_path: Path) -> Iterator[tuple[Cluster, Path]]:
    """The hosts of an example, booted, and an inventory of them that knows no more than names, groups and addresses."""
    plain = tmp_path / "plain"
    plain.mkdir()
    shutil.copy(ROOT / "inventories" / example / "hosts.yml", plain / "hosts.yml")
    with booted("adopt", ROOT / "inventories" / example) as cluster:
        cluster.inventory = plain
        # No fixture gives it to the tests.
        RECORDER.see(cluster)
        yield cluster, tmp_path / "adopted"


def adopt(cluster: Cluster, folder: Path) -> None:
    run = cluster.playbook("adopt", "--extra-vars", json.dumps({"lvs_report_dir": str(folder)}))
    assert run.status == 0, run.output
    assert PASSWORD not in run.output
    again = cluster.playbook("adopt", "--extra-vars", json.dumps({"lvs_report_dir": str(folder)}))
    assert again.status != 0
    assert "lvs_overwrite" in again.output


@pytest.mark.late
def test_marks_and_direct_routing(tmp_path: Path) -> None:
    with by_hand("fwmark_dr", tmp_path) as (cluster, folder):
        cluster.run("lb1", "sh", "-e", stdin=DIRECTOR)
        for host in ("rs1", "rs2"):
            cluster.run(host, "sh", "-e", stdin=REAL_SERVER)
        assert cluster.serve("client", "10.0.0.6", 80, 30) == {"rs1": 10, "rs2": 20}
        before = cluster.run("lb1", "ipvsadm", "--save", "--numeric")
        adopt(cluster, folder)
        assert cluster.run("lb1", "ipvsadm", "--save", "--numeric") == before
        # An address that its host holds is added again without leaving it.
        with Load(cluster.lab, "client", [("10.0.0.6", 80)], rate=100) as load:
            run = cluster.playbook("site", inventory=folder)
            assert run.status == 0, run.output
        assert cluster.run("lb1", "ipvsadm", "--save", "--numeric") == before
        assert cluster.playbook("site", inventory=folder).changed == {}
        assert load.failed == []
        assert cluster.serve("client", "10.0.0.6", 80, 30) == {"rs1": 10, "rs2": 20}


@pytest.mark.late
def test_two_directors_with_keepalived(tmp_path: Path) -> None:
    with by_hand("nat_ha", tmp_path) as (cluster, folder):
        texts = {}
        for name, state, priority in (("lb1", "MASTER", 200), ("lb2", "BACKUP", 150)):
            texts[name] = text = KEEPALIVED % {"name": name, "state": state, "priority": priority, "password": PASSWORD}
            cluster.run(name, "sh", "-c", "umask 077; cat > /etc/keepalived/keepalived.conf", stdin=text)
            cluster.run(name, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
            cluster.run(name, "systemctl", "restart", "keepalived")
        for host, address in (("rs1", "192.168.0.12"), ("rs2", "192.168.0.13")):
            cluster.run(host, "sh", "-e", stdin=WAY_BACK % {"address": address})
        wait_until(lambda: cluster.holders("10.0.0.5") == ["lb1"], seconds=30, what="lb1 to be master")
        wait_until(
            lambda: cluster.table("lb1").get("TCP 10.0.0.5:80") == {"192.168.0.12:80": 20, "192.168.0.13:80": 8},
            seconds=60, what="both real servers to be up",
        )  # fmt: skip
        assert cluster.serve("client", "10.0.0.5", 80, 20) in ({"rs1": 20}, {"rs2": 20})
        before = {name: cluster.run(name, "ipvsadm", "--save", "--numeric") for name in ("lb1", "lb2")}
        adopt(cluster, folder)
        vaults = [path for path in folder.rglob("*") if path.is_file() and PASSWORD in path.read_text()]
        assert [path.name for path in vaults] == ["vault.yml"]
        assert stat.S_IMODE(vaults[0].stat().st_mode) == 0o600
        with Load(cluster.lab, "client", [("10.0.0.5", 80)], rate=100) as load:
            run = cluster.playbook("site", inventory=folder)
            assert run.status == 0, run.output
            assert PASSWORD not in run.output
        wait_until(
            lambda: {name: cluster.run(name, "ipvsadm", "--save", "--numeric") for name in ("lb1", "lb2")} == before,
            seconds=60, what="the tables to be as before",
        )  # fmt: skip
        assert load.failed == []
        assert cluster.holders("10.0.0.5") == ["lb1"]
        # Neither was enabled at boot, and both have taken the new configuration: the old one reads no such file.
        for name in texts:
            for number, weight in ((-2147483647, 0), (0, 20)):
                cluster.run(name, "sh", "-ec", WEIGH % {"address": "192.168.0.12", "number": number})
                wait_until(
                    lambda n=name, w=weight: cluster.table(n)["TCP 10.0.0.5:80"]["192.168.0.12:80"] == w,  # type: ignore[misc]
                    seconds=20, what=f"{name} to give rs1 weight {weight}",
                )  # fmt: skip
        assert cluster.playbook("site", inventory=folder).changed == {}
        with Load(cluster.lab, "client", [("10.0.0.5", 80)], rate=100) as load:
            run = cluster.playbook("site", *BACK, inventory=folder)
            assert run.status == 0, run.output
        assert load.failed == []
        assert cluster.holders("10.0.0.5") == ["lb1"]
        assert {name: cluster.run(name, "cat", "/etc/keepalived/keepalived.conf") for name in texts} == texts
        assert {name: cluster.run(name, "ipvsadm", "--save", "--numeric") for name in ("lb1", "lb2")} == before
        assert cluster.playbook("site", *BACK, inventory=folder).changed == {}


@pytest.mark.late
def test_a_configuration_that_a_reload_refuses_comes_back(tmp_path: Path) -> None:
    """What keepalived holds by ours goes with it, also where the other configuration does not have it."""
    setup = ROOT / "inventories/nat_ha"
    with by_hand("nat_ha", tmp_path) as (cluster, _folder):
        cluster.run("lb2", "sh", "-c", "umask 077; cat > /etc/keepalived/keepalived.conf", stdin=OTHER)
        cluster.run("lb2", "systemctl", "restart", "keepalived")
        wait_until(lambda: cluster.holders("10.0.0.77") == ["lb2"], seconds=30, what="lb2 to have its address")
        run = cluster.playbook("site", inventory=setup)
        assert run.status == 0, run.output
        wait_until(lambda: cluster.holders("10.0.0.5") == ["lb1"], seconds=60, what="lb1 to be master")
        assert cluster.holders("10.0.0.77") == []
        cluster.run("lb1", "systemctl", "stop", "keepalived")
        wait_until(lambda: cluster.holders("10.0.0.5") == ["lb2"], seconds=30, what="lb2 to be master")
        run = cluster.playbook("site", *BACK, inventory=setup)
        assert run.status == 0, run.output
        assert "keepalived is restarted, because a reload can't change this: the nftables table" in run.output
        wait_until(lambda: cluster.holders("10.0.0.77") == ["lb2"], seconds=30, what="lb2 to have its address again")
        assert cluster.holders("10.0.0.5") == cluster.holders("192.168.0.1") == []
        assert cluster.table("lb2") == {}
        assert cluster.host("lb2").service("keepalived").is_enabled
        assert cluster.run("lb2", "cat", "/etc/keepalived/keepalived.conf") == OTHER
        assert cluster.playbook("site", *BACK, inventory=setup).changed == {}
