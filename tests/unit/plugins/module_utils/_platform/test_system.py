"""What os-release says of a host, by the ID and ID_LIKE that distributions ship."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._platform.system import System, family_of, here, read, too_old

OLDEST = {"Debian": "12", "Ubuntu": "22.04", "AlmaLinux": "9"}


@pytest.mark.parametrize(
    ("names", "family"),
    [
        ("debian", "Debian"),
        ("ubuntu debian", "Debian"),
        ("linuxmint ubuntu debian", "Debian"),
        ("rhel fedora", "RedHat"),
        ("rocky rhel centos fedora", "RedHat"),
        ("ol fedora", "RedHat"),
        ("centos rhel fedora", "RedHat"),
        ("opensuse-leap suse opensuse", ""),
        ("arch", ""),
    ],
)
def test_families(names: str, family: str) -> None:
    assert family_of(names.split()) == family


@pytest.mark.parametrize(
    ("name", "version", "older_than"),
    [
        ("debian", "11.9", "12"),
        ("debian", "12", None),
        ("debian", "12.11", None),
        ("debian", "", None),
        ("debian", "n/a", None),
        ("ubuntu", "20.04", "22.04"),
        ("ubuntu", "22.04", None),
        ("almalinux", "8.10", "9"),
        ("almalinux", "10.0", None),
        ("raspbian", "9", None),
    ],
)
def test_releases(name: str, version: str, older_than: str | None) -> None:
    assert too_old(System(name, version, ""), OLDEST) == older_than


@pytest.mark.parametrize(
    ("text", "system"),
    [
        (
            'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n',
            ("rocky", "9.4", "RedHat"),
        ),
        ("VERSION_ID='22.04'\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=jammy\n", ("ubuntu", "22.04", "Debian")),
        ("ID=debian\nVERSION_CODENAME=forky\n", ("debian", "", "Debian")),
        ("", ("linux", "", "")),
    ],
)
def test_os_release(text: str, system: tuple[str, str, str]) -> None:
    assert read(text) == System(*system)


def test_this_machine_is_known() -> None:
    assert here().family in ("Debian", "RedHat")
