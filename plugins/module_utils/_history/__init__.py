# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last configurations of a director: kept when they are replaced, listed, read, pruned.

Not for the programs that are installed on hosts: what they run from must not depend on what is kept here.
"""
