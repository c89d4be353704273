# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster at a glance.

``host`` reads one director, on the director. ``model`` merges what the directors said with the plans into one report,
with ``problems``, what is wrong in it; ``text`` and ``page`` show the report. Those are for the control node, and pure.
"""

from __future__ import annotations
