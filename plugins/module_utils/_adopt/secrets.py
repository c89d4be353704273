# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords: equal ones have one token in all variables, for which a file has a reference and a plan the value."""

from __future__ import annotations

import re
from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import Findings

__all__ = ["Secrets", "replaced"]

_TOKEN = re.compile(r"<secret [0-9]+>")
_LONGEST = 8  # keepalived cuts a longer password of VRRP, and the vocabulary refuses it
_ONLY = "vault_vrrp_pass"


class Secrets:
    """The passwords of all hosts."""

    def __init__(self, hosts: Mapping[str, Mapping[str, Any]], findings: Findings) -> None:
        self.values: dict[str, str] = {}
        self._tokens: dict[tuple[str, str], str] = {}
        self._of_vrrp: set[str] = set()
        self._of_hosts: dict[str, dict[str, str]] = {}
        for host, facts in hosts.items():
            own = self._of_hosts.setdefault(host, {})
            for token, one in (facts.get("secrets") or {}).items():
                own[str(token)] = self._token(str(one["keyword"]), str(one["value"]), host, findings)

    def _token(self, keyword: str, value: str, host: str, findings: Findings) -> str:
        vrrp = keyword == "auth_pass"
        if vrrp and len(value.encode()) > _LONGEST:
            problem = f"an auth_pass has more than the {_LONGEST} characters that keepalived takes"
            findings.of(host).note("", problem, "the vault has the first ones")
            value = value.encode()[:_LONGEST].decode(errors="ignore")
        token = self._tokens.setdefault((keyword, value), f"<secret {len(self._tokens) + 1}>")
        self.values[token] = value
        self._of_vrrp |= {token} if vrrp else set()
        return token

    def of(self, host: str) -> Mapping[str, str]:
        """What stands for the tokens that the host's facts have."""
        return self._of_hosts.get(host, {})

    def names(self, variables: Iterable[Any]) -> dict[str, str]:
        """A variable for each password that the variables of a cluster have, by token."""
        used = list(dict.fromkeys(token for one in variables for token in _tokens(one)))
        vrrp = [token for token in used if token in self._of_vrrp]
        result = {}
        for token in used:
            if vrrp == [token]:
                result[token] = _ONLY
            else:
                kind = _ONLY if token in self._of_vrrp else "vault_keepalived"
                result[token] = f"{kind}_{len([one for one in result.values() if one.startswith(kind)]) + 1}"
        return result


def _tokens(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _tokens(one)
    elif isinstance(value, list):
        for one in value:
            yield from _tokens(one)
    elif isinstance(value, str) and _TOKEN.fullmatch(value):
        yield value


def replaced(value: Any, tokens: Mapping[str, Any]) -> Any:
    """Variables with something else in place of their tokens."""
    if isinstance(value, Mapping):
        return {key: replaced(one, tokens) for key, one in value.items()}
    if isinstance(value, list):
        return [replaced(one, tokens) for one in value]
    return tokens.get(value, value) if isinstance(value, str) else value
