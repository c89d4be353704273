"""How properties are tested with hypothesis."""

from __future__ import annotations

from hypothesis import settings

STABLE = settings(max_examples=150, deadline=None, derandomize=True)
"""For each property: the same examples at every run, however busy the machine is."""
