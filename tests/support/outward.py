"""A connection that a real server opens outward, through its director: under which address, and whether it lasts."""

from __future__ import annotations

import json
import subprocess
from types import TracebackType

from lab.lab import Lab


class Outward:
    """`opener` keeps a connection to `target` (its address and port) and says a word every 0.2 s, which is said back.

    At the block's end `peer` is the address that the target saw, `words` how many came back, `error` what went wrong
    ("" if nothing did).
    """

    def __init__(self, lab: Lab, opener: str, target: str, address: str, port: int) -> None:
        self.peer, self.words, self.error = "", 0, ""
        self._server = lab.command(target, ["python3", "-u", "-c", SERVER, str(port)])
        self._client = lab.command(opener, ["python3", "-u", "-c", CLIENT, address, str(port)])

    def __enter__(self) -> Outward:
        self._serving = _start(self._server)
        assert self._serving.stdout is not None
        assert self._serving.stdout.readline() == "listening\n"
        self._speaking = _start(self._client)
        assert self._speaking.stdout is not None
        first = self._speaking.stdout.readline()
        if first != "begun\n":
            self._serving.communicate()
            raise AssertionError(f"the connection did not come up: {first}")
        self.peer = self._serving.stdout.readline().strip()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        output, _errors = self._speaking.communicate()  # closing its standard input ends it
        self._serving.communicate()
        if kind is None:
            self.words, self.error = json.loads(output)


def _start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


SERVER = """
import socket, sys, threading
listener = socket.create_server(("", int(sys.argv[1])))
print("listening")
def serve():
    connection, peer = listener.accept()
    print(peer[0])
    while True:
        word = connection.recv(100)
        if not word:
            break
        connection.sendall(word)
threading.Thread(target=serve, daemon=True).start()
sys.stdin.read()
"""
CLIENT = """
import json, select, socket, sys
said, error = 0, ""
try:
    connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=30)
    while True:
        connection.sendall(b"word")
        if connection.recv(100) != b"word":
            raise OSError("the far end closed")
        said += 1
        if said == 1:
            print("begun")
        if select.select([sys.stdin], [], [], 0.2)[0]:
            break
except OSError as problem:
    error = repr(problem)
print(json.dumps([said, error]))
"""
