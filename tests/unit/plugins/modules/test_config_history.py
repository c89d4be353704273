# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""config_history in folders of its own: a program in keepalived's place, and a model of the kernel's table."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, program, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._firewall import kernel as firewall
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.marks import mark_chains
from ansible_collections.lvs.cluster.plugins.module_utils._history import kept
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host, persistent, session
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import HEADER
from ansible_collections.lvs.cluster.plugins.modules import config_history, director_table, keepalived_config
from tests.unit.plugins.module_utils._ipvs.kernel_model import FakeIpvs, Kernel
from tests.unit.plugins.modules.rollout import NOTE, Director, a_director, text

PROGRAM = """#!/bin/sh
grep -q bogus "$3" || exit 0
echo "($3: Line 4) Unknown keyword 'bogus'" >&2
exit 5
"""


class Machine:
    """A director's folders, and the modules on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.dest = folder / "keepalived.conf"
        self.weights = folder / "weights"
        self._capsys = capsys
        self.binary = folder / "keepalived"
        self.binary.write_text(PROGRAM)
        self.binary.chmod(0o755)

    def conf(self, router: str, *, password: str = "sesame", more: str = "") -> str:
        track = f"track_file w1 {{\n    file {self.weights}/w1\n}}\n"
        instance = f"vrrp_instance VI_1 {{\n    authentication {{\n        auth_pass {password}\n    }}\n}}\n"
        return f"{HEADER}\n\nglobal_defs {{\n    router_id {router}\n}}\n{instance}{track}{more}"

    def module(self, module: Any, *, check: bool = False, **options: Any) -> dict[str, Any]:
        with (
            patch_module_args({**options, "_ansible_check_mode": check, "_ansible_diff": True}),
            pytest.raises(SystemExit),
        ):
            module.main()
        printed = self._capsys.readouterr().out
        assert "sesame" not in printed
        result: dict[str, Any] = json.loads(printed)
        return result

    def put(self, content: str) -> None:
        words: dict[str, Any] = {"dest": str(self.dest), "binary": str(self.binary), "owner": self.folder.owner()}
        assert "failed" not in self.module(keepalived_config, content=content, **words)

    def mark(self, mark: int, owner: str = "lvs-director") -> None:
        """Packets to the service get this mark, as firewall_chains keeps it."""
        rule = {"family": "ipv4", "mark": mark, "address": "10.0.0.5", "protocol": "tcp", "ports": [[80, 80]]}
        chains = mark_chains({"mask": 0xFF, "rules": [rule]})
        (self.folder / f"{owner}-firewall.json").write_text(json.dumps({"chains": chains}))

    def history(self, state: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        words = {
            "dest": str(self.dest),
            "binary": str(self.binary),
            "owner": self.folder.owner(),
            "weights_directory": str(self.weights),
            **options,
        }
        return self.module(config_history, check=check, state=state, **words)


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Machine:
    etc = tmp_path / "etc"
    monkeypatch.setattr(persistent.Names, "config", property(lambda names: f"{etc}/{names.owner}-table.json"))
    monkeypatch.setattr(firewall, "config_path", lambda owner: f"{tmp_path}/{owner}-firewall.json")
    monkeypatch.setattr(files, "STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(files, "_OUR_FOLDERS", (str(etc), str(tmp_path / "state")))
    monkeypatch.setattr(program, "FOLDER", str(tmp_path / "lib"))
    monkeypatch.setattr(systemd, "FOLDER", str(tmp_path / "units"))
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "systemctl").write_text("#!/bin/sh\n")
    (programs / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return Machine(tmp_path, capsys)


# -- keepalived.conf


def test_listing(machine: Machine) -> None:
    assert machine.history("listed") == {"changed": False, "kind": "", "entries": [], **ran(machine)}
    for name in ("one", "two", "three"):
        machine.put(machine.conf(name))
    listed = machine.history("listed")
    assert (listed["kind"], [one["number"] for one in listed["entries"]]) == ("keepalived", [1, 2])
    first = listed["entries"][0]
    assert first["name"].startswith("keepalived.conf@20")
    assert first["time"].endswith("Z")
    assert (first["kind"], first["lines"], first["same_as_current"]) == ("keepalived", 13, False)
    assert first["size"] == len(machine.conf("two"))
    assert "router_id" not in json.dumps(listed)


def ran(machine: Machine) -> dict[str, Any]:
    """What Ansible adds to a result; nothing from ansible-core 2.21 on."""
    return {key: value for key, value in machine.history("listed").items() if key == "invocation"}


def test_check_run_check_run(machine: Machine) -> None:
    for name in ("one", "two", "three"):
        machine.put(machine.conf(name))
    checked = machine.history("restored", check=True)
    assert (checked["changed"], checked["tested"], checked["created"]) == (True, True, ["w1"])
    assert "router_id three" in checked["diff"]["before"]
    assert "router_id two" in checked["diff"]["after"]
    assert "auth_pass ********" in checked["diff"]["after"]
    assert (machine.dest.read_text(), machine.weights.exists()) == (machine.conf("three"), False)
    done = machine.history("restored")
    assert (done["changed"], done["instances"], done["entry"]["number"]) == (True, ["VI_1"], 1)
    assert machine.dest.read_text() == machine.conf("two")
    assert (machine.weights / "w1").read_text().startswith("0\n")
    # The same again is done already; it doesn't swap the two.
    for check in (True, False):
        again = machine.history("restored", check=check)
        assert (again["changed"], again["entry"]["number"]) == (False, 1)
    assert machine.dest.read_text() == machine.conf("two")
    assert [one["number"] for one in machine.history("listed")["entries"]] == [0, 1, 2]


def test_further_back_and_forth_again(machine: Machine) -> None:
    for name in ("one", "two", "three"):
        machine.put(machine.conf(name))
    for entry, name in (("1", "two"), ("2", "one"), ("1", "two"), ("0", "three")):
        assert machine.history("restored", entry=entry)["changed"]
        assert machine.dest.read_text() == machine.conf(name)
    assert len(machine.history("listed")["entries"]) == 3


def test_an_entry_by_its_name(machine: Machine) -> None:
    for name in ("one", "two", "three"):
        machine.put(machine.conf(name))
    name = machine.history("listed")["entries"][1]["name"]
    assert machine.history("restored", entry=name)["entry"]["name"] == name
    assert machine.dest.read_text() == machine.conf("one")


@pytest.mark.parametrize("entry", ["7", "-1", "../../etc/shadow", "keepalived.conf"])
def test_what_is_not_kept(machine: Machine, entry: str) -> None:
    machine.put(machine.conf("one"))
    machine.put(machine.conf("two"))
    said = machine.history("restored", entry=entry)["msg"]
    assert said.startswith(f"entry: {entry!r} is not kept on this host; there is 1 (keepalived.conf@")


def test_nothing_in_force_is_nothing_to_put_back(machine: Machine) -> None:
    assert "no configuration of lvs.cluster is in force here" in machine.history("restored")["msg"]


def test_a_foreign_file_does_not_come_back_so(machine: Machine) -> None:
    machine.dest.write_text("global_defs {\n}\n")
    machine.put(machine.conf("one"))
    said = machine.history("restored")["msg"]
    assert "lvs_state=absent" in said
    assert machine.dest.read_text() == machine.conf("one")


def test_a_refused_text_changes_nothing(machine: Machine) -> None:
    machine.put(machine.conf("one"))
    machine.put(machine.conf("two"))
    (machine.folder / "keepalived").write_text("#!/bin/sh\necho \"Unknown keyword 'bogus'\"\nexit 5\n")
    assert "was not changed: keepalived complains" in machine.history("restored")["msg"]
    assert machine.dest.read_text() == machine.conf("two")
    assert list(machine.weights.iterdir()) == []
    # What failed is not taken for done.
    assert [one["number"] for one in machine.history("listed")["entries"]] == [1]


def test_scripts_that_are_gone(machine: Machine) -> None:
    script = "/etc/keepalived/lvs-cluster/lvs-test-gone.sh"
    machine.put(machine.conf("one", more=f'vrrp_script s {{\n    script "{script} a b"\n}}\n'))
    machine.put(machine.conf("two"))
    assert f"it calls scripts that are here no more ({script})" in machine.history("restored", check=True)["msg"]


MARKED = "virtual_server fwmark 1 {\n}\n"
BY_PORT = "virtual_server 10.0.0.5 80 {\n}\n"


def test_a_mark_that_no_packet_gets_any_more(machine: Machine) -> None:
    """The rules went with the service; every new connection would be refused, and the run be green."""
    machine.put(machine.conf("one", more=MARKED))
    machine.put(machine.conf("two", more=BY_PORT))
    machine.mark(2)
    machine.mark(1, owner="another")
    for check in (True, False):
        said = machine.history("restored", check=check)["msg"]
        assert said.startswith("the entry is not put back: it balances by firewall marks that no packet gets here any")
        assert "(1 (ipv4))" in said
        assert "change the services back in the inventory and run lvs.cluster.site" in said
    assert machine.dest.read_text() == machine.conf("two", more=BY_PORT)
    assert not machine.weights.exists()


def test_a_mark_of_our_rules(machine: Machine) -> None:
    machine.put(machine.conf("one", more=MARKED))
    machine.put(machine.conf("two", more=BY_PORT))
    machine.mark(1)
    assert machine.history("restored")["changed"]
    assert machine.dest.read_text() == machine.conf("one", more=MARKED)


def test_a_mark_of_rules_of_somebody_else(machine: Machine) -> None:
    """The configuration in force balances by it, so somebody gives it."""
    machine.put(machine.conf("one", more=MARKED))
    machine.put(machine.conf("two", more=MARKED + BY_PORT))
    assert machine.history("restored")["changed"]
    assert machine.dest.read_text() == machine.conf("one", more=MARKED)


def test_rules_that_can_not_be_read(machine: Machine) -> None:
    machine.put(machine.conf("one", more=MARKED))
    machine.put(machine.conf("two", more=BY_PORT))
    (machine.folder / "lvs-director-firewall.json").write_text('{"chains": [1]}')
    assert "lvs-director-firewall.json is not what we wrote" in machine.history("restored")["msg"]


def test_a_weight_file_that_is_there_stays(machine: Machine) -> None:
    machine.weights.mkdir()
    (machine.weights / "w1").write_text("-2147483647\n")
    machine.put(machine.conf("one"))
    machine.put(machine.conf("two"))
    assert machine.history("restored")["created"] == []
    assert (machine.weights / "w1").read_text() == "-2147483647\n"


def test_a_damaged_entry(machine: Machine, history: Path) -> None:
    machine.put(machine.conf("one"))
    machine.put(machine.conf("two"))
    (file,) = history.iterdir()
    file.write_text("half")
    assert machine.history("listed")["entries"] == []
    assert "is damaged" in machine.history("restored")["msg"]


def test_absent(machine: Machine, history: Path) -> None:
    assert not machine.history("absent")["changed"]
    machine.put(machine.conf("one"))
    machine.put(machine.conf("two"))
    machine.history("restored")
    checked = machine.history("absent", check=True)
    assert (checked["changed"], history.exists()) == (True, True)
    assert machine.history("absent")["changed"]
    assert (history.exists(), machine.dest.exists()) == (False, True)
    assert not machine.history("absent")["changed"]


# -- where keepalived runs


@pytest.fixture
def director(tmp_path: Path) -> Iterator[Director]:
    with a_director(tmp_path / "host") as found:
        yield found


def test_a_running_keepalived_has_to_load_it(director: Director) -> None:
    director.start()
    director.config(text(words="priority 100"))
    director.host.module("keepalived_config", state="loaded", dest=str(director.dest))
    words: dict[str, Any] = {"dest": str(director.dest), "binary": str(director.host.programs / "tester")}
    result = director.host.module("config_history", state="restored", has_peers=True, **words)
    assert (result["changed"], result["pending"], result["restart"]) == (True, True, "")
    # The run died before the reload.
    again = director.host.module("config_history", state="restored", has_peers=True, **words)
    assert (again["changed"], again["pending"]) == (False, True)
    assert director.host.run("cat", NOTE)


def test_a_shared_difference_is_refused(director: Director) -> None:
    director.config(text("simsim"))
    words: dict[str, Any] = {"dest": str(director.dest), "binary": str(director.host.programs / "tester")}
    for check in (True, False):
        said = director.host.module("config_history", check=check, state="restored", has_peers=True, **words)["msg"]
        assert "must share differs (VI_1)" in said
        assert "run lvs.cluster.site" in said
    assert director.host.module("config_history", state="restored", **words)["changed"]


def test_what_a_switch_replaces_is_kept(director: Director) -> None:
    director.start()
    old = director.dest.read_text()
    assert director.switch("lead", check=True)["changed"]
    assert director.host.module("config_history", dest=str(director.dest))["entries"] == []
    assert director.switch("lead")["changed"]
    (entry,) = director.host.module("config_history", dest=str(director.dest))["entries"]
    assert director.host.run("cat", f"/var/lib/lvs-cluster/history/{entry['name']}") == old


def test_a_follower_has_kept_it_before_it_waits(director: Director) -> None:
    director.start()
    assert director.switch("follow")["following"]
    assert len(director.host.module("config_history", dest=str(director.dest))["entries"]) == 1


def test_a_switch_without_room_is_not_made(director: Director) -> None:
    director.start()
    director.host.run("mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=2", "none", "/var/lib")
    old = director.dest.read_text()
    result = director.switch("lead")
    assert "was not changed: no space is left for /var/lib/lvs-cluster/history" in result["msg"]
    assert (director.dest.read_text(), director.next.exists(), director.signals()) == (old, True, 0)


# -- the table


@pytest.fixture
def kernel(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    found = Kernel()
    monkeypatch.setattr(host, "require_privilege", lambda: None)
    monkeypatch.setattr(host, "is_loaded", lambda: True)
    monkeypatch.setattr(session, "Ipvs", lambda: FakeIpvs(found))
    return found


def service(**weights: int) -> dict[str, Any]:
    destinations = [
        {"address": f"192.168.0.{name[1:]}", "weight": weight, "forwarding": "dr"} for name, weight in weights.items()
    ]
    return {"address": "10.0.0.5", "port": 80, "destinations": destinations}


def weights_of(kernel: Kernel) -> dict[str, int]:
    return {
        f"_{name.address[10:]}": values.weight
        for entry in kernel.table.values()
        for name, values in entry.destinations.items()
    }


def test_a_table_comes_back(machine: Machine, kernel: Kernel) -> None:
    words: dict[str, Any] = {"services": [service(_1=1, _2=2)], "drain_timeout": 0}
    assert machine.module(director_table, **words)["changed"]
    assert kept.listed() == []
    assert machine.module(director_table, services=[service(_2=7, _3=3)], drain_timeout=0)["changed"]
    listed = machine.history("listed")
    assert (listed["kind"], [one["number"] for one in listed["entries"]]) == ("table", [1])
    checked = machine.history("restored", check=True)
    assert checked["changed"]
    assert "192.168.0.3" in checked["diff"]["before"]
    assert weights_of(kernel) == {"_2": 7, "_3": 3}
    done = machine.history("restored", drain_timeout=0)
    assert (done["changed"], done["kind"], done["pending"]) == (True, "table", False)
    assert weights_of(kernel) == {"_1": 1, "_2": 2}
    assert not machine.history("restored", drain_timeout=0)["changed"]
    assert machine.history("restored", entry="0", drain_timeout=0)["changed"]
    assert weights_of(kernel) == {"_2": 7, "_3": 3}
    # Its file is the one for the next boot, and what was there is forgotten with the table.
    assert machine.module(director_table, state="absent", drain_timeout=0)["changed"]
    assert kept.listed() == []


def test_a_table_with_a_mark_that_no_packet_gets_any_more(machine: Machine, kernel: Kernel) -> None:
    marked = {"fwmark": 1, "destinations": [{"address": "192.168.0.1", "weight": 1, "forwarding": "dr"}]}
    machine.module(director_table, services=[marked], drain_timeout=0)
    machine.module(director_table, services=[service(_1=1), marked], drain_timeout=0)
    machine.module(director_table, services=[service(_1=2)], drain_timeout=0)
    before = kernel.table
    for check in (True, False):
        for entry in ("1", "2"):
            said = machine.history("restored", entry=entry, check=check)["msg"]
            assert "the entry is not put back: it balances by firewall marks" in said
            assert "(1 (ipv4))" in said
    assert kernel.table == before
    assert [one["number"] for one in machine.history("listed")["entries"]] == [1, 2]
    machine.mark(1)
    assert machine.history("restored", drain_timeout=0)["changed"]
    # Now it is in force, whoever gives it.
    (machine.folder / "lvs-director-firewall.json").unlink()
    assert machine.history("restored", entry="2", drain_timeout=0)["changed"]
    assert [key.fwmark for key in kernel.table] == [1]


def test_nothing_is_kept_where_nothing_changes(machine: Machine, kernel: Kernel) -> None:
    machine.module(director_table, services=[service(_1=1)])
    machine.module(director_table, services=[service(_1=1)])
    machine.module(director_table, services=[service(_1=2)], check=True)
    assert kept.listed() == []


def test_a_table_without_room_is_not_changed(machine: Machine, kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.module(director_table, services=[service(_1=1)])

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", full)
    said = machine.module(director_table, services=[service(_1=2)])["msg"]
    assert "can't be kept" in said
    assert "(No space left on device)" in said
    assert weights_of(kernel) == {"_1": 1}
