# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small checker: a declarative :class:`Spec` says what a value must be, :func:`check` normalises it or notes faults.

Three things a reader of checked values must know:

* a value that was wrong is ``None`` in its place (its fault is noted), so that what else stands beside it is still
  checked; an explicit null in the inventory counts as not given;
* text, numbers and containers come out as plain Python types, whatever subclass Ansible handed in;
* ``options`` and ``scalars`` values are the user's own and come out as they stand.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import describe, escaped, natural, quoted

__all__ = ["ERROR_KEY", "Spec", "check", "similar"]

ERROR_KEY = "__lvs_error__"
"""A mapping with this key stands where the inventory reader could not template a variable; its value is the message."""

BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True)
class Spec:
    """What a value must be.

    ``kind`` names a row of ``KINDS``. ``wanted`` completes the remedy "write ...". A ``secret`` value is never quoted
    in a message, nor is an unknown key beside it. ``moved`` are keys that may stand under ``options``, too, where they
    were written before this collection knew them. ``elsewhere``: keywords that may not, with the key that writes them.
    """

    kind: str
    wanted: str
    required: bool = False
    default: Any = None
    secret: bool = False
    pattern: str = ""
    choices: tuple[str, ...] = ()
    old_values: Mapping[str, str] = field(default_factory=dict)
    low: float = 0
    high: float = float("inf")
    fields: Mapping[str, Spec] = field(default_factory=dict)
    old_words: Mapping[str, str] = field(default_factory=dict)
    one_of: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    shorthand: str = ""
    variants: Mapping[str, Spec] = field(default_factory=dict)
    item: Spec | None = None
    at_least: int = 0
    single: bool = False


class Wrong(ValueError):
    """A value is not what its Spec asks; the message is the fault's problem."""


def check(spec: Spec, value: Any, place: Place) -> Any:
    """The normalised value, or None after its fault was noted at ``place``."""
    if isinstance(value, Mapping) and ERROR_KEY in value:
        place.fault(
            f"cannot be worked out: {escaped(str(value[ERROR_KEY]))}", "mend the expression, or define what it needs"
        )
        return None
    try:
        return KINDS[spec.kind](spec, _unicode(value), place)
    except Wrong as wrong:
        place.fault(str(wrong), f"write {spec.wanted}")
        return None


def _unicode(value: Any, what: str = "is") -> Any:
    """The value, if it is no text that UTF-8 can't hold (half of a pair of surrogates)."""
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Wrong(f"{what} not valid Unicode") from None
    return value


def similar(key: str, known: list[str], closeness: float = 0.75) -> str:
    """The known word that ``key`` was probably meant to be, or an empty text."""
    return next(iter(difflib.get_close_matches(key, known, 1, closeness)), "")


def _show(spec: Spec, value: Any) -> str:
    plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return quoted(value) if plain and not spec.secret else describe(value)


def _text(spec: Spec, value: Any, place: Place) -> str:
    if not isinstance(value, str):
        hint = " (in quotes it is text)" if isinstance(value, (int, float)) else ""
        raise Wrong(f"is {describe(value)}, not text{hint}")
    plain = str(value)
    if plain.upper() in spec.old_values:
        new = spec.old_values[plain.upper()]
        place.notice(f"the old word {plain} was taken as {new}", f"write {new}")
        return new
    if spec.choices:
        for choice in spec.choices:
            if plain.lower() == choice.lower():
                return choice
        near = similar(plain.lower(), [choice.lower() for choice in spec.choices])
        hint = f" (did you mean {near}?)" if near and not spec.secret else ""
        raise Wrong(f"is {_show(spec, plain)}, which is not known{hint}")
    if not re.fullmatch(spec.pattern or r"(?s).*\S.*", plain):
        raise Wrong(f"is {_show(spec, plain)}, which cannot be used" if plain else "is empty")
    if len(plain.encode()) > spec.high:
        raise Wrong(f"is longer than {spec.high:.0f} bytes")
    return plain


def _boolean(spec: Spec, value: Any, place: Place) -> bool:
    """True or false, also as the text that a template makes of it."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in BOOLEANS:
        raise Wrong(f"is {_show(spec, value)}, not true or false")
    return BOOLEANS[word]


def _switch(spec: Spec, value: Any, place: Place) -> Any:
    """True or false, or in place of true what it is to be: a mapping where ``fields`` says so, else a text."""
    if isinstance(value, bool) or (isinstance(value, str) and value.strip().lower() in BOOLEANS):
        return _boolean(spec, value, place)
    if not spec.fields:
        return _text(spec, value, place)
    if not isinstance(value, Mapping):
        raise Wrong(f"is {_show(spec, value)}, not true, false or a mapping")
    return _mapping(spec, value, place) or True


def _number(spec: Spec, value: Any, place: Place) -> int | float:
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError
        number = float(value)
    except (ValueError, OverflowError):
        raise Wrong(f"is {_show(spec, value)}, not a number") from None
    if not spec.low <= number <= spec.high:
        raise Wrong(f"{_show(spec, value)} is not in {_range(spec)}")
    return int(number) if number.is_integer() else number


def _integer(spec: Spec, value: Any, place: Place) -> int:
    whole = isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,40}\s*", value))
    if isinstance(value, bool) or not whole:
        raise Wrong(f"is {_show(spec, value)}, not a whole number")
    number = int(value)
    if not spec.low <= number <= spec.high:
        raise Wrong(f"{number} is not in {_range(spec)}")
    return number


def _codes(spec: Spec, value: Any, place: Place) -> int | str:
    """A whole number, or a text of numbers and ranges with spaces between them."""
    if not isinstance(value, str) or re.fullmatch(r"\s*[+-]?[0-9]+\s*", value):
        return _integer(spec, value, place)
    words = value.split()
    for word in words:
        found = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", word)
        if not found or not spec.low <= int(found[1]) <= int(found[2] or found[1]) <= spec.high:
            raise Wrong(f"holds {_show(spec, word)}, which is no number in {_range(spec)} and no range of them")
    if not words:
        raise Wrong("is empty")
    return " ".join(words)


def _mark(spec: Spec, value: Any, place: Place) -> int:
    """A whole number that may be written as hexadecimal text, as the tools of firewalls show marks."""
    hexadecimal = isinstance(value, str) and re.fullmatch(r"\s*0[xX][0-9a-fA-F]{1,10}\s*", value)
    return _integer(spec, int(value, 16) if hexadecimal else value, place)


def _range(spec: Spec) -> str:
    return f"{spec.low:g}..{'' if spec.high == float('inf') else format(spec.high, '.15g')}"


def _parsed(parse: Callable[[str], Any], meaning: str, value: Any) -> Any:
    if not isinstance(value, str):
        raise Wrong(f"is {describe(value)}, not {meaning}")
    try:
        return parse(str(value))
    except ValueError:
        zone = value.partition("%")[2].partition("/")[0]
        hint = f": it has a zone (%{zone}), which is not taken" if zone else ""
        raise Wrong(f"is {quoted(value)}, not {meaning}{hint}") from None


def _address(spec: Spec, value: Any, place: Place) -> str:
    return _usable(_parsed(networks.address, "an IPv4 or IPv6 address", value))


def _bare_prefix(spec: Spec, value: Any, place: Place) -> str:
    parsed = _parsed(networks.interface, "an address with its prefix length", value)
    _usable(parsed.ip)
    network = parsed.network
    # A network of two has neither (RFC 3021, RFC 6164).
    if network.prefixlen < network.max_prefixlen - 1:
        if parsed.ip == network.network_address:
            raise Wrong(f"{parsed} is the address of the network itself, which no host can have")
        if parsed.version == 4 and parsed.ip == network.broadcast_address:
            raise Wrong(f"{parsed} is the broadcast address of its network, which no host can have")
    return str(parsed)


def _prefix(spec: Spec, value: Any, place: Place) -> str:
    if isinstance(value, str) and "/" not in value:
        raise Wrong(f"is {quoted(value)}, not an address with its prefix length")
    return _bare_prefix(spec, value, place)


def _multicast(spec: Spec, value: Any, place: Place) -> str:
    one = _parsed(networks.address, "an IPv4 or IPv6 address", value)
    if not one.is_multicast:
        raise Wrong(f"{one} is not a multicast address")
    return str(one)


def _usable(one: networks.Address) -> str:
    mapped = getattr(one, "ipv4_mapped", None)
    if mapped:
        # Versions of Python write the form in two ways.
        raise Wrong(f"is the IPv4 address {mapped} in the form of IPv6")
    if one.is_multicast or one.is_unspecified or str(one) == "255.255.255.255":
        raise Wrong(f"{one} is not an address that a host can have")
    return str(one)


def _network(spec: Spec, value: Any, place: Place) -> str:
    return str(_parsed(networks.network, "a network", value))


def _ports(spec: Spec, value: Any, place: Place) -> list[int]:
    """Numbers and "first-last" ranges, alone or in a list, as one flat list."""
    ports: list[int] = []
    for one in value if isinstance(value, (list, tuple)) else [value]:
        found = re.fullmatch(r"\s*([0-9]{1,5})(?:\s*-\s*([0-9]{1,5}))?\s*", "" if isinstance(one, bool) else str(one))
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last <= 65535:
            raise Wrong(f"holds {_show(spec, one)}, which is no port from 1 to 65535 and no range of them")
        ports += range(first, last + 1)
    if not ports:
        raise Wrong("is empty")
    return ports


def _mapping(spec: Spec, value: Any, place: Place) -> dict[str, Any]:
    if spec.shorthand and isinstance(value, str):
        value = {spec.shorthand: value}
    given = _given(value)
    for old, new in spec.old_words.items():
        if old in given and new in given:
            place.key(old).fault(f"stands beside {new}, which means the same", f"leave out {old}")
            del given[old]
        elif old in given:
            place.key(old).notice(f"the old word {old} was taken as {new}", f"write {new}")
            given[new] = given.pop(old)
    if spec.moved or spec.elsewhere:
        _take_from_options(spec, given, place)
    result = {}
    for key, one in given.items():
        if key in spec.fields:
            result[key] = check(spec.fields[key], one, place.key(key))
        else:
            _unknown(spec, key, place)
    for key, sub in spec.fields.items():
        if key not in given and sub.required:
            place.key(key).fault("is missing", f"write {sub.wanted}")
        elif key not in given and sub.default is not None:
            result[key] = sub.default
    _exactly_one(spec.one_of, given, place)
    return result


def _take_from_options(spec: Spec, given: dict[str, Any], place: Place) -> None:
    """Take the keywords of ``options`` that have become keys; what stands in both places is a fault."""
    options = given.get("options")
    if not isinstance(options, Mapping) or ERROR_KEY in options:
        return
    rest = {}
    for word, one in options.items():
        spot = place.key("options").key(str(word))
        if word in spec.elsewhere and one is not None:
            spot.fault(f"is what {spec.elsewhere[word]} writes", f"write {spec.elsewhere[word]} in place of it")
        elif word != "options" and word in given and one is not None:
            spot.fault(f"stands beside {word}, which means the same", f"leave out {word} under options")
        elif word not in spec.moved:
            rest[word] = one
        elif one is not None and one is not False and one != []:
            # Those three write nothing there, and a list writes its words one after the other.
            spot.notice(f"was taken as the key {word}", f"write {word} beside options, not under it")
            given[str(word)] = " ".join(map(str, one)) if isinstance(one, (list, tuple)) else one
    given["options"] = rest


def _optional(spec: Spec, value: Any, place: Place) -> dict[str, Any] | bool:
    """A mapping, or false where there is to be none though a default has one."""
    if value is False or (isinstance(value, str) and BOOLEANS.get(value.strip().lower()) is False):
        return False
    return _mapping(spec, value, place)


def _given(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Wrong(f"is {describe(value)}, not a mapping")
    return {_key(key): one for key, one in value.items() if one is not None}


def _key(key: Any) -> str:
    return str(_unicode(key, "has a key that is"))


def _unknown(spec: Spec, key: str, place: Place) -> None:
    known = [word for word in spec.fields if word not in spec.old_words]
    near = similar(key, known)
    # A password written as a key ({PASS s3cret}) must not be shown: only a slip of a known word is.
    spot = place if spec.secret and not near else place.key(key)
    remedy = f"did you mean {near}?" if near else f"use one of {', '.join(known)}"
    if not near and "options" in spec.fields:
        remedy += "; a keyword of keepalived goes under options"
    spot.fault("has an unknown key" if spot is place else "is an unknown key", remedy)


def _exactly_one(words: tuple[str, ...], given: Mapping[str, Any], place: Place) -> None:
    present = [word for word in words if word in given]
    if words and not present:
        place.fault(f"names none of {', '.join(words)}", "write one of them")
    for word in present[1:]:
        place.key(word).fault(f"stands beside {present[0]}, and only one of the two can be", "leave out one of them")


def _variant(spec: Spec, value: Any, place: Place) -> dict[str, Any] | None:
    """A mapping whose ``type`` says which other keys it has."""
    kind = _given(value).get("type")
    if kind is None:
        place.key("type").fault("is missing", f"write {spec.wanted}")
        return None
    name = check(Spec("text", spec.wanted, choices=tuple(spec.variants)), kind, place.key("type"))
    if name is None:
        return None
    checked: dict[str, Any] | None = check(spec.variants[name], value, place)
    return None if checked is None else {**checked, "type": name}


def _table(spec: Spec, value: Any, place: Place) -> dict[str, Any]:
    """A mapping with keys of the user's choice; ``item`` says what each value is, ``pattern`` what a key looks like."""
    result = {}
    for key, one in sorted(_given(value).items(), key=lambda pair: natural(pair[0])):
        if not re.fullmatch(spec.pattern or ".+", key):
            place.key(key).fault("is a key that cannot be used", f"write {spec.wanted}")
        elif spec.item:
            result[key] = check(spec.item, one, place.key(key))
    return result


def _list(spec: Spec, value: Any, place: Place) -> list[Any]:
    if spec.single and isinstance(value, (str, int)) and not isinstance(value, bool):
        value = [value]
    if not isinstance(value, (list, tuple)):
        raise Wrong(f"is {describe(value)}, not a list")
    if len(value) < spec.at_least:
        raise Wrong("is empty")
    return [check(spec.item, one, place.index(number)) for number, one in enumerate(value) if spec.item]


def _word(spec: Spec, value: Any, place: Place) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Wrong(f"is {describe(value)}, not text or a number")
    return _text(spec, str(value), place) if spec.choices else str(value)


def _options(spec: Spec, value: Any, place: Place) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Wrong(f"is {describe(value)}, not a mapping")
    return {_key(key): _plain(one) for key, one in value.items()}


def _plain(value: Any) -> Any:
    """The value in plain types, so that the plan can be compared and written as JSON."""
    if isinstance(value, Mapping):
        return {_key(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool):
        return value
    _unicode(value, "holds text that is")
    return next((kind(value) for kind in (str, int, float) if isinstance(value, kind)), str(value))


KINDS: dict[str, Callable[[Spec, Any, Place], Any]] = {
    "boolean": _boolean,
    "switch": _switch,
    "multicast": _multicast,
    "text": _text,
    "word": _word,
    "integer": _integer,
    "codes": _codes,
    "mark": _mark,
    "number": _number,
    "address": _address,
    "prefix": _prefix,
    "bare_prefix": _bare_prefix,
    "network": _network,
    "ports": _ports,
    "mapping": _mapping,
    "optional": _optional,
    "variant": _variant,
    "table": _table,
    "list": _list,
    "options": _options,
}
