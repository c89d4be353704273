from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import docs_pages
from tools.docs import Site
from tools.docs_pages import DocsError

FILES = {
    *("README.md", "LICENSE", "Makefile", "SECURITY.md", "lab/cli.py"),
    *(
        "docs/index.md",
        "docs/nat.md",
        "docs/operations/README.md",
        "docs/operations/drain.md",
        "docs/pictures/nat_ha.svg",
    ),
    *("inventories/nat_ha/hosts.yml", "inventories/nat_ha/group_vars/all.yml", "inventories/files/notify.sh"),
    *("roles/director/README.md", "roles/director/tasks/main.yml", "plugins/modules/plan.py"),
}

PLACES = {
    "README.md": "readme.md",
    "SECURITY.md": "security.md",
    "LICENSE": "files/LICENSE.md",
    "lab": "files/lab/index.md",
    "lab/cli.py": "files/lab/cli.py.md",
    "docs": "index.md",
    "docs/index.md": "index.md",
    "docs/nat.md": "nat.md",
    "docs/operations": "operations/index.md",
    "docs/operations/README.md": "operations/index.md",
    "docs/operations/drain.md": "operations/drain.md",
    "docs/pictures/nat_ha.svg": "pictures/nat_ha.svg",
    "inventories": "inventories/index.md",
    "inventories/nat_ha": "inventories/nat_ha.md",
    "inventories/nat_ha/group_vars": "inventories/nat_ha.md",
    "inventories/nat_ha/hosts.yml": "inventories/nat_ha.md",
    "inventories/nat_ha/group_vars/all.yml": "inventories/nat_ha.md#group_varsallyml",
    "inventories/files/notify.sh": "inventories/files.md#notifysh",
    "roles": "roles/index.md",
    "roles/director": "roles/director.md",
    "roles/director/README.md": "roles/director.md",
    "roles/director/tasks/main.yml": "files/roles/director/tasks/main.yml.md",
    "plugins/modules": "reference/index.rst",
    "plugins/modules/plan.py": "files/plugins/modules/plan.py.md",
}

# What a page says, from where, and what the site's page says then.
LINKS = [
    ("docs/nat.md", "[a](operations/drain.md#limits)", "[a](operations/drain.md#limits)"),
    ("docs/nat.md", "[a](operations)", "[a](operations/index.md)"),
    ("docs/nat.md", "[a](#here) [b](https://example.org/x.md)", "[a](#here) [b](https://example.org/x.md)"),
    ("docs/nat.md", "[`a`](../README.md#licence)", "[`a`](readme.md#licence)"),
    ("docs/nat.md", "![a](pictures/nat_ha.svg)", "![a](pictures/nat_ha.svg)"),
    ("docs/operations/drain.md", "[a](README.md)[b](../nat.md)", "[a](index.md)[b](../nat.md)"),
    ("docs/operations/drain.md", "[a](../../inventories/nat_ha/hosts.yml)", "[a](../inventories/nat_ha.md)"),
    ("docs/operations/drain.md", "[a](../../lab)", "[a](../files/lab/index.md)"),
    (
        "roles/director/README.md",
        "[a](../../docs/nat.md) [b](tasks/main.yml)",
        "[a](../nat.md) [b](../files/roles/director/tasks/main.yml.md)",
    ),
    ("README.md", "[a](docs/nat.md#the-way-back)", "[a](nat.md#the-way-back)"),
    ("README.md", "`[a](docs/nat.md)` ``[b](docs/`nat.md)``", "`[a](docs/nat.md)` ``[b](docs/`nat.md)``"),
    ("README.md", "```md\n[a](docs/nat.md)\n```\n", "```md\n[a](docs/nat.md)\n```\n"),
    ("README.md", "- x\n\n  ```md\n  [a](docs/nat.md)\n  ```\n", "- x\n\n  ```md\n  [a](docs/nat.md)\n  ```\n"),
]

FLOWCHART = 'flowchart LR\n    a["client<br>10.0.0.100"] -- asks --> b(["VIP &amp; more"])\n'


@pytest.mark.parametrize(("path", "page"), PLACES.items())
def test_each_file_has_its_place(path: str, page: str) -> None:
    assert docs_pages.place(path, FILES) == page


@pytest.mark.parametrize(("source", "text", "wanted"), LINKS)
def test_links_lead_to_pages_of_the_site(source: str, text: str, wanted: str) -> None:
    assert docs_pages.rewrite(text, source, FILES) == wanted


@pytest.mark.parametrize("target", ["gone.md", "../gone", "operations/gone.md#x", "nat"])
def test_a_link_to_nothing_is_a_fault(target: str) -> None:
    with pytest.raises(DocsError, match=r"docs/nat\.md: the link .* leads to nothing"):
        docs_pages.rewrite(f"[a]({target})", "docs/nat.md", FILES)


def test_a_flowchart_becomes_its_picture() -> None:
    text = f"Before\n\n```mermaid\n{FLOWCHART}```\n\nAfter\n"
    picture = docs_pages.fence_picture("docs/operations/drain.md", FLOWCHART)
    assert docs_pages.mermaid(text) == [FLOWCHART]
    name = picture.removeprefix("docs/")
    shown = f"Before\n\n![Flowchart: client 10.0.0.100; VIP & more](../{name})\n\nAfter\n"
    assert docs_pages.with_pictures(text, "docs/operations/drain.md", {*FILES, picture}) == shown


def test_a_flowchart_that_was_changed_has_no_picture() -> None:
    picture = docs_pages.fence_picture("docs/nat.md", FLOWCHART)
    changed = f"```mermaid\n{FLOWCHART.replace('asks', 'begs')}```\n"
    with pytest.raises(DocsError, match="--pictures"):
        docs_pages.with_pictures(changed, "docs/nat.md", {*FILES, picture})


def test_sections_of_the_first_page_are_the_navigation() -> None:
    text = "# Top\n\n[Readme](readme.md)\n\n## One\n\n- [A](a.md#x): [B](b/index.md)\n\n## Two\n\n- [R](r.rst) [x](http://h/x.md)\n"
    added = docs_pages.with_navigation(text).removeprefix(text)
    assert added == (
        "\n```{toctree}\n:hidden:\n:caption: One\n\nA <a>\nB <b/index>\n```\n"
        "\n```{toctree}\n:hidden:\n:caption: Two\n\nR <r>\n```\n"
    )


def test_a_folder_has_its_pages_below_it_in_the_order_of_its_links() -> None:
    text = "# Ops\n\n[D](d.md) [elsewhere](../nat.md) [C](c.md)\n"
    pages = ["ops/index.md", "ops/a.md", "ops/c.md", "ops/d.md", "nat.md", "ops/deep/x.md"]
    assert docs_pages.with_folder(text, "ops", pages).endswith("\n\nd\nc\na\n```\n")


@pytest.mark.parametrize(("content", "fence"), [("a", "```"), ("```\nx\n```", "````"), ("a `````", "``````")])
def test_a_file_stays_in_its_block(content: str, fence: str) -> None:
    lines = docs_pages.fenced(content, "text").splitlines()
    assert (lines[0], lines[-1]) == (f"{fence}text", fence)


def test_an_inventory_is_shown_whole() -> None:
    page = docs_pages.inventory_page("nat_ha", FILES, lambda path: f"# text of {path}\n")
    assert page.index("![") < page.index("## `hosts.yml`") < page.index("## `group_vars/all.yml`")
    assert "# text of inventories/nat_ha/group_vars/all.yml" in page
    _page, _mark, heading = docs_pages.place("inventories/nat_ha/group_vars/all.yml", FILES).partition("#")
    assert heading in {docs_pages.anchor(line.removeprefix("## ")) for line in page.splitlines()}


def test_a_tree_becomes_a_source(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for path in FILES:
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(f"text of {path}\n")
    (tree / "docs" / "index.md").write_text(
        "# Top\n\n## All\n\n[Nat](nat.md), [ops](operations/README.md), [lab](../lab)\n"
    )
    subprocess.run(["git", "init", "--quiet", str(tree)], check=True)
    Site(tree, tmp_path / "source").prepare()
    made = {
        path.relative_to(tmp_path / "source").as_posix() for path in (tmp_path / "source").rglob("*") if path.is_file()
    }
    assert made == {
        *("index.md", "nat.md", "readme.md", "security.md", "operations/index.md", "operations/drain.md"),
        *(
            "inventories/index.md",
            "inventories/files.md",
            "inventories/nat_ha.md",
            "roles/index.md",
            "roles/director.md",
        ),
        *("files/lab/index.md", "pictures/nat_ha.svg"),
    }
    assert (
        "Nat <nat>\nops <operations/index>\nlab <files/lab/index>\n" in (tmp_path / "source" / "index.md").read_text()
    )
    assert (tmp_path / "source" / "nat.md").read_text() == "# nat\n\ntext of docs/nat.md\n"
    assert "cli.py" in (tmp_path / "source" / "files" / "lab" / "index.md").read_text()
