"""A cluster of which one host can be reached: a network of this machine with nothing of ours on it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

from tests.unit.plugins.netns import COLLECTIONS, REPOSITORY, Host

PYTHON = REPOSITORY / ".venv" / "bin" / "python"
# No sudo is needed: the test is root.
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": str(PYTHON), "ansible_become": False}
# What the inventory says of all hosts is not for the control node, where the report is written.
ELSEWHERE = {
    "ansible_become": True,
    "ansible_become_exe": "/nonexistent/sudo",
    "ansible_become_user": "operator",
    "ansible_python_interpreter": "/nonexistent/python3",
}
UNREACHED = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
SERVICE = {
    **{"name": "web", "address": "10.0.0.5", "port": 80, "forwarding": "dr", "health_checks": []},
    "real_servers": [{"host": "rs1", "weight": 7}],
}
INSTANCE = {
    **{"name": "VI_1", "interface": "eth0", "virtual_router_id": 51, "priorities": {"lb1": 200, "lb2": 100}},
    **{"authentication": {"auth_type": "PASS", "auth_pass": "sesame1"}, "virtual_ipaddress": ["10.0.0.5/24"]},
}


def inventory(folder: Path) -> Path:
    shared = {"lvs_virtual_services": [SERVICE], "lvs_vrrp_instances": [INSTANCE]}
    hosts = {
        "lb1": {"lvs_interfaces": {"eth0": "10.0.0.3/24"}, **LOCAL},
        "lb2": {"lvs_interfaces": {"eth0": "10.0.0.4/24"}, **UNREACHED},
    }
    servers = {"rs1": {"lvs_interfaces": {"eth0": "10.0.0.12/24"}, **UNREACHED}}
    content = {
        "all": {
            "vars": ELSEWHERE,
            "children": {"directors": {"hosts": hosts, "vars": shared}, "real_servers_dr": {"hosts": servers}},
        }
    }
    file = folder / "hosts.yml"
    file.write_text(yaml.safe_dump(content))
    return file


def nodes(folder: Path) -> Path:
    """Of a cluster IP: web1 is this host, nobody reaches web2."""
    shared = {"lvs_cluster_ips": [{"address": "10.0.0.9/24", "interface": "eth0", "ports": [80]}]}
    hosts = {
        "web1": {"lvs_node_number": 1, "lvs_interfaces": {"eth0": "10.0.0.11/24"}, **LOCAL},
        "web2": {"lvs_node_number": 2, "lvs_interfaces": {"eth0": "10.0.0.12/24"}, **UNREACHED},
    }
    content = {"all": {"vars": ELSEWHERE, "children": {"clusterip_nodes": {"hosts": hosts, "vars": shared}}}}
    file = folder / "nodes.yml"
    file.write_text(yaml.safe_dump(content))
    return file


def playbook(host: Host, folder: Path, name: str, *extra: str, hosts: Path | None = None) -> tuple[int, str]:
    """Run one of ours in the host's network; its exit status and output."""
    words = ["env", f"ANSIBLE_COLLECTIONS_PATH={COLLECTIONS}", "ANSIBLE_SHOW_CUSTOM_STATS=1", "ANSIBLE_NOCOLOR=1"]
    words += ["ansible-playbook", "-i", str(hosts or inventory(folder)), f"lvs.cluster.{name}"]
    words += [word for one in extra for word in ("-e", one)]
    done = subprocess.run(host.argv(*words), capture_output=True, text=True, check=False, cwd=host.folder)
    return done.returncode, done.stdout + done.stderr
