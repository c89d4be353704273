# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import Notes
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.process import process


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "keepalived.conf"


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    """This very process stands for keepalived."""
    own = process(os.getpid())
    return Notes(str(tmp_path / "run"), lambda: own)
