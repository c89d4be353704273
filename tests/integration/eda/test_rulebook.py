"""The shipped rulebook in ansible-rulebook, with what two directors said in place of the directors; no lab."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.integration.eda.rulebook import running
from tests.support.cluster import ROOT

SERVICE = "tcp 10.0.0.5:8080"
QUORUM = "tcp 10.0.0.5:8081"
POOL = {"192.168.0.12:80": 20, "192.168.0.13:80": 8}
SORRY = "192.168.0.1:80"
# ansible-rulebook with Java, and ansible-playbook, each started anew, on a slow machine.
SECONDS = 240


def said(state: str, *flaps: tuple[str, int]) -> list[str]:
    """What a director says whose real servers come and go so many times."""
    setup = {"vips": {"VI_1": ["10.0.0.5"]}, "sorry": {QUORUM: SORRY}}
    pools = {SERVICE: POOL, QUORUM: POOL}
    found: list[dict[str, Any]] = [{"snapshot": {"instances": {"VI_1": "BACKUP"}, **setup, "services": pools}}]
    found += [{"instance": "VI_1", "state": state}]
    # A quorum that is lost takes all of them out, and no rule drains anybody for that.
    found += 3 * [{"services": {QUORUM: {SORRY: 1}}}, {"services": {QUORUM: POOL}}]
    for server, times in flaps:
        left = {name: weight for name, weight in POOL.items() if name != server}
        found += times * [{"services": {SERVICE: left}}, {"services": {SERVICE: POOL}}]
    return [json.dumps(line) for line in found]


def ssh(folder: Path, directors: dict[str, list[str]]) -> None:
    """A program in ssh's place that says a director's lines, and then nothing but that it lives."""
    cases = [f"*' {name} '*) printf '%s\\n' {' '.join(map(shlex.quote, lines))};;" for name, lines in directors.items()]
    forever = """while echo '{"alive":true}'; do sleep 5; done"""
    text = ["#!/bin/sh", "cat > /dev/null", 'case "$*" in', *cases, "esac", forever, ""]
    (folder / "ssh").write_text("\n".join(text))
    (folder / "ssh").chmod(0o755)


def inventory(folder: Path) -> Path:
    """inventories/nat_ha with hosts that nobody reaches."""
    copied = folder / "inventory"
    shutil.copytree(ROOT / "inventories" / "nat_ha", copied)
    (copied / "group_vars" / "all").mkdir()
    # Not by the ssh of this test.
    nowhere = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_ssh_executable": "/usr/bin/ssh"}
    (copied / "group_vars" / "all" / "nowhere.yml").write_text(yaml.safe_dump(nowhere))
    return copied


def test_what_the_rulebook_does(tmp_path: Path) -> None:
    ssh(
        tmp_path,
        {
            "lb1": said("MASTER", ("192.168.0.13:80", 2), ("192.168.0.12:80", 3)),
            # Three times as well, but it is not the one that serves.
            "lb2": said("FAULT", ("192.168.0.13:80", 3)),
            "lb3": ['{"error":"no CAP_NET_ADMIN"}'],
        },
    )
    with running(tmp_path, inventory(tmp_path), {"lvs_eda_hosts": ["lb1", "lb2", "lb3"]}) as output:
        output.until("lb1 has become master of VI_1", SECONDS)
        output.until("lb2: VI_1 is in FAULT", SECONDS)
        output.until("lb3 is not followed any more: no CAP_NET_ADMIN", SECONDS)
        output.until(
            f"lb1: 192.168.0.12:80 left {SERVICE} three times within ten minutes, and is going to be drained", SECONDS
        )
        output.until("PLAY [Ask the directors]", SECONDS)
        # The playbook has found out which server is meant, and asks the directors.
        output.until("fatal: [lb1]: UNREACHABLE!", SECONDS, after="PLAY [Drain it on all directors")
    assert "192.168.0.13:80 left" not in output.text
    assert f"left {QUORUM}" not in output.text
