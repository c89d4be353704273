"""make docs: the documentation site in build/docs/html, from docs/, the roles' READMEs and the code.

    python -m tools.docs             build the site; whatever Sphinx warns of is an error
    python -m tools.docs --pictures  draw docs/pictures anew, after a change of an inventory, a flowchart or what draws

A copy of the pages is prepared in build/docs/source, where links lead to pages of the site (docs_pages.py). Nothing of
the result is fetched from another host, and none is asked for the build; new flowcharts need npm (docs_fences.py).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from tools import docs_fences, docs_pages, docs_pictures, docs_reference
from tools.docs_pages import DocsError
from tools.sanity import tracked_files

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "docs"
EXAMPLES = "Complete inventories that run in the lab as they stand."
ROLES = "What each does to a host, and its variables. Playbooks call them; each can be called alone."


class Site:
    """The pages of a working tree as a source for Sphinx."""

    def __init__(self, root: Path, source: Path) -> None:
        self._root = root
        self._source = source
        self._files = frozenset(path for path in tracked_files(root) if (root / path).is_file())

    def _read(self, path: str) -> str:
        return (self._root / path).read_text()

    def _write(self, page: str, text: str) -> None:
        target = self._source / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def sources(self) -> list[str]:
        """The Markdown files that become pages."""
        return sorted(path for path in self._files if docs_pages.is_page(path))

    def flowcharts(self) -> dict[str, str]:
        """The flowcharts of all pages, by the file name of their picture."""
        return {
            PurePosixPath(docs_pages.fence_picture(source, chart)).name: chart
            for source in self.sources()
            for chart in docs_pages.mermaid(self._read(source))
        }

    def prepare(self) -> None:
        """Write everything but the reference."""
        texts = {}
        shown: set[str] = set()
        for source in self.sources():
            text = docs_pages.with_pictures(self._read(source), source, self._files)
            meant = (docs_pages.resolve(target, source, self._files) for target in docs_pages.links(text))
            shown.update(path for path, _heading in filter(None, meant))
            page = docs_pages.place(source, self._files)
            texts[page] = docs_pages.with_title(docs_pages.rewrite(text, source, self._files), page)
        for page, text in texts.items():
            folder = str(PurePosixPath(page).parent)
            if page == "index.md":
                text = docs_pages.with_navigation(text)
            elif PurePosixPath(page).name == "index.md":
                text = docs_pages.with_folder(text, folder, texts)
            self._write(page, text)
        self._show_files(shown)
        self._show_inventories()
        roles = [PurePosixPath(page).name for page in texts if page.startswith("roles/")]
        self._write("roles/index.md", docs_pages.index_page("Roles", ROLES, roles))
        for path in self._files:
            if path.startswith("docs/pictures/"):
                target = self._source / path.removeprefix("docs/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self._root / path, target)

    def _show_files(self, paths: set[str]) -> None:
        """What pages link to that is no page: files of the repository and lists of its folders."""
        for path in paths:
            page = docs_pages.place(path, self._files)
            if page.startswith("files/") and path in self._files:
                self._write(page, docs_pages.file_page(path, self._read(path)))
            elif page.startswith("files/"):
                self._write(page, docs_pages.folder_page(path, self._files))

    def _show_inventories(self) -> None:
        names = sorted({path.split("/")[1] for path in self._files if path.startswith("inventories/")})
        for name in names:
            self._write(f"inventories/{name}.md", docs_pages.inventory_page(name, self._files, self._read))
        pages = [f"{name}.md" for name in names]
        self._write("inventories/index.md", docs_pages.index_page("Example inventories", EXAMPLES, pages))


def build(root: Path, to: Path) -> int:
    """Build the site; Sphinx's exit status."""
    shutil.rmtree(to, ignore_errors=True)
    source = to / "source"
    Site(root, source).prepare()
    docs_reference.generate(source / "reference", root / ".venv" / "collections")
    strict = ["--fail-on-warning", "--keep-going", "--nitpicky", "--quiet"]
    places = ["--conf-dir", str(root / "docs"), "--doctree-dir", str(to / "doctrees"), str(source), str(to / "html")]
    command = [sys.executable, "-m", "sphinx", "--builder", "html", *strict, *places]
    return subprocess.run(command, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}).returncode


def draw(root: Path) -> None:
    """Bring docs/pictures to what the inventories and flowcharts are now."""
    docs_pictures.write(root / "docs" / "pictures")
    docs_fences.draw(Site(root, BUILD).flowcharts(), root / docs_pages.FENCES)


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; 0 if the site is there."""
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description="Build the documentation site.")
    parser.add_argument("--pictures", action="store_true", help="draw docs/pictures anew instead")
    asked = parser.parse_args(arguments)
    try:
        if asked.pictures:
            draw(ROOT)
            return 0
        status = build(ROOT, BUILD)
    except (DocsError, ValueError, subprocess.CalledProcessError) as error:
        print(f"docs: {error}", file=sys.stderr)
        return 1
    if status == 0:
        print(f"docs: {BUILD / 'html' / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
