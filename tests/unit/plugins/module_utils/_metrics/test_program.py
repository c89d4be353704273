# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.lvs.cluster.plugins.module_utils._boot import program
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._metrics import install
from ansible_collections.lvs.cluster.plugins.module_utils._metrics.exposition import Family, family
from ansible_collections.lvs.cluster.plugins.module_utils._metrics.program import collect, news, report, write


def figure() -> list[Family]:
    return [family("x", "Help.", [({}, 1)])]


def broken() -> list[Family]:
    raise BootError("no such thing")


def samples(text: str) -> dict[str, float]:
    return {
        " ".join([sample.name.removeprefix("lvs_cluster_"), *sample.labels.values()]): sample.value
        for one in text_string_to_metric_families(text)
        for sample in one.samples
    }


def test_a_part_that_fails_leaves_the_others() -> None:
    good = report(*collect([("one", figure), ("two", figure)]), "", 100.5)
    assert samples(good)["exporter_last_success_timestamp_seconds"] == 100.5
    found, faults = collect([("one", figure), ("two", broken)])
    assert faults == {"one": "", "two": "no such thing"}
    text = report(found, faults, good, 200)
    assert samples(text) == {
        "x": 1,
        "exporter_collector_success one": 1,
        "exporter_collector_success two": 0,
        "exporter_last_run_timestamp_seconds": 200,
        "exporter_last_success_timestamp_seconds": 100.5,
    }
    # The log is told when it begins, and not each time.
    assert news(faults, good) == ["two: no such thing"]
    assert news(faults, text) == []
    assert news({"one": "", "two": ""}, text) == []
    assert samples(report(found, faults, "", 200))["exporter_last_success_timestamp_seconds"] == 0


def test_the_file_is_replaced_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lvs_cluster.prom"
    write(str(file), "one\n")
    first = file.stat().st_ino
    write(str(file), "two\n")
    assert (file.read_text(), file.stat().st_ino == first) == ("two\n", False)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644

    def full(*_paths: str) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr("os.rename", full)
    with pytest.raises(OSError, match="full"):
        write(str(file), "three\n")
    assert [path.name for path in tmp_path.iterdir()] == ["lvs_cluster.prom"]


def test_the_program_runs_alone(tmp_path: Path) -> None:
    file = tmp_path / "metrics"
    file.write_bytes(program.archive(sys.executable, install.MAIN, install.MODULES))
    file.chmod(0o755)
    done = subprocess.run([file], env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (64, "usage: lvs-cluster-metrics FILE\n")
    done = subprocess.run([file, str(tmp_path / "none")], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "run lvs.cluster.metrics again" in done.stderr


@pytest.mark.parametrize("module", ["_history.kept", "_history.entries", "_keepalived.install", "_ipvs.persistent"])
def test_nothing_of_the_history_is_in_it(module: str) -> None:
    assert module not in install.MODULES


def test_the_units_are_such_that_systemd_accepts_them(tmp_path: Path) -> None:
    service, timer = tmp_path / install.SERVICE, tmp_path / install.TIMER
    text = install.service_text("/usr/bin/python3", "/var/lib/prometheus/node-exporter")
    service.write_text(text.replace(install.paths().program, "/usr/bin/true"))
    timer.write_text(install.timer_text())
    argv = ["systemd-analyze", "verify", "--man=no", str(service), str(timer)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert "lvs-cluster-metrics" not in done.stderr, done.stderr
