from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._picture import svg
from ansible_collections.lvs.cluster.plugins.module_utils._picture.metrics import width
from ansible_collections.lvs.cluster.plugins.module_utils._picture.model import picture
from ansible_collections.lvs.cluster.plugins.module_utils._picture.scene import TextBox
from ansible_collections.lvs.cluster.plugins.module_utils._picture.style import STYLE
from ansible_collections.lvs.cluster.plugins.module_utils._picture.summary import summarised
from tests.unit.plugins.module_utils._picture.cases import NAMES, large, planned

SVG = "{http://www.w3.org/2000/svg}"
ODD = 'a<b>&"c'


def texts(drawn: str) -> list[str]:
    """The texts that are seen, from well-formed XML."""
    return ["".join(one.itertext()) for one in ET.fromstring(drawn).iter(f"{SVG}text")]


def boxes(plans: dict[str, Any], states: Any = None) -> list[TextBox]:
    scene, _drawn = svg.layout(summarised(picture(plans), states), states or {})
    return scene.texts


def overlaps(found: list[TextBox]) -> list[tuple[str, str]]:
    ordered = sorted(found, key=lambda one: one.y)
    result = []
    for number, one in enumerate(ordered):
        for other in ordered[number + 1 :]:
            if other.y >= one.y + one.height:
                break
            if one.x < other.x + other.width and other.x < one.x + one.width:
                result.append((one.text, other.text))
    return result


def named(plans: dict[str, Any]) -> set[str]:
    """Every host, VIP and virtual service of the plans, straight from them."""
    found = set(plans)
    for plan in plans.values():
        for service in (plan.get("director") or {}).get("services", []):
            found |= {service["name"], *(one["address"] for one in service.get("match", []))}
            found |= {service["address"]} if "address" in service else set()
        found |= {one["address"] for one in (plan.get("clusterip_node") or {}).get("cluster_ips", [])}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_host_vip_and_service_is_named(name: str) -> None:
    plans = planned(name)
    seen = "\n".join(texts(svg.draw(plans)))
    missing = [one for one in named(plans) if not re.search(rf"(?<![\w.:]){re.escape(one)}(?![\w.])", seen)]
    assert missing == []


@pytest.mark.parametrize("name", NAMES)
def test_no_text_lies_on_another(name: str) -> None:
    assert overlaps(boxes(planned(name))) == []


@pytest.mark.parametrize(("services", "servers", "weights"), [(20, 20, 1), (20, 20, 50), (5, 300, 50), (1000, 10, 50)])
def test_no_text_lies_on_another_in_a_large_picture(services: int, servers: int, weights: int) -> None:
    plans = large(services, servers, weights)
    states = {name: {"badge": "as its plan says", "level": "good"} for name in plans}
    found = boxes(plans, states)
    assert "as its plan says" in [one.text for one in found]
    assert overlaps(found) == []


def test_texts_on_each_other_are_noticed() -> None:
    one = TextBox("one", 0, 0, 30, 14)
    assert overlaps([one, TextBox("two", 29, 13, 30, 14)]) == [("one", "two")]
    assert overlaps([one, TextBox("two", 30, 0, 30, 14), TextBox("three", 0, 14, 30, 14)]) == []


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_inside_the_picture(name: str) -> None:
    plans = planned(name)
    root = ET.fromstring(svg.draw(plans))
    wide, high = float(root.attrib["width"]), float(root.attrib["height"])
    assert root.attrib["viewBox"] == f"0 0 {wide:.0f} {high:.0f}"
    outside = [one for one in boxes(plans) if one.x < 0 or one.y < 0]
    outside += [one for one in boxes(plans) if one.x + one.width > wide or one.y + one.height > high]
    assert outside == []
    for rect in root.iter(f"{SVG}rect"):
        assert float(rect.attrib["x"]) + float(rect.attrib["width"]) <= wide
        assert float(rect.attrib["y"]) + float(rect.attrib["height"]) <= high


def odd() -> dict[str, Any]:
    """nat_ha with names that no inventory should have."""
    plans = planned("nat_ha")
    plans[ODD] = plans.pop("lb1")
    for service in plans[ODD]["director"]["services"]:
        service["name"] = f"{ODD}\x00{service['name']}"
    return plans


def test_odd_names_are_escaped() -> None:
    drawn = svg.draw(odd(), states={ODD: {"badge": f"{ODD} badge", "level": f'{ODD}" onload="x'}})
    seen = texts(drawn)
    assert {ODD, f"{ODD} badge", f"{ODD}\N{REPLACEMENT CHARACTER}intranet"} <= set(seen)
    assert "a<b" not in drawn
    assert "onload" not in drawn


def test_states_are_shown_at_their_hosts() -> None:
    states = {
        "lb1": {"badge": "MASTER", "level": "good"},
        "lb2": {"badge": "BACKUP", "level": "warn"},
        "rs2": {"badge": "drained", "level": "bad"},
        "nobody": {"badge": "lost", "level": "bad"},
    }
    root = ET.fromstring(svg.draw(planned("nat_ha"), states=states))
    found = {}
    for card in root.iter(f"{SVG}g"):
        inside = ["".join(one.itertext()) for one in card.iter(f"{SVG}text")]
        pills = [one.attrib["class"] for one in card.iter(f"{SVG}rect") if "pill" in one.attrib["class"]]
        if pills:
            found[inside[0]] = (inside[1], *pills)
    assert found == {
        "lb1": ("MASTER", "pill good"),
        "lb2": ("BACKUP", "pill warn"),
        "rs2": ("drained", "pill bad"),
    }


def test_peers_with_the_same_services_are_one_picture() -> None:
    what = picture(planned("nat_ha"))
    assert [[one.name for one in front.directors] for front in what.fronts] == [["lb1", "lb2"]]


def test_it_needs_no_other_file_and_leaves_the_page_around_it_alone() -> None:
    drawn = svg.draw(planned("nat_ha"))
    assert drawn.startswith("<svg ")
    assert set(re.findall(r"https?://[^\"]*", drawn)) == {"http://www.w3.org/2000/svg"}
    assert "@media (prefers-color-scheme: dark)" in drawn
    rules = STYLE.replace("@media (prefers-color-scheme: dark) {", "").replace("}}", "}")
    selectors = [one.strip() for rule in re.findall(r"([^{}]+)\{", rules) for one in rule.split(",")]
    assert selectors
    assert [one for one in selectors if not one.startswith(".lvs-picture")] == []


def test_dark_has_every_colour_that_light_has() -> None:
    light, dark = STYLE.split("@media (prefers-color-scheme: dark) {")
    coloured = re.compile(r"(?m)^(\.lvs-picture [^{]+) \{ (?:fill|stroke): #")
    assert coloured.findall(dark) == coloured.findall(light)
    assert len(coloured.findall(dark)) > 20


def test_it_tells_what_it_shows() -> None:
    root = ET.fromstring(svg.draw(planned("nat_ha")))
    told = {
        one.attrib["id"]: one.text or "" for one in root.iter() if one.attrib.get("id", "").startswith("lvs-picture-t")
    }
    assert root.attrib["role"] == "img"
    assert set(root.attrib["aria-labelledby"].split()) == {"lvs-picture-title", "lvs-picture-desc"}
    assert told["lvs-picture-title"]
    description = root.find(f"{SVG}desc")
    assert description is not None
    for word in ("lb1", "lb2", "10.0.0.5/24", "intranet", "rs1", "rs2", "192.168.0.0/24"):
        assert word in (description.text or "")


def test_a_thousand_services_are_summarised_in_time() -> None:
    plans = large(1000, 10, 50)
    start = time.process_time()
    drawn = svg.draw(plans)
    assert time.process_time() - start < 5
    assert len(drawn) < 300_000
    seen = texts(drawn)
    assert "Summarised. Cluster default: 1000 virtual services are drawn as 24; the tables name each." in seen
    assert "Summarised. Cluster default: 23 of 1000 VIPs are drawn; the tables name each." in seen
    assert [one for one in ("web1", "web10") if one not in seen] == []
    # Each service is in one of the boxes.
    assert sum(int(found[1]) for one in seen if (found := re.fullmatch(r"(\d+) virtual services", one))) == 1000


def test_many_alike_real_servers_are_one_card_and_one_in_another_state_is_not() -> None:
    plans = large(2, 300)
    names = [one.split(":")[0] for one in texts(svg.draw(plans)) if "web" in one and ": " in one]
    assert names == ["300"]
    seen = texts(svg.draw(plans, states={"web7": {"badge": "drained", "level": "warn"}}))
    assert [one for one in seen if one.startswith("299: web1, web2, web3 ... web300")] != []
    assert seen.index("drained") == seen.index("web7") + 1


def test_the_same_plans_in_another_order_are_the_same_picture() -> None:
    plans = planned("mixed")
    assert svg.draw(dict(reversed(plans.items()))) == svg.draw(plans)


def test_widths_are_those_of_a_wide_font() -> None:
    # Advances of DejaVu Sans, its bold and its fixed font at 100 pixels.
    assert width("W", 100) >= 98.8
    assert width("W", 100, bold=True) >= 110.3
    assert width("iiii", 100, mono=True) >= 240.8
    growing = [width("x" * number, 12) for number in range(5)]
    assert all(less < more for less, more in pairwise(growing))
