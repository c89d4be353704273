# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus' text format: metrics as values, and their text. No I/O."""

from __future__ import annotations

from typing import Iterable, Mapping, NamedTuple

__all__ = ["Family", "Sample", "family", "text"]

_PREFIX = "lvs_cluster_"


class Sample(NamedTuple):
    """One series: its labels and its value."""

    labels: Mapping[str, str]
    value: float


class Family(NamedTuple):
    """A metric with all its series; all of them are gauges."""

    name: str
    help: str
    samples: tuple[Sample, ...]


def family(name: str, help_text: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Family:
    return Family(_PREFIX + name, help_text, tuple(Sample(labels, value) for labels, value in samples))


def text(families: Iterable[Family]) -> str:
    """The file; a metric without a series is left out."""
    lines: list[str] = []
    for one in families:
        if one.samples:
            lines += [f"# HELP {one.name} {_escaped(one.help)}", f"# TYPE {one.name} gauge"]
            lines += [f"{one.name}{_labels(sample.labels)} {_number(sample.value)}" for sample in one.samples]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    shown = (f'{name}="{_quoted(value)}"' for name, value in labels.items())
    return "{" + ",".join(shown) + "}"


def _escaped(words: str) -> str:
    return words.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(value: str) -> str:
    # A name on the host may be no UTF-8, which the format is.
    clean = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return _escaped(clean).replace('"', r"\"")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
