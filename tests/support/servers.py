"""Servers of every kind that a health check can ask, on the real servers of inventories/director_full."""

from __future__ import annotations

from tests.support.cluster import Cluster
from tests.support.mail import serve

WEB = "/etc/nginx/sites-enabled/checked"
CERTIFICATE = "/etc/nginx/checked"
PAGE = "/srv/lab/icons/unknown.gif"
ECHO = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", 8007))
while True:
    data, peer = server.recvfrom(100)
    server.sendto(data, peer)
"""
# keepalived is a BFD peer that needs no director: rs1 answers both.
BFD = "\n".join(
    f"""bfd_instance {name} {{
    neighbor_ip {address}
    source_ip 192.168.0.12
    min_rx 200
    min_tx 200
    multiplier 5
}}"""
    for name, address in (("lb1", "192.168.0.2"), ("lb2", "192.168.0.3"))
)
UNITS = ("checked-mail", "checked-names", "checked-echo")


def prepare(cluster: Cluster, host: str) -> None:
    """Give a host its key, its pages and its servers."""
    cluster.run(
        host, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
        "-subj", "/CN=www.mydomain.com", "-keyout", f"{CERTIFICATE}.key", "-out", f"{CERTIFICATE}.crt",
    )  # fmt: skip
    _web(cluster, host, (8001, 8002, 8003, 8009), tls=True)
    _start(cluster, host)
    if host == "rs1":
        cluster.run(host, "tee", "/etc/keepalived/bfd.conf", stdin=f"{BFD}\n")
        _start_bfd(cluster)


def break_all(cluster: Cluster) -> None:
    """Break each service of rs1 in its own way; its host and its other pages go on."""
    cluster.run("lb1", "tee", "/var/lib/lvs-cluster/rs1_closed", stdin="-2147483648\n")
    # What the digest is of becomes another page.
    cluster.run("rs1", "tee", PAGE, stdin="changed")
    _web(cluster, "rs1", (8003,), tls=False)
    cluster.run("rs1", "iptables", "-I", "INPUT", "-p", "icmp", "-j", "DROP")
    cluster.run("rs1", "systemctl", "stop", *UNITS, "checked-bfd")


def mend_all(cluster: Cluster) -> None:
    cluster.run("lb1", "tee", "/var/lib/lvs-cluster/rs1_closed", stdin="0\n")
    cluster.run("rs1", "tee", PAGE, stdin="GIF89a")
    _web(cluster, "rs1", (8001, 8002, 8003, 8009), tls=True)
    cluster.run("rs1", "iptables", "-D", "INPUT", "-p", "icmp", "-j", "DROP")
    _start(cluster, "rs1")
    _start_bfd(cluster)


def _web(cluster: Cluster, host: str, ports: tuple[int, ...], *, tls: bool) -> None:
    """nginx on these ports, each a server of its own, and with TLS."""
    body = "root /srv/lab; default_type text/plain;"
    servers = [f"server {{ listen {port}; {body} }}" for port in ports]
    if tls:
        keys = f"ssl_certificate {CERTIFICATE}.crt; ssl_certificate_key {CERTIFICATE}.key;"
        servers.append(f"server {{ listen 8443 ssl; server_name www.mydomain.com; {keys} {body} }}")
    cluster.run(host, "tee", WEB, stdin="\n".join(servers) + "\n")
    cluster.run(host, "systemctl", "reload", "nginx")


def _start(cluster: Cluster, host: str) -> None:
    sink = ["-c", "aiosmtpd.handlers.Sink"]
    serve(cluster, host, "checked-mail", "aiosmtpd", "-n", "-l", "0.0.0.0:25", *sink, port=25)
    names = ["--no-daemon", "--no-resolv", "--no-hosts", "--address=/www.mydomain.com/10.0.0.5"]
    serve(cluster, host, "checked-names", "dnsmasq", *names, port=53, udp=True)
    serve(cluster, host, "checked-echo", "python3", "-c", ECHO, port=8007, udp=True)


def _start_bfd(cluster: Cluster) -> None:
    serve(
        cluster, "rs1", "checked-bfd", "keepalived", "-n", "-l", "-f", "/etc/keepalived/bfd.conf", port=3784, udp=True
    )
