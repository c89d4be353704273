"""What kernel_settings decides, without a machine."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._kernel import report
from ansible_collections.lvs.cluster.plugins.module_utils._kernel.plan import (
    HEADER,
    Entry,
    Facts,
    Placed,
    Step,
    Wanted,
    file_texts,
    ledger_text,
    make_plan,
    parse_ledger,
    parse_wanted,
    paths_to_read,
)
from ansible_collections.lvs.cluster.plugins.module_utils._kernel.sysctl_d import SettingsError, Source

FORWARD, REDIRECTS = "net/ipv4/ip_forward", "net/ipv4/conf/all/send_redirects"
MODULES_FILE, SYSCTL_FILE = "/etc/modules-load.d/lvs-a.conf", "/etc/sysctl.d/60-lvs-a.conf"


def wanted(modules: tuple[str, ...] = (), **sysctls: str) -> Wanted:
    return Wanted(
        "lvs-a", modules, {{"forward": FORWARD, "redirects": REDIRECTS}[key]: sysctls[key] for key in sysctls}
    )


def facts(**changes: Any) -> Facts:
    bare = Facts(
        files={MODULES_FILE: None, SYSCTL_FILE: None},
        loaded=frozenset(),
        live={FORWARD: "0", REDIRECTS: "1"},
        others=(),
        place=0,
        ledger={},
    )
    return bare._replace(**changes)


def test_every_fault_of_the_options_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_wanted(
            "Lvs A", ["ip_vs", "rm -rf"],
            {"net.ipv4.ip_forward": True, "a b": 1, "net.ipv4.conf.*.rp_filter": 1, "kernel.x": 1.5, "net.y": "1\n2",
             "net.ipv4.tcp_rmem": "1 2 3", "net/ipv4/tcp_rmem": "1 2 3"},
        )  # fmt: skip
    text = str(caught.value)
    for part in ("name: 'Lvs A'", "'rm -rf'", "ip_forward: True", "'a b'", "patterns are not", "kernel.x: 1.5",
                 "more than one line", "there twice"):  # fmt: skip
        assert part in text


def test_a_name_is_one_line() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_wanted("lvs-a\n", ["ip_vs\n"], {})
    for part in (r"name: 'lvs-a\n'", r"modules: 'ip_vs\n'"):
        assert part in str(caught.value)


def test_options_in_one_writing() -> None:
    found = parse_wanted("lvs-a", ["ip-vs", "ip_vs"], {"net.ipv4.vs.sync_threshold": "3  50", "net.ipv4.ip_forward": 1})
    assert found == Wanted("lvs-a", ("ip_vs",), {"net/ipv4/vs/sync_threshold": "3 50", FORWARD: "1"})


def test_the_files_and_forwarding_first() -> None:
    texts = file_texts(wanted(("ip_vs", "ip_vs_wlc"), redirects="0", forward="1"))
    assert texts[MODULES_FILE] == f"{HEADER}\nip_vs\nip_vs_wlc\n"
    assert texts[SYSCTL_FILE] == f"{HEADER}\nnet.ipv4.ip_forward = 1\nnet.ipv4.conf.all.send_redirects = 0\n"
    assert file_texts(wanted()) == {MODULES_FILE: None, SYSCTL_FILE: None}


def test_first_run_records_the_originals() -> None:
    plan = make_plan(wanted(forward="1", redirects="0"), facts())
    assert plan.steps == (Step(FORWARD, "0", "1", ""), Step(REDIRECTS, "1", "0", ""))
    assert plan.ledger == {FORWARD: Entry("0", {"lvs-a": "1"}), REDIRECTS: Entry("1", {"lvs-a": "0"})}


def test_second_run_does_nothing() -> None:
    want = wanted(("ip_vs",), forward="1")
    files = {path: Placed(text, 0o644) if text else None for path, text in file_texts(want).items()}
    after = facts(
        files=files, loaded=frozenset({"ip_vs"}), live={FORWARD: "1"}, ledger={FORWARD: Entry("0", {"lvs-a": "1"})}
    )
    plan = make_plan(want, after)
    assert not report.is_change(after, plan)
    assert report.diff(want, after, plan) == {"before": {}, "after": {}}


@pytest.mark.parametrize("placed", [Placed(f"{HEADER}\nnet.ipv4.ip_forward = 1\n# mine\n", 0o644),
                                    Placed(f"{HEADER}\nnet.ipv4.ip_forward = 1\n", 0o600)])  # fmt: skip
def test_a_file_changed_by_hand_is_put_right_and_shown(placed: Placed) -> None:
    want = wanted(forward="1")
    here = facts(files={MODULES_FILE: None, SYSCTL_FILE: placed}, live={FORWARD: "1"},
                 ledger={FORWARD: Entry("0", {"lvs-a": "1"})})  # fmt: skip
    plan = make_plan(want, here)
    assert report.diff(want, here, plan)["before"] == {"files": {SYSCTL_FILE: "changed by hand"}}


def test_files_of_others_are_never_replaced() -> None:
    with pytest.raises(SettingsError, match=r"60-lvs-a\.conf is not ours"):
        make_plan(wanted(), facts(files={MODULES_FILE: None, SYSCTL_FILE: Placed("net.ipv4.ip_forward=1\n", 0o644)}))


@pytest.mark.parametrize(
    ("ledger", "others", "value", "because"),
    [
        (Entry("0", {"lvs-a": "1", "lvs-b": "2", "lvs-c": "3"}), ("4",), "3", "wanted by lvs-c"),
        (Entry("0", {"lvs-a": "1"}), ("4", "5"), "5", "set by /etc/sysctl.d/1.conf"),
        (Entry("0", {"lvs-a": "1"}), (), "0", "the value before lvs.cluster"),
    ],
)
def test_what_a_key_goes_back_to(ledger: Entry, others: tuple[str, ...], value: str, because: str) -> None:
    sources = tuple(Source(f"/etc/sysctl.d/{n}.conf", f"net.ipv4.ip_forward={text}") for n, text in enumerate(others))
    plan = make_plan(wanted(), facts(live={FORWARD: "1"}, ledger={FORWARD: ledger}, others=sources))
    assert plan.steps == (Step(FORWARD, "1", value, because),)
    assert [item["because"] for item in report.restored(plan)] == [because]


def test_forwarding_stays_on_while_another_wants_it() -> None:
    plan = make_plan(wanted(), facts(live={FORWARD: "1"}, ledger={FORWARD: Entry("0", {"lvs-a": "1", "lvs-b": "1"})}))
    assert plan.steps == ()
    assert plan.ledger == {FORWARD: Entry("0", {"lvs-b": "1"})}


def test_forwarding_stays_on_while_a_file_sets_it() -> None:
    plan = make_plan(wanted(), facts(live={FORWARD: "1"}, ledger={FORWARD: Entry("0", {"lvs-a": "1"})},
                                     others=(Source("router.conf", "net.ipv4.ip_forward=1"),)))  # fmt: skip
    assert plan.steps == ()
    assert plan.ledger == {}


def test_a_dropped_key_goes_back_and_the_other_stays() -> None:
    ledger = {FORWARD: Entry("0", {"lvs-a": "1"}), REDIRECTS: Entry("1", {"lvs-a": "0"})}
    plan = make_plan(wanted(forward="1"), facts(live={FORWARD: "1", REDIRECTS: "0"}, ledger=ledger))
    assert plan.steps == (Step(REDIRECTS, "0", "1", "the value before lvs.cluster"),)
    assert plan.ledger == {FORWARD: Entry("0", {"lvs-a": "1"})}


def test_what_somebody_else_changed_since_is_left() -> None:
    plan = make_plan(wanted(), facts(live={FORWARD: "2"}, ledger={FORWARD: Entry("0", {"lvs-a": "1"})}))
    assert plan.steps == ()
    assert report.left(plan) == [{"key": "net.ipv4.ip_forward", "value": "2", "instead_of": "0"}]


def test_a_key_that_went_with_its_module_is_forgotten() -> None:
    path = "net/ipv4/vs/conntrack"
    plan = make_plan(wanted(), facts(live={path: None}, ledger={path: Entry("0", {"lvs-a": "1"})}))
    assert (plan.steps, plan.left, plan.ledger) == ((), (), {})


def test_the_first_original_outlives_a_new_value() -> None:
    plan = make_plan(wanted(forward="2"), facts(live={FORWARD: "1"}, ledger={FORWARD: Entry("0", {"lvs-a": "1"})}))
    assert plan.ledger == {FORWARD: Entry("0", {"lvs-a": "2"})}


def test_two_owners_that_disagree_are_told() -> None:
    plan = make_plan(wanted(forward="1"), facts(ledger={FORWARD: Entry("0", {"lvs-b": "2"})}))
    assert plan.warnings == ("net.ipv4.ip_forward: lvs-b wants 2, lvs-a wants 1",)


@pytest.mark.parametrize(
    ("file", "text", "place", "fault"),
    [
        ("/etc/sysctl.d/99-x.conf", "net.ipv4.ip_forward=0", 0, True),
        ("/etc/sysctl.d/99-x.conf", "net.ipv4.ip_forward=1", 0, False),
        ("/etc/sysctl.d/10-x.conf", "net.ipv4.ip_forward=0", 1, False),
        ("/etc/sysctl.d/99-x.conf", "net.ipv4.ip_*=0", 0, False),
    ],
)
def test_a_later_file_that_wins_at_boot_is_a_fault(file: str, text: str, place: int, fault: bool) -> None:
    here = facts(others=(Source(file, text),), place=place)
    if fault:
        with pytest.raises(SettingsError, match=r"99-x\.conf sets 0 and is read after ours"):
            make_plan(wanted(forward="1"), here)
    else:
        assert make_plan(wanted(forward="1"), here).steps == (Step(FORWARD, "0", "1", ""),)


@pytest.mark.parametrize(
    ("path", "modules", "loaded", "fault"),
    [
        ("net/ipv4/vs/conntrack", ("ip_vs",), (), None),
        ("net/ipv4/vs/conntrack", ("ip_vs",), ("ip_vs",), "check the name, and whether this kernel has it"),
        ("net/ipv4/vs/conntrack", (), (), "it comes with the module ip_vs"),
        ("net/ipv4/nonsense", (), (), "/proc/sys/net/ipv4/nonsense does not exist"),
        ("net/ipv4/conf/eth7/rp_filter", ("ip_vs",), (), "interface eth7 or this setting of it does not exist"),
        ("net/ipv4/conf/tunl0/rp_filter", ("ipip",), (), None),
        ("net/ipv4/conf/tunl0/rp_filter", (), (), "add the module ipip"),
    ],
)
def test_sysctls_that_do_not_exist(
    path: str, modules: tuple[str, ...], loaded: tuple[str, ...], fault: str | None
) -> None:
    want, here = Wanted("lvs-a", modules, {path: "1"}), facts(live={path: None}, loaded=frozenset(loaded))
    if fault is None:
        plan = make_plan(want, here)
        assert plan.unknown == (path,)
        assert plan.steps == (Step(path, None, "1", ""),)
        assert plan.ledger == {}  # its original is known only once the module is there
    else:
        with pytest.raises(SettingsError, match=fault):
            make_plan(want, here)


def test_the_ledger_survives_its_file() -> None:
    ledger = {FORWARD: Entry("0", {"lvs-a": "1"})}
    assert parse_ledger(ledger_text(ledger), "x") == ledger
    for broken in ("", "[]", '{"sysctls": {"a": {}}}', '{"sysctls": []}'):
        with pytest.raises(SettingsError, match="x cannot be read"):
            parse_ledger(broken, "x")


def test_only_keys_of_the_owner_are_read() -> None:
    ledger = {"net/a": Entry("0", {"lvs-a": "1"}), "net/b": Entry("0", {"lvs-b": "1"})}
    assert paths_to_read(wanted(forward="1"), ledger) == ["net/a", FORWARD]
