"""What the tests of this folder ran on is written down."""

from __future__ import annotations

from tests.support.ran import pytest_fixture_setup

__all__ = ["pytest_fixture_setup"]
