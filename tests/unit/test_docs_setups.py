"""The pages of the five setups are those of their inventories, and troubleshooting tells what verify says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.unit.test_docs import DOCS, ROOT, all_blocks, blocks, code_words, prose, rows, sections

SETUPS = ROOT / "docs" / "setups"
TROUBLE = ROOT / "docs" / "troubleshooting.md"
VERIFY = ROOT / "docs" / "operations" / "verify.md"

# Each page with the inventories that it is about.
PAGES = {
    "fwmark_dr": ("fwmark_dr",),
    "nat_ha": ("nat_ha",),
    "nat_ha_sync": ("nat_ha_sync",),
    "self_balanced": ("self_balanced",),
    "clusterip": ("clusterip", "clusterip_modern"),
}
HEADINGS = ["The inventory", "A packet's way", "When something dies", "Limits", "Day by day"]
# Addresses that are in no inventory, because protocols have them or the roles make them.
FIXED = {"224.0.0.18", "224.0.0.81", "127.77.101.3"}
PARTS = ["You see", "Why", "To be sure", "Do", "More"]

each_page = pytest.mark.parametrize(("page", "inventories"), PAGES.items(), ids=list(PAGES))


def inventory_text(name: str) -> str:
    return "".join(path.read_text() for path in sorted((ROOT / "inventories" / name).rglob("*.yml")))


def addresses(text: str) -> set[str]:
    return set(re.findall(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", text))


def test_there_is_a_page_for_each_setup_and_an_index_of_all_inventories() -> None:
    assert {path.stem for path in SETUPS.glob("*.md")} == {*PAGES, "README"}
    index = (SETUPS / "README.md").read_text()
    examples = {path.parent.name for path in (ROOT / "inventories").glob("*/hosts.yml")}
    assert {name for name in examples if f"(../../inventories/{name}/hosts.yml)" not in index} == set()
    assert {name for name in PAGES if f"({name}.md)" not in index} == set()


@each_page
def test_page_has_every_part(page: str, inventories: tuple[str, ...]) -> None:
    path = SETUPS / f"{page}.md"
    assert re.findall(r"^## (.*)$", prose(path), flags=re.MULTILINE) == HEADINGS
    pictures = set(re.findall(r"!\[[^\]]+\]\(\.\./pictures/(\w+)\.svg\)", prose(path)))
    assert pictures == set(inventories)
    quoted = {Path(block.info["from"]).parts[1] for block in blocks(path) if "from" in block.info}
    assert quoted == set(inventories)


@each_page
def test_page_names_no_address_that_its_inventories_lack(page: str, inventories: tuple[str, ...]) -> None:
    known = set().union(*(addresses(inventory_text(name)) for name in inventories), FIXED)
    assert addresses((SETUPS / f"{page}.md").read_text()) - known == set()


@each_page
def test_page_quotes_every_virtual_service_or_cluster_ip(page: str, inventories: tuple[str, ...]) -> None:
    """An excerpt that leaves out what the page is about would be no example."""
    text = "".join(block.text for block in all_blocks("yaml") if block.doc == SETUPS / f"{page}.md")
    assert re.search(r"^lvs_(virtual_services|cluster_ips):$", text, flags=re.MULTILINE)


@pytest.mark.parametrize("page", ["nat_ha", "nat_ha_sync"])
def test_times_until_a_dead_server_is_noticed_follow_from_the_inventory(page: str) -> None:
    """By the formula of docs/keepalived.md: when connections are refused, and when nobody answers."""
    main = yaml.safe_load((ROOT / "inventories" / page / "group_vars" / "directors" / "main.yml").read_text())
    text = (SETUPS / f"{page}.md").read_text()
    for service in main["lvs_virtual_services"]:
        loop = service.get("delay_loop", main["lvs_virtual_service_defaults"].get("delay_loop"))
        (check,) = service["health_checks"]
        refused = loop + check["retry"] * check["delay_before_retry"]
        for seconds in (refused, refused + (check["retry"] + 1) * check["connect_timeout"]):
            assert re.search(rf"`{service['name']}`[^|;]*\b{seconds} s\b", text), (service["name"], seconds)


@pytest.mark.parametrize("page", ["nat_ha", "nat_ha_sync"])
def test_time_of_a_takeover_follows_from_the_inventory(page: str) -> None:
    """By the formula of docs/keepalived.md, for the backup."""
    main = yaml.safe_load((ROOT / "inventories" / page / "group_vars" / "directors" / "main.yml").read_text())
    instance = main["lvs_vrrp_instances"][0]
    seconds = 3 * instance["advert_int"] + (256 - min(instance["priorities"].values())) / 256
    assert f"{seconds:.2f} s" in (SETUPS / f"{page}.md").read_text()


FIGURE = re.compile(r"(?<![\d.,])(?:\d{1,3},\d{3}|\d\.\d\d)(?!\d|,\d)")
QUOTING = [ROOT / "docs" / "choosing.md", ROOT / "docs" / "start.md", TROUBLE, *sorted(SETUPS.glob("*.md"))]


@pytest.mark.parametrize("doc", QUOTING, ids=[str(path.relative_to(ROOT)) for path in QUOTING])
def test_measured_figures_are_those_of_the_pages_that_say_how(doc: Path) -> None:
    known = {figure for path in DOCS if path not in QUOTING for figure in FIGURE.findall(path.read_text())}
    assert set(FIGURE.findall(prose(doc))) - known == set()


# --- troubleshooting


def symptoms() -> dict[str, str]:
    """The text of each symptom: of headings of the second depth, less those that hold no symptom."""
    found = re.split(r"^## (.*)$", prose(TROUBLE), flags=re.MULTILINE)
    return {head: text for head, text in zip(found[1::2], found[2::2], strict=True) if head != "Where to begin"}


@pytest.mark.parametrize("symptom", symptoms())
def test_symptom_has_every_part(symptom: str) -> None:
    assert re.findall(r"^\*\*([^*]+)\.\*\*", symptoms()[symptom], flags=re.MULTILINE) == PARTS


@pytest.mark.parametrize("symptom", symptoms())
def test_symptom_shows_a_command_to_be_sure(symptom: str) -> None:
    text = TROUBLE.read_text().split(f"## {symptom}\n")[1].split("\n## ")[0]
    sure = text.split("**To be sure.**")[1].split("**Do.**")[0]
    assert "```sh" in sure


@pytest.mark.parametrize("symptom", symptoms())
def test_symptom_leads_on(symptom: str) -> None:
    more = symptoms()[symptom].split("**More.**")[1]
    assert re.search(r"\]\([^)]+\)", more)


def test_faults_that_troubleshooting_quotes_are_those_of_verify() -> None:
    told = {code_words(cells[0])[0] for cells in rows(prose(VERIFY)) if code_words(cells[0])}
    quoted = re.findall(r"\[verify\]\([^)]+\) says `([^`]+)`", prose(TROUBLE).replace("\n", " "))
    assert len(quoted) >= 10
    assert [fault for fault in quoted if fault not in told] == []


def test_index_of_symptoms_is_complete() -> None:
    """The list at the top leads to each of them."""
    listed = re.findall(r"^- \[([^\]]+)\]", sections(TROUBLE)["Where to begin"], flags=re.MULTILINE)
    assert listed == list(symptoms())
