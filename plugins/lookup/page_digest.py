# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup `page_digest`: the MD5 of a page as keepalived computes it, without a login to a director.

keepalived (check_http.c of 2.2.7 and 2.3.3) sends HTTP/1.0 with its own User-Agent, reads until the server closes, and
takes all bytes behind the header, at most as many as Content-Length says. It undoes no chunks and no compression and
follows no redirection. A client library would do all of that, so the request is made by hand.
"""

from __future__ import annotations

DOCUMENTATION = r"""
name: page_digest
short_description: The digest of a page, for an HTTP health check of keepalived
version_added: 0.1.0
description:
  - Returns the MD5 digest of each page, to be written as C(digest) in a health check of type C(http) or C(https). It is
    what C(genhash) prints on a director.
  - A URL is asked from the control node, with the words that keepalived uses itself. A file is read there.
  - Redirections are not followed, and a status other than 200 to 299 is an error.
options:
  _terms:
    description:
      - URLs with C(http) or C(https), best with the address of one real server, or files.
      - A file is looked for as by P(ansible.builtin.file#lookup), then beside the inventory.
    type: list
    elements: str
    required: true
  headers:
    description:
      - Headers of the request. C(Host) stands for the C(virtualhost) of the health check. Without it the server is
        asked with the address and port of the URL, as by keepalived.
      - keepalived sends no others; a page that needs one can't be checked by it.
    type: dict
    default: {}
  http_protocol:
    description: The C(http_protocol) of the health check.
    type: str
    choices: ["1.0", "1.0C", "1.1"]
    default: "1.0"
  validate_certs:
    description: Whether the certificate of an C(https) page must be valid. keepalived does not look at it.
    type: bool
    default: true
  timeout:
    description: Seconds for one page.
    type: float
    default: 10
notes:
  - A page that changes with time, or a digest of a page that differs from server to server, makes a check fail.
  - keepalived reads the digest of a page that the server sends in chunks with the chunks' lengths in it, and so does
    this plugin. That happens with O(http_protocol=1.1) only.
author:
  - The lvs.cluster authors (@lvs-cluster)
seealso:
  - module: lvs.cluster.http_probe
"""

EXAMPLES = r"""
- name: Show the digest that belongs in the health check
  ansible.builtin.debug:
    msg: "{{ lookup('lvs.cluster.page_digest', 'http://192.168.0.11/health', headers={'Host': 'www.example.org'}) }}"

- name: Show the digest of a page that the servers get from here
  ansible.builtin.debug:
    msg: "{{ lookup('lvs.cluster.page_digest', 'files/health.html') }}"
"""

RETURN = r"""
_raw:
  description: The digests, 32 hexadecimal digits each, in the order of the terms.
  type: list
  elements: str
  sample: ["d41d8cd98f00b204e9800998ecf8427e"]
"""

import hashlib
import re
import socket
import ssl
import time
from typing import Any, Mapping, NamedTuple, Sequence
from urllib.parse import urlsplit

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.lvs.cluster.plugins.module_utils._control_files import find, folders_of

_AGENT = "KeepAliveClient"
_END_OF_HEADER = b"\r\n\r\n"
_STATUS = re.compile(rb"HTTP/\d\.\d (\d{3})\b")
# keepalived finds it in this spelling only, and only as a whole number.
_LENGTH = re.compile(rb"Content-Length:[ \t]*(\d+)(?=[\r\n])")
_PORTS = {"http": 80, "https": 443}


class _Settings(NamedTuple):
    headers: Mapping[str, str]
    protocol: str
    validate: bool
    timeout: float


class LookupModule(LookupBase):
    """A digest for each term."""

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        settings = _settings(self, variables, kwargs)
        bodies = (
            _page(term, settings) if "://" in term else _file(self, term, variables or {}) for term in map(str, terms)
        )
        return [hashlib.md5(body, usedforsecurity=False).hexdigest() for body in bodies]


def _settings(plugin: LookupBase, variables: Mapping[str, Any] | None, given: Mapping[str, Any]) -> _Settings:
    plugin.set_options(var_options=variables, direct=given)
    return _Settings(
        {str(name): str(value) for name, value in (plugin.get_option("headers") or {}).items()},
        plugin.get_option("http_protocol"),
        plugin.get_option("validate_certs"),
        plugin.get_option("timeout"),
    )


def _file(plugin: LookupBase, term: str, variables: Mapping[str, Any]) -> bytes:
    path = plugin.find_file_in_search_path(variables, "files", term, ignore_missing=True) or find(
        term, folders_of(variables, ())
    )
    if not path:
        raise AnsibleLookupError(f"page_digest: there is no file {term}; a URL begins with http:// or https://")
    loader: Any = plugin._loader
    try:
        real = loader.get_real_file(path)
        try:
            with open(real, "rb") as stream:
                return stream.read()
        finally:
            loader.cleanup_tmp_file(real)
    except (AnsibleError, OSError) as error:
        raise AnsibleLookupError(f"page_digest: {path} can't be read: {error}") from error


def _page(url: str, settings: _Settings) -> bytes:
    """The bytes that keepalived would take of this page."""
    try:
        answer = _answer(url, settings)
    except ssl.SSLCertVerificationError as error:
        raise AnsibleLookupError(
            f"page_digest: {url}: its certificate is not valid: {error.verify_message}; with validate_certs=false it "
            "is not looked at, as by keepalived"
        ) from error
    except TimeoutError as error:
        raise AnsibleLookupError(f"page_digest: {url}: no whole answer within {settings.timeout:g} seconds") from error
    except (OSError, ValueError) as error:
        raise AnsibleLookupError(f"page_digest: {url}: {getattr(error, 'strerror', None) or error}") from error
    header, end, body = answer.partition(_END_OF_HEADER)
    status = _STATUS.match(header)
    if not end or not status:
        raise AnsibleLookupError(f"page_digest: {url}: what answered does not speak HTTP, or sent nothing")
    if not 200 <= int(status[1]) <= 299:
        raise AnsibleLookupError(
            f"page_digest: {url}: the server answers with status {int(status[1])}{_elsewhere(header)}, which is no "
            "page to check; name one that gives 200"
        )
    length = _LENGTH.search(header + b"\r\n")
    if length is None:
        return body
    if len(body) < int(length[1]):
        raise AnsibleLookupError(f"page_digest: {url}: the answer ends after {len(body)} of {int(length[1])} bytes")
    return body[: int(length[1])]


def _elsewhere(header: bytes) -> str:
    found = re.search(rb"^location:[ \t]*([^\r\n]+)", header, re.IGNORECASE | re.MULTILINE)
    return f" and sends to {found[1].decode('utf-8', 'replace')}" if found else ""


def _answer(url: str, settings: _Settings) -> bytes:
    """All that the server sends until it closes."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("a URL is http://HOST/PATH or https://HOST/PATH")
    if parts.username is not None:
        raise ValueError("keepalived sends no user and password; leave them out of the URL")
    port = parts.port or _PORTS[parts.scheme]
    request = _request(parts.hostname, port, f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}", settings)
    deadline = time.monotonic() + settings.timeout
    with socket.create_connection((parts.hostname, port), settings.timeout) as plain:
        stream = plain
        if parts.scheme == "https":
            host = _host(settings.headers)
            name = re.sub(r":\d+\Z", "", host) if host else parts.hostname
            stream = _context(settings.validate).wrap_socket(plain, server_hostname=name)
        with stream:
            stream.sendall(request)
            received = bytearray()
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                stream.settimeout(left)
                piece = stream.recv(65536)
                if not piece:
                    return bytes(received)
                received += piece


def _request(host: str, port: int, path: str, settings: _Settings) -> bytes:
    """keepalived's request_template."""
    lines = [f"GET {path} HTTP/{settings.protocol[:3]}", f"User-Agent: {_AGENT}"]
    if settings.protocol != "1.0":
        lines.append("Connection: close")
    lines.append(f"Host: {_host(settings.headers) or f'{_bracketed(host)}:{port}'}")
    lines += [f"{name}: {value}" for name, value in settings.headers.items() if name.lower() != "host"]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a line break in a header or in the path")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def _host(headers: Mapping[str, str]) -> str | None:
    return next((value for name, value in headers.items() if name.lower() == "host"), None)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _context(validate: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not validate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
