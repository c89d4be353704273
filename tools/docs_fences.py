"""Pictures of the flowcharts in Mermaid that pages have.

A page of the site shows them without a script: they are drawn when they are written, by Mermaid in a browser, and
committed. Mermaid is fetched only then.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

VERSION = "12.3.0"
INTEGRITY = "sha512-4113TdXeLAsMruJ79OpFL5O8+LTFXhQqZ260rF3tgUmiNAtRm4Uume04I+65PRN6yZ69J4f8rVYWW8zRk65UYw=="
SCRIPT = "package/dist/mermaid.min.js"

# Labels as text of the SVG, not as HTML in it, which programs other than browsers don't show.
SETTINGS = {"startOnLoad": False, "htmlLabels": False, "theme": "neutral", "fontFamily": "sans-serif"}
PAGE = """<!DOCTYPE html><meta charset="utf-8"><body><script src="mermaid.min.js"></script><script>
const charts = %s, drawn = [];
mermaid.initialize(%s);
(async () => {
  for (const [number, chart] of charts.entries()) {
    try {
      const { svg } = await mermaid.render("flowchart" + number, chart);
      const root = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
      // Its lines are dark, whatever is behind the picture.
      root.style.backgroundColor = "white";
      drawn.push(new XMLSerializer().serializeToString(root));
    } catch (error) { drawn.push("error: " + error.message); }
  }
  const answer = document.createElement("pre");
  answer.id = "answer";
  answer.textContent = JSON.stringify(drawn);
  document.body.replaceChildren(answer);
})();
</script>"""
ANSWER = re.compile(r'<pre id="answer">(.*?)</pre>', re.DOTALL)


def draw(charts: Mapping[str, str], folder: Path) -> None:
    """Draw the charts, by file name, into this folder; those that are there stay, those that none has any more go."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in charts:
            path.unlink()
    missing = [name for name in charts if not (folder / name).exists()]
    if missing:
        for name, svg in zip(missing, rendered([charts[name] for name in missing]), strict=True):
            (folder / name).write_text(svg + "\n")


def rendered(charts: Sequence[str]) -> list[str]:
    """The SVG of each chart; ValueError with what Mermaid says of one that it does not understand."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mermaid.min.js").write_bytes(fetched(folder))
        (folder / "page.html").write_text(PAGE % (json.dumps(charts).replace("</", "<\\/"), json.dumps(SETTINGS)))
        # Root has no use of Chromium's sandbox; the page is ours, its script has the digest above.
        command = [
            "chromium",
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={folder / 'profile'}",
        ]
        command += ["--virtual-time-budget=60000", "--dump-dom", (folder / "page.html").as_uri()]
        # What it says of services that a machine without a desktop lacks is of no use.
        answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout
    found = ANSWER.search(answer)
    if found is None:
        raise ValueError("the browser did not finish the page that draws")
    drawn: list[str] = json.loads(html.unescape(found[1]))
    faults = [text for text in drawn if text.startswith("error: ")]
    if faults:
        raise ValueError("Mermaid: " + "; ".join(faults))
    return [shortened(text) for text in drawn]


def shortened(svg: str) -> str:
    """The picture with less of its paths' digits: a rounded shape is hundreds of points of sixteen digits each."""
    return re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg)


def fetched(folder: Path) -> bytes:
    """Mermaid's script, by npm; ValueError if it isn't what it was when this was written."""
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), f"mermaid@{VERSION}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    package = folder / f"mermaid-{VERSION}.tgz"
    if integrity(package.read_bytes()) != INTEGRITY:
        raise ValueError(f"mermaid {VERSION} is not what it was; see INTEGRITY in tools/docs_fences.py")
    with tarfile.open(package) as archive:
        script = archive.extractfile(SCRIPT)
        if script is None:
            raise ValueError(f"mermaid {VERSION} has no {SCRIPT}")
        return script.read()


def integrity(content: bytes) -> str:
    """The digest as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
