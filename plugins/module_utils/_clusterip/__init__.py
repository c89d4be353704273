# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster IP: an address that all nodes have at once, answered through a multicast MAC, each node serving the buckets
of clients that are its own.

Without ansible.module_utils, because on the host these modules run alone, out of a zip archive.
"""
