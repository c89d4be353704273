# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a cluster that was set up by hand to the inventory's variables that describe it.

``host`` reads a running host, changes nothing on it, and gives plain data. ``adoption`` turns the data of all hosts
into variables, without I/O, and plans them to see that they describe what runs.
"""
