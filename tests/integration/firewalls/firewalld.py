"""firewalld on a guest of the lab."""

from __future__ import annotations

from tests.support.cluster import Cluster

# The guests' kernel has no nf_tables for IPv4; lab0 is Ansible's way in.
SET_UP = """
sed -i 's/^FirewallBackend=.*/FirewallBackend=iptables/' /etc/firewalld/firewalld.conf
systemctl enable --quiet firewalld
systemctl restart firewalld
for when in "" --permanent; do
    firewall-cmd --quiet $when --zone=trusted --add-interface=lab0
    firewall-cmd --quiet $when --add-port=80/tcp --add-port=8080/tcp
done
"""
INSTALL = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--no-install-recommends")
# All that it can be told; it flushes rules of others each time.
DEEDS = (
    ("firewall-cmd", "--reload"),
    ("firewall-cmd", "--complete-reload"),
    *(("systemctl", verb, "firewalld") for verb in ("reload", "restart", "stop", "start")),
)


def install(cluster: Cluster, host: str, package: str, script: str) -> None:
    cluster.run(host, "apt-get", "update")
    cluster.run(host, *INSTALL, package, seconds=300)
    cluster.run(host, "sh", "-ec", script)
