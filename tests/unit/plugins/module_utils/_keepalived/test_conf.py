"""Reading a keepalived.conf that somebody else wrote: what stands in it, and what is an error as it is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import (
    Block,
    UnreadableError,
    read_blocks,
    read_text,
)


def block(line: str, *inside: Block) -> Block:
    """A keyword with braces. `line`: its words."""
    return Block(tuple(line.split()), list(inside))


def word(line: str) -> Block:
    return Block(tuple(line.split()), None)


WEB = block("virtual_server 10.0.0.1 80", word("protocol UDP"))


def write(folder: Path, text: str, **files: str) -> str:
    """A configuration with this text. `a__b` is the file a/b.conf beside it."""
    for name, content in files.items():
        path = folder / f"{name.replace('__', '/')}.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    main = folder / "keepalived.conf"
    main.write_text(text)
    return str(main)


def read(folder: Path, text: str, config_id: str = "lb1", **files: str) -> list[Block]:
    return read_blocks(write(folder, text, **files), config_id)


def refused(folder: Path, text: str, config_id: str = "lb1", **files: str) -> str:
    """What is said of a configuration, without the folder of its files."""
    with pytest.raises(UnreadableError) as caught:
        read(folder, text, config_id, **files)
    assert str(caught.value).startswith(f"{folder}/")
    return str(caught.value)[len(f"{folder}/") :]


# -- words and braces


@pytest.mark.parametrize("text", ["", "\n\n", "! nothing\n  # at all", "}\n}\n"])
def test_nothing(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "virtual_server 10.0.0.1 80 {\n  protocol UDP\n}\n",
        "virtual_server 10.0.0.1 80\n{\n  protocol UDP\n}\n",
        "virtual_server 10.0.0.1 80\n\n! why\n  {\n  protocol UDP\n  }\n",
        "virtual_server 10.0.0.1 80{\n  protocol UDP\n}",
        "virtual_server 10.0.0.1 80 { protocol UDP }",
        "virtual_server 10.0.0.1 80 {protocol UDP}\n",
        "virtual_server 10.0.0.1 80 {\r\n  protocol UDP\r\n}\r\n",
        "\tvirtual_server\t10.0.0.1\t80\t{\n\tprotocol\tUDP\n\t}\n",
        "virtual_server 10.0.0.1 80\n{ protocol UDP\n}\n",
        "}\nvirtual_server 10.0.0.1 80 {\n  protocol UDP }\n",
        "virtual_server 10.0.0.1 80 {\n  protocol UDP\n}}\n",
    ],
)
@pytest.mark.parametrize("after", ["", "\nrouter_id lb1\n"])
def test_braces_wherever_they_stand(tmp_path: Path, text: str, after: str) -> None:
    assert read(tmp_path, text + after) == [WEB, *([word("router_id lb1")] if after else [])]


def test_blocks_in_blocks(tmp_path: Path) -> None:
    text = "a 1 {\n b {\n c{\nd\n}}\n e 2 3 }\nf {}\ng\n{\n}\nh { i\n"
    assert read(tmp_path, text) == [
        block("a 1", block("b", block("c", word("d"))), word("e 2 3")),
        block("f"),
        block("g"),
        block("h", word("i")),
    ]


def test_a_brace_of_no_keyword_is_a_block_too(tmp_path: Path) -> None:
    assert read(tmp_path, "{\n a\n}\nb {\n}\n{\n c\n}\n") == [
        Block(("",), [word("a")]),
        block("b"),
        Block(("",), [word("c")]),
    ]


# -- comments and quotes


@pytest.mark.parametrize(
    "text",
    [
        "! virtual_server 10.0.0.9 9 {\n# virtual_server 10.0.0.8 8 {\nvirtual_server 10.0.0.1 80 {\nprotocol UDP\n}\n",
        "virtual_server 10.0.0.1 80 { ! it's { \"open\n  protocol UDP # TCP }\n}\n",
        "virtual_server 10.0.0.1 80 {# {\n    #protocol TCP\n    !protocol TCP\n protocol UDP!TCP\n}!}\n",
        'virtual_server "10.0.0.1" "80" {\n  "protocol" "UDP"\n}\n',
        "virtual_server 10.0.0.1 80 ! a \f{ page\n{\n  protocol UDP\n}\n",
    ],
)
def test_comments(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text + "router_id lb1\n") == [WEB, word("router_id lb1")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('notify "/x # } virtual_server 10.0.0.9 9 {"', ("notify", "/x # } virtual_server 10.0.0.9 9 {")),
        ('notify "/x!" "" y', ("notify", "/x!", "", "y")),
        ('"a}b!" c', ("a}b!", "c")),
    ],
)
def test_quotes(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    assert read(tmp_path, f"a {{\n  {text}\n}}\nb\n") == [block("a", Block(words, None)), word("b")]


def test_quotes_that_are_escaped(tmp_path: Path) -> None:
    found = read(tmp_path, 'a {\n  notify "/x \\"{\\" !"\n}\nb\n')
    assert [one.words for one in found] == [("a",), ("b",)]
    assert [[inner.words[0] for inner in one.inside or []] for one in found] == [["notify"], []]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "keepalived.conf"
    path.write_bytes(b"! caf\xe9\na {\n  virtualhost \xff\xfe\n}\n")
    assert read_blocks(str(path), "lb1") == [block("a", word("virtualhost \ufffd\ufffd"))]


# -- definitions


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("$VIP=10.0.0.1\nv $VIP 80", "v 10.0.0.1 80"),
        ("  $VIP=10.0.0.1\n\tv $VIP 80", "v 10.0.0.1 80"),
        ("$VIP=10.0.0.1 ! web\nv $VIP 80", "v 10.0.0.1 80"),
        ("$V=10.0.0.1\n$V=10.0.0.2\nv $V 80", "v 10.0.0.2 80"),
        ("$V=1\n$V_6=2\n$V6=3\nv $V $V_6 $V6 $V0", "v 1 2 3 $V0"),
        ("$BOTH=10.0.0.1 80\nv $BOTH", "v 10.0.0.1 80"),
        ("$EMPTY=\nv $EMPTY 80", "v 80"),
        ("$v1=a\\1b\nv $v1", "v a\\1b"),
        ("$V= 10.0.0.1\nv $V 80", "v 10.0.0.1 80"),
        ("v $LATER\n$LATER=1", "v $LATER"),
        ("$V=1\nv $V0 $v", "v $V0 $v"),
        ("$1=2\nv $1", "$1=2"),
        ('$NAME="with a space"\nv $NAME', None),
    ],
)
def test_definitions(tmp_path: Path, text: str, line: str | None) -> None:
    assert read(tmp_path, text)[0] == (word(line) if line else Block(("v", "with a space"), None))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("$V=10.0.0.1\nv ${V} 80", "v 10.0.0.1 80"),
        ("$V=10.0.0.1\n$P=80\nv ${V}0 ${P}80", "v 10.0.0.10 8080"),
        ("$V=10.0.0.1\nv ${V}", "v 10.0.0.1"),
        ("$V=10.0.0.1\n$BOTH=${V} 80\nv $BOTH", "v 10.0.0.1 80"),
    ],
)
def test_definitions_in_braces(tmp_path: Path, text: str, line: str) -> None:
    assert read(tmp_path, text) == [word(line)]


@pytest.mark.parametrize("names", [("V", "LONGER"), ("LONGER", "V"), ("AB", "CD"), ("CD", "AB")])
def test_definitions_of_definitions(tmp_path: Path, names: tuple[str, str]) -> None:
    one, two = names
    assert read(tmp_path, f"${one}=10.0.0.1\n${two}=${one} 80\nv ${two}\n") == [word("v 10.0.0.1 80")]
    assert read(tmp_path, f"${two}=${one} 80\n${one}=10.0.0.1\nv ${two}\n") == [word("v 10.0.0.1 80")]


def test_a_definition_may_hold_braces_or_an_include(tmp_path: Path) -> None:
    text = "$A=virtual_server 10.0.0.1 80 {\n$B=include one.conf\n$C=}\n$A\n$B\n$C\n"
    assert read(tmp_path, text, one="protocol UDP\n") == [WEB]


def test_definitions_reach_into_includes_and_out_of_them(tmp_path: Path) -> None:
    text = "$A=1\n$ONE=conf.d/one.conf\ninclude $ONE\nx $A $B\n"
    assert read(tmp_path, text, **{"conf.d__one": "$B=2\ny $A\n$A=3\n"}) == [word("y 1"), word("x 3 2")]


# -- lines for some hosts only


@pytest.mark.parametrize(
    ("line", "config_id", "counts"),
    [
        ("@lb1 a b", "lb1", True),
        ("  @lb1\ta b ! why", "lb1", True),
        ("@lb1 a b", "lb2", False),
        ("@lb1 a b", "lb10", False),
        ("@lb10 a b", "lb1", False),
        ("@LB1 a b", "lb1", False),
        ("@^lb1 a b", "lb1", False),
        ("@^lb1 a b", "lb2", True),
        ("@^lb1 a b", "lb10", True),
        ("@lb.1-x a b", "lb.1-x", True),
        ("@lb.1 a b", "lbx1", False),
        ("# @lb1 a b", "lb1", False),
        ("@lb1", "lb1", False),
        ("@lb1 ! a b", "lb1", False),
    ],
)
def test_lines_for_some_hosts_only(tmp_path: Path, line: str, config_id: str, counts: bool) -> None:
    assert read(tmp_path, f"x\n{line}\ny\n", config_id) == [
        word("x"), *([word("a b")] if counts else []), word("y"),
    ]  # fmt: skip


@pytest.mark.parametrize(("config_id", "end"), [("lb1", "1"), ("lb2", "2"), ("lb3", "3")])
def test_conditions_on_braces_definitions_and_includes(tmp_path: Path, config_id: str, end: str) -> None:
    text = """
$V=3
@lb1 $V=1
@lb2 $V=2
@lb1 a 1 {
@lb2 a 2 {
@lb3 a 3 {
    v $V
    @lb1 include in1.conf
    @lb2 include in2.conf
    @^lb1 b
}
@lb1 include x1.conf
@lb3 include gone.conf
@lb4 ~SEQ(X, 1, 3) $V
z
"""
    files = {"in1": "i 1\n", "in2": "@lb2 i 2\n@lb1 i 0\n", "x1": "x\n"}
    more = {"1": [word("i 1")], "2": [word("i 2"), word("b")], "3": [word("b")]}[end]
    assert read(tmp_path, text, config_id, **files) == [
        block(f"a {end}", word(f"v {end}"), *more), *([word("x")] if end == "1" else []), word("z"),
    ]  # fmt: skip


# -- includes


@pytest.mark.parametrize("keyword", ["include", "includer", "includem", "includew", "includeb", "includea"])
def test_includes(tmp_path: Path, keyword: str) -> None:
    text = f"""
{keyword} "conf.d/*.conf"
{keyword} none/*.conf
{keyword} {tmp_path}/absolute.conf ! why
x {{
    {keyword} inside.conf
}}
# {keyword} commented.conf
"""
    files = {"conf.d__b": f"b\n{keyword} deeper/x.conf\n", "conf.d__a": "a", "conf.d__deeper__x": "deeper"}
    found = read(tmp_path, text, absolute="absolute", inside="i {\n}\n", commented="no", **files)
    assert found == [word("a"), word("b"), word("deeper"), word("absolute"), block("x", block("i"))]


@pytest.mark.parametrize("keyword", ["included_x", "includes_x", "Include", "xinclude", "no_include"])
def test_what_is_no_include(tmp_path: Path, keyword: str) -> None:
    assert read(tmp_path, f"{keyword} one.conf\n", one="a\n") == [word(f"{keyword} one.conf")]


def test_a_block_may_begin_in_one_file_and_end_in_another(tmp_path: Path) -> None:
    found = read(
        tmp_path, "include one.conf\nprotocol UDP\ninclude two.conf\n", one=f"{' '.join(WEB.words)}\n{{", two="}"
    )
    assert found == [WEB]


def test_folders_and_executables_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "conf.d" / "old.conf").mkdir(parents=True)
    files = {"conf.d__a": "a\n", "conf.d__b": "b\n", "conf.d__old.conf__c": "c\n"}
    write(tmp_path, "", **files)
    for mode, found in ((0o644, ["a", "b"]), (0o755, ["a"]), (0o744, ["a"]), (0o600, ["a", "b"])):
        (tmp_path / "conf.d" / "b.conf").chmod(mode)
        assert read(tmp_path, "include conf.d/*\n") == [word(name) for name in found]
        assert read(tmp_path, "include conf.d\n") == []


# -- what can't be read


@pytest.mark.parametrize(
    ("text", "line", "feature"),
    [
        ("~SEQ(X, 1, 3) $VS\n", 1, "~SEQ and ~LST"),
        ("x\n  ~LST(X, 1, 3) $VS\n", 2, "~SEQ and ~LST"),
        ("\n! why\n@lb1 ~SEQ(X, 1, 3) $VS\n", 3, "~SEQ and ~LST"),
        ("$M=\\\n delay_loop 5 \\\n protocol UDP\n", 1, "lines that go on in the next one"),
        ("x {\n  protocol \\\nUDP\n}\n", 2, "lines that go on in the next one"),
        ("x {\n  protocol\\\r\nUDP\r\n}\r\n", 2, "lines that go on in the next one"),
        ("virtual_server 10.0.0.1 \\\n   80 {\n}\n", 1, "lines that go on in the next one"),
        ("@lb1 virtual_server 10.0.0.1 \\\n   80 {\n}\n", 1, "lines that go on in the next one"),
        ("include one.conf\\\n", 1, "lines that go on in the next one"),
        ("@lb2 virtual_server 10.0.0.2 \\\n   80 {\n@lb2 }\n", 1, "lines that go on in the next one"),
    ],
)
def test_what_this_reader_does_not_know(tmp_path: Path, text: str, line: int, feature: str) -> None:
    assert refused(tmp_path, text) == f"keepalived.conf, line {line}: {feature} are not known here"
    included = refused(tmp_path, "\n\ninclude two.conf\n", two=text)
    assert included == f"two.conf, line {line}: {feature} are not known here"


@pytest.mark.parametrize(
    "text",
    ["include {a,b}.conf\n", "include conf.d/{a,b}\n", 'include "{a,b}.conf"\n', "$D={a,b}\ninclude $D.conf\n"],
)
def test_an_include_with_braces(tmp_path: Path, text: str) -> None:
    line = text.count("\n")
    assert refused(tmp_path, text, a="x\n") == f"keepalived.conf, line {line}: an include with braces is not known here"


@pytest.mark.parametrize("path", ["$_PWD/a.conf", "conf.d/$_INSTANCE.conf", "$NOBODY_KNOWS/a.conf"])
def test_an_include_whose_name_is_not_known(tmp_path: Path, path: str) -> None:
    assert refused(tmp_path, f"include {path}\n", a="x\n").startswith("keepalived.conf")


def test_a_file_that_includes_itself(tmp_path: Path) -> None:
    text = "keepalived.conf includes itself, or more than 1000 files"
    assert refused(tmp_path, "include keepalived.conf\n") == text
    assert refused(tmp_path, "include one.conf\n", one="include two.conf\n", two="include one.conf\n") == text


def test_deeper_includes_than_anybody_has(tmp_path: Path) -> None:
    chain = {f"c{number}": f"include c{number + 1}.conf\n" for number in range(1, 33)}
    text = "keepalived.conf includes itself, or more than 1000 files"
    assert read(tmp_path, "include c1.conf\n", **{**chain, "c32": "end\n"}) == [word("end")]
    assert refused(tmp_path, "include c1.conf\n", **chain, c33="end\n") == text


def test_more_includes_than_anybody_has(tmp_path: Path) -> None:
    assert read(tmp_path, "include one.conf\n" * 999, one="") == []
    text = "keepalived.conf includes itself, or more than 1000 files"
    assert refused(tmp_path, "include one.conf\n" * 1000, one="") == text


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_blocks(str(tmp_path / "none.conf"), "lb1")
    assert str(caught.value) == f"{tmp_path}/none.conf: No such file or directory"
    with pytest.raises(UnreadableError) as caught:
        read_blocks(str(tmp_path), "lb1")
    assert str(caught.value) == f"{tmp_path}: Is a directory"


@pytest.mark.parametrize("pattern", ["*.conf", "a.conf"])
def test_an_include_that_cannot_be_read(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "a.conf").symlink_to("gone.conf")
    assert refused(tmp_path, f"x\ninclude {pattern}\n") == "a.conf: No such file or directory"


# -- a text alone


def test_a_text_is_read_as_a_file_is(tmp_path: Path) -> None:
    text = "$VIP=10.0.0.1\n@lb2 bogus\nvirtual_server $VIP 80 {\n  protocol UDP  # why\n}\n"
    assert read_text(text, "lb1") == read(tmp_path, text) == [WEB]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\ninclude b.conf\n", "the configuration, line 2: what it includes is not known here"),
        ("~LST(a)\n", "the configuration, line 1: ~SEQ and ~LST are not known here"),
        ("@lb1 ~LST(a)\n", "the configuration, line 1: ~SEQ and ~LST are not known here"),
        ("a \\\nb\n", "the configuration, line 1: lines that go on in the next one are not known here"),
    ],
)
def test_what_a_text_alone_must_not_have(text: str, said: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_text(text, "lb1")
    assert str(caught.value) == said
