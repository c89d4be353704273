# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IPVS over generic netlink, with the standard library alone: reading the table, and operations in batches.

One `Ipvs` is one socket in one network namespace. It tells what the kernel says of each operation and judges nothing.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import socket
import struct
import sys
from typing import Any, Iterable, Iterator, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import netlink, wire
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    SyncDaemon,
    Table,
    Timeouts,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import ADD, DELETE, Operation

__all__ = ["Batch", "DestinationDetails", "Ipvs", "ServiceDetails"]

_AF_NETLINK, _GENERIC = 16, 16
_SOL_NETLINK, _CAP_ACK = 270, 10
_CONTROLLER, _GET_FAMILY, _FAMILY_ID, _FAMILY_NAME = 16, 3, 1, 2
_RECEIVE_BYTES = 16 * 1024
"""More than any answer (NLMSG_GOODSIZE, 8 KiB at most); the kernel allocates as much for each part of a dump."""
_BATCH = 128
"""Messages sent together. All may be refused, and each refusal takes up to 1 KiB of a receive buffer of 200 KiB."""
_ANSWER_SECONDS = 120

_ORDER: Any = sys.byteorder
_VERBS = {ADD: "new", "edit": "set", DELETE: "del"}


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Many small values are made, none of them garbage, and the collector would look through all of them each time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Batch(NamedTuple):
    """Operations that were sent together, and the errno of each that the kernel refused, by its place in the batch."""

    operations: list[Operation]
    refused: dict[int, int]


class DestinationDetails(NamedTuple):
    """A destination with its figures."""

    values: Destination
    connections: wire.Connections
    statistics: wire.Statistics


class ServiceDetails(NamedTuple):
    """A virtual service with its figures."""

    settings: Settings
    statistics: wire.Statistics
    destinations: dict[DestinationKey, DestinationDetails]


class Ipvs:
    """A connection to the kernel's IPVS. Making it loads the module ip_vs where it isn't loaded."""

    def __init__(self) -> None:
        self._socket = socket.socket(_AF_NETLINK, socket.SOCK_RAW, _GENERIC)
        # Not settimeout(), which would cost a poll(2) for every message.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", _ANSWER_SECONDS, 0))
        with contextlib.suppress(
            OSError
        ):  # before Linux 4.3 errors come with a copy of the request, which does no harm
            self._socket.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
        self._buffer = bytearray(_RECEIVE_BYTES)
        self._view = memoryview(self._buffer)
        self._sequence = 0
        try:
            self._family = self._resolve()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Ipvs:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # -- the table

    def table(self) -> Table:
        """All virtual services with their destinations.

        The kernel gives them one message after the other and doesn't say when another process changes the table
        meanwhile: an entry may then be missing, and one that comes twice counts once.
        """
        with _no_collection():
            found = [wire.decode_service(payload)[:2] for payload in self._dump("get_service")]
            return {key: Entry(settings, self._destinations(key)) for key, settings in found}

    def entry(self, key: ServiceKey) -> Entry | None:
        """One virtual service with its destinations; None if it isn't there."""
        try:
            (payload,) = self._request("get_service", wire.encode_service_key(key))
        except OSError as error:
            if error.errno == errno.ESRCH:
                return None
            raise
        return Entry(wire.decode_service(payload)[1], self._destinations(key))

    def details(self) -> dict[ServiceKey, ServiceDetails]:
        """The table with connections and statistics."""
        found = {}
        services = [wire.decode_service(payload) for payload in self._dump("get_service")]
        for key, settings, raw in services:
            destinations = {}
            for payload in self._dump("get_dest", wire.encode_service_key(key)):
                name, values, more = wire.decode_destination(payload, key.family)
                figures = (wire.decode_connections(more), wire.decode_statistics(more))
                destinations[name] = DestinationDetails(values, *figures)
            found[key] = ServiceDetails(settings, wire.decode_statistics(raw), destinations)
        return found

    def connections(self, key: ServiceKey) -> dict[DestinationKey, wire.Connections]:
        """The connections of a virtual service's destinations."""
        answers = self._dump("get_dest", wire.encode_service_key(key))
        decoded = (wire.decode_destination(payload, key.family) for payload in answers)
        return {name: wire.decode_connections(raw) for name, _values, raw in decoded}

    def _destinations(self, key: ServiceKey) -> dict[DestinationKey, Destination]:
        answers = self._dump("get_dest", wire.encode_service_key(key))
        usual, other = wire.decode_usual_destination, wire.decode_destination
        return dict(usual(payload) or other(payload, key.family)[:2] for payload in answers)

    def apply(self, operations: Iterable[Operation]) -> Iterator[Batch]:
        """Send operations in batches; after each the caller sees what was refused, and may stop by not going on.

        Only the last message of a batch asks for an acknowledgement: the kernel works through the batch before the
        send returns, and tells of each refused message by its sequence number, asked or not.
        """
        batch: list[Operation] = []
        messages: list[bytes] = []
        for operation in operations:
            command, payload = self._encode(operation)
            messages.append(self._frame(command, payload))
            batch.append(operation)
            if len(batch) == _BATCH:
                yield self._send(batch, messages)
                batch, messages = [], []
        if batch:
            yield self._send(batch, messages)

    def _encode(self, operation: Operation) -> tuple[str, bytes]:
        verb = _VERBS[operation.verb]
        if operation.destination is None:
            if operation.settings is None:
                return f"{verb}_service", wire.encode_service_key(operation.service)
            return f"{verb}_service", wire.encode_service(operation.service, operation.settings)
        values = operation.values or Destination()
        service = self._key_bytes(operation.service)
        return f"{verb}_dest", service + wire.encode_destination(operation.destination, values)

    _last: tuple[ServiceKey | None, bytes] = (None, b"")

    def _key_bytes(self, key: ServiceKey) -> bytes:
        """The service attribute; operations on the destinations of one service follow each other."""
        if self._last[0] != key:
            self._last = (key, wire.encode_service_key(key))
        return self._last[1]

    def _send(self, batch: list[Operation], messages: list[bytes]) -> Batch:
        last = self._sequence
        first = last - len(messages) + 1
        messages[-1] = messages[-1][:6] + (netlink.REQUEST | netlink.ACK).to_bytes(2, _ORDER) + messages[-1][8:]
        self._socket.send(b"".join(messages))
        refused: dict[int, int] = {}
        for frame in self._receive():
            if frame.type != netlink.ERROR or not first <= frame.sequence <= last:
                continue
            number = netlink.error_number(frame.body)
            if number:
                refused[frame.sequence - first] = number
            if frame.sequence == last:
                break
        return Batch(batch, refused)

    # -- timeouts and sync daemons

    def timeouts(self) -> Timeouts:
        (payload,) = self._request("get_config")
        return wire.decode_timeouts(payload)

    def set_timeouts(self, timeouts: Timeouts) -> None:
        """Set what is above 0. Raises OSError with the kernel's errno."""
        self._request("set_config", wire.encode_timeouts(timeouts))

    def daemons(self) -> dict[str, SyncDaemon]:
        """The running sync daemons by role."""
        found = (wire.decode_daemon(payload) for payload in self._dump("get_daemon"))
        return {daemon.role: daemon for daemon in found}

    def start_daemon(self, daemon: SyncDaemon) -> None:
        """Raises OSError with the kernel's errno."""
        self._request("new_daemon", wire.encode_daemon(daemon))

    def stop_daemon(self, daemon: SyncDaemon) -> None:
        """Raises OSError with the kernel's errno."""
        self._request("del_daemon", wire.encode_daemon(daemon))

    def info(self) -> tuple[str, int]:
        """The version of IPVS and the size of its connection hash table."""
        (payload,) = self._request("get_info")
        return wire.decode_info(payload)

    # -- messages

    def _resolve(self) -> int:
        """The number of the family "IPVS". Asking for it makes the kernel load the module."""
        name = netlink.text(_FAMILY_NAME, "IPVS")
        try:
            (payload,) = self._ask(_CONTROLLER, netlink.ACK, _GET_FAMILY, name)
        except OSError as error:
            if error.errno == errno.ENOENT:
                raise IpvsError(
                    "the kernel has no IPVS: the module ip_vs is not loaded and could not be; see what modprobe ip_vs "
                    f"says (kernel {os.uname().release})"
                ) from error
            raise
        found = netlink.attributes(payload).get(_FAMILY_ID, b"")
        if len(found) != 2:
            raise netlink.WireError("the kernel's answer holds no number for the netlink family IPVS")
        return int.from_bytes(found, _ORDER)

    def _frame(self, command: str, payload: bytes) -> bytes:
        self._sequence += 1
        return netlink.frame(self._family, netlink.REQUEST, self._sequence, wire.COMMANDS[command], payload)

    def _request(self, command: str, payload: bytes = b"") -> list[bytes]:
        return self._ask(self._family, netlink.ACK, wire.COMMANDS[command], payload)

    def _dump(self, command: str, payload: bytes = b"") -> list[bytes]:
        return self._ask(self._family, netlink.DUMP, wire.COMMANDS[command], payload)

    def _ask(self, family: int, flags: int, command: int, payload: bytes) -> list[bytes]:
        """One request: the attributes of each answer. Raises OSError with the kernel's errno."""
        self._sequence += 1
        sequence = self._sequence
        self._socket.send(netlink.frame(family, netlink.REQUEST | flags, sequence, command, payload))
        answers: list[bytes] = []
        for frame in self._receive():
            if frame.sequence != sequence:
                continue
            if frame.type in (netlink.ERROR, netlink.DONE):
                # The end of a dump carries the errno that it ended with.
                number = netlink.error_number(frame.body)
                if number:
                    raise OSError(number, os.strerror(number))
                break
            answers.append(netlink.generic_payload(frame.body))
        return answers

    def _receive(self) -> Iterator[netlink.Frame]:
        """Messages, for as long as the caller takes them."""
        while True:
            try:
                size = self._socket.recv_into(self._buffer)
            except BlockingIOError:
                raise IpvsError(f"the kernel did not answer within {_ANSWER_SECONDS} s") from None
            yield from netlink.frames(self._view[:size])
