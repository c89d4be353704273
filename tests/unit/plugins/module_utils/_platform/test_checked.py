"""The ports that health checks connect to."""

from __future__ import annotations

from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._platform.checked import checked_ports


def director(*servers: dict[str, Any]) -> dict[str, Any]:
    return {"services": [{"real_servers": list(servers)}, {"real_servers": []}]}


def test_a_check_connects_to_its_own_port_or_to_the_servers() -> None:
    servers = (
        {"port": 80, "health_checks": [{"type": "http"}, {"type": "tcp", "connect_port": 9100}]},
        {"port": 8080, "health_checks": [{"type": "TCP_CHECK"}]},
        {
            "port": None,
            "health_checks": [{"type": "https", "connect_port": 443}, {"type": "smtp", "connect_port": "25"}],
        },
    )
    assert checked_ports(director(*servers)) == [25, 80, 443, 8080, 9100]


def test_checks_without_a_connection() -> None:
    others = ("misc", "file", "bfd", "ping", "udp", "dns", "MISC_CHECK", "UDP_CHECK")
    servers = (
        {"port": 53, "health_checks": [{"type": kind} for kind in others]},
        {"port": 81},
        {"port": 82, "health_checks": []},
    )
    assert checked_ports(director(*servers)) == []
