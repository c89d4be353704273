"""A site as a browser finds it: served over loopback, every page opened, and what is wrong with any of them."""

from __future__ import annotations

import functools
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

from tests.unit.plugins.module_utils._status.browser import Browser

# The browser refuses what comes from another host, before it asks for it, and complains of it on its console.
POLICY = "default-src 'self' data:; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"

# What a page has, as the browser has resolved it. A picture outside the window would be loaded only when it is scrolled
# to, so each is loaded here, and decode() tells whether it can be shown.
LOOK = """
const pictures = Promise.all([...document.images].map(async (image) => {
  image.loading = "eager";
  try { await image.decode(); } catch (error) { return image.src; }
  return image.naturalWidth > 0 ? null : image.src;
}));
const hidden = document.querySelectorAll("pre code.language-mermaid, .highlight-mermaid").length;
return pictures.then((broken) => ({
  links: [...document.querySelectorAll("a[href]")].map((link) => link.href),
  anchors: [...document.querySelectorAll("[id], a[name]")].map((one) => one.id || one.name),
  pictures: [...document.images].map((image) => image.src),
  broken: broken.filter((source) => source !== null),
  loaded: performance.getEntriesByType("resource").map((entry) => entry.name),
  undrawn: hidden,
}));
"""


# The addresses that the search has found, when its page says that it has ended.
SEARCHED = """
const found = () => [...document.querySelectorAll("#search-results li a")].map((link) => link.href);
const ended = () => document.querySelector("#search-results .search-summary")?.innerText.includes("found");
return new Promise((resolve) => {
  const look = () => { if (ended()) { resolve(found()); } };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  look();
});
"""


class Visitor(Browser):
    """A browser that opens addresses."""

    def __enter__(self) -> Visitor:
        super().__enter__()
        return self

    def look(self, url: str) -> dict[str, Any]:
        """Open a page, and tell what it has."""
        self._ask("POST", "/url", {"url": url})
        seen: dict[str, Any] = self._ask("POST", "/execute/sync", {"script": LOOK, "args": []})
        return seen

    def search(self, url: str) -> list[str]:
        """Open the page that searches, and tell what it finds."""
        self._ask("POST", "/url", {"url": url})
        found: list[str] = self._ask("POST", "/execute/sync", {"script": SEARCHED, "args": []})
        return found


class Server:
    """``with Server(folder) as server`` serves a folder's files on 127.0.0.1 and remembers what it did not have."""

    def __init__(self, folder: Path) -> None:
        self.missing: list[str] = []
        handler = functools.partial(_Handler, self.missing, directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, missing: list[str], *arguments: Any, directory: str) -> None:
        self._missing = missing
        super().__init__(*arguments, directory=directory)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        self._missing.append(self.path)
        super().send_error(code, message, explain)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what is missing is told by the test."""


@dataclass
class Walk:
    """What was seen: how many pages and pictures, and each fault with the page that has it."""

    pages: int = 0
    pictures: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def walk(browser: Visitor, folder: Path) -> Walk:
    """Open every page of the site in this folder."""
    seen = Walk()
    anchors: dict[str, set[str]] = {}
    targets: dict[str, set[str]] = defaultdict(set)
    with Server(folder) as server:
        for path in sorted(folder.rglob("*.html")):
            page = path.relative_to(folder).as_posix()
            browser.console()
            found = browser.look(server.url + page)
            anchors[page] = {*found["anchors"], ""}
            for link in found["links"]:
                if link.startswith(server.url):
                    targets[link.removeprefix(server.url)].add(page)
            seen.pages += 1
            seen.pictures.update(source.removeprefix(server.url) for source in found["pictures"])
            seen.faults += [f"{page}: the picture {source} can't be shown" for source in found["broken"]]
            seen.faults += [
                f"{page}: {source} is of another host"
                for source in found["loaded"]
                if urlsplit(source).scheme != "data" and not source.startswith(server.url)
            ]
            if found["undrawn"]:
                seen.faults.append(f"{page}: a flowchart is shown as its text")
            seen.faults += [f"{page}: the console says: {text}" for text in browser.console()]
        seen.faults += [f"{path} is asked for and isn't there" for path in server.missing]
    for target, pages in targets.items():
        fault = _fault(target, folder, anchors)
        seen.faults += [f"{page}: the link {target} {fault}" for page in sorted(pages) if fault]
    return seen


def _fault(target: str, folder: Path, anchors: dict[str, set[str]]) -> str:
    """What is wrong with a link inside the site; empty if nothing."""
    address, fragment = urldefrag(target)
    path = unquote(urlsplit(address).path)
    if path == "" or path.endswith("/"):
        path += "index.html"
    if not (folder / path).is_file():
        return "leads to no file"
    if fragment and unquote(fragment) not in anchors.get(path, set()):
        return "leads to no heading"
    return ""
