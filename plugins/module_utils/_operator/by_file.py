# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights of a director with keepalived: each real server's weight file."""

from __future__ import annotations

import os
from typing import Iterator, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weight_files, weights
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import Block, read_blocks
from ansible_collections.lvs.cluster.plugins.module_utils._operator.decide import Decision
from ansible_collections.lvs.cluster.plugins.module_utils._operator.overrides import (
    HELD,
    Override,
    file_override,
    file_text,
)
from ansible_collections.lvs.cluster.plugins.module_utils._operator.targets import Target

__all__ = ["ByFile", "configured_weights"]

_FILE = store.Owner(mode=0o644)


class ByFile:
    """What stands in the files, and what is to stand there."""

    def __init__(self, directory: str, configuration: str, config_id: str) -> None:
        self._directory = directory
        self._texts = weight_files.read_directory(directory)
        self._configuration = configuration
        self._config_id = config_id

    def knows(self, target: Target) -> bool:
        return target.file in self._texts

    def missing(self, target: Target) -> str:
        return f"{target.server.label}: {self._directory}/{target.file} is not there; run lvs.cluster.site first"

    def override(self, target: Target) -> Override | None:
        return file_override(self._texts[target.file], target.weight)

    def is_held(self, target: Target) -> bool:
        return weights.state_of(self._texts[target.file]) == weights.HELD

    def write(self, decisions: Sequence[tuple[Target, Decision]]) -> None:
        """Put the decisions into the files; keepalived sees each at once (inotify)."""
        needed = any(decision.override and decision.override.weight for _target, decision in decisions)
        configured = configured_weights(read_blocks(self._configuration, self._config_id)) if needed else {}
        for target, decision in decisions:
            label, override = target.server.label, decision.override
            forwarding = weights.forwarding_of(self._texts[target.file])
            if override is None:
                text = weights.text_for(weights.HELD if decision.after == HELD else weights.READY, label, forwarding)
            else:
                text = file_text(override, configured.get(target.file, target.weight), label, forwarding)
            store.write_text(os.path.join(self._directory, target.file), text, _FILE)


def configured_weights(blocks: Sequence[Block]) -> dict[str, int]:
    """The weight that a configuration gives each real server, by the name of its weight file."""
    found: dict[str, int] = {}
    for virtual in _named(blocks, "virtual_server"):
        for real in _named(virtual.inside or [], "real_server"):
            inside = real.inside or []
            weight = next((one.words[1] for one in inside if one.words[0] == "weight" and len(one.words) > 1), "1")
            for check in _named(inside, "FILE_CHECK"):
                for file in _named(check.inside or [], "track_file"):
                    found["".join(file.words[1:2])] = int(weight)
    return found


def _named(blocks: Sequence[Block], word: str) -> Iterator[Block]:
    return (block for block in blocks if block.words[0] == word)
