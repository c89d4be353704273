"""A mail server on a host of the lab, and what it was sent."""

from __future__ import annotations

from tests.support.cluster import Cluster, wait_until

BOX = "/var/tmp/lab-mail"
UNIT = "lab-mail"


class Mail:
    """aiosmtpd on port 25 of `host` while the block lasts; each message becomes a file."""

    def __init__(self, cluster: Cluster, host: str) -> None:
        self._cluster, self._host = cluster, host

    def __enter__(self) -> Mail:
        self._cluster.run(self._host, "rm", "-rf", BOX)
        handler = ["-c", "aiosmtpd.handlers.Mailbox", BOX]
        serve(self._cluster, self._host, UNIT, "aiosmtpd", "-n", "-l", "0.0.0.0:25", *handler, port=25)
        return self

    def __exit__(self, *_error: object) -> None:
        self._cluster.run(self._host, "systemctl", "stop", UNIT)

    def subjects(self) -> list[str]:
        """The subject of each message that came so far."""
        words = ["sh", "-c", f"grep -h '^Subject:' -r {BOX}/new || true"]
        return [line.partition(": ")[2] for line in self._cluster.run(self._host, *words).splitlines()]

    def wait_for(self, *words: str, seconds: float = 30) -> None:
        """Wait for a message whose subject holds all of these words."""
        wait_until(
            lambda: any(all(word in subject for word in words) for subject in self.subjects()),
            seconds=seconds,
            what=f"mail about {' '.join(words)}; there is {self.subjects()}",
        )


def serve(cluster: Cluster, host: str, unit: str, *argv: str, port: int, udp: bool = False) -> None:
    """Run a server on a host as a transient unit, until its port is open."""
    cluster.run(host, "systemd-run", "--collect", "--quiet", f"--unit={unit}", "--", *argv)
    kind = "--udp" if udp else "--tcp"
    wait_until(
        lambda: f":{port} " in cluster.run(host, "ss", kind, "--listening", "--numeric"),
        seconds=20,
        what=f"{unit} to listen on {host}",
    )
