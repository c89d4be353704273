# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.secret import (
    MASK,
    diff_texts,
    mask_lines,
    mask_words,
    secrets_of,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import HEADER

TEXT = 'authentication {\n    auth_type PASS\n    auth_pass "ses#me"\n}\nSSL {\n    password open\n}\n'


def test_secrets_are_found_and_masked() -> None:
    assert secrets_of(TEXT) == ["ses#me", "open"]
    masked = mask_lines(TEXT)
    assert masked == TEXT.replace('"ses#me"', MASK).replace("open", MASK)


@pytest.mark.parametrize(
    ("text", "masked", "secrets"),
    [
        ("  @lb1 auth_pass s3cret\n", f"  @lb1 auth_pass {MASK}\n", ["s3cret"]),
        ("#auth_pass old\n", f"#auth_pass {MASK}\n", ["old"]),
        ("! auth_pass older\n", f"! auth_pass {MASK}\n", ["older"]),
        ("$VRRP_PASS=hunter2\n", f"$VRRP_PASS={MASK}\n", ["hunter2"]),
        # keepalived begins a line at each brace, and ends one at none that a backslash goes on from.
        ("authentication { auth_pass s3cret\n}", f"authentication {{ auth_pass {MASK}\n}}", ["s3cret"]),
        ("a { auth_type PASS } b { auth_pass s3 }\n", f"a {{ auth_type PASS }} b {{ auth_pass {MASK}\n", ["s3"]),
        ('x { auth_pass "a}b" } y { auth_pass c }', f"x {{ auth_pass {MASK}", ["a}b"]),
        ("auth_pass \\\n  s3cret\nx\n", f"auth_pass {MASK}\n{MASK}\nx\n", ["s3cret"]),
        ("$V=\\\nhunter2\nauth_pass $V\n", f"$V={MASK}\n{MASK}\nauth_pass {MASK}\n", ["hunter2", "$V"]),
        # keepalived takes a comment and blanks away before it looks for the backslash.
        ("auth_pass \\ \t\n  s3cret\nx\n", f"auth_pass {MASK}\n{MASK}\nx\n", ["s3cret"]),
        ("auth_pass \\ # the key\n  s3cret\nx\n", f"auth_pass {MASK}\n{MASK}\nx\n", ["s3cret"]),
        ("$A= \\ !x\n auth_pass s3cr3t \\\n\n", f"$A={MASK}\n{MASK}\n{MASK}\n", ["s3cr3t"]),
        # One in a comment joins nothing.
        ("# see C:\\\nauth_pass s3cret\n", f"auth_pass {MASK}\n{MASK}\n", ["s3cret"]),
        ("priority 5 \\\nauth_pass s3cret\n", f"auth_pass {MASK}\n{MASK}\n", ["s3cret"]),
        # What is in force goes before what a comment says.
        ("auth_pass s3cret # password of the peers, see the vault", f"auth_pass {MASK}", ["s3cret"]),
        ("auth_pass s3cret # secret", f"auth_pass {MASK}", ["s3cret"]),
        ("auth_pass new # auth_pass old", f"auth_pass {MASK}", ["new"]),
        ('auth_pass "my #secret one"', f"auth_pass {MASK}", ["my #secret one"]),
        ('auth_pass "s3#secret x"', f"auth_pass {MASK}", ["s3#secret x"]),
        # Before # and ! a backslash takes their meaning.
        ("auth_pass s3cre\\#t\nadvert_int 1", f"auth_pass {MASK}\nadvert_int 1", ["s3cre\\#t"]),
        ("$REGEX=a\\!b\nauth_pass foo", f"$REGEX=a\\!b\nauth_pass {MASK}", ["foo"]),
        # A line in a comment.
        ('#auth_pass s3"cret\n', f"#auth_pass {MASK}\n", ['s3"cret']),
        ("#auth_pass old   # until May\n", f"#auth_pass {MASK}\n", ["old"]),
        ('#auth_pass "two words"\n', f"#auth_pass {MASK}\n", ["two words"]),
        ("priority 5 # auth_pass old\n", f"priority 5 # auth_pass {MASK}\n", ["old"]),
        # A line for each of a list.
        ("~SEQ(n,1,2) auth_pass s3${n}\n", f"~SEQ(n,1,2) auth_pass {MASK}\n", ["s3${n}"]),
        ("~LST(a,{1,2}) auth_pass s3\n", f"~LST(a,{{1,2}}) auth_pass {MASK}\n", ["s3"]),
        # By its name, where a file that this one includes uses it.
        ("$VRRP_KEY=hunter2\n", f"$VRRP_KEY={MASK}\n", ["hunter2"]),
        # By its use.
        ("$V = hunter2\n$W=eth0\nauth_pass ${V}\n", f"$V ={MASK}\n$W=eth0\nauth_pass {MASK}\n", ["hunter2", "${V}"]),
        ("$B=hunter2\n$A=$B\nauth_pass $A\n", f"$B={MASK}\n$A={MASK}\nauth_pass {MASK}\n", ["hunter2", "$B", "$A"]),
        ("@lb1 $V=hunter2\nauth_pass $V\n", f"@lb1 $V={MASK}\nauth_pass {MASK}\n", ["hunter2", "$V"]),
        # The keyword stands in the definition.
        ("$AUTH=auth_pass s3cr3t\nx\n", f"$AUTH={MASK}\nx\n", ["s3cr3t"]),
        ("#$AUTH = auth_pass s3cr3t\n", f"#$AUTH ={MASK}\n", ["s3cr3t"]),
        ("$VRRP_PASS=auth_pass s3cr3t\n", f"$VRRP_PASS={MASK}\n", ["s3cr3t"]),
        ("$A=authentication { auth_pass s3cr3t }\n", f"$A={MASK}\n", ["s3cr3t"]),
        ("$A= \\\n auth_pass \\\n s3cr3t\n", f"$A={MASK}\n{MASK}\n{MASK}\n", ["s3cr3t"]),
        ("$P=hunter2\n$A=auth_pass $P\n", f"$P={MASK}\n$A={MASK}\n", ["hunter2", "$P"]),
    ],
)
def test_secrets_of_a_file_that_a_person_wrote(text: str, masked: str, secrets: list[str]) -> None:
    assert mask_lines(text) == masked
    assert secrets_of(text) == secrets


INSTANCE = r"""$INSTANCE= \
vrrp_instance VI_${NUM} { \
    priority 100 \
    authentication { \
        auth_type PASS \
        auth_pass s3cr3t \
    } \
}
$NUM=7
$INSTANCE
"""


def test_the_secret_of_a_definition_of_many_lines() -> None:
    assert secrets_of(INSTANCE) == ["s3cr3t"]
    assert mask_lines(INSTANCE) == f"$INSTANCE={MASK}\n" + 7 * f"{MASK}\n" + "$NUM=7\n$INSTANCE\n"
    before, after = diff_texts(INSTANCE, INSTANCE.replace("s3cr3t", "an0ther"))
    assert after == before + "# a secret differs (not shown)\n"
    before, after = diff_texts(INSTANCE, INSTANCE.replace("100", "101"))
    assert after == before + "# a masked line differs (not shown)\n"


@pytest.mark.parametrize(
    "line",
    [
        *("auth_passive x", "router_id auth_pass", "password_file {", "auth_pass {", "auth_pass"),
        *("$COMPASS_IP=10.0.0.1", "$PASSIVE_PRIO=50", "# password is in the vault", "$PASS="),
        *("$A=auth_pass", "$A=auth_type PASS", "$A=router_id auth_pass", "$MONKEY=1", "$KEY_LEN=12"),
        *("priority 5 # auth_pass is in the vault", 'notify "/bin/x # auth_pass"'),
    ],
)
def test_other_lines_stay(line: str) -> None:
    assert mask_lines(line) == line


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("Unmatched quote: 'auth_pass \"ses#me'", "Unmatched quote: 'auth_pass \"********'"),
        ("Truncating ses#me2", "Truncating ********2"),
        ("line 11 has 1 in it", "line 11 has ******** in it"),
        ("nothing here", "nothing here"),
    ],
)
def test_messages_are_masked(message: str, masked: str) -> None:
    assert mask_words(message, ["1", "ses#me", ""]) == masked


def test_a_line_that_keepalived_quotes_whole_is_masked() -> None:
    assert mask_words("auth_pass another", []) == f"auth_pass {MASK}"


def test_diff_says_that_only_a_secret_differs() -> None:
    before, after = diff_texts(TEXT, TEXT.replace("ses#me", "another"))
    assert after == before + "# a secret differs (not shown)\n"
    assert "another" not in after
    assert "ses#me" not in before


def test_diff_of_equal_secrets_says_nothing_of_them() -> None:
    before, after = diff_texts(TEXT, TEXT + "x\n")
    assert after == before + "x\n"


def test_diff_leaves_the_marker_out() -> None:
    assert diff_texts("", f"{HEADER}\n\na\n") == ("", "a\n")
    assert diff_texts("a\n", f"{HEADER}\n\na\n") == ("a\n", "a\n")
