# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""keepalived's configuration as data, as text, and as files on a director.

``tree``: nested names, values and blocks. ``text``: the one serialiser. ``director``: a director's plan as a tree, made
of ``global_defs``, ``tracking``, ``vrrp``, ``virtual_servers`` and ``checks`` with ``keywords`` and ``actions``.
``verdict``: what ``keepalived -t`` said. ``secret``: masking. ``weights``: the files that drain a real server.
``conf``, ``owner``: what a keepalived that runs on the host has, whoever configured it. ``install`` and
``weight_files`` are the only ones that write files.
"""

from __future__ import annotations
