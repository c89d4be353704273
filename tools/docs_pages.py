"""Where each file of the repository is in the documentation site, and its Markdown with links that lead there.

Pages stay plain Markdown that reads well in the repository: what only the site needs is put in here. Nothing in this
file reads or writes one.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from hashlib import sha256
from pathlib import PurePosixPath

FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<inside>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
# A fenced block, or a code span: neither has links in it.
CODE = re.compile(rf"{FENCE.pattern}|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^()\s]+)\)")
NAMED_LINK = re.compile(r"(?<!!)\[([^\[\]]+)\]\(([^()\s]+)\)")
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)

# Pages that are no files below docs/ or roles/.
PAGES = {
    "README.md": "readme.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
}
REFERENCE = "reference/index.rst"
# Folders whose links lead to a page that stands for the whole.
FOLDERS = {
    "docs": "index.md",
    "inventories": "inventories/index.md",
    "roles": "roles/index.md",
    "plugins": REFERENCE,
    "plugins/filter": REFERENCE,
    "plugins/lookup": REFERENCE,
    "plugins/modules": REFERENCE,
}
FENCES = "docs/pictures/fences"


class DocsError(Exception):
    """One line for the writer: which page, what is wrong, what to do."""


def is_page(path: str) -> bool:
    """True for Markdown that becomes a page of the site as it is."""
    parts = path.split("/")
    if parts[0] == "docs":
        return path.endswith(".md") and not any(part.startswith("_") for part in parts)
    return path in PAGES or (parts[0] == "roles" and len(parts) == 3 and parts[2] == "README.md")


def place(path: str, files: Collection[str]) -> str:
    """Where the site has this file or folder of the repository: a path in its source, with a heading if need be."""
    if path in PAGES:
        return PAGES[path]
    if path in FOLDERS:
        return FOLDERS[path]
    top, _slash, rest = path.partition("/")
    if top == "docs":
        inside = rest if path in files else f"{rest}/README.md"
        return re.sub(r"(^|/)README\.md$", r"\1index.md", inside)
    if top == "roles" and re.fullmatch(r"\w+(/README\.md)?", rest):
        return f"roles/{rest.partition('/')[0]}.md"
    if top == "inventories":
        name, _slash, file = rest.partition("/")
        page = f"inventories/{name}.md"
        return page if file in ("", "hosts.yml") or path not in files else f"{page}#{anchor(file)}"
    return f"files/{path}.md" if path in files else f"files/{path}/index.md"


def anchor(heading: str) -> str:
    """The anchor that GitHub and the site make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def without_code(text: str) -> Iterator[tuple[bool, str]]:
    """The pieces of a page; True where it is prose, False where it is a fenced block or a code span."""
    at = 0
    for code in CODE.finditer(text):
        yield True, text[at : code.start()]
        yield False, code[0]
        at = code.end()
    yield True, text[at:]


def links(text: str) -> list[str]:
    """The targets of a page's links and pictures, in order."""
    return [target for prose, piece in without_code(text) if prose for target in LINK.findall(piece)]


def resolve(target: str, source: str, files: Collection[str]) -> tuple[str, str] | None:
    """The repository's file or folder that a link in the page `source` means, and the heading; None for other hosts."""
    if re.match(r"[a-z]+:", target) or target.startswith("#"):
        return None
    name, _mark, heading = target.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), name))
    if path not in files and not any(file.startswith(f"{path}/") for file in files):
        raise DocsError(f"{source}: the link {target} leads to nothing in the repository; mend it")
    return path, heading


def rewrite(text: str, source: str, files: Collection[str]) -> str:
    """The page with links for its place in the site."""
    here = posixpath.dirname(place(source, files))

    def lead(match: re.Match[str]) -> str:
        meant = resolve(match[1], source, files)
        if meant is None:
            return match[0]
        path, heading = meant
        page, _mark, section = place(path, files).partition("#")
        heading = heading or section
        return f"]({posixpath.relpath(page, here or '.')}{'#' if heading else ''}{heading})"

    return "".join(LINK.sub(lead, piece) if prose else piece for prose, piece in without_code(text))


def mermaid(text: str) -> list[str]:
    """The flowcharts of a page."""
    return [match["inside"] for match in FENCE.finditer(text) if match["info"].split() == ["mermaid"]]


def fence_picture(source: str, inside: str) -> str:
    """The picture of a flowchart; its name changes with the flowchart, so that none can be out of date."""
    stem = source.removesuffix(".md").replace("/", "_")
    return f"{FENCES}/{stem}-{sha256(inside.encode()).hexdigest()[:12]}.svg"


def with_pictures(text: str, source: str, files: Collection[str]) -> str:
    """The page with a picture in place of each flowchart."""

    def shown(match: re.Match[str]) -> str:
        if match["info"].split() != ["mermaid"]:
            return match[0]
        picture = fence_picture(source, match["inside"])
        if picture not in files:
            raise DocsError(f"{source}: a flowchart has no picture; run: python -m tools.docs --pictures")
        path = posixpath.relpath(picture, posixpath.dirname(source) or ".")
        return f"{match['indent']}![{alternative(match['inside'])}]({path})"

    return FENCE.sub(shown, text)


def alternative(flowchart: str) -> str:
    """A flowchart for who can't see it: what its boxes say."""
    labels = (re.sub(r"<[^>]*>|[\[\]]", " ", html.unescape(label)) for label in re.findall(r'"([^"]+)"', flowchart))
    return "Flowchart: " + "; ".join(" ".join(label.split()) for label in labels)


def with_title(text: str, page: str) -> str:
    """The page with a heading; the few lines on a role of which its users need not know have none."""
    return text if re.search(r"^# ", text, re.MULTILINE) else f"# {PurePosixPath(page).stem}\n\n{text}"


def toctree(pages: Mapping[str, str], caption: str = "") -> str:
    """A part of the navigation: pages with the names that they have there, or none to have their headings."""
    option = f":caption: {caption}\n" if caption else ""
    names = ((posixpath.splitext(page)[0], name) for page, name in pages.items())
    entries = "\n".join(f"{name} <{page}>" if name else page for page, name in names)
    return f"\n```{{toctree}}\n:hidden:\n{option}\n{entries}\n```\n"


def named_pages(text: str) -> dict[str, str]:
    """The pages that a page of the site links to, in order, with the text of the first link to each."""
    named: dict[str, str] = {}
    for name, target in NAMED_LINK.findall(FENCE.sub("", text)):
        page = target.partition("#")[0]
        if page.endswith((".md", ".rst")) and ":" not in page:
            named.setdefault(page, name)
    return named


def with_navigation(text: str) -> str:
    """The site's first page: the links of each section are that section of the navigation."""
    headings = list(HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    trees = (toctree(named_pages(text[one.end() : end]), one[1]) for one, end in zip(headings, ends, strict=True))
    return text + "".join(trees)


def with_folder(text: str, folder: str, pages: Collection[str]) -> str:
    """A folder's page with the others of its folder below it: in the order of its links, then by name."""
    inside = sorted(
        posixpath.relpath(page, folder)
        for page in pages
        if posixpath.dirname(page) == folder and page != f"{folder}/index.md"
    )
    linked = [page for page in named_pages(text) if page in inside]
    return text + toctree(dict.fromkeys([*linked, *inside], ""))


def fenced(content: str, language: str) -> str:
    """A file's text as a block, whatever fences are in it."""
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{content.rstrip()}\n{fence}\n"


LANGUAGES = {
    **dict.fromkeys((".yml", ".yaml"), "yaml"),
    **{".py": "python", ".md": "markdown", ".sh": "sh", ".cfg": "ini", ".toml": "toml", ".json": "json"},
}


def language(path: str) -> str:
    """How a file is highlighted."""
    return LANGUAGES.get(posixpath.splitext(path)[1], "text")


def file_page(path: str, content: str) -> str:
    """The page that shows one file."""
    return f"---\norphan: true\n---\n\n# `{path}`\n\n{fenced(content, language(path))}"


def folder_page(path: str, files: Collection[str]) -> str:
    """The page that lists what is in a folder of the repository."""
    listed = "\n".join(sorted(file.removeprefix(f"{path}/") for file in files if file.startswith(f"{path}/")))
    return f"---\norphan: true\n---\n\n# `{path}`\n\nA folder of the repository:\n\n{fenced(listed, 'text')}"


def inventory_page(name: str, files: Collection[str], read: Callable[[str], str]) -> str:
    """The page that shows an example inventory: its picture, then each of its files."""
    folder = f"inventories/{name}"
    picture = f"docs/pictures/{name}.svg"
    parts = [f"# {name}\n"]
    if picture in files:
        parts.append(f"![The cluster of the inventory {name}](../pictures/{name}.svg)\n")
    inside = (path.removeprefix(f"{folder}/") for path in files if path.startswith(f"{folder}/"))
    for path in sorted(inside, key=lambda one: (one != "hosts.yml", one)):
        parts.append(f"## `{path}`\n\n{fenced(read(f'{folder}/{path}'), language(path))}")
    return "\n".join(parts)


def index_page(title: str, introduction: str, pages: Collection[str]) -> str:
    """A page that has nothing but links to those below it."""
    listed = "".join(f"- [{posixpath.splitext(page)[0]}]({page})\n" for page in pages)
    return f"# {title}\n\n{introduction}\n\n{listed}{toctree(dict.fromkeys(pages, ''))}"
