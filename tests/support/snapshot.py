"""What a host looks like, so that a test can say that a run touched nothing or left nothing behind."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from tests.support.cluster import Cluster

# Left out: what changes by itself (logs, caches, leases) and what Ansible's own connection leaves.
SCRIPT = r"""
# What boots still is not what the host looks like.
systemctl is-system-running --wait >/dev/null
echo "== files"
# All of the system but what changes by itself (logs, caches, leases), Ansible's own leavings, and the large trees under
# /usr that only packages write.
skip="/proc /sys /run /tmp /var/tmp /var/log /var/cache /var/lib/apt /var/lib/systemd /root/.ansible
    /usr/share /usr/bin /usr/include /usr/lib/python3 /usr/lib/python3.11 /usr/lib/python3.13 /usr/lib/x86_64-linux-gnu
    /usr/lib/modules /lib/modules"
find / -xdev \( $(printf -- '-path %s -o ' $skip) -name __pycache__ \) -prune \
    -o \( -type f -o -type l \) -printf '%p %m %u %s %l\n' | sort
echo "== directories of ours"
ls -d /var/lib/lvs-cluster /etc/lvs-cluster /usr/local/lib/lvs-cluster 2>/dev/null
echo "== checksums of /etc"
find /etc -xdev -type f ! -name ld.so.cache -exec md5sum {} + | sort -k 2
echo "== addresses"
ip -brief address show
echo "== rules and routes"
for family in 4 6; do
    ip -$family rule show
    ip -$family route show table all | grep -v 'proto ra' | sed 's/ expires [0-9a-z]*//' | sort
done
echo "== sysctls"
grep -r . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf 2>/dev/null |
    grep -v -E 'stable_secret|mtu' | sort
# What is enabled is seen by the links under /etc above.
echo "== units"
systemctl list-units --no-legend --plain --type=service --state=active,failed |
    awk '{print $1, $3}' | grep -v -E '^(user|systemd-)' | sort
"""


def snapshot(cluster: Cluster, host: str) -> list[str]:
    """Files, checksums of /etc, addresses, rules, routes, sysctls and units of a host, as lines."""
    return cluster.run(host, "sh", "-c", SCRIPT).splitlines()


def snapshots(cluster: Cluster, hosts: Iterable[str]) -> dict[str, list[str]]:
    """The snapshot of each host, taken side by side."""
    names = list(hosts)
    with ThreadPoolExecutor() as pool:
        return dict(zip(names, pool.map(lambda host: snapshot(cluster, host), names), strict=True))


def difference(before: list[str], after: list[str]) -> list[str]:
    """The lines that came ("+") and went ("-")."""
    return [f"+ {line}" for line in after if line not in set(before)] + [
        f"- {line}" for line in before if line not in set(after)
    ]
