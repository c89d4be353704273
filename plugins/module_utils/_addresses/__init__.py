# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual addresses of a director or a real server, without VRRP: put in place, announced, kept, and taken away again.

Without ansible.module_utils where the service's program needs it, because on the host these modules run alone.
"""
