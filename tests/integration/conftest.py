"""What the tests of this folder ran on is written down."""

from __future__ import annotations

from tests.support.ran import pytest_runtest_call

__all__ = ["pytest_runtest_call"]
