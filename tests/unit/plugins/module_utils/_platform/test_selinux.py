"""What SELinux is to be told: decided without a host that has it."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.failover_files import DIRECTORY
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import SCRIPTS_DIRECTORY
from ansible_collections.lvs.cluster.plugins.module_utils._platform import selinux
from ansible_collections.lvs.cluster.plugins.module_utils._platform.selinux import Seen, Wanted

POLICY = selinux.policy(SCRIPTS_DIRECTORY, DIRECTORY)
BARE = Seen(policy="", boolean=False, turned_on=False, astray=())


def wanted(*, connect_any: bool = False) -> Wanted:
    return Wanted(SCRIPTS_DIRECTORY, DIRECTORY, connect_any)


def test_the_policy_labels_scripts_and_what_is_tracked_or_says_nothing_where_a_type_is_missing() -> None:
    header, *rest = POLICY.splitlines()
    assert header.startswith("; Managed by lvs.cluster")
    scripts = "(system_u object_r keepalived_unconfined_script_exec_t ((s0) (s0)))"
    tracked = "(system_u object_r keepalived_var_run_t ((s0) (s0)))"
    assert rest == [
        "(optional lvs_cluster_keepalived",
        f'    (filecon "/etc/keepalived/lvs-cluster(/.*)?" any {scripts})',
        f'    (filecon "/var/lib/lvs-cluster(/.*)?" any {tracked}))',
    ]
    assert POLICY.count("(") == POLICY.count(")")


def test_ports_that_keepalived_may_not_reach_by_itself() -> None:
    assert selinux.unreached([80, 443, 8443, 25, 3306, 63140, 3128]) == []
    assert selinux.unreached([8080, 80, 5432, 8080, 63165]) == [5432, 8080, 63165]


@pytest.mark.parametrize(
    ("boolean", "turned_on", "connect", "after"),
    [
        (False, False, True, (True, True)),
        (True, False, True, (True, False)),  # somebody else did
        (True, False, False, (True, False)),
        (True, True, True, (True, True)),
        (True, True, False, (False, False)),
        (False, True, False, (False, False)),  # and somebody else turned it off
        (None, False, True, (None, False)),  # a policy that has no such boolean
    ],
)
def test_the_boolean(boolean: bool | None, turned_on: bool, connect: bool, after: tuple[bool | None, bool]) -> None:
    found = selinux.after(BARE._replace(boolean=boolean, turned_on=turned_on), wanted(connect_any=connect))
    assert (found.boolean, found.turned_on) == after
    assert found.policy == POLICY


def test_absent_takes_back_what_was_ours() -> None:
    stands = Seen(policy=POLICY, boolean=True, turned_on=True, astray=())
    assert selinux.after(stands, None) == BARE
    assert selinux.after(stands._replace(turned_on=False), None) == BARE._replace(boolean=True)


def test_the_diff_has_what_differs() -> None:
    stands = Seen(policy=POLICY, boolean=False, turned_on=False, astray=("/etc/keepalived/lvs-cluster/a.sh",))
    after = selinux.after(stands, wanted(connect_any=True))
    assert selinux.diff(stands, after) == {
        "before": {"keepalived_connect_any": False, "wrong labels": ["/etc/keepalived/lvs-cluster/a.sh"]},
        "after": {"keepalived_connect_any": True, "wrong labels": []},
    }
    assert selinux.diff(after, after) == {"before": {}, "after": {}}
