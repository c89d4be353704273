"""Plans of whole inventories, as the topology's golden files have them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CASES = Path(__file__).resolve().parents[1] / "_topology" / "cases"


def plans(case: str) -> dict[str, Any]:
    hosts: dict[str, Any] = json.loads((CASES / case / "expected.json").read_text())["hosts"]
    return hosts
