"""make importer: the checks that Ansible Galaxy makes of an upload, on the tarball of the working tree.

galaxy-importer runs in an environment of its own, without a container engine: it reads the tarball with its metadata
and documentation, and runs ansible-lint as Galaxy does. What wants a container there, ansible-test, is `make sanity`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from tools.sanity import copy_tree, tracked_files
from tools.setup import fingerprint, runs_here, usable

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements-importer.txt"
WORK = ROOT / "build" / "importer"
VENV = WORK / "venv"
STAMP = VENV / "setup.stamp"

# Galaxy takes no collection without this address, and the collection has none yet. It is put into a copy alone.
NO_REPOSITORY, STAND_IN = 'repository: ""\n', "repository: https://example.com/lvs.cluster\n"

CONFIGURATION = f"""\
[galaxy-importer]
run_ansible_test = False
run_ansible_lint = True
offline_ansible_lint = True
check_changelog = True
ansible_local_tmp = {WORK / "tmp"}
"""

# The importer hands ansible-lint the path .../ansible_collections, and ansible-lint appends that name again (26.10.1,
# utils.py): there it finds no playbook that another file imports by its full name. Which are there is looked up here.
NOT_FOUND = re.compile(r"WARNING: ERROR +Failed to find lvs\.cluster\.(\w+) playbook\.")

# Both are lines of an importer that came to its end; a lint that was left out is no success.
PROOFS = ("...ansible-lint run complete", "Importer processing completed successfully")


def with_repository(galaxy: str) -> str:
    """The text of galaxy.yml with an address of the repository, whether it has one or not."""
    return galaxy.replace(NO_REPOSITORY, STAND_IN)


def faults(output: str, playbooks: Collection[str]) -> list[str]:
    """What is wrong according to the importer's output: its warnings and errors, and what it did not come to.

    It ends ansible-lint after 180 seconds; on a machine that has much else to do, that is a fault, too.
    """
    lines = output.splitlines()
    found = [line for line in lines if line.startswith(("WARNING: ", "ERROR: ", "CRITICAL: "))]
    known = [line for line in found if (named := NOT_FOUND.fullmatch(line)) and named[1] in playbooks]
    return [line for line in found if line not in known] + [
        f"the importer did not say: {proof}" for proof in PROOFS if proof not in lines
    ]


def make_venv() -> None:
    """Bring the importer's environment to what its requirements say."""
    wanted = fingerprint(REQUIREMENTS.read_text(), VENV)
    python = VENV / "bin" / "python"
    works = usable(python) and runs_here(VENV)
    if works and STAMP.exists() and STAMP.read_text().strip() == wanted:
        return
    if not works:
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    subprocess.run([python, "-m", "pip", "install", "-qq", "-r", REQUIREMENTS], check=True)
    STAMP.write_text(wanted + "\n")


def build(environ: dict[str, str]) -> Path:
    """The tarball of a copy of the working tree."""
    tree, folder = WORK / "tree", WORK / "tarball"
    copy_tree(ROOT, tracked_files(ROOT), tree)
    galaxy = tree / "galaxy.yml"
    given = galaxy.read_text()
    galaxy.write_text(with_repository(given))
    if galaxy.read_text() != given:
        print(
            "importer: galaxy.yml has no repository, which Galaxy asks for; the copy that is checked has one",
            flush=True,
        )
    shutil.rmtree(folder, ignore_errors=True)
    command = ["ansible-galaxy", "collection", "build", "--output-path", str(folder)]
    subprocess.run(command, check=True, cwd=tree, env=environ, stdout=subprocess.DEVNULL)
    (tarball,) = folder.glob("*.tar.gz")
    return tarball


def main() -> int:
    """Check the tarball; 0 if the importer has nothing to say against it."""
    make_venv()
    # The importer gives Ansible's programs its own settings; what we set for the working tree would reach them, too.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    configuration = WORK / "galaxy-importer.cfg"
    configuration.write_text(CONFIGURATION)
    environ["GALAXY_IMPORTER_CONFIG"] = str(configuration)
    environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environ['PATH']}"
    command = [str(VENV / "bin" / "python"), "-m", "galaxy_importer.main", str(build(environ))]
    done = subprocess.run(
        command, check=False, cwd=WORK, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    wrong = faults(done.stdout, {path.stem for path in (ROOT / "playbooks").glob("*.yml")})
    if done.returncode != 0 and not wrong:
        wrong = [f"the importer ended with status {done.returncode}"]
    if wrong:
        print(*(line for line in done.stdout.splitlines() if not line.startswith("Loading ")), sep="\n", flush=True)
        print("\n".join(f"importer: {line}" for line in wrong), file=sys.stderr)
        return 1
    loaded = sum(line.startswith("Loading ") for line in done.stdout.splitlines())
    print(f"importer: {loaded} plugins, roles and playbooks read, nothing to complain of")
    return 0


if __name__ == "__main__":
    sys.exit(main())
