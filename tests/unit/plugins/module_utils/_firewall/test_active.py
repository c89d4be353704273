"""Whether another firewall filters packets here."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._firewall import active
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.model import Chain

PLAIN = Chain("ipv4", "filter", "INPUT", "LVS-A", ())
PEERS = PLAIN._replace(name="LVS-PEERS", when_active=("ufw",))


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """ufw.conf of a host where ufw is installed."""
    (tmp_path / "ufw").write_text("#!/bin/sh\n")
    (tmp_path / "ufw").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(active, "UFW_CONFIG", str(tmp_path / "ufw.conf"))
    return tmp_path / "ufw.conf"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# /etc/ufw/ufw.conf\n\nENABLED=yes\nLOGLEVEL=low\n", True),
        ("ENABLED=YES", True),
        ('ENABLED="yes"  # by hand\n', True),
        ("ENABLED=yes\nENABLED=no\n", False),
        ("#ENABLED=yes\nENABLED=no\n", False),
        ("ENABLED=yesterday\n", False),
        ("NOT_ENABLED=yes\n", False),
        ("", False),
    ],
)
def test_ufw(config: Path, text: str, expected: bool) -> None:
    config.write_text(text)
    assert active.is_active("ufw") is expected
    assert active.active_chains([PLAIN, PEERS]) == ((PLAIN, PEERS) if expected else (PLAIN,))


def test_a_host_without_ufw(config: Path) -> None:
    assert not active.is_active("ufw")
    config.write_text("ENABLED=yes\n")
    (config.parent / "ufw").unlink()  # as a removed package leaves it
    assert not active.is_active("ufw")
