"""When a service is restarted, and what is said where there is no systemd."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError


def test_no_systemd_is_said() -> None:
    with pytest.raises(BootError, match="this host needs systemd"):
        systemd.is_enabled(lambda argv: (127, "", "systemctl is not installed"), "x.service", "the table")


@pytest.mark.parametrize(
    ("unit", "program", "expected"),
    [
        (True, True, ["daemon-reload", "enable", "restart"]),
        (False, True, ["enable", "restart"]),
        (False, False, ["enable", "start"]),
    ],
)
def test_the_service_is_restarted_only_for_a_new_program(unit: bool, program: bool, expected: list[str]) -> None:
    asked: list[str] = []

    def asking(argv: Sequence[str]) -> tuple[int, str, str]:
        asked.append(argv[1])
        return 0, "", ""

    systemd.start(asking, "x.service", unit_changed=unit, program_changed=program)
    assert asked == expected
