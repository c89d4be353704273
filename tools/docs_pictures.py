"""The pictures of the documentation: each example inventory, drawn as the playbook `lvs.cluster.check` draws it.

They are committed in docs/pictures, because a page shows them wherever its Markdown is read. `python -m tools.docs
--pictures` makes them anew after a change of an inventory or of what draws.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

ROOT = Path(__file__).resolve().parent.parent
INVENTORIES = ROOT / "inventories"
PICTURES = ROOT / "docs" / "pictures"


def names() -> list[str]:
    """The example inventories."""
    return sorted(path.parent.name for path in INVENTORIES.glob("*/hosts.yml"))


def task_vars(folder: Path, loader: DataLoader) -> dict[str, Any]:
    """What Ansible hands the action `plan` of this inventory: the groups, and every host's variables."""
    inventory = InventoryManager(loader=loader, sources=[str(folder)])
    variables = VariableManager(loader=loader, inventory=inventory)
    return {
        "groups": {name: [host.name for host in group.get_hosts()] for name, group in inventory.groups.items()},
        "hostvars": HostVars(inventory=inventory, variable_manager=variables, loader=loader),
    }


def draw(folder: Path) -> str:
    """The picture of this inventory; ValueError if it has faults."""
    # Not before init_plugin_loader: only its own import of the collection makes the collection's lookups known.
    from ansible_collections.lvs.cluster.plugins.action.plan import _inventory
    from ansible_collections.lvs.cluster.plugins.filter.cluster_picture import cluster_picture
    from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan

    loader = DataLoader()
    # Where look-ups find the examples' files; Ansible's commands take the folder that the inventory is in.
    loader.set_basedir(str(folder.parent))
    inventory = _inventory(task_vars(folder, loader), frozenset(), loader)
    answer = plan(inventory)
    if answer["faults"]:
        raise ValueError("; ".join(fault["text"] for fault in answer["faults"]))
    interfaces = {host: known.get("lvs_interfaces", {}) for host, known in inventory["hosts"].items()}
    return cluster_picture(answer["hosts"], interfaces)["svg"]


def write(folder: Path) -> None:
    """Draw all of them into this folder, and take away what has no inventory any more."""
    init_plugin_loader([str(ROOT / ".venv" / "collections")])
    folder.mkdir(parents=True, exist_ok=True)
    for name in names():
        (folder / f"{name}.svg").write_text(draw(INVENTORIES / name))
    for path in folder.glob("*.svg"):
        if path.stem not in names():
            path.unlink()


if __name__ == "__main__":
    write(Path(sys.argv[1]) if sys.argv[1:] else PICTURES)
