"""Frames, byte by byte. That they are sent is in the module's test."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._addresses import announce

MAC = bytes.fromhex("020000000001")


def test_arp() -> None:
    request, reply = announce.arp_frames(MAC, "10.0.0.6")
    assert request.hex() == (
        "ffffffffffff" "020000000001" "0806" "0001" "0800" "06" "04" "0001"
        "020000000001" "0a000006" "000000000000" "0a000006"
    )  # fmt: skip
    assert reply.hex() == request.hex().replace("06040001", "06040002").replace("000000000000" + "0a", "f" * 12 + "0a")


def test_neighbour_advertisement() -> None:
    found = announce.advertisement(MAC, "fd00::6", router=False).hex()
    assert found == "88000000" "20000000" "fd000000000000000000000000000006" "0201" "020000000001"  # fmt: skip
    assert announce.advertisement(MAC, "fd00::6", router=True)[4] == 0xA0
