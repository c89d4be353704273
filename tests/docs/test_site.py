"""The documentation site that `make docs` has built, in a real browser; and sites with faults, which are noticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.walk import Server, Visitor, walk
from tools import docs_pictures

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "docs" / "html"

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<link rel="icon" href="picture.svg"><link rel="stylesheet" href="style.css"><script src="script.js"></script></head>
<body>
<h1 id="top">A page</h1><a href="other.html#part">other</a> <a href="#top">top</a> <img src="picture.svg" alt="">%s
</body></html>"""

# What is put into a page that was right, and what is then said of it.
FAULTS = {
    '<a href="gone.html">x</a>': "the link gone.html leads to no file",
    '<a href="folder/">x</a>': "the link folder/ leads to no file",
    '<a href="other.html#gone">x</a>': "the link other.html#gone leads to no heading",
    '<a href="#gone">x</a>': "the link index.html#gone leads to no heading",
    '<img src="gone.svg" alt="">': "gone.svg can't be shown",
    '<div style="height: 99999px"></div><img src="gone.svg" alt="" loading="lazy">': "gone.svg can't be shown",
    '<img src="style.css" alt="">': "style.css can't be shown",
    '<script src="gone.js"></script>': "/gone.js is asked for and isn't there",
    '<link rel="stylesheet" href="gone.css">': "/gone.css is asked for and isn't there",
    # Another host than the server's for the browser, and one that nobody has: the browser doesn't even ask.
    '<img src="http://192.0.2.1/picture.svg" alt="">': "Content Security Policy",
    '<script src="http://192.0.2.1/script.js"></script>': "Content Security Policy",
    '<style>@import "http://192.0.2.1/style.css";</style>': "Content Security Policy",
    '<script>fetch("http://192.0.2.1/")</script>': "Content Security Policy",
    "<script>nothing.there();</script>": "ReferenceError",
    '<pre><code class="language-mermaid">flowchart LR</code></pre>': "a flowchart is shown as its text",
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with Visitor(tmp_path_factory.mktemp("browser")) as one:
        yield one


def site(folder: Path, addition: str = "") -> Path:
    (folder / "index.html").write_text(PAGE % addition)
    (folder / "other.html").write_text(PAGE % '<h2 id="part">Part</h2>')
    (folder / "style.css").write_text("body { margin: 0 }")
    (folder / "script.js").write_text("document.title = 'A page that a script saw';")
    (folder / "picture.svg").write_text(PICTURE)
    return folder


def test_whole_site_has_no_fault(browser: Visitor) -> None:
    assert (BUILT / "index.html").exists(), "there is no site; run: make docs"
    seen = walk(browser, BUILT)
    assert seen.faults == []
    print(f"{seen.pages} pages, {len(seen.pictures)} pictures")
    shown = {Path(source).name for source in seen.pictures}
    assert {f"{name}.svg" for name in docs_pictures.names()} <= shown
    assert {path.name for path in (ROOT / "docs" / "pictures" / "fences").iterdir()} <= shown


def test_reference_has_every_plugin_and_role() -> None:
    wanted = {f"{path.stem}_module" for path in (ROOT / "plugins" / "modules").glob("[a-z]*.py")}
    wanted |= {f"{path.stem}_filter" for path in (ROOT / "plugins" / "filter").glob("*.yml")}
    wanted |= {f"{path.stem}_lookup" for path in (ROOT / "plugins" / "lookup").glob("[a-z]*.py")}
    wanted |= {f"{path.parents[1].name}_role" for path in ROOT.glob("roles/*/meta/argument_specs.yml")}
    assert {path.stem for path in (BUILT / "reference").glob("*_*.html")} == wanted


def test_search_needs_no_other_host(browser: Visitor) -> None:
    with Server(BUILT) as server:
        found = browser.search(f"{server.url}search.html?q=undrain")
    assert [link for link in found if link.startswith(f"{server.url}operations/drain.html")] != []


def test_a_site_without_fault_has_none(browser: Visitor, tmp_path: Path) -> None:
    seen = walk(browser, site(tmp_path))
    assert (seen.pages, seen.pictures, seen.faults) == (2, {"picture.svg"}, [])


@pytest.mark.parametrize(("addition", "said"), FAULTS.items(), ids=range(len(FAULTS)))
def test_each_fault_is_noticed(browser: Visitor, tmp_path: Path, addition: str, said: str) -> None:
    faults = walk(browser, site(tmp_path, addition)).faults
    assert faults != []
    assert [fault for fault in faults if said in fault] != [], faults
