"""What makes one guest out of the common image: a tar archive that its init unpacks over a new disk."""

from __future__ import annotations

import io
import ipaddress
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.inventory import Host

MANAGEMENT = "lab0"


@dataclass(frozen=True)
class Link:
    """A symbolic link in a seed."""

    target: str


def write(path: Path, content: Mapping[str, str | Link]) -> None:
    """Write files (path without the first slash -> text or Link) as a tar archive, padded to whole disk sectors."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, entry in sorted(content.items()):
            member = tarfile.TarInfo(name)
            member.mode = 0o644
            if isinstance(entry, Link):
                member.type, member.linkname = tarfile.SYMTYPE, entry.target
                archive.addfile(member)
            else:
                data = entry.encode()
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))


def files(host: Host, *, management: str, macs: Mapping[str, str]) -> dict[str, str | Link]:
    """The files of one guest. `management` is the lab0 address with prefix length; `macs` maps interfaces to MACs."""
    content: dict[str, str | Link] = {
        "etc/hostname": f"{host.name}\n",
        "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {host.name}\n::1 localhost\n",
        "etc/lab/nics": "".join(f"{mac} {name}\n" for name, mac in macs.items()),
        f"etc/systemd/network/10-{MANAGEMENT}.network": _network(MANAGEMENT, [management], []),
    }
    for interface in host.interfaces:
        # networkd never calls an interface configured that has an address the kernel refuses.
        addresses = [one for one in interface.addresses if host.has_ipv6 or ":" not in one]
        routes = [(r.to, r.via) for r in host.routes if _reaches(addresses, r.via)]
        content[f"etc/systemd/network/20-{interface.name}.network"] = _network(interface.name, addresses, routes)
    if host.sysctls:
        lines = (f"{sysctl.name} = {sysctl.value}\n" for sysctl in host.sysctls)
        content["etc/sysctl.d/50-lab.conf"] = "".join(lines)
    if host.web_ports:
        content |= _web(host)
    return content


def _reaches(addresses: Sequence[str], gateway: str) -> bool:
    via = ipaddress.ip_address(gateway)
    return any(via in ipaddress.ip_interface(address).network for address in addresses)


def _network(name: str, addresses: list[str], routes: list[tuple[str, str]]) -> str:
    lines = ["[Match]", f"Name={name}", "[Network]", "IPv6AcceptRA=no", "LinkLocalAddressing=ipv6"]
    lines += [f"Address={address}" for address in addresses]
    for to, via in routes:
        lines += ["[Route]", f"Gateway={via}"]
        if to != "default":
            lines.append(f"Destination={to}")
    return "\n".join(lines) + "\n"


def _web(host: Host) -> dict[str, str | Link]:
    places = ("", "[::]:") if host.has_ipv6 else ("",)
    listen = "".join(f"    listen {place}{port};\n" for port in host.web_ports for place in places)
    return {
        "srv/lab/index.html": f"{host.name}\n",
        "etc/nginx/sites-enabled/default": (
            f"server {{\n{listen}    root /srv/lab;\n    default_type text/plain;\n    keepalive_timeout 65;\n}}\n"
        ),
        "etc/systemd/system/multi-user.target.wants/nginx.service": Link("/lib/systemd/system/nginx.service"),
    }
