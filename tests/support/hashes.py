"""The kernel's own hash, to foretell the bucket of a client (include/linux/jhash.h: Jenkins' lookup3)."""

from __future__ import annotations

from ipaddress import ip_address

_MASK = 0xFFFFFFFF
_START = 0xDEADBEEF


def _rol(word: int, by: int) -> int:
    return ((word << by) | (word >> (32 - by))) & _MASK


def _final(a: int, b: int, c: int) -> int:
    c = ((c ^ b) - _rol(b, 14)) & _MASK
    a = ((a ^ c) - _rol(c, 11)) & _MASK
    b = ((b ^ a) - _rol(a, 25)) & _MASK
    c = ((c ^ b) - _rol(b, 16)) & _MASK
    a = ((a ^ c) - _rol(c, 4)) & _MASK
    b = ((b ^ a) - _rol(a, 14)) & _MASK
    return ((c ^ b) - _rol(b, 24)) & _MASK


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    a = ((a - c) & _MASK) ^ _rol(c, 4)
    c = (c + b) & _MASK
    b = ((b - a) & _MASK) ^ _rol(a, 6)
    a = (a + c) & _MASK
    c = ((c - b) & _MASK) ^ _rol(b, 8)
    b = (b + a) & _MASK
    a = ((a - c) & _MASK) ^ _rol(c, 16)
    c = (c + b) & _MASK
    b = ((b - a) & _MASK) ^ _rol(a, 19)
    a = (a + c) & _MASK
    c = ((c - b) & _MASK) ^ _rol(b, 4)
    b = (b + a) & _MASK
    return a, b, c


def jhash_words(words: tuple[int, ...], seed: int) -> int:
    """jhash2() of 32-bit words; jhash_1word() to jhash_3words() give the same for one to three."""
    a = b = c = (_START + (len(words) << 2) + seed) & _MASK
    rest = list(words)
    while len(rest) > 3:
        a, b, c = _mix((a + rest[0]) & _MASK, (b + rest[1]) & _MASK, (c + rest[2]) & _MASK)
        rest = rest[3:]
    more = [*rest, 0, 0, 0]
    return _final((a + more[0]) & _MASK, (b + more[1]) & _MASK, (c + more[2]) & _MASK)


def _scaled(value: int, total: int) -> int:
    return (value * total >> 32) + 1


def clusterip_bucket(source: str, ports: tuple[int, ...], total: int, seed: int) -> int:
    """Of the target CLUSTERIP (net/ipv4/netfilter/ipt_CLUSTERIP.c), by the source address and the ports of its mode.

    The ports are hashed as they are in memory, on a little-endian machine.
    """
    swapped = tuple(int.from_bytes(port.to_bytes(2, "big"), "little") for port in ports)
    return _scaled(jhash_words((int(ip_address(source)), *swapped), seed), total)


def xt_cluster_bucket(source: str, total: int, seed: int) -> int:
    """Of the match cluster (net/netfilter/xt_cluster.c), on a little-endian machine: the address as it is in memory.

    Of an IPv6 address the kernel hashes the first 32 bits alone: it counts words, and divides by the size of one.
    """
    return _scaled(jhash_words((int.from_bytes(ip_address(source).packed[:4], "little"),), seed), total)


def nftables_bucket(source: str, total: int, seed: int) -> int:
    """Of nftables' jhash (net/netfilter/nft_hash.c), on a little-endian machine: the address as it is in memory."""
    packed = ip_address(source).packed
    words = tuple(int.from_bytes(packed[start : start + 4], "little") for start in range(0, len(packed), 4))
    return _scaled(jhash_words(words, seed), total)
