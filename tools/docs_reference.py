"""The reference of modules, plugins and roles in the documentation site: antsibull-docs makes it from the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

COLLECTION = "lvs.cluster"

# Kind of page, its heading, and what a reader should know about all of that kind.
KINDS = {
    "role": ("Roles", "Their public variables; [[the pages of the roles]] say what they do to a host."),
    "module": ("Modules", "The roles call them; those for the kernel's table can be used alone."),
    "lookup": ("Lookups", ""),
    "filter": ("Filters", "The roles and playbooks use them."),
}

# The sentences on installing from Galaxy, and a link to the collection's page there: it isn't there yet.
COLLECTION_NOTE = re.compile(r"^\.\. Collection note\n.*?(?=^\.\. version_added\n)", re.MULTILINE | re.DOTALL)
REPOSITORY_LINK = re.compile(r'^  - title: "Repository \(Sources\)"\n    url: ""\n    external: true\n', re.MULTILINE)
EMPTY_LINKS = re.compile(r"^Collection links\n~+\n\n\.\. ansible-links::\n\s*\n(?! )", re.MULTILINE)
# The theme has one at every page's side.
CONTENTS = re.compile(r"^\.\. contents::\n(?:   :.*\n)+", re.MULTILINE)
TITLE = re.compile(rf"^{re.escape(COLLECTION)}\.(?P<name>\w+) \w+ -- (?P<short>.+)\n\++$", re.MULTILINE)
# They are in the navigation.
ORPHAN = re.compile(r"^:orphan:\n", re.MULTILINE)
REFERENCE = re.compile(r":ref:`(?P<text>[^`<]+?) <(?P<label>[\w.]+)>`|:ref:`(?P<bare>[\w.]+)`")
PLUGIN = re.compile(r"ansible_collections\.(\w+)\.(\w+)\.(\w+)")

ANSIBLE_DOCS = "https://docs.ansible.com/ansible/latest"
# What the generated pages name of Ansible's own documentation.
LABELS = {
    "common_return_values": "reference_appendices/common_return_values.html",
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
}


def generate(folder: Path, collections: Path) -> None:
    """Write the pages of what is in the collection below the folder `collections`; no other host is asked."""
    folder.mkdir(parents=True)
    programs = Path(sys.executable).parent
    command = [str(programs / "antsibull-docs"), "collection", "--use-current", "--fail-on-error", "--no-breadcrumbs"]
    command += ["--squash-hierarchy", "--no-add-antsibull-docs-version", "--dest-dir", str(folder), COLLECTION]
    # It asks ansible-doc, which it looks for there.
    search = os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(collections), "PATH": search}
    subprocess.run(command, check=True, env={**os.environ, **environment})
    (folder / "environment_variables.rst").unlink()
    pages: dict[str, str] = {}
    for path in sorted(folder.glob("*_*.rst")):
        pages[path.stem] = text = adapted(path.read_text())
        path.write_text(text)
    (folder / "index.rst").write_text(index(pages))


def adapted(text: str) -> str:
    """A generated page without what isn't so, and with links to Ansible's own documentation as such."""
    for unwanted in (COLLECTION_NOTE, CONTENTS, REPOSITORY_LINK, EMPTY_LINKS, ORPHAN):
        text = unwanted.sub("", text)
    return REFERENCE.sub(reference, text)


def reference(match: re.Match[str]) -> str:
    """A reference to something that this site doesn't have, as a link to where it is."""
    label = match["label"] or match["bare"]
    plugin = PLUGIN.fullmatch(label)
    if plugin is not None and f"{plugin[1]}.{plugin[2]}" != COLLECTION:
        page = f"collections/{plugin[1]}/{plugin[2]}/{plugin[3]}.html"
    elif label in LABELS:
        page = LABELS[label]
    else:
        return match[0]
    return f"`{match['text'] or label} <{ANSIBLE_DOCS}/{page}>`__"


def index(pages: Mapping[str, str]) -> str:
    """The page of the reference: one list for each kind, the navigation with names alone."""
    parts = ["Reference\n=========\n\nGenerated from the code; ``ansible-doc`` shows the same.\n"]
    for kind, (heading, introduction) in KINDS.items():
        lines, names = [], []
        for stem, text in pages.items():
            title = TITLE.search(text) if stem.endswith(f"_{kind}") else None
            if title is not None:
                lines.append(f"* :doc:`{title['name']} <{stem}>`: {title['short']}")
                names.append(f"   {title['name']} <{stem}>")
        told = introduction.replace("[[", ":doc:`").replace("]]", " </roles/index>`")
        tree = "\n".join([".. toctree::", "   :hidden:", f"   :caption: {heading}", "", *names])
        parts.append("\n".join([heading, "-" * len(heading), "", told, "", *lines, "", tree, ""]))
    return "\n".join(parts)
