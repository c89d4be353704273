# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of modules, apart from the modules: ``ARGUMENTS`` and ``run(module)``, one file for each.

Starting Python on a host costs more than most of this work, so host_compare does
the work of several in one process.
"""
