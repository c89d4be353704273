# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import commands


def test_a_program_reads_what_it_is_given() -> None:
    assert commands.run_command(("cat",), stdin="x\n") == (0, "x\n", "")
    assert commands.run_command(("no-such-program",)) == (127, "", "no-such-program is not installed")


def test_a_program_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "LONGEST", 0.1)
    assert commands.run_command(("sleep", "60")) == (124, "", "sleep did not end within 0.1 seconds")
    with pytest.raises(BootError, match="sleep 60 failed with status 124: sleep did not end"):
        commands.must(commands.run_command, "sleep", "60")
