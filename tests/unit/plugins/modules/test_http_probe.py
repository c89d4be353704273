"""http_probe against servers that speak one thing or another, on this machine's loopback."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.lvs.cluster.plugins.modules.http_probe import ask, probe

PAGE = b"HTTP/1.0 200 OK\r\n\r\nrs1\nmore"
Talk = Callable[[socket.socket], None]


def says(answer: bytes) -> Talk:
    """A web server: it reads the request, and answers."""

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    return talk


def greets(connection: socket.socket) -> None:
    """A mail server: it speaks first, and waits."""
    connection.sendall(b"220 rs1 ESMTP\r\n")
    connection.recv(4096)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's, with a certificate that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rs1")])
    now = datetime.datetime.now(datetime.UTC)
    built = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now.replace(year=now.year + 1, day=1)
    )
    file: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(file)
    return made


@contextmanager
def server(talk: Talk, context: ssl.SSLContext | None = None) -> Iterator[tuple[dict[str, Any], list[int]]]:
    """A target, and a list that gets an entry for each connection."""
    seen: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    plain, (_address, port) = listening.accept()
                except OSError:
                    return
                seen.append(port)
                with plain:
                    try:
                        if context is None:
                            talk(plain)
                        else:
                            with context.wrap_socket(plain, server_side=True) as wrapped:
                                talk(wrapped)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield (
            {"name": "it", "address": "127.0.0.1", "port": listening.getsockname()[1], "path": "/", "host": None},
            seen,
        )
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_a_web_server_is_asked_once_for_each_request() -> None:
    with server(says(PAGE)) as (target, seen):
        assert probe(target, 3, 5.0) == {"name": "it", "answered": 3, "by": {"rs1": 3}, "failures": {}}
    assert len(seen) == 3


def test_one_with_tls_is_found_out_by_one_connection_more(context: ssl.SSLContext) -> None:
    with server(says(PAGE), context) as (target, seen):
        assert probe(target, 3, 5.0)["by"] == {"rs1": 3}
    assert len(seen) == 4


def test_the_name_is_asked_for_in_tls(context: ssl.SSLContext) -> None:
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    try:
        with server(says(PAGE), context) as (target, _seen):
            probe({**target, "host": "shop.example"}, 1, 5.0)
    finally:
        context.sni_callback = None
    assert names == ["shop.example"]


def test_no_name_is_asked_for_where_it_is_empty(context: ssl.SSLContext) -> None:
    with server(says(PAGE), context) as (target, _seen):
        assert probe({**target, "host": ""}, 1, 5.0)["by"] == {"rs1": 1}


@pytest.mark.parametrize("host", ["shop..example", f"{'a' * 64}.example"])
def test_a_name_that_tls_cant_ask_for_is_a_failure(context: ssl.SSLContext, host: str) -> None:
    with server(says(PAGE), context) as (target, _seen):
        told = probe({**target, "host": host}, 2, 5.0)
    assert (told["answered"], sum(told["failures"].values())) == (0, 2)
    assert all("label" in why for why in told["failures"])


def test_another_protocol_is_an_answer() -> None:
    with server(greets) as (target, seen):
        assert probe(target, 3, 5.0) == {"name": "it", "answered": 3, "by": {"(not HTTP)": 3}, "failures": {}}
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.0 503 Busy\r\n\r\n", "status 503"),
        (b"HTTP/1.0 400 Bad\r\n\r\n", "status 400"),
        (b"", "Remote end closed connection without response"),
    ],
)
def test_what_is_no_answer_is_told_by_its_reason(answer: bytes, why: str) -> None:
    with server(says(answer)) as (target, _seen):
        assert probe(target, 2, 5.0) == {"name": "it", "answered": 0, "by": {}, "failures": {why: 2}}


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.0 200 OK\r\n", PAGE[:19]])
def test_one_that_says_a_byte_now_and_then_is_not_waited_for(
    context: ssl.SSLContext, beginning: bytes, tls: bool
) -> None:
    def drips(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(beginning)
        for _byte in range(100):
            # The pace of a slow server; nobody waits for anything by it.
            time.sleep(0.1)
            connection.sendall(b"x")

    with server(drips, context if tls else None) as (target, seen):
        began = time.monotonic()
        with pytest.raises(TimeoutError, match="timed out"):
            ask(target, 0.5, tls)
        assert time.monotonic() - began < 3
        assert len(seen) == 1


def test_a_refusal_over_tls_is_the_server_s_own(context: ssl.SSLContext) -> None:
    with server(says(b"HTTP/1.0 503 Busy\r\n\r\n"), context) as (target, _seen):
        assert probe(target, 1, 5.0)["failures"] == {"status 503": 1}


def test_a_closed_port_is_asked_once_a_request() -> None:
    with server(says(PAGE)) as (target, _seen):
        pass
    assert probe(target, 1, 5.0)["failures"] == {"Connection refused": 1}
