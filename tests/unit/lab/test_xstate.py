"""The library that lets the lab's kernels run on processors with more registers than they know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.kernels import XSTATE

# A child stops itself; its registers are read and written with the sizes of argv, then whole.
TRACER = """
import ctypes, json, os, signal, sys
class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
pid = os.fork()
if not pid:
    libc.ptrace(0, 0, None, None)
    signal.raise_signal(signal.SIGSTOP)
    os._exit(0)
os.waitpid(pid, 0)
def call(request, size, data=b""):
    buffer = (ctypes.c_char * size).from_buffer_copy(data.ljust(size, b"\\0"))
    part = Part(ctypes.addressof(buffer), size)
    result = libc.ptrace(request, pid, 0x202, ctypes.byref(part))
    return result, part.length, buffer.raw
said = []
for size in [int(word) for word in sys.argv[1:]] + [1 << 16]:
    got, length, data = call(0x4204, size)
    put, _length, _data = call(0x4205, length, data)
    again = call(0x4204, length)[2]
    said.append({"get": got, "length": length, "set": put, "same": data[:length] == again[:length]})
os.kill(pid, signal.SIGKILL)
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("xstate") / "xstate.so"
    subprocess.run(["tcc", "-Wall", "-Werror", "-shared", "-nostdlib", "-o", made, XSTATE], check=True)
    return made


def trace(*sizes: int, preload: Path | None) -> list[dict[str, int]]:
    environment = {**os.environ, **({"LD_PRELOAD": str(preload)} if preload else {})}
    words = [sys.executable, "-c", TRACER, *map(str, sizes)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    said: list[dict[str, int]] = json.loads(done.stdout)
    return said


def test_a_part_of_the_registers_can_be_read_and_written(library: Path) -> None:
    whole = trace(preload=None)[0]["length"]
    parts = [size for size in (832, 2696) if size < whole]
    assert parts
    assert [one["set"] for one in trace(*parts, preload=None)] == [-1] * len(parts) + [0]
    said = trace(*parts, preload=library)
    assert [(one["get"], one["set"], one["same"]) for one in said] == [(0, 0, True)] * len(said)
    assert [one["length"] for one in said] == [*parts, whole]
