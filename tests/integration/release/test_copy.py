"""What works from an installed copy before anything is set up there."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.integration.release.conftest import PROGRAMS, Installed
from tests.support.cluster import ROOT

PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))

# Makes the folder read-only for a command, for root too, and for nobody else.
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && exec "$@"'

SETUP = """
import json
from tools import setup
setup.link_collection(setup.VENV / "collections")
print(json.dumps({"requirements": str(setup.REQUIREMENTS), "packages": setup.SYSTEM_PACKAGES}))
"""


@pytest.mark.parametrize("kind", ["module", "lookup"])
def test_documentation_is_there(installed: Installed, kind: str) -> None:
    listed = json.loads(installed.ansible("ansible-doc", "--type", kind, "--json", "--list", "lvs.cluster"))
    folder = "modules" if kind == "module" else kind
    names = {path.stem for path in (ROOT / "plugins" / folder).glob("*.py")} - {"__init__"}
    assert set(listed) == {f"lvs.cluster.{name}" for name in names}


def test_every_playbook_is_found_and_parses(installed: Installed) -> None:
    names = [f"lvs.cluster.{name}" for name in PLAYBOOKS]
    output = installed.ansible("ansible-playbook", "-i", "inventories/nat_ha", "--syntax-check", *names)
    found = re.findall(r"^playbook: (.*)$", output, flags=re.MULTILINE)
    assert found == [str(installed.folder / "playbooks" / f"{name}.yml") for name in PLAYBOOKS]


@pytest.mark.parametrize("inventory", ["fwmark_dr", "nat_ha"])
def test_an_example_is_checked_as_a_whole(installed: Installed, inventory: str) -> None:
    output = installed.ansible("ansible-playbook", "-i", f"inventories/{inventory}", "lvs.cluster.check")
    assert "failed=0" in output
    assert "rs2" in output


def test_the_lab_is_there(installed: Installed) -> None:
    said = installed.run(sys.executable, "-m", "lab", "--help")
    assert "usage: python -m lab" in said
    where = installed.run(sys.executable, "-c", "import lab; print(lab.__file__)")
    assert where.strip() == str(installed.folder / "lab" / "__init__.py")


def test_make_lists_what_works_here_and_no_more(installed: Installed) -> None:
    assert re.findall(r"^  make (\S+)", installed.run("make", "help"), flags=re.MULTILINE) == ["help", "setup", "demo"]


def test_the_demo_needs_no_file_that_is_missing(installed: Installed) -> None:
    lines = installed.run("make", "--dry-run", "demo").splitlines()
    programs = [word for line in lines for word in line.split() if word.startswith("tools/")]
    assert programs == ["tools/setup.py", "tools/demo"]
    assert (installed.folder / programs[0]).is_file()
    assert os.access(installed.folder / programs[1], os.X_OK)


def test_setup_takes_the_copy_and_the_short_list(installed: Installed) -> None:
    try:
        chosen = json.loads(installed.run(sys.executable, "-c", SETUP))
        assert chosen["requirements"] == str(installed.folder / "lab" / "requirements.txt")
        assert Path(chosen["requirements"]).is_file()
        assert "mmdebstrap" in chosen["packages"]
        assert "chromium" not in chosen["packages"]
        # By the link and nothing else, from the settings in this folder's ansible.cfg.
        output = installed.run(
            PROGRAMS / "ansible-playbook", "-i", "inventories/nat_ha", "--syntax-check", "lvs.cluster.site"
        )
        (found,) = re.findall(r"^playbook: (.*)$", output, flags=re.MULTILINE)
        assert Path(found).resolve() == installed.folder / "playbooks" / "site.yml"
    finally:
        shutil.rmtree(installed.folder / ".venv")


def test_a_read_only_copy_gives_one_clear_error(installed: Installed) -> None:
    before = installed.files()
    words = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        READ_ONLY,
        str(installed.folder),
        "make",
        "--no-print-directory",
        "setup",
    ]
    first, *rest = installed.run(*words, status=2).splitlines()
    assert first.startswith(f"setup: {installed.folder} is read-only here")
    assert f"cp -r {installed.folder} " in first
    assert [line for line in rest if not line.startswith("make:")] == []
    assert not (installed.folder / ".venv").exists()
    assert installed.files() == before
