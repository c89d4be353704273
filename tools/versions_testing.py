"""What the tests need of ansible.module_utils.testing, for an ansible-core that has no such module (2.17).

tools/versions.py puts it there, into an environment that is for tests alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from ansible.module_utils import basic


@contextmanager
def patch_module_args(args: dict[str, Any] | None = None) -> Iterator[None]:
    """Give these arguments to modules that are started in this context."""
    words = json.dumps({"ANSIBLE_MODULE_ARGS": args or {}}).encode()
    # A newer ansible-core wants to know how they are encoded, too.
    profile = mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True)
    with mock.patch.object(basic, "_ANSIBLE_ARGS", words), profile:
        yield
