"""tools/release_check.py: what counts as a fault in galaxy-importer's output, and the copy's metadata."""

from __future__ import annotations

from pathlib import Path

import yaml

from tools import release_check
from tools.sanity import tracked_files

# Of galaxy-importer 0.4.44, shortened: no changelog, and a task that has no name. It ended with status 0.
BAD = """\
Importing with galaxy-importer 0.4.44
Getting doc strings via ansible-doc
Finding content inside collection
Loading role packages
WARNING: No changelog found. Add a CHANGELOG.rst or CHANGELOG.md file in the collection root or docs/ dir.
Linting collection via ansible-lint 26.10.1...
WARNING: roles/packages/tasks/main.yml:38: name[missing][/]: All tasks should be named.
...ansible-lint run complete
Collection loading complete
Importer processing completed successfully
"""
GOOD = "".join(line for line in BAD.splitlines(keepends=True) if not line.startswith("WARNING"))
# Of the same on a tarball without a repository.
REFUSED = """\
Importing with galaxy-importer 0.4.44
ERROR: The import failed for the following reason: Invalid collection metadata. 'repository' is required
"""


def test_output_without_warnings_is_good() -> None:
    assert release_check.faults(GOOD, []) == []


def test_warnings_are_faults_although_the_importer_is_content() -> None:
    assert [line.partition(":")[2].split()[0] for line in release_check.faults(BAD, [])] == [
        "No",
        "roles/packages/tasks/main.yml:38:",
    ]


def test_a_refusal_is_a_fault() -> None:
    found = release_check.faults(REFUSED, [])
    assert "'repository' is required" in found[0]
    assert found[1:] == [f"the importer did not say: {proof}" for proof in release_check.PROOFS]


def test_a_lint_that_was_left_out_is_a_fault() -> None:
    lintless = GOOD.replace("...ansible-lint run complete\n", "")
    assert release_check.faults(lintless, []) == ["the importer did not say: ...ansible-lint run complete"]


def test_an_imported_playbook_that_is_there_is_no_fault_and_one_that_is_not_is() -> None:
    lines = [f"WARNING: ERROR    Failed to find lvs.cluster.{name} playbook." for name in ("drain", "gone")]
    assert release_check.faults("\n".join([*lines, GOOD]), ["drain"]) == [lines[1]]


def test_the_checked_copy_has_a_repository_and_is_else_the_same() -> None:
    given = (release_check.ROOT / "galaxy.yml").read_text()
    asked, checked = yaml.safe_load(given), yaml.safe_load(release_check.with_repository(given))
    assert checked.pop("repository").startswith("https://")
    assert checked == {name: value for name, value in asked.items() if name != "repository"}
    assert release_check.with_repository("repository: https://example.org/x\n") == "repository: https://example.org/x\n"


def test_the_importers_environment_stays_out_of_the_tree() -> None:
    assert release_check.VENV.is_relative_to(release_check.ROOT / "build")
    assert not [name for name in tracked_files(release_check.ROOT) if Path(name).parts[0] == "build"]
