"""A lab: boots what isn't running, cuts power, pulls cables, takes everything away again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from lab import cache, images, inventory, processes, seed, shell, state
from lab.errors import LabError
from lab.kinds import KINDS
from lab.machines import Hypervisor, Machine, Nic
from lab.networks import GATEWAY, MANAGEMENT_BRIDGE, PREFIX, REPOSITORY_PORT, Namespace, mac, management_address
from lab.processes import Process
from lab.remote import Remote
from lab.state import Guest

LAST_LINES = 40  # a panic and its trace

POWER_ON = "lab: power on"
READY = "lab: ready"


class Lab:
    """One lab by its name. Commands look at what runs, not at what an earlier command meant to do."""

    def __init__(self, name: str, say: Callable[[str], None] = lambda text: None) -> None:
        self.name = name
        self.folder = state.folder(name)
        self.namespace = Namespace(self.folder)
        self.remote = Remote(self.folder, self.namespace)
        self._say = say

    # -- up and down

    def up(
        self, path: str, kind: str = "", machine: str = "", *, default: str = "bare", default_machine: str = "uml"
    ) -> bool:
        """Boot every host of the inventory that isn't running and wait until all answer; True if anything was done.

        `kind` is the image's, `machine` the kind of machine of hosts that don't say theirs. What isn't given is as the
        lab has it, and the default for a new lab.
        """
        earlier = state.load(self.folder)
        machine = machine or (earlier.machine if earlier.guests else default_machine)
        wanted = inventory.load(path, machine)
        with state.lock(self.folder, self._say):
            state.claim(self.folder)
            if not (state.exists(self.folder) and self.namespace.exists()):
                self._end()  # what runs of a lab that is half gone can't be used again
            memory = state.load(self.folder)
            kind = kind or (memory.kind if memory.guests else default)
            self._refuse_changed(memory, wanted, kind)
            releases = {host.release for host in wanted.hosts}
            built = {release: images.get(release, kind, self.folder, self._say) for release in sorted(releases)}
            kernels = {
                (host.release, host.machine): KINDS[host.machine].kernel(built[host.release], self.folder, self._say)
                for host in wanted.hosts
            }
            memory.inventory, memory.kind, memory.machine = str(Path(path).resolve()), kind, machine
            removed = [name for name in memory.guests if name not in {host.name for host in wanted.hosts}]
            for name in removed:
                self._say(f"{name} is no longer in the inventory")
                self._discard(memory.guests.pop(name))
            for host in wanted.hosts:
                self._take_in(memory, host, built[host.release], kernels[host.release, host.machine])
            state.save(self.folder, memory)
            self.namespace.wire({nic.tap: nic.bridge for g in memory.guests.values() for nic in self._nics(memory, g)})
            self._offer(built.values())
            self._introduce(memory)
            self._write_twin(memory, wanted, path)
            running = self._processes()
            fresh = [guest for guest in memory.guests.values() if not self._running(guest, running)]
            self._boot(memory, fresh, wait_for=list(memory.guests.values()))
            return bool(fresh or removed)

    def down(self) -> bool:
        """End every process of the lab, delete its namespace and its files; True if there was anything."""
        with state.lock(self.folder, self._say):
            state.refuse_foreign(self.folder)
            found = self._end()
            if self.folder.exists():
                state.remove(self.folder)
                found = True
            return found

    # -- one guest

    def power(self, host: str, action: str) -> None:
        """off: a power cut. on: boot with the disk as it is. reset: both. renew: both, with a new disk."""
        with state.lock(self.folder, self._say):
            memory, guest = self._find(host)
            if action != "on":
                self._cut(guest)
            if action == "renew":
                shutil.rmtree(self._folder(guest), ignore_errors=True)
            if action != "off" and not self._running(guest, self._processes()):
                self._boot(memory, [guest], wait_for=[guest])

    def link(self, host: str, interface: str, *, plugged: bool) -> None:
        """Plug in or pull out the cable of one interface."""
        with state.lock(self.folder, self._say):
            memory, guest = self._find(host)
            taps = {nic.name: nic.tap for nic in self._nics(memory, guest)[1:]}
            if interface not in taps:
                raise LabError(f"{host} has no interface {interface}; it has: {', '.join(taps)}")
            self.namespace.set_cable(taps[interface], plugged=plugged)
            if self._running(guest, self._processes()):
                self._tell_of_cable(guest, interface, plugged=plugged)

    def command(self, host: str, argv: list[str]) -> list[str]:
        """The command line that runs argv on a guest."""
        _memory, guest = self._find(host)
        return self._ssh(guest, argv)

    def require_power(self, host: str) -> None:
        """LabError if the host is off."""
        _memory, guest = self._find(host)
        if not self._running(guest, self._processes()):
            raise LabError(f"{host} is off; run: python -m lab power --name {self.name} {host} on")

    def console(self, host: str) -> Path:
        """The file that a guest's console is written to."""
        _memory, guest = self._find(host)
        return self._console(guest)

    # -- looking

    def twin(self, path: str = "") -> Path:
        """Write the twin of an inventory (default: the one that the lab was started with) and return its path."""
        memory = self._need()
        path = path or memory.inventory
        return self._write_twin(memory, inventory.load(path), path)

    def status(self) -> list[dict[str, Any]]:
        """A row for each guest: host, power, management address, release, and its interfaces with their cables."""
        memory = state.load(self.folder)
        if not memory.guests:
            raise LabError(f"the lab {self.name} isn't up; run: python -m lab up --name {self.name} -i INVENTORY")
        running = self._processes()
        plugged = self.namespace.plugged()
        return [
            {
                "host": name,
                "power": "on" if self._running(guest, running) else "off",
                "address": management_address(guest.number),
                "release": guest.host.release,
                "machine": guest.host.machine,
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

    def _refuse_changed(self, memory: state.State, wanted: inventory.Inventory, kind: str) -> None:
        """LabError where a guest runs that isn't what is wanted; one that is off can become it."""
        running = self._processes()
        now = {host.name: host for host in wanted.hosts}
        guests = [g for g in memory.guests.values() if g.host.name in now and self._running(g, running)]
        changed = [g.host.name for g in guests if g.host != now[g.host.name]]
        kinds = [g.host.name for g in guests if g.host.machine != now[g.host.name].machine]
        if kinds:
            changed, reason = kinds, "running as another kind of machine than is wanted now"
        elif changed:
            reason = "running with other lvs_interfaces or lab_* values than the inventory has now"
        elif kind != memory.kind:
            changed, reason = [g.host.name for g in guests], f"running from the image {memory.kind}, not {kind}"
        else:
            changed = [g.host.name for g in guests if not self._key(g).exists()]
            reason = "running from an image that is no longer in the cache"
        if changed:
            raise LabError(f"{reason}: {', '.join(changed)}; run: python -m lab down --name {self.name}, then up")

    def _take_in(self, memory: state.State, host: inventory.Host, image: images.Image, kernel: Path) -> None:
        """Remember a host; one that is off and isn't what it was gets a new disk."""
        guest = memory.guests.get(host.name)
        number = guest.number if guest else memory.free_number()
        new = Guest(host, number, str(image.disk.parent), str(kernel))
        if guest is None or (guest != new and not self._running(guest, self._processes())):
            if guest is not None:
                self._say(f"{host.name} gets a new disk: its image or its variables changed while it was off")
            shutil.rmtree(self._folder(new), ignore_errors=True)
            memory.guests[host.name] = new
        for nic in host.interfaces:
            memory.bridge(nic.network)

    def _discard(self, guest: Guest) -> None:
        self._cut(guest)
        # With its cables: whoever gets its number must not find one pulled out.
        self.namespace.remove(f"tap{guest.number}-")
        shutil.rmtree(self._folder(guest), ignore_errors=True)

    def _cut(self, guest: Guest) -> None:
        while pids := self._running(guest, self._processes()):
            processes.end(pids)
        self.remote.hang_up(management_address(guest.number))

    def _end(self) -> bool:
        """End all processes of the lab, also where its namespace has lost its name, and delete the namespace."""
        inside = {self.namespace.inode()} - {0}
        here = Path("/proc/self/ns/net").stat().st_ino
        server = self._server()
        root = processes.root_of("self")

        def ours() -> list[int]:
            everyone = processes.snapshot()
            # A lab in a container or another tree may have the same paths, and isn't this one.
            known = [p for p in everyone if p.root == root]
            own = {pid for kind in KINDS.values() for pid in kind.running(self.folder, known)}
            own |= {p.pid for p in known if p.words[-len(server) :] == server}
            # What has not entered yet (nsenter) ends too, but the network that it comes from isn't the lab's.
            entered = (p.network for p in everyone if p.pid in own and p.words[0] != "nsenter")
            inside.update(network for network in entered if network not in {0, here})
            return [p.pid for p in everyone if p.pid in own or p.network in inside]

        found = False
        for delete in (self.namespace.delete, lambda: False):  # once more for what was about to enter it
            while pids := ours():
                processes.end(pids)
                found = True
            found = delete() or found
        return found

    def _processes(self) -> list[Process]:
        inode = self.namespace.inode()
        return processes.snapshot(inode) if inode else []

    def _running(self, guest: Guest, among: list[Process]) -> list[int]:
        return self._hypervisor(guest).running(self._folder(guest), among)

    @staticmethod
    def _hypervisor(guest: Guest) -> Hypervisor:
        return KINDS[guest.host.machine]

    def _folder(self, guest: Guest) -> Path:
        # A colon in this path would end it: so the kernel reads its ubd0=. No host's name has a plus.
        return self.folder / "guests" / guest.host.name.replace(":", "+")

    def _console(self, guest: Guest) -> Path:
        return self._folder(guest) / "console.log"

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

    def _ssh(self, guest: Guest, argv: list[str]) -> list[str]:
        return self.remote.command(management_address(guest.number), self._key(guest), argv)

    def _tell_of_cable(self, guest: Guest, interface: str, *, plugged: bool) -> None:
        # No kind of NIC notices that its cable is out; the guest is told in the one way that it heeds.
        words = ["ip", "link", "set", "dev", interface, "up" if plugged else "down"]
        shell.run(self._ssh(guest, words), what=f"telling {guest.host.name} of its cable")

    def _write_twin(self, memory: state.State, source: inventory.Inventory, path: str) -> Path:
        absent = [host.name for host in source.hosts if host.name not in memory.guests]
        if absent:
            raise LabError(f"not in the lab: {', '.join(absent)}; run: python -m lab up --name {self.name} -i {path}")
        guests = {host.name: memory.guests[host.name] for host in source.hosts}
        connection = {
            name: self.remote.variables(management_address(guest.number), self._key(guest))
            for name, guest in guests.items()
        }
        # The lab's own inventory has a twin that is found by its path alone; others may have one name in two folders.
        origin = str(Path(path).resolve())
        file = self.folder / "twin.json"
        if origin != memory.inventory:
            file = self.folder / "twins" / f"{Path(origin).name}-{cache.digest([origin])}" / "twin.json"
            file.parent.mkdir(exist_ok=True, parents=True, mode=0o700)
        link_files(Path(origin), file.parent / "files")
        inventory.write_private(file, json.dumps(inventory.twin(source, connection), indent=1))
        return file

    def _offer(self, built: Iterable[images.Image]) -> None:
        """Serve the images' package repositories inside the namespace."""
        offer = self.folder / "offer"
        offer.mkdir(exist_ok=True, mode=0o755)
        for image in built:
            link = offer / image.release
            link.unlink(missing_ok=True)
            link.symlink_to(image.repository)
        words = self._server()
        if not any(process.words[1:] == words for process in self._processes()):
            processes.start(self.namespace.enter(sys.executable, *words), self.folder / "repository.log")

    def _server(self) -> tuple[str, ...]:
        """The words by which Python serves the repositories, and by which the server is known."""
        offer = str(self.folder / "offer")
        return ("-m", "http.server", str(REPOSITORY_PORT), "--bind", GATEWAY, "--directory", offer)

    def _introduce(self, memory: state.State) -> None:
        keys = {
            management_address(guest.number): " ".join((Path(guest.image) / "host_key.pub").read_text().split()[:2])
            for guest in memory.guests.values()
        }
        self.remote.prepare(keys)

    def _boot(self, memory: state.State, guests: list[Guest], *, wait_for: list[Guest]) -> None:
        """Switch guests on and wait until all of `wait_for` are ready. A cable that is out stays out."""
        for guest in guests:
            self._start(memory, guest)
        self._wait_ready(wait_for)
        plugged = self.namespace.plugged()
        for guest in guests:
            for nic in self._nics(memory, guest):
                if nic.tap not in plugged:
                    self._tell_of_cable(guest, nic.name, plugged=False)

    def _start(self, memory: state.State, guest: Guest) -> None:
        nics = self._nics(memory, guest)
        image = images.stored(guest.host.release, Path(guest.kernel), Path(guest.image))
        arguments = guest.host.kernel_arguments
        hypervisor = self._hypervisor(guest)
        machine = Machine(guest.host.name, self._folder(guest), image, nics, hypervisor.memory_mib, arguments)
        machine.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.rmtree(machine.scratch, ignore_errors=True)
        machine.scratch.mkdir()
        address = f"{management_address(guest.number)}/{PREFIX}"
        macs = {nic.name: nic.mac for nic in nics}
        seed.write(machine.seed, seed.files(guest.host, management=address, macs=macs))
        hypervisor.prepare(machine)
        with machine.console.open("a") as console:
            console.write(f"{POWER_ON}\n")
        processes.start(self.namespace.enter(*hypervisor.command(machine)), machine.console)

    def _wait_ready(self, guests: list[Guest]) -> None:
        """Wait until each guest's console says that it is ready and SSH answers."""
        waiting = {guest.host.name: guest for guest in guests}
        calls: dict[str, subprocess.Popen[bytes]] = {}
        looked = time.monotonic()

        def look() -> bool:
            nonlocal looked
            for name, guest in list(waiting.items()):
                _before, _mark, since = self._console(guest).read_text(errors="replace").rpartition(f"{POWER_ON}\n")
                if f"{READY} " in since:
                    del waiting[name]
                    calls[name] = subprocess.Popen(self._ssh(guest, ["true"]), stdin=subprocess.DEVNULL)
                    self._say(f"{name} is up ({len(guests) - len(waiting)} of {len(guests)})")
            if waiting and time.monotonic() > looked + 1:  # it costs more than a look at the consoles
                running = self._processes()
                looked = time.monotonic()
                dead = [name for name, guest in waiting.items() if not self._running(guest, running)]
                if dead:
                    raise LabError(f"ended while booting: {', '.join(dead)}", detail=self._last_lines(dead))
            return not waiting

        try:
            deadline = max((self._hypervisor(guest).ready_seconds for guest in guests), default=0.0)
            processes.wait_until(look, deadline=deadline, what="guests to boot", every=0.1)
        except LabError as error:
            if error.detail:
                raise
            raise LabError(f"{error}: {', '.join(waiting)}", detail=self._last_lines(waiting)) from error
        finally:
            mute = [name for name, call in calls.items() if call.wait() != 0]
        if mute:
            raise LabError(f"booted, but SSH doesn't answer: {', '.join(mute)}", detail=self._last_lines(mute))

    def _last_lines(self, hosts: Iterable[str]) -> str:
        texts = []
        for host in hosts:
            lines = self.console(host).read_text(errors="replace").splitlines()[-LAST_LINES:]
            texts.append("\n".join([f"--- last lines of {host}'s console ({self.console(host)})", *lines]))
        return "\n".join(texts)


def link_files(inventory_path: Path, link: Path) -> None:
    """Let the user's files be beside the twin as they are beside the inventory, or in it."""
    beside = [folder / "files" for folder in (inventory_path, inventory_path.parent)]
    found = next((folder for folder in beside if folder.is_dir()), None)
    if found is None:
        link.unlink(missing_ok=True)
    elif not link.is_symlink() or link.readlink() != found:
        # In one step, because a playbook that runs may be reading through it.
        scratch = link.with_name(f".{link.name}.{os.getpid()}")
        scratch.symlink_to(found)
        scratch.replace(link)
