# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import alone
from ansible_collections.lvs.cluster.plugins.module_utils._history import kept


@pytest.fixture(autouse=True)
def history(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where replaced configurations are kept: no test leaves one on this machine."""
    folder = tmp_path_factory.mktemp("lvs-cluster") / "history"
    monkeypatch.setattr(kept, "FOLDER", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _locks(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where locks are: no test waits for another one, or for what runs on this machine."""
    monkeypatch.setattr(alone, "FOLDER", str(tmp_path_factory.mktemp("locks")))
