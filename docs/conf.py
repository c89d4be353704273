"""Sphinx's settings. `make docs` prepares the pages in build/docs/source and calls Sphinx (tools/docs.py)."""

from __future__ import annotations

from pathlib import Path

import yaml

GALAXY = yaml.safe_load((Path(__file__).resolve().parent.parent / "galaxy.yml").read_text())

project = f"{GALAXY['namespace']}.{GALAXY['name']}"
author = GALAXY["authors"][0]
version = release = GALAXY["version"]
copyright = f"2026, {author.lower()}"

extensions = ["myst_parser", "sphinx_antsibull_ext"]
# Headings of all depths can be linked to, by the anchors that they have where Markdown is read.
myst_heading_anchors = 6
# The theme has a light and a dark form of its own.
antsibull_ext_color_scheme = "none"

html_theme = "furo"
html_title = f"{project} {version}"
html_static_path = ["_static"]
html_favicon = "_static/icon.svg"
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
