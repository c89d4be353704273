# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of this package."""

from __future__ import annotations

__all__ = ["BootError", "LockedError"]


class BootError(Exception):
    """A fault of an option, of a file or of this host; the text says which and what to do."""


class LockedError(BootError):
    """Another process has had a lock for too long, so what needs it was not begun."""
