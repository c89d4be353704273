"""What every backend of a cluster IP is to do, for the tests of inventories/clusterip and clusterip_modern."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.support import buckets
from tests.support.buckets import FAILOVER, INTERFACE, NODES, PORT, SERVER, VIP, Hash
from tests.support.clients import IPV4, Clients, give_addresses
from tests.support.cluster import Cluster, wait_until
from tests.support.download import Downloads
from tests.support.variants import edited

HOSTS = "hosts.yml"
RULES, ADDRESSES = "lvs-clusterip", "lvs-clusterip-addresses"
ALL_NODES = (*NODES, "spare")
MEGABYTE = 1_000_000
FIRST_ID = 101  # of the bucket's VRRP instance, by default
Words = Sequence[tuple[str, ...]]


class Bounds(NamedTuple):
    """Seconds: until all clients are served after a power cut, and until a node that is back has its buckets again."""

    lost: float
    back: float


def clients_of(cluster: Cluster, pause: float = 1, patience: float = 0.5) -> Clients:
    give_addresses(cluster, "client", INTERFACE)
    for node in (*NODES, "spare"):
        # A guest has little memory, so its table of connections holds 2048.
        cluster.run(node, "modprobe", "nf_conntrack")
        cluster.run(node, "sysctl", "-q", "-w", "net.netfilter.nf_conntrack_max=65536")
    return Clients(cluster.lab, "client", INTERFACE, VIP, PORT, pause=pause, patience=patience)


def each_client_has_one_node(cluster: Cluster, bucket: Hash) -> None:
    """Always the same, the one that the kernel's hash says; nobody answers beside it."""
    owned = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    # No fault to be found late: only whether each is answered, and by whom.
    with clients_of(cluster, pause=2, patience=5) as clients:
        buckets.wait_for_answers(clients, 3)
    assert clients.failures == []
    assert clients.doubles == []
    foretold = buckets.foretold(IPV4, owned, bucket)
    assert clients.owner() == foretold
    print(f"shares of {len(IPV4)} clients: {dict(clients.shares())}, buckets {owned}")


def a_dead_node_is_replaced(cluster: Cluster, bounds: Bounds, victim: str = "web2") -> None:
    """Its clients go to the others, and come back with it; downloads of the others' clients don't notice."""
    others = [node for node in NODES if node != victim]
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    with clients_of(cluster) as clients:
        buckets.steady(clients, 2)
        owner = clients.owner()
        survivors = [client for client, node in owner.items() if node != victim]
        with Downloads(
            cluster.lab, "client", VIP, PORT, number=20, seconds=20, size=MEGABYTE, sources=survivors[:20]
        ) as downloads:
            clients.snapshot()
            cut = clients.now
            with cluster.without_power(victim):
                after = buckets.wait_for_sizes(cluster, dict.fromkeys(others, 6), 30)
                settled = buckets.steady(clients, 5)
                errors = [one.error for one in downloads.finished()]
                clients.snapshot()
                returned = clients.now
        assert errors == [""] * 20, errors
        gaps = clients.gaps(cut - 2)
        worst = max(gaps.values())
        print(f"power cut of {victim}: all {len(IPV4)} clients served again after {worst:.2f} s")
        # None but the victim's clients were left alone.
        assert {client for client, gap in gaps.items() if gap} <= {c for c, node in owner.items() if node == victim}
        assert worst <= bounds.lost
        taken = clients.owner(settled)
        assert {client: node for client, node in taken.items() if client in survivors} == {
            client: owner[client] for client in survivors
        }
        assert {taken[client] for client in owner if owner[client] == victim} == set(others)
        assert clients.doubles_since(settled) == []
        assert all(set(before[node]) < set(after[node]) for node in others)

        buckets.wait_for(cluster, before, bounds.back)
        buckets.wait_for_boot(cluster, victim)
        buckets.wait_for(cluster, before, bounds.back)
        settled = buckets.steady(clients, 5)
        gaps = clients.gaps(returned)
        print(f"{victim} is back: the longest gap of a client was {max(gaps.values()):.2f} s")
        assert max(gaps.values()) <= bounds.lost
        assert clients.owner(settled) == owner
        assert clients.doubles_since(settled) == []


def gives_its_buckets_away(cluster: Cluster, bounds: Bounds, victim: str, break_it: Words, mend_it: Words) -> None:
    """After these commands on a node its clients go to the others, and after those they come back."""
    others = [node for node in NODES if node != victim]
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    with clients_of(cluster) as clients:
        buckets.steady(clients, 2)
        owner = clients.owner()
        broken = clients.now
        for words in break_it:
            cluster.run(victim, *words)
        buckets.wait_for_sizes(cluster, {**dict.fromkeys(others, 6), victim: 0}, 30)
        settled = buckets.steady(clients, 4)
        gaps = clients.gaps(broken)
        print(f"{' '.join(break_it[-1])} on {victim}: all clients served again after {max(gaps.values()):.2f} s")
        assert max(gaps.values()) <= bounds.lost
        assert set(clients.shares(settled)) == set(others)
        for words in mend_it:
            cluster.run(victim, *words)
        buckets.wait_for(cluster, before, 30)
        settled = buckets.steady(clients, 4)
        assert clients.owner(settled) == owner
        assert clients.doubles_since(settled) == []


def a_node_without_its_server_gives_its_buckets_away(cluster: Cluster, bounds: Bounds, victim: str = "web3") -> None:
    gives_its_buckets_away(cluster, bounds, victim, [("systemctl", "stop", SERVER)], [("systemctl", "start", SERVER)])


def a_node_without_the_vip_gives_its_buckets_away(cluster: Cluster, bounds: Bounds, victim: str = "web3") -> None:
    """Its own server runs, and at the VIP another node would answer it: that counts for nothing."""
    lost = [("systemctl", "stop", ADDRESSES), ("ip", "address", "flush", "dev", INTERFACE, "to", VIP)]
    gives_its_buckets_away(cluster, bounds, victim, lost, [("systemctl", "start", ADDRESSES)])


def a_dead_failover_gives_its_buckets_back(cluster: Cluster, bounds: Bounds, victim: str = "web1") -> None:
    """Its program and its keepalived are killed; systemd gives the buckets back, and starts it again."""
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    with clients_of(cluster) as clients:
        buckets.steady(clients, 2)
        owner = clients.owner()
        killed, restarts = clients.now, failover_restarts(cluster, victim)
        cluster.run(victim, "systemctl", "kill", "--kill-whom=all", "--signal=KILL", FAILOVER)
        # By then it has given them back: until then all would look as before.
        wait_until(lambda: failover_restarts(cluster, victim) > restarts, seconds=30, what=f"{FAILOVER} on {victim}")
        buckets.wait_for(cluster, before, 30)
        settled = buckets.steady(clients, 4)
        gaps = clients.gaps(killed)
        print(f"failover of {victim} killed: the longest gap of a client was {max(gaps.values()):.2f} s")
        assert max(gaps.values()) <= bounds.lost
        assert clients.owner(settled) == owner
        assert clients.doubles_since(settled) == []


def failover_restarts(cluster: Cluster, node: str) -> int:
    """How often systemd has started a node's failover again."""
    return int(cluster.run(node, "systemctl", "show", "--property", "NRestarts", "--value", FAILOVER))


def rules_that_somebody_flushed_come_back(cluster: Cluster, victim: str = "web1") -> None:
    """A restart of their service is what anybody would try; it serves what VRRP has given the node by then."""
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    cluster.run(victim, "iptables", "-w", "5", "-t", "mangle", "-F")
    assert buckets.served(cluster, victim) == ()
    cluster.run(victim, "systemctl", "restart", RULES)
    assert buckets.table(cluster) == before
    with clients_of(cluster) as clients:
        since = buckets.steady(clients, 3)
    assert set(clients.shares(since)) == set(NODES)
    assert clients.doubles == []


def rules_come_back_when_a_loader_of_rules_starts_again(cluster: Cluster, victim: str = "web1") -> None:
    """As iptables.service of some distributions does: all rules but its own are gone then."""
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    unit = "[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/usr/sbin/iptables -w 5 -t mangle -F\\n"
    unit += "[Install]\\nWantedBy=multi-user.target\\n"
    file = "/etc/systemd/system/iptables.service"
    cluster.run(victim, "sh", "-ec", f"printf '{unit}' > {file}; systemctl daemon-reload; systemctl enable iptables")
    try:
        run = cluster.playbook("site")
        assert (run.status, [*run.changed]) == (0, [victim]), run.output
        cluster.run(victim, "systemctl", "restart", "iptables")
        buckets.wait_for(cluster, before, 20)
        cluster.run(victim, "systemctl", "is-active", RULES)
    finally:
        # As where its package goes: it stops, and what follows it with it.
        cluster.run(victim, "sh", "-ec", f"systemctl disable --now iptables; rm {file}; systemctl daemon-reload")
    run = cluster.playbook("site")
    assert (run.status, [*run.changed]) == (0, [victim]), run.output
    buckets.wait_for(cluster, before, 60)


def a_node_whose_rules_fail_at_first_comes_with_the_next_try(cluster: Cluster, victim: str = "web2") -> None:
    """As where the interface is a bond that the network's own service makes, after the rules were to be there."""
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    folder = f"/etc/systemd/system/{RULES}.service.d"
    fails_once = 'ExecStartPre=/bin/sh -c "test -e /run/lvs-test || { touch /run/lvs-test; exit 1; }"'
    script = f"mkdir -p {folder} && printf '[Service]\n%s\n' '{fails_once}' > {folder}/late.conf && sync"
    cluster.run(victim, "sh", "-c", script)
    try:
        cluster.lab.power(victim, "reset")
        buckets.wait_for(cluster, before, 90)
        assert VIP in cluster.addresses(victim)
        said = cluster.run(victim, "journalctl", "--no-pager", "--boot", "--unit", RULES)
        assert "Failed to start" in said, said
    finally:
        cluster.run(victim, "sh", "-c", f"rm -r {folder} && systemctl daemon-reload")


def all_nodes_reboot(cluster: Cluster) -> None:
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    for node in NODES:
        cluster.lab.power(node, "off")
    for node in NODES:
        cluster.lab.power(node, "on")
    buckets.wait_for(cluster, before, 90)
    for node in NODES:
        buckets.wait_for_boot(cluster, node)
    with clients_of(cluster) as clients:
        since = buckets.steady(clients, 3)
    assert set(clients.shares(since)) == set(NODES)
    assert clients.doubles == []
    assert not cluster.playbook("site").changed


def status_tells_who_serves_what(cluster: Cluster, backend: str) -> None:
    owned = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    run = cluster.playbook("status")
    assert run.status == 0, run.output
    assert not run.changed
    for node, mine in owned.items():
        assert f"{node}  {' '.join(map(str, mine))}  ({backend})" in run.output
    assert "nobody" not in run.output
    assert "twice" not in run.output


# --- growth ---------------------------------------------------------------------------------------------------------


def with_spare(cluster: Cluster, folder: Path, state: str = "present") -> Path:
    """The inventory with a fourth node."""

    def edit(variables: dict[str, Any]) -> None:
        groups = variables["all"]["children"]
        spare = groups["lab_only"]["hosts"].pop("spare")
        groups["clusterip_nodes"]["hosts"]["spare"] = {**spare, "lvs_node_number": 4, "lvs_state": state}

    return edited(cluster.inventory, folder, HOSTS, edit)


def a_fourth_node_joins_and_leaves(cluster: Cluster, folder: Path, bound: float) -> None:
    """It gets its part of the buckets and no client moves between the old ones."""
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    with clients_of(cluster) as clients:
        buckets.steady(clients, 2)
        owner = clients.owner()
        run = cluster.playbook("site", inventory=with_spare(cluster, folder / "join"))
        assert run.status == 0, run.output
        after = buckets.wait_for_sizes(cluster, dict.fromkeys(ALL_NODES, 3), 60)
        assert all(set(after[node]) < set(before[node]) for node in NODES)
        settled = buckets.steady(clients, 3)
        moved = clients.owner(settled)
        assert {client for client in owner if moved[client] != owner[client]} == {
            client for client in owner if moved[client] == "spare"
        }
        print(f"a fourth node joined: the longest gap of a client was {max(clients.gaps().values()):.2f} s")
        assert max(clients.gaps().values()) <= bound
        assert clients.doubles_since(settled) == []

        leaving = clients.now
        run = cluster.playbook("site", inventory=with_spare(cluster, folder / "leave", "absent"))
        assert run.status == 0, run.output
        buckets.wait_for(cluster, before, 60)
        settled = buckets.steady(clients, 3)
        assert clients.owner(settled) == owner
        print(f"it left: the longest gap of a client was {max(clients.gaps(leaving).values()):.2f} s")
        assert max(clients.gaps(leaving).values()) <= bound
    assert VIP not in cluster.addresses("spare")


# --- buckets that are moved by hand ---------------------------------------------------------------------------------


def move(cluster: Cluster, *words: str) -> str:
    """Run lvs.cluster.buckets, and return what it printed."""
    run = cluster.playbook("buckets", "-e", " ".join(words))
    assert run.status == 0, run.output
    return run.output


def a_bucket_is_given_and_comes_home(cluster: Cluster, bucket: Hash, bound: float, giver: str = "web1") -> None:
    """Its clients move, and nobody else's; a run and another move leave it there until home."""
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    number = before[giver][0]
    with clients_of(cluster) as clients:
        buckets.steady(clients, 2)
        owner = clients.owner()
        concerned = {client for client in owner if bucket(client) == number}
        begun = clients.now
        move(cluster, f"lvs_host={giver}", f"lvs_bucket={number}", "lvs_bucket_state=given")
        after = buckets.table(cluster)
        assert after[giver] == before[giver][1:]
        assert buckets.is_whole(after)
        settled = buckets.steady(clients, 3)
        moved = clients.owner(settled)
        gaps = clients.gaps(begun)
        print(f"bucket {number} given: the longest gap of a client was {max(gaps.values()):.2f} s")
        assert concerned
        assert {client for client in owner if moved[client] != owner[client]} == concerned
        assert max(gaps.values()) <= bound
        assert clients.doubles_since(settled) == []
        assert not cluster.playbook("site").changed
        assert "does not serve" in move(cluster, f"lvs_host={giver}", f"lvs_bucket={number}", "lvs_bucket_state=given")
        assert buckets.table(cluster) == after

        begun = clients.now
        move(cluster, f"lvs_host={giver}", "lvs_bucket_state=home")
        assert buckets.table(cluster) == before
        settled = buckets.steady(clients, 3)
        assert clients.owner(settled) == owner
        gaps = clients.gaps(begun)
        print(f"home again: the longest gap of a client was {max(gaps.values()):.2f} s")
        assert max(gaps.values()) <= bound
        assert clients.doubles_since(settled) == []


def a_node_gives_all_and_takes_nothing_while_it_is_bad(cluster: Cluster, giver: str = "web1") -> None:
    """It is out, over a restart of its failover too, while others live. While its server is bad, it takes nothing."""
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    move(cluster, f"lvs_host={giver}", "lvs_bucket=all", "lvs_bucket_state=given")
    out = buckets.table(cluster)
    assert out[giver] == ()
    assert buckets.is_whole(out)
    cluster.run(giver, "systemctl", "restart", FAILOVER)
    move(cluster, f"lvs_host={giver}", "lvs_bucket=all", "lvs_bucket_state=given")
    assert buckets.table(cluster) == out
    cluster.run(giver, "systemctl", "stop", SERVER)
    buckets.steady_health(cluster, giver, good=False)
    refused = cluster.playbook("buckets", "-e", f"lvs_host={giver} lvs_bucket=all lvs_bucket_state=taken")
    assert refused.status != 0
    assert "its health checks are bad" in refused.output
    assert buckets.table(cluster) == out
    cluster.run(giver, "systemctl", "start", SERVER)
    buckets.steady_health(cluster, giver, good=True)
    move(cluster, f"lvs_host={giver}", "lvs_home=true")
    buckets.wait_for(cluster, before, 30)


def what_a_killed_run_left_is_told_and_mended(cluster: Cluster, node: str = "web2", holder: str = "web1") -> None:
    """On a node that is not first for these buckets: it serves none of them, and nothing is to move to it."""
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    left = " ".join(map(str, before[holder]))
    cluster.run(node, "sh", "-c", f"cd /var/lib/lvs-cluster/buckets && for i in {left}; do echo -254 > $i; done")
    told = f"{node} has let go {left}, and can't serve that"
    assert told in cluster.playbook("status").output
    move(cluster, f"lvs_host={node}", "lvs_bucket_state=home")
    assert buckets.table(cluster) == before
    assert told not in cluster.playbook("status").output
    # In FAULT it would leave all four to the third node.
    cluster.run(holder, "systemctl", "stop", SERVER)
    buckets.wait_for_sizes(cluster, {**dict.fromkeys(NODES, 6), holder: 0}, 30)
    cluster.run(holder, "systemctl", "start", SERVER)
    buckets.wait_for(cluster, before, 30)


def miss_that_it_is_free(cluster: Cluster, node: str, bucket: int, holder: str) -> list[str]:
    """Drop the adverts by which a holder lets a bucket go: their priority is 0. The rule, to take it away."""
    advert = f"0>>22&0x3C@0&0x00FFFF00={(FIRST_ID + bucket - 1) << 16:#x}"
    source = next(address for address in cluster.addresses(holder) if address.startswith("10.0.0.") and address != VIP)
    rule = ["-s", source, "-p", "vrrp", "-m", "u32", "--u32", advert, "-j", "DROP"]
    # Not before rules of a backend, which must be the first.
    cluster.run(node, "iptables", "-A", "INPUT", *rule)
    return rule


def buckets_stay_until_they_are_taken(cluster: Cluster, bounds: Bounds, bound: float, victim: str = "web2") -> None:
    """With manual failback a node that is back has none, no client notices it, and what it takes it has."""
    others = [node for node in NODES if node != victim]
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    manual = ("-e", "clusterip_node_failback=manual")
    run = cluster.playbook("site", *manual)
    assert run.status == 0, run.output
    buckets.wait_for(cluster, before, 60)
    with clients_of(cluster) as clients:
        buckets.steady(clients, 2)
        owner = clients.owner()
        cut = clients.now
        with cluster.without_power(victim):
            # Not always half of its buckets each: whoever is first keeps one, and on a busy machine that may be either.
            after = buckets.wait_until_whole(cluster, others, 30)
            assert all(set(before[node]) <= set(after[node]) for node in others)
            buckets.steady(clients, 3)
            assert max(clients.gaps(cut).values()) <= bounds.lost
            clients.snapshot()
            returned = clients.now
        buckets.steady_health(cluster, victim, good=True)
        buckets.steady(clients, 10)
        assert buckets.table(cluster) == {**after, victim: ()}
        # A guest that boots makes others slow, so a request may be late; but none goes elsewhere.
        assert max(clients.gaps(returned).values()) <= bounds.lost
        assert set(clients.shares(returned)) == set(others)

        # What a run leaves that is killed while the node lets a bucket go: FAULT, for the next run to mend.
        cluster.run(victim, "sh", "-c", f"echo -254 > /var/lib/lvs-cluster/buckets/{before[victim][0]}")
        taken = clients.now
        mine = ",".join(map(str, before[victim]))
        lost = before[victim][-1]
        missed = miss_that_it_is_free(cluster, victim, lost, next(node for node in others if lost in after[node]))
        said = move(cluster, f"lvs_host={victim}", f"lvs_bucket={mine}", "lvs_bucket_state=taken", manual[1])
        assert buckets.table(cluster) == before
        # So another node took that bucket first, and let it go once more.
        again = said.split("TASK [Have a bucket let go once more")[1].split("TASK [")[0]
        assert again.count("changed: [") == 1
        cluster.run(victim, "iptables", "-D", "INPUT", *missed)
        settled = buckets.steady(clients, 3)
        gaps = clients.gaps(taken)
        print(f"taken with manual failback: the longest gap of a client was {max(gaps.values()):.2f} s")
        assert max(gaps.values()) <= bound
        assert clients.owner(settled) == owner
        assert clients.doubles_since(settled) == []
    back = cluster.playbook("site")
    assert back.status == 0, back.output
    buckets.wait_for(cluster, before, 60)
