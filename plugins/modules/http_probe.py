# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: http_probe
short_description: Send HTTP requests to virtual services and count who answered
version_added: 0.1.0
description:
  - Sends O(requests) GET requests to each target, each over a new connection, from the host that the task runs on, and
    counts the answers by the first line of the page. So servers that begin their page with their own name are told
    apart.
  - A server that does not understand plain HTTP is asked by TLS, without a look at its certificate, and if it
    speaks neither but answers, as a mail server does, that is an answer, counted as C((not HTTP)). Which of these it
    is a target's first request finds out, with a connection more.
  - Changes nothing.
options:
  targets:
    description: The virtual services to ask.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the result calls it.
        type: str
        required: true
      address:
        description: IPv4 or IPv6 address.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        required: true
      path:
        description: Path of the page.
        type: str
        default: /
      host:
        description: The C(Host) header, and the name that TLS asks for; the address, and none, where it isn't given.
        type: str
  requests:
    description: How many requests each target gets.
    type: int
    default: 1
  timeout:
    description: Seconds that one request may take.
    type: float
    default: 5.0
attributes:
  check_mode:
    description: Requests are sent in check mode too, because they change nothing.
    support: full
  diff_mode:
    description: Changes nothing, so there is no diff.
    support: none
author:
  - The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Ask the shop a hundred times
  lvs.cluster.http_probe:
    targets:
      - {name: shop, address: 192.0.2.80, port: 80}
    requests: 100
  register: probe
"""

RETURN = r"""
results:
  description: What each target answered, in the order of I(targets).
  type: list
  elements: dict
  returned: always
  sample:
    - name: shop
      answered: 99
      by: {rs1: 71, rs2: 28}
      failures: {"timed out": 1}
  contains:
    name:
      description: The target's name.
      type: str
    answered:
      description: Requests that got an answer with a status below 400.
      type: int
    by:
      description: Answers for each first line of a page.
      type: dict
    failures:
      description: Failed requests for each reason.
      type: dict
"""

import io
import socket
import ssl
import time
from collections import Counter
from http.client import BadStatusLine, HTTPConnection, HTTPException, RemoteDisconnected
from typing import Any

from ansible.module_utils.basic import AnsibleModule

FIRST_LINE_BYTES = 200
NOT_HTTP = "(not HTTP)"
HTTP = "http"
TLS = "tls"
OTHER = "other"


class Refused(HTTPException):
    """The server said what is wrong with the request: an HTTP status of 400 or above."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class Limited(io.RawIOBase):
    """What a connection says until a time; a socket's own timeout begins anew with each byte."""

    def __init__(self, opened: socket.socket, end: float) -> None:
        self._opened, self._end = opened, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._opened.settimeout(left(self._end))
        return self._opened.recv_into(buffer)


class Opened:
    """A connection as HTTPConnection uses it. Who opened it closes it."""

    def __init__(self, opened: socket.socket, end: float) -> None:
        self._opened, self._end = opened, end

    def sendall(self, data: bytes) -> None:
        self._opened.settimeout(left(self._end))
        self._opened.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(Limited(self._opened, self._end))

    def close(self) -> None:
        pass


def left(end: float) -> float:
    """The seconds until then; TimeoutError if it was."""
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("timed out")
    return seconds


def ask(target: dict[str, Any], timeout: float, tls: bool) -> str:
    """One request over a new connection: the page's first line. Raises OSError, HTTPException or ValueError."""
    end = time.monotonic() + timeout
    name = (target["host"] or "").encode("idna").decode() if tls else ""
    plain = socket.create_connection((target["address"], target["port"]), timeout)
    with plain:
        if not tls:
            return _page(target, plain, end)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain.settimeout(left(end))
        with context.wrap_socket(plain, server_hostname=name or None) as wrapped:
            return _page(target, wrapped, end)


def _page(target: dict[str, Any], opened: socket.socket, end: float) -> str:
    connection = HTTPConnection(target["address"], target["port"])
    used: Any = Opened(opened, end)
    connection.sock = used
    try:
        headers = {"Host": target["host"]} if target["host"] else {}
        connection.request("GET", target["path"], headers=headers)
        answer = connection.getresponse()
        line = answer.read(FIRST_LINE_BYTES).decode("utf-8", "replace").split("\n", 1)[0].strip()
        if answer.status >= 400:
            raise Refused(answer.status)
        return line
    finally:
        connection.close()


def is_foreign(error: Exception) -> bool:
    """Whether a server that doesn't speak plain HTTP may answer like that. Web servers with TLS say status 400."""
    if isinstance(error, Refused):
        return error.status == 400
    return isinstance(error, (BadStatusLine, ConnectionResetError))


def find_out(target: dict[str, Any], timeout: float) -> tuple[str, str]:
    """A target's first request: who answered, and what it speaks."""
    try:
        return ask(target, timeout, False), HTTP
    except (OSError, HTTPException) as error:
        if not is_foreign(error):
            raise
        try:
            return ask(target, timeout, True), TLS
        except (Refused, ValueError):
            raise  # a name that TLS can't ask for is no answer of the server's
        except (OSError, HTTPException):
            if isinstance(error, BadStatusLine) and not isinstance(error, RemoteDisconnected):
                return NOT_HTTP, OTHER
        raise


def ask_again(target: dict[str, Any], timeout: float, speaks: str) -> str:
    """A request to a target that is known."""
    try:
        return ask(target, timeout, speaks == TLS)
    except BadStatusLine as error:
        if speaks == OTHER and not isinstance(error, RemoteDisconnected):
            return NOT_HTTP
        raise


def probe(target: dict[str, Any], requests: int, timeout: float) -> dict[str, Any]:
    """All requests to one target, one after the other."""
    by: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    speaks = ""
    for _number in range(requests):
        try:
            if speaks:
                who = ask_again(target, timeout, speaks)
            else:
                who, speaks = find_out(target, timeout)
            by[who] += 1
        except (OSError, HTTPException, ValueError) as error:
            failures[getattr(error, "strerror", None) or str(error) or type(error).__name__] += 1
    return {"name": target["name"], "answered": sum(by.values()), "by": dict(by), "failures": dict(failures)}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "targets": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "address": {"type": "str", "required": True},
                    "port": {"type": "int", "required": True},
                    "path": {"type": "str", "default": "/"},
                    "host": {"type": "str"},
                },
            },
            "requests": {"type": "int", "default": 1},
            "timeout": {"type": "float", "default": 5.0},
        },
        supports_check_mode=True,
    )
    if module.params["requests"] < 1 or module.params["timeout"] <= 0:
        module.fail_json(msg="requests and timeout must be above 0")
    results = [probe(t, module.params["requests"], module.params["timeout"]) for t in module.params["targets"]]
    module.exit_json(changed=False, results=results)


if __name__ == "__main__":
    main()
