"""The twin inventory: as Ansible reads it, it differs from the original only in how to connect."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab import inventory
from lab.errors import LabError
from lab.lab import link_files
from lab.networks import Namespace
from lab.remote import Remote

HOSTS = """\
all:
  vars:
    template: "{{ inventory_hostname }} and {{ later }}"
    raw: !unsafe "{{ never }}"
    ansible_user: deploy
    ansible_become_method: doas
  hosts:
    loner: {lvs_interfaces: {eth0: 10.0.0.9/24}}
  children:
    directors:
      hosts:
        lb1:
          lvs_interfaces: {eth0: [10.0.0.1/24, "fd00::1/64"]}
          ansible_host: 192.0.2.1
          ansible_port: 2222
          ansible_ssh_common_args: -o ProxyJump=bastion
          ansible_password: secret
          number: 1
          text: "01"
    real_servers_dr:
      children: {directors: , web: }
    web:
      hosts:
        rs1: {lvs_interfaces: {eth0: 10.0.0.2/24}, ansible_connection: paramiko, ansible_private_key_file: /k}
        lb1:
      vars: {lvs_weight: 3}
    nobody_here:
"""
CONNECTION = {
    name: {"ansible_host": f"198.18.0.{n}", "ansible_port": 22} for n, name in enumerate(("lb1", "rs1", "loner"))
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "inventory"
    (folder / "group_vars").mkdir(parents=True)
    (folder / "hosts.yml").write_text(HOSTS)
    password = tmp_path / "password"
    password.write_text("open sesame\n")
    environment = {**os.environ, "ANSIBLE_VAULT_PASSWORD_FILE": str(password)}
    for name, text in (("web", "from_file: {a: plain}\n"), ("all", "whole_file: opened\n")):
        (folder / "group_vars" / f"{name}.yml").write_text(text)
    subprocess.run(["ansible-vault", "encrypt", str(folder / "group_vars/all.yml")], check=True, env=environment)
    value = subprocess.run(
        ["ansible-vault", "encrypt_string", "--name", "inline", "hidden"],
        check=True,
        env=environment,
        capture_output=True,
        text=True,
    ).stdout
    with (folder / "group_vars/web.yml").open("a") as file:
        file.write(value)
    return folder


def read(path: Path) -> dict[str, Any]:
    output = subprocess.run(["ansible-inventory", "-i", str(path), "--list"], check=True, capture_output=True).stdout
    listing: dict[str, Any] = json.loads(output)
    return listing


def sorted_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sorted_lists(item) for key, item in value.items()}
    return sorted(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else value


def test_only_the_connection_differs(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(tmp_path / "password"))
    original = read(source)
    file = tmp_path / "twin.json"
    inventory.write_private(file, json.dumps(inventory.twin(inventory.load(str(source)), CONNECTION)))
    twin = read(file)

    variables = original["_meta"]["hostvars"]
    for name, own in variables.items():
        assert "ansible_user" in own
        for key in [key for key in own if key.startswith("ansible_")]:
            del own[key]
        own.update(CONNECTION[name])
    assert sorted_lists(twin) == sorted_lists(original)

    # What the comparison above rests on is really there.
    lb1 = variables["lb1"]
    assert (lb1["number"], lb1["text"], lb1["lvs_weight"], lb1["from_file"]) == (1, "01", 3, {"a": "plain"})
    assert lb1["template"] == "{{ inventory_hostname }} and {{ later }}"
    assert lb1["raw"] == {"__ansible_unsafe": "{{ never }}"}
    assert lb1["whole_file"] == "opened"
    assert lb1["inline"]["__ansible_vault"].startswith("$ANSIBLE_VAULT;1.1;AES256")
    assert "nobody_here" in twin["all"]["children"]


def test_a_vaulted_value_is_opened_by_whoever_has_the_password(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(tmp_path / "password"))
    file = tmp_path / "twin.json"
    connection = {name: {"ansible_connection": "local"} for name in CONNECTION}
    inventory.write_private(file, json.dumps(inventory.twin(inventory.load(str(source)), connection)))
    words = ["ansible", "-i", str(file), "rs1", "-m", "ansible.builtin.debug", "-a", "msg={{ inline }}/{{ raw }}"]
    output = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert '"msg": "hidden/{{ never }}"' in output


def test_a_vault_without_its_password_says_so(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANSIBLE_VAULT_PASSWORD_FILE", raising=False)
    with pytest.raises(LabError, match=r"^ansible-inventory failed with status \d+") as caught:
        inventory.load(str(source))
    assert "vault" in caught.value.detail.lower()


def test_an_inventory_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    file = tmp_path / "hosts.yml"
    file.write_text("all: {hosts: [\n")
    with pytest.raises(LabError, match=r"^ansible-inventory failed with status \d+") as caught:
        inventory.load(str(file))
    assert "hosts.yml" in caught.value.detail


def test_an_absent_inventory() -> None:
    with pytest.raises(LabError, match=r"^inventory /no/where is not there; name a file or folder"):
        inventory.load("/no/where")


def test_what_a_verbose_ansible_prints_is_no_inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_VERBOSITY", "3")
    monkeypatch.setenv("ANSIBLE_INVENTORY_EXPORT", "1")
    file = tmp_path / "hosts.yml"
    file.write_text("g: {hosts: {a: {lvs_interfaces: {eth0: 10.0.0.1/24}}}, vars: {lab_release: trixie}}\n")
    (host,) = inventory.load(str(file)).hosts
    assert (host.name, host.release) == ("a", "trixie")


def test_every_way_to_connect_is_replaced(tmp_path: Path) -> None:
    """A twin must never reach a production host: not by its own variables, not by those that ansible.cfg sets."""
    given = Remote(tmp_path, Namespace(Path("x"))).variables("198.18.0.10", tmp_path / "key")
    production = {
        "ansible_host": "192.0.2.1",
        "ansible_port": 2222,
        "ansible_ssh_args": "-J bastion",
        "ansible_private_key": "of bastion",
        "ansible_private_key_passphrase": "of bastion",
        "ansible_user": "u",
    }
    listing = {"_meta": {"hostvars": {"a": {"lvs_interfaces": {"eth0": "10.0.0.1/24"}, **production}}}}
    source = inventory.parse({**listing, "ungrouped": {"hosts": ["a"]}})
    variables = inventory.twin(source, {"a": given})["all"]["hosts"]["a"]
    assert variables == {"lvs_interfaces": {"eth0": "10.0.0.1/24"}, **given}
    assert given["ansible_host"] == "198.18.0.10"
    assert given["ansible_port"] == 22
    # What only a setting or the environment may say.
    assert (given["ansible_ssh_extra_args"], given["ansible_ssh_private_key"]) == ("", "")
    assert "IdentitiesOnly=yes" in given["ansible_ssh_common_args"]
    assert "bastion" not in json.dumps(variables)


def test_private_file(tmp_path: Path) -> None:
    file = tmp_path / "twin.json"
    file.write_text("old")
    file.chmod(0o644)
    umask = os.umask(0)
    try:
        inventory.write_private(file, "new")
    finally:
        os.umask(umask)
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_files_of_the_user_are_beside_the_twin(tmp_path: Path) -> None:
    """In the inventory's folder, else beside it; a link of an earlier twin goes."""
    folder, link = tmp_path / "inventories" / "mine", tmp_path / "lab" / "files"
    folder.mkdir(parents=True)
    link.parent.mkdir()
    link_files(folder, link)
    assert not link.is_symlink()
    (folder.parent / "files").mkdir()
    link_files(folder, link)
    assert link.resolve() == folder.parent / "files"
    (folder / "files").mkdir()
    for origin in (folder, folder / "hosts.yml"):
        link_files(origin, link)
        assert link.resolve() == folder / "files"
    # A playbook that runs reads through it, so what is right stays.
    before = link.lstat().st_ino
    link_files(folder, link)
    assert link.lstat().st_ino == before
    assert list(link.parent.iterdir()) == [link]
