"""What a host looks like, so that a test can say that a run touched nothing or left nothing behind."""

from __future__ import annotations

from tests.support.cluster import Cluster

# Left out: what changes by itself (logs, caches, leases) and what Ansible's own connection leaves.
SCRIPT = r"""
echo "== files"
skip="/proc /sys /run /tmp /var/tmp /var/log /var/cache /var/lib/apt /var/lib/systemd /root/.ansible"
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
sysctl -a 2>/dev/null | grep -E '^net\.ipv[46]\.(ip_forward|conf)' | grep -v -E 'stable_secret|mtu' | sort
echo "== units"
systemctl list-unit-files --no-legend --state=enabled,disabled,masked | sort
systemctl list-units --no-legend --plain --type=service --state=active,failed |
    awk '{print $1, $3}' | grep -v -E '^(user|systemd-)' | sort
"""


def snapshot(cluster: Cluster, host: str) -> list[str]:
    """Files, checksums of /etc, addresses, rules, routes, sysctls and units of a host, as lines."""
    return cluster.run(host, "sh", "-c", SCRIPT).splitlines()


def difference(before: list[str], after: list[str]) -> list[str]:
    """The lines that came ("+") and went ("-")."""
    return [f"+ {line}" for line in after if line not in set(before)] + [
        f"- {line}" for line in before if line not in set(after)
    ]
