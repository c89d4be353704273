"""make sanity: ansible-test's sanity tests on a copy of the working tree, without a container engine.

ansible-test wants the collection in a folder .../ansible_collections/lvs/cluster and writes its output into it, so it
gets a copy: what git tracks, and what it would track. Every Python that ansible-core supports and this machine has is
tested. ansible-test runs its tests one after the other; here its slowest runs beside all others, in a copy of its own,
and with a home of its own: two that make one environment there at the same time take it from each other.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "sanity"
# Short: the path of an interpreter in it must fit a script's first line.
HOMES = Path.home() / ".cache" / "lvs-sanity"
COLLECTION = Path("ansible_collections") / "lvs" / "cluster"
# Importing everything on each Python takes as long as the rest.
SHARES = {"rest": ("--skip-test", "import"), "import": ("--test", "import")}
# The Pythons of a run without a fault, for tools/support.py.
PYTHONS = ROOT / "build" / "ran" / "sanity" / "pythons.json"

# Asked of the installed ansible-test itself, because all answers change with its version. The last is whether packages
# of module_utils may not say in __init__.py what they are: a rule that ansible-core has given up after 2.17.
QUESTIONS = """
import json, pathlib, types
import ansible_test
from ansible_test._internal.constants import SUPPORTED_PYTHON_VERSIONS
from ansible_test._internal.python_requirements import get_venv_packages
pips = [get_venv_packages(types.SimpleNamespace(version=version))["pip"] for version in SUPPORTED_PYTHON_VERSIONS]
rules = pathlib.Path(ansible_test.__file__).parent / "_util" / "controller" / "sanity" / "code-smell"
empty = "plugins/module_utils/" in json.loads((rules / "empty-init.json").read_text())["prefixes"]
print(json.dumps({"pythons": SUPPORTED_PYTHON_VERSIONS, "pips": sorted(set(pips)), "empty": empty}))
"""

# ansible-test downloads a get-pip script from a host that many networks don't reach. It looks into its cache folder
# first: this script does the same from what Python brings and the configured package index.
GET_PIP = '''\
"""Put there by the Ansible collection lvs.cluster (tools/sanity.py) in place of a download of get-pip."""

import subprocess
import sys

# In a process of its own: ensurepip turns pip's configuration off in the process that it runs in.
subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
arguments = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install"] + arguments))
'''


# Not shipped, and a link to a folder, which ansible-test refuses: it is there for tools that look for scenarios only in
# that place.
LEFT_OUT = "extensions/molecule"


def tracked_files(root: Path) -> list[str]:
    """The files of the working tree that git tracks or would track, as paths relative to it."""
    query = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    # What git complains of is for whoever called this.
    listing = subprocess.run(query, check=True, stdout=subprocess.PIPE, text=True).stdout
    # A file deleted but still in the index is listed too.
    return sorted({name for name in listing.split("\0") if name and os.path.lexists(root / name)})


def copy_tree(root: Path, names: Iterable[str], to: Path) -> None:
    """Make `to` hold exactly these files of root, symbolic links as such."""
    shutil.rmtree(to, ignore_errors=True)
    for name in names:
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target, follow_symlinks=False)


def make_home(real: Path, to: Path) -> None:
    """Make `to` a home that shows what is in the real one, and has a folder .ansible of its own."""
    (to / ".ansible").mkdir(parents=True, exist_ok=True)
    for entry in real.iterdir():
        link = to / entry.name
        if not os.path.lexists(link):
            link.symlink_to(entry)


def cache_get_pip(pip_version: str, home: Path) -> None:
    """Put the script where this ansible-test looks for it; one that is there already stays."""
    script = home / ".ansible" / "test" / "cache" / f"get_pip_{pip_version.replace('.', '_')}.py"
    if not script.exists():
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(GET_PIP)


def candidates(version: str, environ: Mapping[str, str]) -> list[str]:
    """Where an interpreter of this version may be: the search path, then pyenv's folders."""
    folders = environ.get("PATH", "").split(os.pathsep)
    found = [path for folder in folders if (path := shutil.which(f"python{version}", path=folder))]
    pyenv = Path(environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return found + sorted(str(path) for path in pyenv.glob(f"versions/{version}.*/bin/python{version}"))


def runs(python: str) -> bool:
    """True if this interpreter starts: a pyenv shim of a version that isn't selected is there and doesn't."""
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0


def find_pythons(
    versions: Sequence[str], candidates_of: Callable[[str], list[str]], is_running: Callable[[str], bool]
) -> dict[str, str]:
    """The first working interpreter of each version; a version without one is left out."""
    working = {version: next(filter(is_running, candidates_of(version)), None) for version in versions}
    return {version: path for version, path in working.items() if path}


def search_path(pythons: Iterable[str], path: str) -> str:
    """The search path on which ansible-test finds these interpreters, before any that doesn't run; .venv is first."""
    folders = [os.path.dirname(python) for python in (sys.executable, *pythons)]
    return os.pathsep.join(dict.fromkeys([*folders, *path.split(os.pathsep)]))


def run_beside(commands: Mapping[Path, Sequence[str]], environ: Mapping[str, str]) -> int:
    """Run each command in its folder, all at once; the greatest exit status.

    What they say comes one after the other, of the first as it is said.
    """
    first, *others = commands
    with contextlib.ExitStack() as stack:
        said = [stack.enter_context(tempfile.TemporaryFile()) for _other in others]
        beside = [
            subprocess.Popen(commands[folder], cwd=folder, env=environ, stdout=file, stderr=subprocess.STDOUT)
            for folder, file in zip(others, said, strict=True)
        ]
        statuses = [subprocess.run(commands[first], check=False, cwd=first, env=environ).returncode]
        for process, file in zip(beside, said, strict=True):
            statuses.append(process.wait())
            file.seek(0)
            print(file.read().decode(errors="replace"), end="", flush=True)
    # A negative one is a signal's.
    return max(map(abs, statuses))


def main() -> int:
    """Run the sanity tests; ansible-test's exit status."""
    answer = subprocess.run([sys.executable, "-c", QUESTIONS], check=True, capture_output=True, text=True)
    known = json.loads(answer.stdout)
    pythons = find_pythons(known["pythons"], lambda version: candidates(version, os.environ), runs)
    missing = [version for version in known["pythons"] if version not in pythons]
    print(f"sanity: Python {', '.join(pythons)}; not here: {', '.join(missing) or 'none'}", flush=True)
    command = ["ansible-test", "sanity", "--requirements"]
    command += ["--controller", f"origin:python={sys.version_info[0]}.{sys.version_info[1]}@{sys.executable}"]
    for version in pythons:
        command += ["--target-python", version]
    names = [name for name in tracked_files(ROOT) if name != LEFT_OUT]
    commands = {}
    for share, choice in SHARES.items():
        copy = WORK / share / COLLECTION
        copy_tree(ROOT, names, copy)
        # Else ansible-test asks the repository around it, which ignores build/.
        subprocess.run(["git", "init", "--quiet", str(copy)], check=True)
        make_home(Path.home(), HOMES / share)
        for pip_version in known["pips"]:
            cache_get_pip(pip_version, HOMES / share)
        commands[copy] = ["env", f"HOME={HOMES / share}", *command, *choice]
        if known["empty"] and share == "rest":
            commands[copy] += ["--skip-test", "empty-init"]
    status = run_beside(commands, {**os.environ, "PATH": search_path(pythons.values(), os.environ["PATH"])})
    if status == 0:
        PYTHONS.parent.mkdir(parents=True, exist_ok=True)
        PYTHONS.write_text(f"{json.dumps(list(pythons))}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
