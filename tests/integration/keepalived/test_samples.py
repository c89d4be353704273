"""What keepalived itself says, on a guest: of the samples that its package ships, and of what we write.

LVS_TEST_RELEASE chooses Debian's release and with it keepalived's: 2.2.7 in bookworm, 2.3.3 in trixie.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.verdict import Accept, judge
from tests.support.cluster import ROOT, Cluster, booted
from tests.support.samples import config_ids, keywords, round_trip
from tests.unit.plugins.module_utils._keepalived.conf_reader import read

RELEASE = os.environ.get("LVS_TEST_RELEASE", "bookworm")
SAMPLES = "/usr/share/doc/keepalived/samples"
WRITTEN = ROOT / "tests" / "unit" / "plugins" / "module_utils" / "_keepalived"
SETUPS = sorted((WRITTEN / "setups").glob("*.lb?.conf"))
# Guests have names like these; the samples' addresses and interfaces are others, of which keepalived complains alike.
INVENTORY = {
    "lab_only": {
        "hosts": {
            "box": {
                "lvs_interfaces": {"eth0": ["10.0.0.3/24", "200.200.200.201/24"], "eth1": "192.168.0.2/24"},
                "lab_release": RELEASE,
            }
        }
    }
}
LONGEST = 10
"""Seconds for one test; 2.3.3 reads one of its own samples for ever."""

TEST = """
import json, subprocess, sys
answers = {}
for name, (text, words) in json.load(sys.stdin).items():
    with open("/run/tested.conf", "w") as file:
        file.write(text)
    command = ["timeout", sys.argv[1], "keepalived", "-t", "-f", "/run/tested.conf", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    answers[name] = done.returncode, done.stdout
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    file = tmp_path_factory.mktemp("keepalived") / "inventory.json"
    file.write_text(json.dumps(INVENTORY))
    with booted("keepalived", file) as cluster:
        yield cluster


def answers_of(box: Cluster, texts: dict[str, tuple[str, list[str]]]) -> dict[str, tuple[int, str]]:
    """What `keepalived -t` ended with and said of each text, with the options that it is given beside."""
    output = box.run("box", "python3", "-c", TEST, str(LONGEST), stdin=json.dumps(texts), seconds=600)
    return {name: (status, said) for name, (status, said) in json.loads(output).items()}


@pytest.fixture(scope="module")
def samples(box: Cluster) -> dict[str, str]:
    read_all = (
        "import glob, json; print(json.dumps({p.rpartition('.conf.')[2]: open(p).read()"
        f" for p in glob.glob('{SAMPLES}/keepalived.conf*')}}))"
    )
    found: dict[str, str] = json.loads(box.run("box", "python3", "-c", read_all))
    assert len(found) > 20
    return found


def plain(said: tuple[int, str]) -> tuple[int, list[str]]:
    """An answer without the numbers of lines, which differ where lines are written otherwise."""
    return said[0], [re.sub(r"Line \d+", "Line", line) for line in said[1].splitlines()]


def test_every_keyword_of_the_samples_goes_there_and_back(box: Cluster, samples: dict[str, str]) -> None:
    """Text, tree, options of an inventory, tree, text: and keepalived says the same of the last as of the first."""
    texts: dict[str, tuple[str, list[str]]] = {}
    words: set[str] = set()
    for name, text in samples.items():
        for number in config_ids(text) or [""]:
            options = ["--config-id", number] if number else []
            texts[f"{name} {number} before"] = (text, options)
            written = round_trip(text, number)
            texts[f"{name} {number} after"] = (written, options)
            words |= keywords(read(written))
    answers = answers_of(box, texts)
    differing: dict[str, Any] = {
        name: (plain(answer), plain(answers[name.replace(" before", " after")]))
        for name, answer in answers.items()
        if name.endswith(" before") and plain(answer) != plain(answers[name.replace(" before", " after")])
    }
    assert differing == {}
    print(f"{len(samples)} samples with {len(words)} keywords")
    assert len(words) > 80


@pytest.mark.parametrize("path", SETUPS, ids=[path.stem for path in SETUPS])
def test_setups_as_originally_written_are_accepted(box: Cluster, path: Path) -> None:
    text = path.read_text()
    # The original scripts are not on the guest, and are none of the configuration.
    status, said = answers_of(box, {path.stem: (text, [])})[path.stem]
    verdict = judge(status, said, text, check_mode=True)
    assert isinstance(verdict, Accept), verdict
