# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a director or a cluster node for node_exporter's textfile collector, written by a program of ours.

Without ansible.module_utils, because on the host these modules run alone.
"""
