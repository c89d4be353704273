"""A real browser without a window, through chromedriver's own protocol (W3C WebDriver over HTTP)."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

_OPTIONS = {
    # Tests run as root, where Chromium's sandbox does not work; the page is ours.
    "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"],
}
_STARTED = re.compile(r"started successfully on port (\d+)")
_SECONDS = 60


class Browser:
    """``with Browser(tmp_path) as browser`` ends all its processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._driver: subprocess.Popen[str] | None = None
        self._url = ""

    def __enter__(self) -> Browser:
        argv = ["chromedriver", "--port=0", "--log-level=SEVERE"]
        environment = {"HOME": str(self._folder), "TMPDIR": str(self._folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C"}
        self._driver = subprocess.Popen(
            argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            self._url = f"http://127.0.0.1:{self._port()}/session"
            wanted = {"browserName": "chrome", "goog:chromeOptions": _OPTIONS, "goog:loggingPrefs": {"browser": "ALL"}}
            self._url += "/" + self._ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._ask("DELETE", "")
        finally:
            self._end()

    def _end(self) -> None:
        assert self._driver is not None
        self._driver.terminate()
        self._driver.communicate(timeout=_SECONDS)

    def _port(self) -> int:
        assert self._driver is not None
        assert self._driver.stdout is not None
        said = ""
        for line in self._driver.stdout:
            said += line
            found = _STARTED.search(line)
            if found:
                return int(found[1])
        raise AssertionError(f"chromedriver did not start: {said}")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self._url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            return json.load(answer)["value"]

    def open(self, page: Path, *, width: int = 1200, height: int = 900) -> None:
        self._ask("POST", "/window/rect", {"width": width, "height": height})
        self._ask("POST", "/url", {"url": page.as_uri()})

    def evaluate(self, expression: str) -> Any:
        return self._ask("POST", "/execute/sync", {"script": f"return {expression};", "args": []})

    def console(self) -> list[str]:
        """What the browser complained of since this was last asked."""
        return [entry["message"] for entry in self._ask("POST", "/se/log", {"type": "browser"})]

    def screenshot(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self._ask("GET", "/screenshot")))
