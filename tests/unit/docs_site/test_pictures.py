"""What is committed in docs/pictures is what the inventories and flowcharts are now."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import docs_fences, docs_pages, docs_pictures
from tools.docs import Site

ROOT = Path(__file__).resolve().parents[3]
PICTURES = ROOT / "docs" / "pictures"
FENCES = ROOT / docs_pages.FENCES
FLOWCHARTS = Site(ROOT, ROOT / "build").flowcharts()

SVG = '<svg width="10.123456"><path d="M1.23456,2.5L10.0,7.999"/><text>10.0.0.100 d="</text></svg>'


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures, drawn in a process of their own: one that has imported the collection doesn't find its lookups."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "gone.svg").write_text("of an inventory that isn't there any more")
    subprocess.run([sys.executable, "-m", "tools.docs_pictures", str(folder)], check=True, cwd=ROOT, timeout=120)
    return folder


def test_every_inventory_has_a_picture_and_nothing_else_has(drawn: Path) -> None:
    names = {path.name for path in drawn.iterdir()}
    assert names == {f"{path.parent.name}.svg" for path in (ROOT / "inventories").glob("*/hosts.yml")}
    assert {path.name for path in PICTURES.glob("*.svg")} == names


@pytest.mark.parametrize("name", docs_pictures.names())
def test_picture_is_that_of_the_inventory(drawn: Path, name: str) -> None:
    same = (PICTURES / f"{name}.svg").read_bytes() == (drawn / f"{name}.svg").read_bytes()
    assert same, "run: python -m tools.docs --pictures"


def test_picture_is_that_of_the_playbook(drawn: Path, tmp_path: Path) -> None:
    """For the example that has most: it looks files up, and has notices."""
    command = [
        "ansible-playbook",
        "-i",
        "inventories/director_full",
        "playbooks/check.yml",
        "-e",
        f"lvs_report_dir={tmp_path}",
    ]
    subprocess.run(command, check=True, cwd=ROOT, timeout=300, stdout=subprocess.DEVNULL)
    assert (tmp_path / "check.svg").read_text() == (drawn / "director_full.svg").read_text()


def test_every_flowchart_has_a_picture_and_nothing_else_has() -> None:
    found = {path.name for path in FENCES.iterdir()}
    assert found == set(FLOWCHARTS), "run: python -m tools.docs --pictures"


@pytest.mark.parametrize("name", FLOWCHARTS)
def test_picture_has_the_words_of_the_flowchart(name: str) -> None:
    svg = (FENCES / name).read_text()
    shown = html.unescape(re.sub(r"\s+", "", re.sub(r"<style>.*?</style>|<[^>]*>", "", svg, flags=re.DOTALL)))
    labels = [label for text in re.findall(r'"([^"]+)"', FLOWCHARTS[name]) for label in re.split(r"<br ?/?>", text)]
    assert labels != []
    assert [label for label in labels if re.sub(r"\s+", "", html.unescape(label)) not in shown] == []


def test_picture_needs_no_other_host_and_no_script() -> None:
    for path in PICTURES.rglob("*.svg"):
        text = re.sub(r'xmlns(:\w+)?="[^"]*"', "", path.read_text())
        assert re.findall(r"https?://|//[a-z]|<script|<foreignObject|@import", text) == [], path.name


def test_only_paths_lose_digits() -> None:
    shortened = '<svg width="10.123456"><path d="M1.23,2.5L10.0,7.99"/><text>10.0.0.100 d="</text></svg>'
    assert docs_fences.shortened(SVG) == shortened


def test_what_is_drawn_stays_and_what_none_has_goes(tmp_path: Path) -> None:
    (tmp_path / "kept.svg").write_text("drawn before")
    (tmp_path / "gone.svg").write_text("of a flowchart that was changed")
    docs_fences.draw({"kept.svg": "flowchart LR"}, tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"kept.svg": "drawn before"}


def test_integrity_is_written_as_npm_writes_it() -> None:
    # Of no bytes at all.
    digest = "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="
    assert docs_fences.integrity(b"") == f"sha512-{digest}"
