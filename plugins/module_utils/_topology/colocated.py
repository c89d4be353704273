# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directors that are real servers of their own cluster, and what keeps them from balancing a packet twice.

A packet that a director sends on by direct routing still asks for the VIP. A host that knows the same table would
choose a real server for it once more, perhaps the one that sent it.
"""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host, Inventory
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import Service
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import vips
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_addresses import entries, instances
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["Colocation"]


class Colocation:
    """Which directors of a cluster serve it by direct routing, and in which form.

    ``planned`` are each director's services, ``managers`` says who keeps its table (None while that can't be told).
    """

    def __init__(
        self,
        inventory: Inventory,
        cluster: Cluster,
        planned: Mapping[str, list[Service]],
        managers: Mapping[str, str | None],
    ) -> None:
        self._groups = inventory.groups
        self._cluster = cluster
        self._managers = managers
        self._near: dict[str, dict[networks.Address, set[networks.Address]]] = {}
        self._otherwise: list[tuple[Place, str]] = []
        names = {host.name for host in cluster.directors}
        own = {str(one.ip): host.name for host in cluster.directors for _name, one in host.interfaces}
        for director in cluster.sorted:
            for service in planned.get(director.name, ()):
                for server in service.plan["real_servers"]:
                    if server["host"] in names:
                        self._add(service, server)
                    elif not server["host"] and server["forwarding"] != "nat" and server["address"] in own:
                        _refuse_address(service, server["address"], own[server["address"]])

    def _add(self, service: Service, server: Mapping[str, Any]) -> None:
        if server["forwarding"] == "dr":
            near = self._near.setdefault(server["host"], {})
            for _place, vip in vips(service.plan, service.place):
                near.setdefault(vip, set()).add(networks.address(server["address"]))
        elif server["forwarding"]:
            self._otherwise.append((service.place.key("real_servers"), server["host"]))

    def serves(self, director: Host) -> bool:
        """Whether the director is a real server of its own cluster."""
        return director.name in self._near

    def served(self, director: Host) -> Mapping[networks.Address, set[networks.Address]]:
        """The VIPs that the director serves, each with the addresses by which services reach it."""
        return self._near.get(director.name, {})

    def form(self, director: Host) -> str | None:
        """How the director is kept from balancing twice, None where it doesn't serve or where VRRP moves no VIP."""
        moved = self._managers.get(director.name) == "keepalived" and director.items("lvs_vrrp_instances")
        if not moved or not self.serves(director):
            return None
        form: str | None = director.variables.get("lvs_colocated", "backup_only")
        return form

    def sync_daemon(self, director: Host) -> dict[str, Any] | None:
        """The sync daemon that backup_only needs where the inventory gives none, on the link that the VIP moves on."""
        if self.form(director) != "backup_only":
            return None
        known = [instance for _place, instance in instances(director)]
        moving = [
            instance
            for place, instance in instances(director)
            if any(one.ip in self.served(director) for _spot, one, _entry in entries(instance, place))
        ]
        first = (moving or known)[0]
        return {"interface": first.get("interface"), "instance": first.get("name")}

    def check(self) -> None:
        """Note what can't be, whatever the form is."""
        self._check_forwarding()
        forms = {}
        for director in self._cluster.sorted:
            self._check_given(director)
            self._check_moved(director)
            if self.form(director):
                forms[director.name] = self.form(director)
        if len(set(forms.values())) > 1:
            written = ", ".join(f"{name} has {form}" for name, form in forms.items())
            for director in self._cluster.sorted:
                if director.name in forms:
                    director.place.key("lvs_colocated").fault(
                        f"the directors {listing(forms)} do not agree: {written}",
                        "give all directors of the cluster the same",
                    )

    def _check_forwarding(self) -> None:
        found: dict[tuple[str, str], tuple[Place, set[str]]] = {}
        for place, name in self._otherwise:
            found.setdefault((place.host, place.path), (place, set()))[1].add(name)
        for place, names in found.values():
            place.fault(
                f"{listing(names)} is a director of this service, and a director that serves itself needs direct "
                "routing",
                "use forwarding dr for it and put it into real_servers_dr, or name another host",
            )

    def _check_given(self, director: Host) -> None:
        given = director.variables.get("lvs_colocated")
        if given is None or director.leaves:
            return
        place = director.place.key("lvs_colocated")
        if given == "mark_source":
            place.fault(
                "mark_source sends packets in a circle: a host that still knows a connection balances its packets "
                "once more, whether they are marked or not",
                "write backup_only or handover, or leave lvs_colocated out",
            )
        if not self.serves(director):
            if not self._may_serve(director.name):
                place.fault(
                    "no service of this host's cluster names it as real server with forwarding dr",
                    "name it, or leave lvs_colocated out",
                )
        elif self._managers.get(director.name) and director.variables.get("lvs_vrrp_instances", []) == []:
            place.fault(
                "needs keepalived with a VRRP instance, and this host has none",
                "write a VRRP instance that moves the VIPs, or leave lvs_colocated out",
            )

    def _may_serve(self, name: str) -> bool:
        """Whether a service names the host in whatever way, or may do so where a value is wrong.

        If it does, another fault says why the host can't serve.
        """
        for director in self._cluster.directors:
            written = director.variables.get("lvs_virtual_services")
            if written is None or None in written:
                return True
            for entry in (entry for service in written for entry in service.get("real_servers") or [None]):
                if entry is None or None in entry.values() or entry.get("host") == name:
                    return True
                if name in self._groups.get(entry.get("group"), ()):
                    return True
        return False

    def _check_moved(self, director: Host) -> None:
        """Peers whose VIPs no VRRP moves have no master, so all that get a packet would balance it."""
        written = director.variables.get("lvs_vrrp_instances", [])
        if not self.serves(director) or self._managers.get(director.name) != "keepalived" or written != []:
            return
        peers = [host for host in self._cluster.sorted if host is not director and not host.leaves]
        if peers and not any(host.items("lvs_vrrp_instances") for host in peers):
            director.place.key("lvs_vrrp_instances").fault(
                "has no instance, and this director would balance once more what it gets as a real server of "
                f"{listing(host.name for host in peers)}",
                "write a VRRP instance that moves the VIPs, or name other real servers",
            )


def _refuse_address(service: Service, address: str, name: str) -> None:
    """Named by its address alone, no role prepares it as a real server, and it would balance what it gets once more."""
    service.place.key("real_servers").fault(
        f"{address} is {name}, a director of this service",
        f"name the host, {{host: {name}}}, and put it into real_servers_dr",
    )
