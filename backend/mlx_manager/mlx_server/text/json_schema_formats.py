"""Formats of strings: which the drafts define, which the grammar engine has, and what it lacks of them."""

from collections.abc import Mapping
from typing import Any, Final

# To others than these the drafts give no meaning, so there they are annotations.
DEFINED_FORMATS: Final = frozenset(
    {
        "date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4",
        "ipv6", "uri", "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer",
        "relative-json-pointer", "regex",
    }
)  # fmt: skip
# Those that the engine enforces by itself.
ENGINE_FORMATS: Final = frozenset(
    {"date-time", "date", "time", "duration", "email", "ipv4", "ipv6", "uri", "uuid"}
)

_LEAP_YEAR: Final = r"([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
# The engine's dates have a 29 February every year.
_REAL_DATE: Final = (
    rf"^([0-9]{{4}}-(0[13-9]|1[0-2])-[0-9]{{2}}|[0-9]{{4}}-02-([01][0-9]|2[0-8])|{_LEAP_YEAR}-02-29)"
)
# A leap second only ends a day of UTC, which cannot be told beside an offset; so none is written.
_NO_LEAP_SECOND: Final = r":[0-5][0-9](\.[0-9]+)?([zZ]|[+\x2d][0-9]{2}:[0-9]{2})$"

# RFC 1123, without labels that have "--" as their third and fourth letters: these mean Unicode, by rules
# (RFC 5891) that are no grammar.
_LETTER, _INNER = "[0-9A-Za-z]", r"[0-9A-Za-z\x2d]"
_LABEL: Final = (
    rf"({_LETTER}{{1,2}}|{_LETTER}{_INNER}{{1,2}}{_LETTER}"
    rf"|{_LETTER}{_INNER}({_LETTER}{_INNER}|\x2d{_LETTER}){_INNER}{{0,58}}{_LETTER})"
)

# RFC 3986, section 4.1: a URI, or what is relative to one; an address in brackets is left out.
_PERCENT: Final = "%[0-9A-Fa-f]{2}"
_UNRESERVED: Final = r"0-9A-Za-z\x2d._~!$&'()*+,;="
_SEGMENT: Final = rf"([{_UNRESERVED}:@]|{_PERCENT})"
_AUTHORITY: Final = rf"(([{_UNRESERVED}:]|{_PERCENT})*@)?([{_UNRESERVED}]|{_PERCENT})*(:[0-9]*)?"
_HIERARCHY: Final = rf"\x2f\x2f{_AUTHORITY}(\x2f{_SEGMENT}*)*|\x2f({_SEGMENT}+(\x2f{_SEGMENT}*)*)?"
_TAIL: Final = rf"(\x3f({_SEGMENT}|[\x2f\x3f])*)?(#({_SEGMENT}|[\x2f\x3f])*)?$"
_URI_REFERENCE: Final = (
    rf"^([A-Za-z][0-9A-Za-z+\x2d.]*:({_HIERARCHY}|({_SEGMENT}+(\x2f{_SEGMENT}*)*)?)"
    rf"|{_HIERARCHY}|(([{_UNRESERVED}@]|{_PERCENT})+(\x2f{_SEGMENT}*)*)?){_TAIL}"
)

# RFC 6570: literals and expressions of variables.
_VARIABLE: Final = rf"([0-9A-Za-z_]|{_PERCENT})(\x2e?([0-9A-Za-z_]|{_PERCENT}))*(:[1-9][0-9]{{0,3}}|\x2a)?"
_URI_TEMPLATE: Final = (
    r"^([^\x00-\x20\x22\x25\x27\x3c\x3e\x5c\x5e\x60\x7b-\x7d\x7f-\x9f]"
    rf"|{_PERCENT}|\x7b[+#./;?&=,!@|]?{_VARIABLE}(,{_VARIABLE})*\x7d)*$"
)
_POINTER: Final = r"(\x2f([^\x2f~]|~[01])*)*"

# Schemas, in the engine's words, that a string of the format must fit as well, or instead where it has none.
FORMAT_DEMANDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "date": {"pattern": _REAL_DATE},
    "date-time": {"allOf": [{"pattern": _REAL_DATE}, {"pattern": _NO_LEAP_SECOND}]},
    "time": {"pattern": _NO_LEAP_SECOND},
    "hostname": {"pattern": rf"^{_LABEL}(\x2e{_LABEL})*$", "maxLength": 253},
    "uri-reference": {"pattern": _URI_REFERENCE},
    "uri-template": {"pattern": _URI_TEMPLATE},
    "json-pointer": {"pattern": f"^{_POINTER}$"},
    "relative-json-pointer": {"pattern": f"^(0|[1-9][0-9]*)(#|{_POINTER})$"},
}
