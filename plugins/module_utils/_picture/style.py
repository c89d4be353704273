# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The colours of the SVG, light and dark. Every rule is for the picture alone, which may stand in somebody's page."""

from __future__ import annotations

import re

__all__ = ["STYLE"]

_SHARED = """
.lvs-picture { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  max-width: 100%; height: auto }
.head { font-size: 15px; font-weight: bold }
.title, .name { font-size: 13px; font-weight: bold }
.text { font-size: 12px }
.muted { font-size: 11.5px }
.mono { font-size: 12px }
.chip { font-size: 11px }
.pill { font-size: 11px; font-weight: bold }
.mono, text.chip { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
.line { fill: none; stroke-width: 1.5 }
.line.many { stroke-width: 1; stroke-opacity: 0.5 }
.line.dr { stroke-dasharray: 7 4 }
.line.tun { stroke-dasharray: 2 3.5 }
.card, .chip, .panel { stroke-width: 1 }
.ground, .stripe, rect.pill { stroke: none }
"""

_LIGHT = """
.ground { fill: #ffffff }
.panel { fill: #f6f8fa; stroke: #d0d7de }
.card { fill: #ffffff; stroke: #c5cdd5 }
text { fill: #1f2328 }
text.muted, text.title { fill: #57606a }
.line { stroke: #7a8591 }
.tip { fill: #7a8591 }
.line.ask { stroke: #bc6a00 }
.stripe.clients { fill: #57606a }
.stripe.vip { fill: #d07a00 }
.stripe.director { fill: #0969da }
.stripe.service { fill: #8250df }
.stripe.server { fill: #1a7f37 }
rect.chip { fill: #ffffff; stroke: #c5cdd5 }
rect.chip.vip { fill: #fff4e0; stroke: #e0a458 }
rect.pill { fill: #dfe4ea }
rect.pill.good { fill: #d3f2da }
rect.pill.warn { fill: #fdedc4 }
rect.pill.bad { fill: #ffdbd7 }
text.pill { fill: #32383f }
text.pill.good { fill: #0f5323 }
text.pill.warn { fill: #693e00 }
text.pill.bad { fill: #8c1119 }
"""

_DARK = """
.ground { fill: #0d1117 }
.panel { fill: #151b23; stroke: #30363d }
.card { fill: #1d242d; stroke: #414a55 }
text { fill: #e6edf3 }
text.muted, text.title { fill: #9aa5b1 }
.line { stroke: #76818d }
.tip { fill: #76818d }
.line.ask { stroke: #d9923b }
.stripe.clients { fill: #8b949e }
.stripe.vip { fill: #e3963e }
.stripe.director { fill: #4493f8 }
.stripe.service { fill: #a882f5 }
.stripe.server { fill: #3fb950 }
rect.chip { fill: #1d242d; stroke: #414a55 }
rect.chip.vip { fill: #3a2a12; stroke: #8f6426 }
rect.pill { fill: #343d47 }
rect.pill.good { fill: #12381f }
rect.pill.warn { fill: #3f2f0a }
rect.pill.bad { fill: #4a1a1c }
text.pill { fill: #e6edf3 }
text.pill.good { fill: #7ee093 }
text.pill.warn { fill: #f0c452 }
text.pill.bad { fill: #ffa198 }
"""


def _within(rules: str) -> str:
    """Each selector below the picture's own class."""
    return re.sub(r"(?m)(?:^|(?<=, ))(?=[a-z.][^{}:]*\{)(?!\.lvs-picture)", ".lvs-picture ", rules)


STYLE = f"{_within(_SHARED)}{_within(_LIGHT)}@media (prefers-color-scheme: dark) {{{_within(_DARK)}}}\n"
