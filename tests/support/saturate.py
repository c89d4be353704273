"""As many requests as a client gets answered, to compare one server with a cluster of them."""

from __future__ import annotations

import json

from tests.support.cluster import Cluster


def requests_a_second(cluster: Cluster, client: str, address: str, port: int, seconds: int = 10) -> float:
    """Answered requests a second, sixteen at a time, each over a new connection. AssertionError where one fails."""
    wanted = json.dumps({"address": address, "port": port, "seconds": seconds})
    told = json.loads(cluster.run(client, "python3", "-", wanted, stdin=SCRIPT))
    assert told["failed"] == 0, told
    return float(told["answered"]) / seconds


SCRIPT = """
import asyncio, json, sys, time

wanted = json.loads(sys.argv[1])
counts = {"answered": 0, "failed": 0}

async def ask():
    end = time.monotonic() + wanted["seconds"]
    while time.monotonic() < end:
        try:
            reader, writer = await asyncio.open_connection(wanted["address"], wanted["port"])
            writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
            answer = await reader.read()
            writer.close()
            counts["answered" if answer[9:12] == b"200" else "failed"] += 1
        except OSError:
            counts["failed"] += 1

async def all_of_them():
    await asyncio.gather(*(ask() for _ in range(16)))

asyncio.run(all_of_them())
print(json.dumps(counts))
"""
