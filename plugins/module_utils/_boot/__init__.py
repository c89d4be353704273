# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a part of the host as it should be over reboots: files of ours, a program of ours, a systemd service.

A part (the way back of a NAT real server, virtual addresses, firewall chains, a director's table) is a configuration in
JSON, a program made of the very modules that the task runs, and a service that starts it. Without ansible.module_utils,
because on the host these modules run alone.
"""
