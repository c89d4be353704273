"""Weight files on a director that serves before it has any: the kernel's table tells who has a weight."""

from __future__ import annotations

from typing import Any

from tests.support.guest_modules import GuestModules, command, module

FOLDER, PROGRAM = "/var/lib/lvs-cluster/weights", "/usr/sbin/ipvsadm"
ADD = (
    "--add-service --tcp-service 10.9.0.1:80 --scheduler wlc",
    "--add-server --tcp-service 10.9.0.1:80 --real-server 192.168.9.11:80 --masquerading --weight 20",
    "--add-server --tcp-service 10.9.0.1:80 --real-server 192.168.9.12:80 --masquerading --weight 0",
    "--add-service --fwmark-service 7 --scheduler wlc",
    "--add-server --fwmark-service 7 --real-server 192.168.9.11 --gatewaying --weight 1",
    "--add-service --tcp-service [fd00:9::1]:80 --scheduler wlc",
    "--add-server --tcp-service [fd00:9::1]:80 --real-server [fd00:9::11]:80 --masquerading --weight 1",
)
SERVES = {
    "web_10.9.0.1_tcp_80_192.168.9.11_80": "nat",
    "marked_fwmark_7_192.168.9.11_80": "dr",
    "six_fd00-9--1_tcp_80_fd00-9--11_80": "nat",
}
NOT = {
    "web_10.9.0.1_tcp_80_192.168.9.12_80": "nat",
    "marked_fwmark_8_192.168.9.11_80": "dr",
    "six_fd00-9--1_tcp_80_fd00-9--12_80": "nat",
    # Which services a group has its name does not tell.
    "shop_group_192.168.9.11_80": "nat",
}


def have(box: GuestModules, methods: dict[str, str], folder: str = FOLDER, *, check: bool = False) -> dict[str, Any]:
    servers = [{"file": name, "ready": False, "forwarding": method} for name, method in methods.items()]
    (result,) = box.run(module("keepalived_weights", check=check, directory=folder, servers=servers))
    assert "failed" not in result, result
    return result


def test_who_serves_goes_on_where_ipvsadm_is_not_installed(box: GuestModules) -> None:
    box.run(*(command("ipvsadm", *words.split()) for words in ADD))
    box.run(command("mv", PROGRAM, f"{PROGRAM}.away"))
    try:
        for check in (True, False):
            assert have(box, {**SERVES, **NOT}, check=check)["held"] == sorted(NOT)
        # By another method nobody serves.
        assert have(box, {"web2_10.9.0.1_tcp_80_192.168.9.11_80": "dr"})["held"] != []
        assert have(box, dict.fromkeys(SERVES, "tun"), f"{FOLDER}-tun")["held"] == sorted(SERVES)
    finally:
        box.run(command("mv", f"{PROGRAM}.away", PROGRAM))
