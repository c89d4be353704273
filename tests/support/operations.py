"""What a cluster of directors is to do when its operator works on it, under load: for the tests of several scenarios.

Each function leaves the cluster as it found it, so they can come in any order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from prometheus_client.parser import text_string_to_metric_families

from tests.support.cluster import Cluster, Run, wait_until
from tests.support.download import Downloads
from tests.support.load import Load

MEGABYTE = 1_000_000
FIGURES = "/var/lib/prometheus/node-exporter/lvs_cluster.prom"


class Setup(NamedTuple):
    """Where to work: a service of two real servers, of which `victim` is worked on and `other` stays."""

    vip: str
    port: int
    service: str
    """Its name in the inventory."""
    entry: str
    """Its name in the table, as `Cluster.table` has it."""
    victim: str
    other: str
    destinations: dict[str, str]
    """Host -> destination in the table."""
    weights: dict[str, int]
    directors: tuple[str, ...]
    client: str = "client"


def extra(**variables: object) -> list[str]:
    """Extra variables as a person writes them: text."""
    return [word for name, value in variables.items() for word in ("--extra-vars", f"{name}='{value}'")]


def weights(cluster: Cluster, setup: Setup) -> dict[str, dict[str, int]]:
    """Director -> host -> weight in the kernel's table; -1 where the host isn't in it."""
    return {
        director: {
            host: cluster.table(director).get(setup.entry, {}).get(destination, -1)
            for host, destination in setup.destinations.items()
        }
        for director in setup.directors
    }


def has_weights(cluster: Cluster, setup: Setup, **wanted: int) -> None:
    expected = {director: {**setup.weights, **wanted} for director in setup.directors}
    wait_until(lambda: weights(cluster, setup) == expected, seconds=30, what=f"{expected}")


def ran(run: Run) -> Run:
    assert run.status == 0, run.output
    return run


def refused(run: Run, *words: str) -> None:
    assert run.status != 0, run.output
    assert not run.changed, run.output
    for one in words:
        assert one in run.output, f"{one!r} is not in:\n{run.output}"


@contextmanager
def undisturbed(cluster: Cluster, setup: Setup, rate: float = 200) -> Iterator[Load]:
    """A load of which no request may fail."""
    with Load(cluster.lab, setup.client, [(setup.vip, setup.port)], rate=rate) as load:
        yield load
    print(f"{load.sent} requests at {load.rate:.0f}/s, {len(load.failed)} failed")
    assert load.failed == [], load.failed[:20]
    assert load.rate > rate / 2


def served_by(cluster: Cluster, setup: Setup, requests: int = 30) -> set[str]:
    return set(cluster.serve(setup.client, setup.vip, setup.port, requests))


# -- the life of a real server


def drain_and_undrain(cluster: Cluster, setup: Setup) -> None:
    """Downloads finish, no request fails, and it stays out over a run of site.yml until it is given back."""
    has_weights(cluster, setup)
    with undisturbed(cluster, setup) as load:
        with Downloads(
            cluster.lab, setup.client, setup.vip, setup.port, number=20, seconds=20, size=MEGABYTE
        ) as downloads:
            run = ran(cluster.playbook("drain", *extra(lvs_host=setup.victim, lvs_timeout=120)))
        drained = f"{setup.victim} in {setup.service}: drained ({', '.join(setup.directors)})"
        assert drained in run.output, run.output
        assert "0 connections are left" in run.output, run.output
        finished = downloads.finished()
        load.snapshot()
        before = dict(load.by)
        again = ran(cluster.playbook("drain", *extra(lvs_host=setup.victim)))
        assert not again.changed
        assert f"{setup.victim} in {setup.service}: is drained since" in again.output
        load.snapshot()
        assert {name for (_target, name), count in load.by.items() if count > before.get((_target, name), 0)} == {
            setup.other
        }
        has_weights(cluster, setup, **{setup.victim: 0})
        kept = ran(cluster.playbook("site"))
        assert not kept.changed, kept.output
        has_weights(cluster, setup, **{setup.victim: 0})
        refused(
            cluster.playbook("drain", *extra(lvs_host=setup.other)),
            f"{setup.other} in {setup.service}", "nobody else serves there",
        )  # fmt: skip
        looked = ran(cluster.playbook("undrain", *extra(lvs_host=setup.victim), "--check"))
        assert f"{setup.victim} in {setup.service}: has its planned weight" in looked.output
        has_weights(cluster, setup, **{setup.victim: 0})
        ran(cluster.playbook("undrain", *extra(lvs_host=setup.victim, lvs_steps=2, lvs_step_seconds=1)))
        has_weights(cluster, setup)
        idle = ran(cluster.playbook("undrain", *extra(lvs_host=setup.victim)))
        assert not idle.changed
        assert "has its planned weight already" in idle.output
    assert [one.error for one in finished] == [""] * 20
    assert {one.by for one in finished} == {setup.victim, setup.other}


def drain_that_takes_too_long(cluster: Cluster, setup: Setup) -> None:
    """It says so, the real server stays out, and another run waits on."""
    with Downloads(cluster.lab, setup.client, setup.vip, setup.port, number=20, seconds=40, size=MEGABYTE) as downloads:
        run = cluster.playbook("drain", *extra(lvs_host=setup.victim, lvs_timeout=3))
        assert run.status != 0
        assert f"{setup.victim} is drained and still has" in run.output, run.output
        has_weights(cluster, setup, **{setup.victim: 0})
    assert [one.error for one in downloads.finished()] == [""] * 20
    ran(cluster.playbook("drain", *extra(lvs_host=setup.victim, lvs_timeout=60)))
    ran(cluster.playbook("undrain", *extra(lvs_host=setup.victim)))
    has_weights(cluster, setup)


def temporary_weight(cluster: Cluster, setup: Setup) -> None:
    """It holds over a run of site.yml, and ends with the first one after its time."""
    with undisturbed(cluster, setup):
        run = ran(cluster.playbook("weight", *extra(lvs_host=setup.victim, lvs_weight=7, lvs_timeout=600)))
        assert f"{setup.victim} in {setup.service}: has weight 7 until" in run.output
        has_weights(cluster, setup, **{setup.victim: 7})
        assert not ran(cluster.playbook("site")).changed
        has_weights(cluster, setup, **{setup.victim: 7})
        ran(cluster.playbook("weight", *extra(lvs_host=setup.victim, lvs_weight=5, lvs_timeout=1)))
        ran(cluster.playbook("site"))
        has_weights(cluster, setup)
    refused(cluster.playbook("weight", *extra(lvs_host=setup.victim, lvs_weight="heavy")), "lvs_weight")


def rolling_change(cluster: Cluster, setup: Setup) -> None:
    """Each real server is worked on while it is out; the first failure stops the rest."""
    with undisturbed(cluster, setup):
        ran(cluster.playbook("rolling", *extra(lvs_service=setup.service, lvs_command="touch /root/rolled")))
        has_weights(cluster, setup)
        for host in setup.weights:
            cluster.run(host, "rm", "/root/rolled")
        hosts = f"{setup.victim},{setup.other}"
        run = cluster.playbook("rolling", *extra(lvs_hosts=hosts, lvs_command="rm /root/rolled"))
        assert run.status != 0
        assert run.recap[setup.victim][2] == 1
        assert run.recap[setup.other][2] == 0
        has_weights(cluster, setup, **{setup.victim: 0})
        ran(cluster.playbook("undrain", *extra(lvs_host=setup.victim, lvs_lock_break="true")))
        has_weights(cluster, setup)


def bad_input(cluster: Cluster, setup: Setup) -> None:
    for name in ("drain", "undrain"):
        refused(cluster.playbook(name, *extra(lvs_host="nobody")), "nobody is no host of this inventory")
        refused(cluster.playbook(name, *extra(lvs_host=setup.client)), f"{setup.client} serves nothing")
        refused(cluster.playbook(name, *extra(lvs_host=setup.victim, lvs_service="no")), "no is no virtual service")
    has_weights(cluster, setup)


# -- what is seen


def client_is_found(cluster: Cluster, setup: Setup, address: str) -> None:
    with Downloads(cluster.lab, setup.client, setup.vip, setup.port, number=4, seconds=15, size=MEGABYTE) as downloads:
        run = ran(cluster.playbook("connections", *extra(lvs_client=address)))
    rows = [line for line in run.output.splitlines() if "ESTABLISHED" in line]
    for name in {one.by for one in downloads.finished()}:
        # Its name alone is in the recap, too.
        assert any(f"{name} (" in row for row in rows), run.output
    assert "could not be asked" not in run.output, run.output
    nothing = ran(cluster.playbook("connections", *extra(lvs_client="203.0.113.77")))
    assert not nothing.changed
    assert "no director knows a connection of 203.0.113.77" in nothing.output, nothing.output


def second_run_is_told_of_the_first(cluster: Cluster, setup: Setup) -> None:
    """The lock of a run on another control node stands in the way, and goes when told so."""
    lock = {
        "version": 1,
        "purpose": "lvs.cluster.site",
        "since": "2026-01-01T00:00:00Z",
        "expires": "2099-01-01T00:00:00Z",
        "holder": {
            **{"run": "another", "user": "alice", "controller": "elsewhere", "pid": 1, "start": "1"},
            **{"boot": "another", "namespace": "another", "job": ""},
        },
    }
    for director in setup.directors:
        cluster.run(director, "sh", "-c", "cat > /var/lib/lvs-cluster/lock.json", stdin=json.dumps(lock))
    refused(cluster.playbook("drain", *extra(lvs_host=setup.victim)), "alice", "elsewhere", "2026-01-01T00:00:00Z")
    has_weights(cluster, setup)
    assert not ran(cluster.playbook("site")).changed
    ran(cluster.playbook("drain", *extra(lvs_host=setup.victim, lvs_lock_break="true")))
    ran(cluster.playbook("undrain", *extra(lvs_host=setup.victim)))
    has_weights(cluster, setup)
    for director in setup.directors:
        assert "lock.json" not in cluster.run(director, "ls", "/var/lib/lvs-cluster")


def drift_is_named(cluster: Cluster, setup: Setup, changes: Sequence[tuple[Sequence[str], str]]) -> None:
    """Each change by hand of a director's table is told by verify, in words; afterwards nothing is."""
    director = setup.directors[0]
    before = cluster.run(director, "ipvsadm", "--save", "--numeric")
    try:
        for argv, _words in changes:
            cluster.run(director, *argv)
        run = cluster.playbook("verify")
        assert run.status != 0, run.output
        for _argv, words in changes:
            assert words in run.output, f"{words!r} is not in:\n{run.output}"
    finally:
        cluster.run(director, "ipvsadm", "--clear")
        cluster.run(director, "ipvsadm", "--restore", stdin=before)
    ran(cluster.playbook("verify"))


def guard_stops_a_run(cluster: Cluster, setup: Setup, services: list[dict[str, object]], lost: str) -> None:
    """An inventory without most of a pool changes nothing unless told so; `services` is that inventory's."""
    wanted = ["--extra-vars", json.dumps({"lvs_virtual_services": services})]
    with undisturbed(cluster, setup):
        for arguments, words in (
            (wanted, f"would lose {lost}"),
            (["--extra-vars", json.dumps({"lvs_virtual_services": []})], "lvs_guard=false"),
        ):
            # Its comparison tells what would change.
            run = cluster.playbook("site", *arguments)
            assert run.status != 0
            assert words in run.output, run.output
            has_weights(cluster, setup)


def page_shows_every_service(cluster: Cluster, folder: Path) -> str:
    """The status page, as text; what a browser makes of it is tested without a lab."""
    ran(cluster.playbook("status", *extra(lvs_report_dir=folder)))
    report = json.loads((folder / "status.json").read_text())
    page = (folder / "status.html").read_text()
    assert report["services"]
    for service in report["services"]:
        assert service["name"] in page
    return page


def rolled_back(cluster: Cluster, setup: Setup, changed: list[dict[str, object]]) -> None:
    """A configuration comes back as it was before the last run, and site.yml brings the inventory's again."""
    with undisturbed(cluster, setup):
        ran(cluster.playbook("site", "--extra-vars", json.dumps({"lvs_virtual_services": changed})))
        listed = ran(cluster.playbook("rollback", *extra(lvs_list="true")))
        assert not listed.changed
        ran(cluster.playbook("rollback"))
        has_weights(cluster, setup)
        assert not ran(cluster.playbook("site")).changed


def rollback_of_one_director(cluster: Cluster, setup: Setup, changed: list[dict[str, object]]) -> None:
    """Number 1 is of another run on the director that the last one left alone, which must not go back."""
    second = setup.directors[1]
    conf = ("cat", "/etc/keepalived/keepalived.conf")
    with undisturbed(cluster, setup):
        # Both get an entry of a run that changed both.
        for words in (["--extra-vars", json.dumps({"lvs_virtual_services": changed})], []):
            ran(cluster.playbook("site", *words))
        before = {director: cluster.run(director, *conf) for director in setup.directors}
        alone = ("--limit", second, "--extra-vars", json.dumps({"lvs_keepalived_global": {"smtp_connect_timeout": 31}}))
        assert set(ran(cluster.playbook("site", *alone)).changed) == {second}
        for words in (["--check"], []):
            run = cluster.playbook("rollback", *words)
            assert run.status != 0, run.output
            assert "Nothing was changed. lvs_entry: would put back what lb1 had until" in run.output.replace("\n", " ")
        assert "smtp_connect_timeout 31" in cluster.run(second, *conf)
        ran(cluster.playbook("rollback", "--limit", second))
        assert {director: cluster.run(director, *conf) for director in setup.directors} == before
        assert not ran(cluster.playbook("site")).changed


def figures_for_prometheus(cluster: Cluster, setup: Setup) -> dict[str, float]:
    """Written by their timer, read by Prometheus' own parser. Returns those of the time when a server is drained."""
    director = setup.directors[0]

    def figures() -> dict[str, float]:
        text = cluster.run(director, "cat", FIGURES, check=False)
        families = text_string_to_metric_families(text)
        return {
            " ".join([one.name, *(f"{key}={value}" for key, value in sorted(one.labels.items()))]): one.value
            for family in families
            for one in family.samples
        }

    def drained() -> float:
        return figures().get("lvs_cluster_servers_overridden state=drained", -1)

    ran(cluster.playbook("metrics", *extra(lvs_metrics="true")))
    wait_until(lambda: drained() == 0, seconds=60, what="the first figures")
    ran(cluster.playbook("drain", *extra(lvs_host=setup.victim, lvs_service=setup.service)))
    wait_until(lambda: drained() == 1, seconds=60, what="the drained server among the figures")
    seen = figures()
    assert not ran(cluster.playbook("metrics", *extra(lvs_metrics="true"))).changed
    ran(cluster.playbook("undrain", *extra(lvs_host=setup.victim, lvs_service=setup.service)))
    ran(cluster.playbook("metrics", *extra(lvs_metrics="false")))
    for one in setup.directors:
        assert cluster.run(one, "sh", "-c", f"ls {FIGURES} /etc/systemd/system/*metrics*", check=False) == ""
    return seen


def all_is_right(cluster: Cluster, folder: Path) -> None:
    """What verify, status and check say of a cluster that nobody has touched."""
    for name, files in (
        ("verify", {"verify.json", "verify.xml", "verify.txt"}),
        ("status", {"status.json", "status.html"}),
        ("check", {"check.json", "check.mmd", "check.svg", "check.txt"}),
    ):
        ran(cluster.playbook(name, *extra(lvs_report_dir=folder / name)))
        assert {path.name for path in (folder / name).iterdir()} == files
    tests = ElementTree.parse(folder / "verify" / "verify.xml")
    assert [test.get("name") for test in tests.iter("testcase")]
    assert [*tests.iter("failure"), *tests.iter("error")] == []
    report = json.loads((folder / "status" / "status.json").read_text())
    assert report["problems"] == []
