"""lab/images.py: an image's key changes with whatever goes into it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lab import images, kernels
from lab.errors import LabError


@pytest.fixture(autouse=True)
def guest_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of lab/guest, to be changed."""
    folder = tmp_path / "guest"
    shutil.copytree(images.GUEST_FILES, folder)
    monkeypatch.setattr(images, "GUEST_FILES", folder)
    return folder


def key() -> str:
    return images.recipe("bookworm", "bare", "6.1.0")


def test_key_is_the_same_for_the_same() -> None:
    assert key() == key()


@pytest.mark.parametrize(
    "parts", [("trixie", "bare", "6.1.0"), ("bookworm", "full", "6.1.0"), ("bookworm", "bare", "6.2")]
)
def test_key_changes_with_release_kind_and_kernel(parts: tuple[str, str, str]) -> None:
    assert images.recipe(*parts) != key()


@pytest.mark.parametrize("name", ["BASE_PACKAGES", "OFFERED_PACKAGES", "MASKED_UNITS"])
def test_key_changes_with_each_list(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    monkeypatch.setattr(images, name, (*getattr(images, name), "another"))
    assert key() != before


def test_the_releases_differ_in_the_defaults_of_sysctls(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(images.base_packages("trixie")) - set(images.base_packages("bookworm")) == {"linux-sysctl-defaults"}
    before = images.recipe("trixie", "bare", "6.12.0"), key()
    monkeypatch.setattr(images, "SYSCTL_PACKAGES", {})
    assert images.recipe("trixie", "bare", "6.12.0") != before[0]
    assert key() == before[1]


def test_key_tells_the_lists_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    monkeypatch.setattr(images, "BASE_PACKAGES", (*images.BASE_PACKAGES, images.OFFERED_PACKAGES[0]))
    monkeypatch.setattr(images, "OFFERED_PACKAGES", images.OFFERED_PACKAGES[1:])
    assert key() != before


@pytest.mark.parametrize(("name", "value"), [("GATEWAY", "198.18.0.2"), ("REPOSITORY_PORT", 8001)])
def test_key_changes_with_where_packages_come_from(
    name: str, value: str | int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key()
    monkeypatch.setattr(images, name, value)
    assert key() != before


@pytest.mark.parametrize("name", sorted(path.name for path in images.GUEST_FILES.iterdir()))
def test_key_changes_with_each_file_of_the_guest(name: str, guest_files: Path) -> None:
    before = key()
    with (guest_files / name).open("a") as file:
        file.write("#\n")
    assert key() != before


def test_key_changes_with_the_builder_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    copy = tmp_path / "images.py"
    copy.write_text(Path(images.__file__).read_text() + "#\n")
    monkeypatch.setattr(images, "__file__", str(copy))
    assert key() != before


def test_unknown_kind_is_said_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "get", lambda *_: pytest.fail("fetched a kernel"))
    with pytest.raises(LabError, match=r"^no image kind 'ful'; use bare or full$"):
        images.get("bookworm", "ful", tmp_path, print)
