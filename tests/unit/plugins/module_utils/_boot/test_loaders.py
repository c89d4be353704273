"""Which loaders of rules a host uses, from what systemctl says of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import loaders


def used(*blocks: str, code: int = 0) -> tuple[str, ...]:
    asked: list[Sequence[str]] = []

    def run(argv: Sequence[str]) -> tuple[int, str, str]:
        asked.append(argv)
        return code, "\n".join(blocks), ""

    found = loaders.in_use(run)
    (argv,) = asked
    assert tuple(argv[-len(loaders.NAMES) :]) == loaders.NAMES
    return found


def block(name: str, active: str = "inactive", enabled: str = "disabled", conflicts: str = "shutdown.target") -> str:
    return f"Id={name}.service\nConflicts={conflicts}\nActiveState={active}\nUnitFileState={enabled}\n"


def test_those_that_run_or_start_at_boot() -> None:
    assert used(block("nftables", active="active"), block("ufw", enabled="enabled"), block("iptables")) == (
        "nftables.service",
        "ufw.service",
    )


@pytest.mark.parametrize("excludes", ["iptables.service ip6tables.service", "nftables.service"])
def test_of_two_that_exclude_each_other_the_one_that_runs(excludes: str) -> None:
    firewalld = block("firewalld", active="active", enabled="enabled", conflicts=excludes)
    other = excludes.partition(".")[0]
    assert used(block(other, enabled="enabled"), firewalld) == ("firewalld.service",)
    # The one that is excluded need not say it.
    assert used(block(other, active="active"), firewalld.replace("=active", "=inactive")) == (f"{other}.service",)


def test_an_alias_is_the_service_that_it_names() -> None:
    real = block("netfilter-persistent", active="active", conflicts="iptables.service netfilter-persistent.service")
    # iptables.service is another name of the same, and systemctl tells of it twice.
    assert used(real, real) == ("netfilter-persistent.service",)


def test_without_systemd_none() -> None:
    assert used("System has not been booted with systemd", code=1) == ()


def test_the_lines() -> None:
    after = f"After={' '.join(loaders.NAMES)}\n"
    reload_from = f"ReloadPropagatedFrom={' '.join(loaders.NAMES)}\n"
    assert loaders.unit_lines(()) == after + reload_from
    # firewalld is followed.
    assert loaders.unit_lines(("firewalld.service",)) == after + reload_from.replace(" firewalld.service", "")
    assert loaders.unit_lines(("ufw.service",)) == f"{after}PartOf=ufw.service\n{reload_from}"
