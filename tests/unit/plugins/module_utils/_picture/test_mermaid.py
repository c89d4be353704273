from __future__ import annotations

import re

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._picture import mermaid
from tests.unit.plugins.module_utils._picture.cases import NAMES, large, planned

# What a line may be: names are inside quoted labels, where only these characters are.
LABEL = r'"(?:[A-Za-z0-9_.,:/()+ -]|#[0-9]+;|<b>|</b>|<br/>)*"'
NODE = rf"[a-z0-9]+(?:\[{LABEL}\]:::[a-z]+|\(\[{LABEL}\]\))"
LINE = re.compile(
    rf"flowchart LR|\s*(?:{NODE}|subgraph [a-z0-9]+\[(?:{LABEL}|[A-Za-z]+)\]|end"
    rf"|[a-z0-9]+ (?:-->|-\.->)(?:\|{LABEL}\|)? [a-z0-9]+|classDef [a-z]+ [a-z0-9:#,-]+)"
)


def strange(text: str) -> list[str]:
    return [line for line in text.splitlines() if not LINE.fullmatch(line)]


@pytest.mark.parametrize("name", NAMES)
def test_each_line_is_one_that_mermaid_takes(name: str) -> None:
    assert strange(mermaid.draw(planned(name))) == []


@pytest.mark.parametrize("odd", ['a<b>&"c', "end", "1. list", "- item", '"]--> x', "a;b%%c{d}|e`f`", "#35;", "ж 漢\n"])
def test_no_name_gets_out_of_its_label(odd: str) -> None:
    plans = planned("nat_ha")
    plans[odd] = plans.pop("lb1")
    for service in plans[odd]["director"]["services"]:
        service["name"] = odd + service["name"]
    drawn = mermaid.draw(plans)
    assert strange(drawn) == []
    # As a browser shows it.
    shown = re.sub(r"#([0-9]+);", lambda found: chr(int(found[1])), drawn)
    assert f"<b>{odd}</b>".replace("\n", " ") in shown


@pytest.mark.parametrize(
    ("services", "servers", "weights"), [(20, 20, 50), (1000, 10, 50), (50, 300, 50), (1000, 1, 1)]
)
def test_it_stays_within_what_mermaid_draws(services: int, servers: int, weights: int) -> None:
    drawn = mermaid.draw(large(services, servers, weights))
    assert len(drawn) < 50_000
    assert len(re.findall(r"-->|-\.->", drawn)) <= 500
    assert ("Summarised" in drawn) == (max(services, servers, weights) > 20)


def test_every_identifier_in_an_arrow_is_a_node() -> None:
    drawn = mermaid.draw(planned("mixed"))
    nodes = set(re.findall(r"(?m)^\s*(?:subgraph )?([a-z0-9]+)[\[(]", drawn))
    ends = re.findall(r'(?m)^\s*([a-z0-9]+) (?:-->|-\.->)(?:\|"[^"]*"\|)? ([a-z0-9]+)$', drawn)
    assert ends
    assert {one for pair in ends for one in pair} <= nodes
