"""An inventory that differs a little from another one, for a run that changes something."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml


def edited(inventory: Path, folder: Path, file: str, edit: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of `inventory` under `folder`, in which `edit` has changed the variables of one file."""
    copy = folder / inventory.name
    shutil.copytree(inventory, copy)
    path = copy / file
    variables = yaml.safe_load(path.read_text())
    edit(variables)
    path.write_text(yaml.safe_dump(variables, sort_keys=False))
    return copy
