"""tools/scenarios.py: which Debian release a scenario runs on, and the inventory that has it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lab.inventory import RELEASES, load
from tools import scenarios
from tools.scenarios import ScenarioError

ROOT = Path(__file__).resolve().parents[3]
KNOWN = scenarios.releases()


def lab_releases(inventory: Path) -> set[str]:
    """The releases of the guests that the lab would boot for this inventory."""
    return {host.release for host in load(str(inventory)).hosts}


def test_every_scenario_has_releases_that_the_lab_knows() -> None:
    assert set(KNOWN) == {path.parent.name for path in ROOT.glob("inventories/*/hosts.yml")}
    assert all(releases and set(releases) <= set(RELEASES) for releases in KNOWN.values())
    assert KNOWN["clusterip"] == ("bookworm",)
    assert KNOWN["clusterip_modern"] == ("trixie",)
    assert KNOWN["nat_ha"] == ("bookworm", "trixie")


@pytest.mark.parametrize("scenario", KNOWN)
def test_the_first_release_is_the_inventorys_own(scenario: str) -> None:
    path = scenarios.inventory(scenario, {})
    assert path == ROOT / "inventories" / scenario
    assert lab_releases(path) == {KNOWN[scenario][0]}


def test_a_copy_has_the_other_release_and_is_else_the_same(tmp_path: Path) -> None:
    copy = scenarios.inventory("director_full", {"LVS_TEST_RELEASE": "trixie"}, work=tmp_path)
    original = ROOT / "inventories" / "director_full"
    assert lab_releases(copy) == {"trixie"}
    files = {str(path.relative_to(original)) for path in original.rglob("*")}
    assert {str(path.relative_to(copy)) for path in copy.rglob("*")} == {*files, "zz_release.yml"}
    # The lab looks for the user's files beside the inventory.
    assert (copy.parent / "files" / "notify.sh").is_file()
    assert scenarios.inventory("director_full", {"LVS_TEST_RELEASE": "trixie"}, work=tmp_path) == copy


def test_the_copy_follows_the_inventory(tmp_path: Path) -> None:
    """What an earlier copy had, and the inventory no longer has, would be configured, too."""
    copy = scenarios.inventory("nat_ha", {"LVS_TEST_RELEASE": "trixie"}, work=tmp_path)
    (copy / "host_vars").mkdir()
    (copy / "host_vars" / "lb1.yml").write_text(yaml.safe_dump({"lvs_state": "absent"}))
    scenarios.inventory("nat_ha", {"LVS_TEST_RELEASE": "trixie"}, work=tmp_path)
    assert not (copy / "host_vars").exists()


def test_a_release_that_a_scenario_does_not_run_on_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ScenarioError, match="clusterip runs on bookworm alone, not on LVS_TEST_RELEASE=trixie"):
        scenarios.inventory("clusterip", {"LVS_TEST_RELEASE": "trixie"})
    assert scenarios.main(["inventory", "no_such"]) == 1
    assert capsys.readouterr().err.startswith("scenarios: no scenario no_such; there are: clusterip, ")


@pytest.mark.parametrize(
    ("wanted", "told"), [("", "clusterip clusterip_modern tun"), ("trixie", "clusterip_modern tun")]
)
def test_those_that_run_on_a_release(
    wanted: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LVS_TEST_RELEASE", wanted)
    assert scenarios.main(["among", "clusterip", "clusterip_modern", "tun"]) == 0
    assert capsys.readouterr().out == f"{told}\n"
