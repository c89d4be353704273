"""A lab: boots what isn't running, cuts power, pulls cables, takes everything away again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from lab import images, inventory, processes, seed, shell, state
from lab.errors import LabError
from lab.machines import Hypervisor, Machine, Nic
from lab.networks import GATEWAY, MANAGEMENT_BRIDGE, PREFIX, REPOSITORY_PORT, Namespace, mac, management_address
from lab.remote import Remote
from lab.state import Guest
from lab.uml import UserModeLinux

MEMORY_MIB = 256
READY_SECONDS = 120.0

POWER_ON = "lab: power on"
READY = "lab: ready"


class Lab:
    """One lab by its name. Commands look at what runs, not at what an earlier command meant to do."""

    def __init__(self, name: str, say: Callable[[str], None] = lambda text: None) -> None:
        self.name = name
        self.folder = state.folder(name)
        self.namespace = Namespace(name)
        self.remote = Remote(self.folder, self.namespace)
        self._hypervisor: Hypervisor = UserModeLinux()
        self._say = say

    # -- up and down

    def up(self, path: str, kind: str) -> bool:
        """Boot every host of the inventory that isn't running and wait until all answer; True if anything had to be done."""
        wanted = inventory.load(path)
        built = {release: images.get(release, kind, self._say) for release in {host.release for host in wanted.hosts}}
        with state.lock(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            memory = state.load(self.folder)
            memory.inventory, memory.kind = str(Path(path).resolve()), kind
            self._refuse_changed(memory, wanted)
            pids = self.namespace.processes()
            self._remove(memory, [name for name in memory.guests if name not in {h.name for h in wanted.hosts}], pids)
            fresh = []
            for host in wanted.hosts:
                image = built[host.release]
                guest = memory.guests.get(host.name)
                if guest is None or (guest.image != str(image.disk.parent) and not self._running(guest, pids)):
                    shutil.rmtree(self.folder / "guests" / host.name, ignore_errors=True)
                    number = guest.number if guest else memory.free_number()
                    guest = memory.guests[host.name] = Guest(host, number, str(image.disk.parent), str(image.kernel))
                guest.host = host
                for nic in host.interfaces:
                    memory.bridge(nic.network)
                if not self._running(guest, pids):
                    fresh.append(guest)
            state.save(self.folder, memory)
            self._wire(memory)
            self._offer(built.values(), pids)
            self._introduce(memory)
            for guest in fresh:
                self._boot(memory, guest)
            self._wait_ready(memory, list(memory.guests.values()))
            return bool(fresh)

    def down(self) -> bool:
        """End every process of the lab, delete its namespace and its files; True if there was anything."""
        with state.lock(self.folder):
            found = self.namespace.exists() or self.folder.exists()
            if self.namespace.exists():
                processes.end(self.namespace.processes())
                self.namespace.delete()
            if self.folder.exists():
                shutil.rmtree(self.folder)
            return found

    # -- one guest

    def power(self, host: str, action: str) -> None:
        """off: a power cut. on: boot with the disk as it is. reset: both. renew: both, with a new disk."""
        with state.lock(self.folder):
            memory, guest = self._find(host)
            pids = self._running(guest, self.namespace.processes())
            if action != "on" and pids:
                processes.end(pids)
                self.remote.hang_up(host)
                pids = []
            if action == "renew":
                shutil.rmtree(self.folder / "guests" / host, ignore_errors=True)
            if action != "off" and not pids:
                self._boot(memory, guest)
                self._wait_ready(memory, [guest])

    def link(self, host: str, interface: str, *, plugged: bool) -> None:
        """Plug in or pull out the cable of one interface."""
        memory, guest = self._find(host)
        for nic in self._nics(memory, guest)[1:]:
            if nic.name == interface:
                self.namespace.set_cable(nic.tap, plugged=plugged)
                if self._running(guest, self.namespace.processes()):
                    # UML's NIC doesn't notice that its cable is out; the guest is told in the one way that it heeds.
                    words = ["ip", "link", "set", "dev", interface, "up" if plugged else "down"]
                    shell.run(self.command(host, words), what=f"telling {host} of its cable")
                return
        names = ", ".join(nic.name for nic in guest.host.interfaces)
        raise LabError(f"{host} has no interface {interface}; it has: {names}")

    def command(self, host: str, argv: list[str]) -> list[str]:
        """The command line that runs argv on a guest."""
        _, guest = self._find(host)
        return self.remote.command(host, management_address(guest.number), self._key(guest), argv)

    def console(self, host: str) -> Path:
        """The file that a guest's console is written to."""
        self._find(host)
        return self.folder / "guests" / host / "console.log"

    # -- looking

    def twin(self, path: str = "") -> Path:
        """Write the twin of an inventory (default: the one that the lab was started with) and return its path."""
        memory = self._need()
        source = inventory.load(path or memory.inventory)
        absent = [host.name for host in source.hosts if host.name not in memory.guests]
        if absent:
            raise LabError(f"not in the lab: {', '.join(absent)}; run: python -m lab up --name {self.name} -i {path}")
        connection = {
            host.name: self.remote.variables(
                host.name, management_address(memory.guests[host.name].number), self._key(memory.guests[host.name])
            )
            for host in source.hosts
        }
        file = self.folder / "twins" / f"{Path(path or memory.inventory).resolve().name}.json"
        file.parent.mkdir(exist_ok=True, mode=0o700)
        inventory.write_private(file, json.dumps(inventory.twin(source, connection), indent=1))
        return file

    def status(self) -> list[dict[str, Any]]:
        """A row for each guest: host, power, management address, release, interfaces with network, addresses and cable."""
        memory = state.load(self.folder)
        pids = self.namespace.processes()
        plugged = self._plugged()
        return [
            {
                "host": name,
                "power": "on" if self._running(guest, pids) else "off",
                "address": management_address(guest.number),
                "release": guest.host.release,
                "interfaces": [
                    {
                        "name": nic.name,
                        "network": nic.network,
                        "addresses": list(nic.addresses),
                        "cable": "in" if self._tap(guest, order + 1) in plugged else "out",
                    }
                    for order, nic in enumerate(guest.host.interfaces)
                ],
            }
            for name, guest in memory.guests.items()
        ]

    # -- parts

    def _need(self) -> state.State:
        memory = state.load(self.folder)
        if not memory.guests or not self.namespace.exists():
            raise LabError(f"the lab {self.name} isn't up; run: python -m lab up --name {self.name} -i INVENTORY")
        return memory

    def _find(self, host: str) -> tuple[state.State, Guest]:
        memory = self._need()
        if host not in memory.guests:
            raise LabError(f"no host {host} in the lab {self.name}; it has: {', '.join(memory.guests)}")
        return memory, memory.guests[host]

    def _refuse_changed(self, memory: state.State, wanted: inventory.Inventory) -> None:
        pids = self.namespace.processes()
        changed = [
            host.name
            for host in wanted.hosts
            if (guest := memory.guests.get(host.name)) and guest.host != host and self._running(guest, pids)
        ]
        if changed:
            raise LabError(
                f"running with other lvs_interfaces or lab_* values than the inventory has now: {', '.join(changed)}; "
                f"run: python -m lab down --name {self.name}, then up"
            )

    def _remove(self, memory: state.State, names: Iterable[str], pids: list[int]) -> None:
        for name in names:
            guest = memory.guests.pop(name)
            processes.end(self._running(guest, pids))
            for order in range(len(guest.host.interfaces) + 1):
                if self._tap(guest, order) in self.namespace.links():
                    self.namespace.ip("link", "delete", self._tap(guest, order))
            shutil.rmtree(self.folder / "guests" / name, ignore_errors=True)

    def _running(self, guest: Guest, pids: list[int]) -> list[int]:
        return self._hypervisor.running(self._folder(guest), pids)

    def _folder(self, guest: Guest) -> Path:
        return self.folder / "guests" / guest.host.name

    def _key(self, guest: Guest) -> Path:
        return Path(guest.image) / "login_key"

    @staticmethod
    def _tap(guest: Guest, order: int) -> str:
        return f"tap{guest.number}-{order}"

    def _nics(self, memory: state.State, guest: Guest) -> tuple[Nic, ...]:
        def nic(order: int, name: str, bridge: str) -> Nic:
            return Nic(name, mac(self.name, guest.host.name, name), self._tap(guest, order), bridge)

        own = [nic(i + 1, n.name, memory.bridge(n.network)) for i, n in enumerate(guest.host.interfaces)]
        return (nic(0, seed.MANAGEMENT, MANAGEMENT_BRIDGE), *own)

    def _plugged(self) -> set[str]:
        if not self.namespace.exists():
            return set()
        lines = self.namespace.ip("-brief", "link", "show", "up").splitlines()
        return {line.split()[0].split("@")[0] for line in lines}

    def _wire(self, memory: state.State) -> None:
        if not self.namespace.exists():
            self.namespace.create()
        self.namespace.add_bridges(memory.bridges.values())
        taps = {nic.tap: nic.bridge for guest in memory.guests.values() for nic in self._nics(memory, guest)}
        self.namespace.add_taps(taps)

    def _offer(self, built: Iterable[images.Image], pids: list[int]) -> None:
        """Serve the images' package repositories inside the namespace."""
        offer = self.folder / "offer"
        offer.mkdir(exist_ok=True, mode=0o755)
        for image in built:
            link = offer / image.release
            link.unlink(missing_ok=True)
            link.symlink_to(image.repository)
        words = ["-m", "http.server", str(REPOSITORY_PORT), "--bind", GATEWAY, "--directory", str(offer)]
        if not any(processes.command_line(pid)[1:] == words for pid in pids):
            processes.start(self.namespace.enter(sys.executable, *words), self.folder / "repository.log")

    def _introduce(self, memory: state.State) -> None:
        keys = {
            management_address(guest.number): " ".join((Path(guest.image) / "host_key.pub").read_text().split()[:2])
            for guest in memory.guests.values()
        }
        self.remote.prepare(keys)

    def _boot(self, memory: state.State, guest: Guest) -> None:
        nics = self._nics(memory, guest)
        image = images.stored(guest.host.release, Path(guest.kernel), Path(guest.image))
        machine = Machine(guest.host.name, self._folder(guest), image, nics, MEMORY_MIB)
        machine.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        address = f"{management_address(guest.number)}/{PREFIX}"
        macs = {nic.name: nic.mac for nic in nics}
        seed.write(machine.seed, seed.files(guest.host, management=address, macs=macs))
        with machine.console.open("a") as console:
            console.write(f"{POWER_ON}\n")
        processes.start(self.namespace.enter(*self._hypervisor.command(machine)), machine.console)

    def _wait_ready(self, memory: state.State, guests: list[Guest]) -> None:
        """Wait until each guest's console says that it is ready and SSH answers."""
        waiting = {guest.host.name: guest for guest in guests}
        told: set[str] = set()

        def look() -> bool:
            for name in list(waiting):
                _, _, since = self.console(name).read_text(errors="replace").rpartition(f"{POWER_ON}\n")
                if f"{READY} " in since:
                    told.add(name)
                    self._say(f"{name} is up ({len(told)} of {len(guests)})")
                    del waiting[name]
            dead = [n for n in waiting if not self._running(waiting[n], self.namespace.processes())] if waiting else []
            if dead:
                raise LabError(f"guest ended while booting: {', '.join(dead)}")
            return not waiting

        try:
            processes.wait_until(look, deadline=READY_SECONDS, what="guests to boot", every=0.1)
        except LabError as error:
            raise LabError(f"{error} ({', '.join(waiting)})", detail=self._last_lines(waiting)) from error
        calls = {
            g.host.name: subprocess.Popen(self.command(g.host.name, ["true"]), stdin=subprocess.DEVNULL) for g in guests
        }
        mute = [name for name, call in calls.items() if call.wait() != 0]
        if mute:
            raise LabError(f"booted, but SSH doesn't answer: {', '.join(mute)}", detail=self._last_lines(mute))

    def _last_lines(self, hosts: Iterable[str]) -> str:
        texts = []
        for host in hosts:
            lines = self.console(host).read_text(errors="replace").splitlines()[-15:]
            texts.append("\n".join([f"--- last lines of {host}'s console ({self.console(host)})", *lines]))
        return "\n".join(texts)
