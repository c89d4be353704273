# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations that are odd: nothing of them is lost, and nothing fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._adopt import blocks
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.blocks import Item
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.director import variables_of
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import Findings
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.options import NotOptions, to_options
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.reading import Context
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import serialise
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, from_options
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.unit.plugins.module_utils._adopt.facts import SAMPLES


def variables(
    text: str, folder: Path, programs: dict[str, str | None] | None = None
) -> tuple[dict[str, Any], Findings]:
    file = folder / "keepalived.conf"
    file.write_text(text)
    read = blocks.read(str(file), "lb1")
    findings = Findings()
    context = Context("lb1", findings.of("lb1"), programs or {})
    return variables_of(blocks.from_data(read["items"], {}), context, has_script_user=True), findings


def found_alone(found: dict[str, Any]) -> dict[str, Any]:
    """Variables of one director as an inventory has them: a priority for each of its directors."""
    instances = [
        {"priorities": {"lb1": one["priority"]}, **{key: value for key, value in one.items() if key != "priority"}}
        for one in found["lvs_vrrp_instances"]
    ]
    return {**found, "lvs_vrrp_instances": instances}


def texts(findings: Findings, kind: str) -> str:
    return "\n".join(one["text"] for one in findings.listed(kind))


SERVICE = "virtual_server 10.0.0.5 80 {\n%s\nreal_server 192.168.0.12 80 {\n%s\n}\n}\n"


def one_service(folder: Path, service: str = "", server: str = "") -> dict[str, Any]:
    found, _findings = variables(SERVICE % (service, server), folder)
    [one] = found["lvs_virtual_services"]
    assert isinstance(one, dict)
    return one


def test_unknown_keywords_go_into_options_at_their_place(tmp_path: Path) -> None:
    text = (
        "global_defs {\n vrrp_strict\n lvs_timeouts tcp 7200 udp 300\n}\n"
        "static_routes {\n 198.51.100.0/24 via 10.0.0.1 dev eth0\n}\n"
        "vrrp_instance VI_1 {\n interface eth0\n accept\n virtual_router_id 5\n strict_mode off\n"
        " virtual_ipaddress {\n 10.0.0.5/24 scope global no_track\n}\n}\n"
        + SERVICE
        % ("snmp_name shop", "snmp_name rs")
    )
    found, findings = variables(text, tmp_path)
    assert found["lvs_keepalived_global"] == {
        "options": {"vrrp_strict": True, "lvs_timeouts": ["tcp", 7200, "udp", 300]}
    }
    assert found["lvs_keepalived_options"] == {"static_routes": {"198.51.100.0/24": ["via", "10.0.0.1", "dev", "eth0"]}}
    [instance] = found["lvs_vrrp_instances"]
    assert instance["options"] == {"accept": True, "strict_mode": "off"}
    assert instance["priority"] == 100
    assert instance["virtual_ipaddress"][0]["options"] == {"scope": "global", "no_track": True}
    [service] = found["lvs_virtual_services"]
    assert service["options"] == {"snmp_name": "shop"}
    assert service["real_servers"][0]["options"] == {"snmp_name": "rs"}
    assert texts(findings, "faults") == texts(findings, "left") == ""


def test_a_value_that_the_vocabulary_refuses_stays_as_it_is(tmp_path: Path) -> None:
    assert one_service(tmp_path, "retry 0")["options"] == {"retry": 0}


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("persistence_timeout", {"persistence_timeout": 360}),
        ("persistence_granularity 255.255.255.0", {"persistence_netmask": "255.255.255.0"}),
        ("lb_algo sh\nsh-port", {"scheduler": "sh", "scheduler_flags": ["sh-port"]}),
        ("lvs_sched rr\nops", {"scheduler": "rr", "one_packet": True}),
        ("sorry_server 192.168.0.9", {"sorry_server": {"address": "192.168.0.9"}}),
        ("lb_kind TUN type gue port 6080", {"forwarding": "tun", "tunnel": {"type": "gue", "port": 6080}}),
        ("smtp_alert false", {"smtp_alert": False}),
        ("lb_kind DR", {"forwarding": "dr"}),
        ("", {"forwarding": "nat", "scheduler": "wlc", "protocol": "tcp", "health_checks": []}),
    ],
)
def test_words_of_a_service(written: str, wanted: dict[str, Any], tmp_path: Path) -> None:
    found = one_service(tmp_path, written)
    assert {key: found.get(key) for key in wanted} == wanted


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("TCP_CHECK { connect_timeout 3 }", {"type": "tcp", "connect_timeout": 3}),
        ("SMTP_CHECK {\nhelo_name x\n}", {"type": "smtp", "helo_name": "x"}),
        ("DNS_CHECK {\ntype MX\nname example.org\n}", {"type": "dns", "name": "example.org", "query_type": "MX"}),
        ("PING_CHECK {\nretry 2\n}", {"type": "ping", "retry": 2}),
        ('MISC_CHECK {\nmisc_path "/usr/bin/look -q"\nmisc_timeout 5\nmisc_dynamic\nuser nobody\n}',
         {"type": "misc", "script": "/usr/bin/look", "args": ["-q"], "user": "nobody", "timeout": 5, "dynamic": True}),
        ("SSL_GET {\nurl {\npath /\nstatus_code 200 204\nvirtualhost a.example\n}\n}",
         {"type": "https", "urls": [{"path": "/", "status_code": "200 204", "virtualhost": "a.example"}]}),
        ("HTTP_GET {\nurl {\npath /\nregex a\\\\.b\n}\nhttp_protocol 1.1\nfuture_word 7\n}",
         {"type": "http", "path": "/", "regex": "a\\.b", "http_protocol": "1.1", "options": {"future_word": 7}}),
    ],
    ids=["tcp", "smtp", "dns", "ping", "misc", "https", "http"],
)  # fmt: skip
def test_health_checks(written: str, wanted: dict[str, Any], tmp_path: Path) -> None:
    assert one_service(tmp_path, server=written)["health_checks"] == [wanted]


@pytest.mark.parametrize(
    "written",
    [
        'MISC_CHECK {\nmisc_path "/usr/bin/look | grep x"\n}',
        "HTTP_GET {\nconnect_port 80\n}",
        "HTTP_GET {\nurl { path / status_code 200 }\n}",
        "BFD_CHECK {\nname a\nx 1\n}",
    ],
    ids=["shell", "no url", "words behind a path", "unknown word"],
)
def test_a_check_that_has_no_form_is_written_as_it_stands(written: str, tmp_path: Path) -> None:
    found = one_service(tmp_path, server=written)
    assert found["health_checks"] == []
    [name] = found["real_servers"][0]["options"]
    assert written.startswith(name)


@pytest.mark.parametrize(
    ("head", "inside"),
    [("10.0.0.5", ""), ("10.0.0.5 0", ""), ("10.0.0.5 80", "lb_algo new"), ("10.0.0.5 80", "lb_kind BYPASS")],
)
def test_a_virtual_server_that_has_no_form_is_written_as_it_stands(head: str, inside: str, tmp_path: Path) -> None:
    text = (SERVICE % (inside, "weight 2")).replace("10.0.0.5 80", head)
    found, findings = variables(text, tmp_path)
    assert found["lvs_virtual_services"] == []
    assert found["lvs_keepalived_options"][f"virtual_server {head}"]["real_server 192.168.0.12 80"] == {"weight": 2}
    assert "keepalived.conf, line 1: virtual_server" in texts(findings, "left")


def test_groups_and_ranges(tmp_path: Path) -> None:
    text = (
        "virtual_server_group A {\n 10.0.0.5 80\n 10.0.0.5 443\n 10.0.0.6 80\n 10.0.0.6 443\n}\n"
        "virtual_server_group B {\n 10.0.0.7-9 80\n}\nvirtual_server_group C {\n fwmark 3\n fwmark 4\n}\n"
    )
    for name in "ABC":
        text += (SERVICE % ("", "")).replace("10.0.0.5 80", f"group {name}")
    found, findings = variables(text, tmp_path)
    first, second, third, fourth = found["lvs_virtual_services"]
    assert (first["name"], first["addresses"], first["ports"]) == ("A", ["10.0.0.5", "10.0.0.6"], [80, 443])
    assert (second["addresses"], second["port"]) == (["10.0.0.7", "10.0.0.8", "10.0.0.9"], 80)
    assert [one.get("virtual_server_group") for one in (first, second, third, fourth)] == [True, True, None, None]
    assert (third["name"], fourth["fwmark"]) == ("mark_3", 4)
    assert "each of its entries is a service of its own" in texts(findings, "notes")


def test_scripts_that_need_a_shell(tmp_path: Path) -> None:
    text = (
        'vrrp_script a {\n script "test -f /x && exit 1"\n}\nvrrp_script b {\n script "killall -0 haproxy"\n}\n'
        "vrrp_script unused {\n script /bin/true\n}\n"
        "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n 10.0.0.5/24\n}\n"
        'track_script {\n a weight 5\n b\n}\n notify_master "echo $1"\n}\n'
    )
    found, findings = variables(text, tmp_path, {"killall": "/usr/bin/killall", "test": "/usr/bin/test"})
    assert found["lvs_keepalived_options"] == {"vrrp_script a": {"script": "test -f /x && exit 1"}}
    [instance] = found["lvs_vrrp_instances"]
    assert instance["options"] == {"track_script": {"a": ["weight", 5], "b": True}, "notify_master": "echo $1"}
    assert "vrrp_script unused is tracked by nobody" in texts(findings, "notes")
    # What is tracked beside one that needs a shell is tracked, too.
    assert [one["name"] for one in found["lvs_vrrp_scripts"]] == ["b"]


VRRP = "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 5\n%s\n}\n"


def test_a_script_for_all_states_beside_others(tmp_path: Path) -> None:
    """What was read is planned, and written as it stood."""
    told = ' notify_master "/opt/master.sh web"\n notify "/opt/every.sh web" root\n'
    group = "vrrp_sync_group G {\n group {\n  VI_1\n  VI_2\n }\n notify /opt/group.sh\n}\n"
    second = VRRP.replace("VI_1", "VI_2").replace("router_id 5", "router_id 6") % (
        "virtual_ipaddress {\n 10.0.0.6/24\n}\n notify /opt/first.sh\n notify /opt/ignored.sh"
    )
    text = group + VRRP % f"virtual_ipaddress {{\n 10.0.0.5/24\n}}\n{told}" + second
    found, findings = variables(text, tmp_path)
    first, other = found["lvs_vrrp_instances"]
    assert first["notify"] == {
        "master": {"script": "/opt/master.sh", "args": ["web"]},
        "any": {"script": "/opt/every.sh", "args": ["web"], "user": "root"},
    }
    # Of two in one instance keepalived takes the first.
    assert other["notify"] == {"any": {"script": "/opt/first.sh"}}
    assert found["lvs_vrrp_sync_groups"][0]["notify"] == {"any": {"script": "/opt/group.sh"}}
    assert texts(findings, "faults") == ""
    planned = plan({"hosts": {"lb1": found_alone(found)}, "groups": {"directors": ["lb1"]}})
    assert [one["text"] for one in planned["faults"]] == []
    written = serialise(tree(planned["hosts"]["lb1"]["director"]))
    assert [line.strip() for line in written.splitlines() if line.strip().startswith("notify")] == [
        "notify /opt/group.sh",
        'notify_master "/opt/master.sh web"',
        'notify "/opt/every.sh web" root',
        "notify /opt/first.sh",
    ]


def test_a_command_for_all_states_that_needs_a_shell(tmp_path: Path) -> None:
    """It can't stand under options, so it is no part of what is written."""
    found, findings = variables(VRRP % 'virtual_ipaddress {\n 10.0.0.5/24\n}\n notify "/bin/echo $1"', tmp_path)
    assert "options" not in found["lvs_vrrp_instances"][0]
    told = texts(findings, "faults")
    assert "notify runs what is no script with arguments; put it into a script" in told
    # Its arguments may hold a password.
    assert "echo" not in told


def test_a_definition_of_several_lines(tmp_path: Path) -> None:
    """keepalived puts each of them in as a line of its own."""
    text = (
        "$VIPS= \\\n 10.0.0.5/24 \\\n 10.0.0.6/24\n"
        "$CHECK= \\\n TCP_CHECK { \\\n connect_port 81 \\\n connect_timeout 9 \\\n }\n"
    )
    found, _findings = variables(
        text + VRRP % "virtual_ipaddress {\n $VIPS\n}" + SERVICE % ("delay_loop \\\n 7", "$CHECK"), tmp_path
    )
    [instance], [service] = found["lvs_vrrp_instances"], found["lvs_virtual_services"]
    assert instance["virtual_ipaddress"] == [{"address": "10.0.0.5/24"}, {"address": "10.0.0.6/24"}]
    assert service["delay_loop"] == 7
    checks = service.get("health_checks") or service["real_servers"][0]["health_checks"]
    assert checks == [{"type": "tcp", "connect_port": 81, "connect_timeout": 9}]


@pytest.mark.parametrize("void", ["nopreempt", "preempt_delay 300"])
def test_what_a_state_of_master_made_void_stays_void(void: str, tmp_path: Path) -> None:
    found, findings = variables(VRRP % f"state MASTER\n {void}", tmp_path)
    [instance] = found["lvs_vrrp_instances"]
    assert not {"nopreempt", "preempt_delay", "state"} & instance.keys()
    assert f"with it {void.split()[0]}, which had no effect" in texts(findings, "notes")
    found, _findings = variables(VRRP % f"state BACKUP\n {void}", tmp_path)
    assert void.split()[0] in found["lvs_vrrp_instances"][0]


def test_words_that_no_variable_has_are_told(tmp_path: Path) -> None:
    _found, findings = variables(VRRP % "unicast_peer {\n 10.0.0.4 min_ttl 255\n}", tmp_path)
    assert "of the unicast peer 10.0.0.4 there is no variable for: min_ttl 255" in texts(findings, "faults")
    found, _findings = variables("global_defs {\n notification_email {\n a@x b@x\n c@x\n}\n}\n", tmp_path)
    assert found["lvs_keepalived_global"]["notification_email"] == ["a@x", "b@x", "c@x"]


def test_the_connection_sync_daemon(tmp_path: Path) -> None:
    vrrp = "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 5\n%s\n virtual_ipaddress {\n 10.0.0.5/24\n}\n}\n"
    old, _findings = variables(vrrp % "lvs_sync_daemon_inteface eth1", tmp_path)
    assert old["lvs_sync_daemon"] == {"interface": "eth1", "instance": "VI_1"}
    # Beside a sync daemon the plan has a delay where none is given, and here there is none.
    assert old["lvs_vrrp_instances"][0]["preempt_delay"] == 0
    daemon = "global_defs {\n lvs_sync_daemon eth1 VI_1 id 7 port 9000 group 224.0.0.90\n}\n"
    new, _findings = variables(daemon + vrrp % "nopreempt", tmp_path)
    wanted = {"interface": "eth1", "instance": "VI_1", "id": 7, "port": 9000, "group": "224.0.0.90"}
    assert new["lvs_sync_daemon"] == wanted
    assert "preempt_delay" not in new["lvs_vrrp_instances"][0]


def test_a_password_is_one_word_and_its_marks_of_comments_are_escaped(tmp_path: Path) -> None:
    file = tmp_path / "keepalived.conf"
    written = (r"ab\#c\!d # comment", "s3cret word", '"quoted#word"')
    file.write_text("".join(f"vrrp_instance V{at} {{\n auth_pass {one}\n}}\n" for at, one in enumerate(written)))
    found = [one["value"] for one in blocks.read(str(file), "lb1")["secrets"].values()]
    assert found == ["ab#c!d", "s3cret", "quoted#word"]


def test_what_keepalived_does_anyhow_is_left_out(tmp_path: Path) -> None:
    def read(lines: str) -> tuple[dict[str, Any], str]:
        found, findings = variables(VRRP % f"{lines}\n virtual_ipaddress {{\n 10.0.0.5/24\n}}", tmp_path)
        return found["lvs_vrrp_instances"][0], texts(findings, "notes")

    found, notes = read("track_interface {\n eth0\n eth1 weight -5\n}")
    assert found["track_interface"] == [{"name": "eth1", "weight": -5}]
    assert "VI_1 watches its own interface eth0 anyhow; it is not in track_interface" in notes
    assert "track_interface" not in read("track_interface {\n eth0\n}")[0]
    kept, notes = read("dont_track_primary\n track_interface {\n eth0\n}")
    assert (kept["track_interface"], notes) == ([{"name": "eth0"}], "")
    planned = plan({"hosts": {"lb1": found_alone({"lvs_vrrp_instances": [kept], "lvs_virtual_services": []})},
                    "groups": {"directors": ["lb1"]}})  # fmt: skip
    assert not [one for one in planned["faults"] if "track_interface" in one["variable"]]
    found, notes = read("nopreempt\n preempt_delay 60")
    assert found["nopreempt"] is True
    assert "preempt_delay" not in found
    assert "preempt_delay has no effect beside nopreempt in VI_1; it was left out" in notes


@pytest.mark.parametrize(
    ("inside", "instance", "kept"),
    [
        ("", "", False),
        (" notify_master /opt/a.sh\n smtp_alert\n", "", False),
        (" notify_master /opt/a.sh\n", " notify_backup /opt/b.sh\n", True),
        (" new_keyword\n", "", True),
    ],
)
def test_a_sync_group_of_one(inside: str, instance: str, kept: bool, tmp_path: Path) -> None:
    text = VRRP % f"{instance} virtual_ipaddress {{\n 10.0.0.5/24\n}}"
    found, findings = variables(text + f"vrrp_sync_group G {{\n group {{\n VI_1\n}}\n{inside}}}\n", tmp_path)
    assert bool(found.get("lvs_vrrp_sync_groups")) == kept
    assert ("vrrp_sync_group G: it has VI_1 alone; it was left out" in texts(findings, "notes")) != kept
    if not kept and inside:
        [member] = found["lvs_vrrp_instances"]
        assert member["notify"] == {"master": {"script": "/opt/a.sh"}}
        assert member["smtp_alert"] is True


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("-u mon -p s3cret", True), ("-ps3cret", True), ("--password=x1", True), ("--auth-token x1", True),
        ("-u mon:s3cret http://10.0.0.1/", True), ("http://mon:s3cret@10.0.0.1/", True),
        ("-p 8080 -H 10.0.0.1", False), ("-p8080", False), ("-u mon http://10.0.0.1:80/", False), ("web", False),
    ],
)  # fmt: skip
def test_arguments_that_may_be_passwords_are_told(arguments: str, told: bool, tmp_path: Path) -> None:
    server = f'MISC_CHECK {{\n misc_path "/opt/check {arguments}"\n}}'
    _found, findings = variables(SERVICE % ("", server), tmp_path)
    left = texts(findings, "left")
    assert ("/opt/check has arguments that look as if one was a password" in left) == told
    assert "s3cret" not in left


def test_what_no_options_can_hold_is_a_fault_with_its_line(tmp_path: Path) -> None:
    odd = 'quorum 1\n "two words" {\n}\n'
    text = f"vrrp_track_process P {{\n process nginx\n {odd}}}\n"
    script = f"vrrp_script S {{\n script /opt/s.sh\n {odd}}}\n"
    found, findings = variables(text + script, tmp_path)
    assert "lvs_track_processes" not in found
    faults = texts(findings, "faults")
    assert "line 1: vrrp_track_process P can't be described" in faults
    assert "vrrp_script S can't be described" in faults


def test_places_secrets_includes_and_lines_of_others(tmp_path: Path) -> None:
    (tmp_path / "one.conf").write_text("vrrp_instance VI_1 {\n authentication {\n  auth_pass hidden\n }\n}\n")
    (tmp_path / "keepalived.conf").write_text(
        "! comment\ninclude one.conf\ninclude {a,b}.conf\n$NAME=5\nglobal_defs {\n@lb2 router_id other\n"
        "@lb1 router_id \\\n  mine$NAME\n}\n~LST(1,2) x\nSSL {\n password top\n}\n"
    )
    read = blocks.read(str(tmp_path / "keepalived.conf"), "lb1")
    vrrp, shared, ssl = blocks.from_data(read["items"], {})
    assert vrrp.place == f"{tmp_path}/one.conf, line 1"
    assert shared.inside is not None
    assert shared.inside[0].words == ("router_id", "mine5")
    assert shared.inside[0].place == f"{tmp_path}/keepalived.conf, line 8"
    assert ssl.place == f"{tmp_path}/keepalived.conf, line 11"
    assert read["secrets"] == {
        "<secret 1>": {"keyword": "auth_pass", "value": "hidden"},
        "<secret 2>": {"keyword": "password", "value": "top"},
    }
    assert "hidden" not in str(read["items"])
    assert "top" not in str(read["items"])
    assert {one["place"].rpartition(", ")[2] for one in read["unread"]} == {"line 3", "line 10"}


def test_options_are_what_was_written() -> None:
    def nodes(items: tuple[Item, ...]) -> list[Node]:
        return [Node(one.name, one.values, None if one.inside is None else tuple(nodes(one.inside))) for one in items]

    items = (
        Item(("a",), ""), Item(("b", "1"), ""), Item(("b", "2", "3"), ""), Item(("c", "x y"), ""), Item(("c",), ""),
        Item(("d", "name"), "", (Item(("e", "007"), ""),)), Item(("d", "name"), "", ()), Item(("d",), ""),
    )  # fmt: skip
    assert serialise(from_options(to_options(items))) == serialise(nodes(items))
    with pytest.raises(NotOptions):
        to_options([Item(("d", "two words"), "", ())])


@pytest.mark.parametrize("number", range(40))
def test_half_a_configuration_does_not_fail(number: int, tmp_path: Path) -> None:
    """Cut off, or with lines left out at random places, it is still read."""
    lines = ((SAMPLES / "setup2.vrrp.conf").read_text() + (SAMPLES / "setup2.lb1.conf").read_text()).splitlines()
    cut = lines[: len(lines) * number // 40]
    variables("\n".join(cut), tmp_path)
    variables("\n".join(line for at, line in enumerate(lines) if (at * 7 + number) % 11), tmp_path)
    variables(
        "\n".join(line.split(" ")[-1] if (at + number) % 9 == 0 else line for at, line in enumerate(lines)), tmp_path
    )


def test_words_of_unicast_without_a_peer(tmp_path: Path) -> None:
    """keepalived sends from unicast_src_ip with multicast, too, and refuses unicast_ttl."""
    found, findings = variables(VRRP % "unicast_src_ip 10.0.0.3\n unicast_ttl 64", tmp_path)
    [instance] = found["lvs_vrrp_instances"]
    assert instance["options"] == {"mcast_src_ip": "10.0.0.3"}
    assert "unicast_ttl has no effect without unicast_peer" in texts(findings, "notes")
