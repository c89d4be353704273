# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests of real answers: a server on 127.0.0.1 that sends the bytes that it was told to."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.lvs.cluster.plugins.lookup import page_digest

NAME = "lvs.cluster.page_digest"
BODY = b"<p>all is well</p>\n\xff\0"


AGENT = "User-Agent: KeepAliveClient\r\n"


def md5(text: bytes) -> str:
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def answer(body: bytes = BODY, status: str = "200 OK", *headers: str) -> bytes:
    return "".join(f"{line}\r\n" for line in (f"HTTP/1.0 {status}", *headers, "")).encode() + body


class Server:
    """Sends ``answer`` to each request and closes; ``requests`` are those that came."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.answer, self.requests, self.hold = answer(), list[str](), threading.Event()
        self.hold.set()
        self.context = context
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def serve(self) -> None:
        while True:
            try:
                peer, _address = self.socket.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(peer, server_side=True) if self.context else peer as stream:
                    self.requests.append(stream.recv(65536).decode())
                    stream.sendall(self.answer)
                    self.hold.wait(20)
            except OSError:
                peer.close()

    def close(self) -> None:
        self.hold.set()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(10)


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


def look(*terms: str, variables: dict[str, Any] | None = None, **options: Any) -> list[str]:
    loader = DataLoader()
    plugin = page_digest.LookupModule(loader=loader, templar=Templar(loader))
    # What Ansible's loader of plugins does.
    plugin._load_name = NAME
    C.config.initialize_plugin_configuration_definitions(
        "lookup", NAME, yaml.safe_load(page_digest.DOCUMENTATION)["options"]
    )
    found: list[str] = plugin.run(list(terms), variables=variables or {}, **options)
    return found


def test_the_digest_of_the_body(server: Server) -> None:
    assert look(f"{server.url}/health") == [md5(BODY)]
    assert server.requests == [
        f"GET /health HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"
    ]


def test_several_terms_in_their_order(server: Server, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(b"page")
    assert look(server.url, str(tmp_path / "page.html")) == [md5(BODY), md5(b"page")]


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (answer(b""), b""),
        (answer(BODY, "200 OK", f"Content-Length: {len(BODY)}"), BODY),
        (answer(BODY, "204 None", "Content-Length: 5"), BODY[:5]),
        # keepalived knows this header in one spelling only.
        (answer(BODY, "200 OK", "content-length: 5"), BODY),
        (answer(BODY, "200 OK", "Content-Length: 5 bytes"), BODY),
        (answer(b"3\r\nabc\r\n0\r\n\r\n", "200 OK", "Transfer-Encoding: chunked"), b"3\r\nabc\r\n0\r\n\r\n"),
        (answer(b"\x1f\x8b\x08", "200 OK", "Content-Encoding: gzip"), b"\x1f\x8b\x08"),
        (answer(b"a\r\n\r\nb"), b"a\r\n\r\nb"),
        (answer(BODY * 20_000), BODY * 20_000),
    ],
)
def test_which_bytes_count(server: Server, sent: bytes, body: bytes) -> None:
    server.answer = sent
    assert look(server.url) == [md5(body)]


@pytest.mark.parametrize(
    ("options", "request_of"),
    [
        ({"headers": {"Host": "www.example.org"}}, f"GET / HTTP/1.0\r\n{AGENT}Host: www.example.org\r\n\r\n"),
        ({"headers": {"host": "w:8080", "X-A": 1}}, f"GET / HTTP/1.0\r\n{AGENT}Host: w:8080\r\nX-A: 1\r\n\r\n"),
        ({"http_protocol": "1.1", "headers": {"Host": "w"}},
         f"GET / HTTP/1.1\r\n{AGENT}Connection: close\r\nHost: w\r\n\r\n"),
        ({"http_protocol": "1.0C", "headers": {"Host": "w"}},
         f"GET / HTTP/1.0\r\n{AGENT}Connection: close\r\nHost: w\r\n\r\n"),
    ],
)  # fmt: skip
def test_the_request_is_keepalived_s(server: Server, options: dict[str, Any], request_of: str) -> None:
    look(server.url, **options)
    assert server.requests == [request_of]


def test_a_query_is_sent_and_a_fragment_is_not(server: Server) -> None:
    look(f"{server.url}/a?b=c#d")
    assert server.requests[0].startswith("GET /a?b=c HTTP/1.0\r\n")


def test_python_s_own_server() -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as http:
        thread = threading.Thread(target=http.handle_request)
        thread.start()
        assert look(f"http://127.0.0.1:{http.server_port}/", http_protocol="1.1") == [md5(BODY)]
        thread.join(10)


# -- errors


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (answer(b"", "404 Not Found"), "answers with status 404, which is no page to check"),
        (answer(b"", "301 Moved", "Location: https://x/"), "answers with status 301 and sends to https://x/, which is"),
        (answer(BODY, "200 OK", "Content-Length: 99"), f"the answer ends after {len(BODY)} of 99 bytes"),
        (b"", "what answered does not speak HTTP, or sent nothing"),
        (b"SSH-2.0-OpenSSH\r\n", "what answered does not speak HTTP, or sent nothing"),
        (b"HTTP/1.0 200 OK\r\nA: b\r\n", "what answered does not speak HTTP, or sent nothing"),
    ],
)
def test_answers_that_are_no_page(server: Server, sent: bytes, says: str) -> None:
    server.answer = sent
    with pytest.raises(AnsibleError) as caught:
        look(server.url)
    assert str(caught.value).startswith(f"page_digest: {server.url}: ")
    assert says in str(caught.value)


def test_a_server_that_does_not_come_to_an_end(server: Server) -> None:
    server.hold.clear()
    with pytest.raises(AnsibleError, match=r"no whole answer within 0\.2 seconds"):
        look(server.url, timeout=0.2)


def test_nobody_listens(server: Server) -> None:
    port = server.port
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(AnsibleError, match=rf"page_digest: http://127\.0\.0\.1:{port}/: Connection refused"):
        look(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://a/b", "a URL is http://HOST/PATH"),
        ("http:///b", "a URL is http://HOST/PATH"),
        ("http://a:b@127.0.0.1/", "keepalived sends no user and password"),
        ("http://127.0.0.1:x/", "page_digest: http://127.0.0.1:x/: "),
    ],
)
def test_urls_that_are_none(url: str, says: str) -> None:
    with pytest.raises(AnsibleError) as caught:
        look(url)
    assert says in str(caught.value)


def test_a_header_of_two_lines(server: Server) -> None:
    with pytest.raises(AnsibleError, match="a line break in a header"):
        look(server.url, headers={"Host": "a\r\nX: y"})
    assert server.requests == []


def test_an_option_that_is_none(server: Server) -> None:
    with pytest.raises(AnsibleError, match="http_protocol"):
        look(server.url, http_protocol="2")


# -- files


def test_files(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "page.html").write_bytes(BODY)
    assert look("page.html", variables={"ansible_search_path": [str(tmp_path)]}) == [md5(BODY)]
    with pytest.raises(AnsibleError, match=r"page_digest: there is no file none\.html; a URL begins with http://"):
        look("none.html", variables={"ansible_search_path": [str(tmp_path)]})


# -- TLS


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[Server]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "page")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName("www.example.org"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + datetime.timedelta(days=1))
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    one = Server(context)
    yield one
    one.close()


def test_a_certificate_is_looked_at_unless_told_not_to(tls: Server) -> None:
    with pytest.raises(AnsibleError, match=r"its certificate is not valid: .*; with validate_certs=false it is not"):
        look(tls.url)
    assert look(tls.url, validate_certs=False) == [md5(BODY)]


def test_the_virtual_host_is_the_name_that_tls_asks_for(
    tls: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []
    assert tls.context is not None
    tls.context.sni_callback = lambda _socket, name, _context: asked.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    assert look(tls.url) == [md5(BODY)]
    assert look(tls.url, headers={"Host": "www.example.org:8443"}) == [md5(BODY)]
    with pytest.raises(AnsibleError, match="its certificate is not valid"):
        look(tls.url, headers={"Host": "other.example.org"})
    assert asked == [None, "www.example.org", "other.example.org"]
