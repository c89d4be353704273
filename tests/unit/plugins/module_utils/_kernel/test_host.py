"""Reading a host and taking the steps, on a tree of files that looks like one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._kernel.host import (
    LEDGER,
    Host,
    change,
    check_modules,
    read_facts,
    read_loaded,
    read_sources,
)
from ansible_collections.lvs.cluster.plugins.module_utils._kernel.plan import Wanted, make_plan
from ansible_collections.lvs.cluster.plugins.module_utils._kernel.sysctl_d import SettingsError


class Tree:
    """A root folder with /proc and /sys made of plain files; modprobe adds a line and, for ip_vs, a sysctl."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked: list[Sequence[str]] = []
        self.put("/proc/sys/kernel/osrelease", "6.1.0\n")
        self.put("/proc/sys/net/ipv4/ip_forward", "0\n")
        self.put("/proc/modules", "nf_conntrack 1 0 - Live 0x0\n")
        self.host = Host(self.write, self.modprobe, str(root))

    def put(self, path: str, text: str) -> None:
        file = Path(f"{self.root}{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def get(self, path: str) -> str:
        return Path(f"{self.root}{path}").read_text()

    def has(self, path: str) -> bool:
        return Path(f"{self.root}{path}").exists()

    @staticmethod
    def write(path: str, text: str, mode: int) -> None:
        Path(path).write_text(text)
        Path(path).chmod(mode)

    def modprobe(self, arguments: Sequence[str]) -> tuple[int, str]:
        self.asked.append(list(arguments))
        if "nonsense" in arguments:
            return 1, "FATAL: Module nonsense not found"
        if "-n" not in arguments:
            self.put("/proc/modules", self.get("/proc/modules") + f"{arguments[-1]} 1 0 - Live 0x0\n")
            self.put("/proc/sys/net/ipv4/vs/conntrack", "0\n")
        return 0, ""

    def run(self, wanted: Wanted) -> None:
        facts = read_facts(self.host, wanted)
        change(self.host, wanted, facts, make_plan(wanted, facts))


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


NONE = Wanted("lvs-a", (), {})
FULL = Wanted("lvs-a", ("ip_vs",), {"net/ipv4/ip_forward": "1", "net/ipv4/vs/conntrack": "1"})


def test_there_and_back(tree: Tree) -> None:
    before = sorted(str(path) for path in tree.root.rglob("*") if path.is_file())
    tree.run(FULL)
    assert tree.asked == [["ip_vs"]]
    assert tree.get("/proc/sys/net/ipv4/vs/conntrack") == "1\n"
    assert json.loads(tree.get(LEDGER))["sysctls"]["net/ipv4/vs/conntrack"] == {
        "original": "0",
        "wanted": {"lvs-a": "1"},
    }
    assert Path(f"{tree.root}{LEDGER}").stat().st_mode & 0o777 == 0o600
    tree.run(NONE)
    assert tree.get("/proc/sys/net/ipv4/ip_forward") == tree.get("/proc/sys/net/ipv4/vs/conntrack") == "0\n"
    after = sorted(str(path) for path in tree.root.rglob("*") if path.is_file())
    assert set(after) - set(before) == {f"{tree.root}/proc/sys/net/ipv4/vs/conntrack"}  # the module stays
    assert not tree.has("/var/lib/lvs-cluster")


def test_a_failure_half_way_leaves_nothing_behind(tree: Tree) -> None:
    tree.put("/proc/sys/net/zzz/locked", "0\n")

    def stubborn(path: str, text: str, mode: int) -> None:
        if path.endswith("60-lvs-a.conf"):
            raise OSError(28, "No space left on device")
        tree.write(path, text, mode)

    host = tree.host._replace(write=stubborn)
    facts = read_facts(host, FULL._replace(modules=(), sysctls={"net/ipv4/ip_forward": "1", "net/zzz/locked": "1"}))
    want = FULL._replace(modules=(), sysctls={"net/ipv4/ip_forward": "1", "net/zzz/locked": "1"})
    with pytest.raises(SettingsError, match=r"No space left on device; what this run had set was put back"):
        change(host, want, facts, make_plan(want, facts))
    assert tree.get("/proc/sys/net/ipv4/ip_forward") == tree.get("/proc/sys/net/zzz/locked") == "0\n"
    assert not tree.has(LEDGER)
    assert not tree.has("/etc/sysctl.d/60-lvs-a.conf")


def test_originals_are_recorded_before_the_first_value_is_set(tree: Tree) -> None:
    order: list[str] = []

    def noting(path: str, text: str, mode: int) -> None:
        order.append(f"{Path(path).name} while ip_forward is {tree.get('/proc/sys/net/ipv4/ip_forward').strip()}")
        tree.write(path, text, mode)

    want = Wanted("lvs-a", (), {"net/ipv4/ip_forward": "1"})
    facts = read_facts(tree.host, want)
    change(tree.host._replace(write=noting), want, facts, make_plan(want, facts))
    assert order == ["sysctls.json while ip_forward is 0", "60-lvs-a.conf while ip_forward is 1"]


def test_a_module_that_does_not_exist(tree: Tree) -> None:
    with pytest.raises(SettingsError, match="nonsense: the running kernel has no such module: FATAL"):
        check_modules(tree.host, ["ip_vs", "nonsense"], False)
    assert tree.asked == [["-n", "ip_vs"], ["-n", "nonsense"]]


def test_a_host_without_modprobe(tree: Tree) -> None:
    bare = tree.host._replace(modprobe=lambda arguments: (127, "modprobe is missing"))
    check_modules(bare, ["ip_vs"], True)
    with pytest.raises(SettingsError, match="modprobe is missing"):
        check_modules(bare, ["ip_vs"], False)


def test_loaded_and_built_in_modules(tree: Tree) -> None:
    Path(f"{tree.root}/sys/module/tcp_cubic").mkdir(parents=True)
    tree.put(
        "/lib/modules/6.1.0/modules.builtin", "kernel/net/netfilter/ipvs/ip-vs-wlc.ko\nkernel/net/bridge/bridge.ko.xz\n"
    )
    assert read_loaded(tree.host) == {"nf_conntrack", "tcp_cubic", "ip_vs_wlc", "bridge"}


def test_folders_and_their_precedence(tree: Tree) -> None:
    tree.put("/usr/lib/sysctl.d/50-a.conf", "vendor")
    tree.put("/etc/sysctl.d/50-a.conf", "mine")
    tree.put("/run/sysctl.d/70-b.conf", "run")
    tree.put("/etc/sysctl.d/60-lvs-a.conf", "ours")
    tree.put("/usr/lib/sysctl.d/README", "no configuration")
    tree.put("/etc/sysctl.conf", "old")
    sources, place = read_sources(tree.host, "lvs-a")
    assert [(source.file, source.text) for source in sources] == [
        ("/etc/sysctl.d/50-a.conf", "mine"),
        ("/run/sysctl.d/70-b.conf", "run"),
        ("/etc/sysctl.conf", "old"),
    ]
    assert place == 1
    Path(f"{tree.root}/etc/sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")
    assert [source.file for source in read_sources(tree.host, "lvs-a")[0]][-1] == "/etc/sysctl.d/99-sysctl.conf"


def test_a_value_that_the_kernel_writes_another_way(tree: Tree) -> None:
    Path(f"{tree.root}/proc/sys/net/ipv4/ip_forward").unlink()
    Path(f"{tree.root}/proc/sys/net/ipv4/ip_forward").symlink_to("/dev/null")
    want = Wanted("lvs-a", (), {"net/ipv4/ip_forward": "1"})
    facts = read_facts(tree.host, want)
    with pytest.raises(SettingsError, match="the kernel made '' of '1'"):
        change(tree.host, want, facts, make_plan(want, facts))
