"""A Lark grammar of a text as one of that text within a JSON string.

Every terminal is rewritten: what stands for itself in the text may stand for an escape in JSON. Characters
that JSON need not escape are written as they are, not as `\\uXXXX`.

A terminal becomes a rule, because the lexer never goes back: of `/[^\\n]+/` and the line break after it both
may begin with a backslash, and only as lexemes of their own do they go side by side. Where the grammar
ignores something between its terminals, they have to stay terminals.
"""

import json
import re
from dataclasses import dataclass
from typing import Final

from mlx_manager.mlx_server.text.tool_formats.lark_text import quoted

# What cannot stand in a JSON string by itself, and how it does.
_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\b": "\\b",
    "\f": "\\f",
}
_PLAIN: Final = '[^"\\\\\\x00-\\x1f]'
_STRING: Final = r'"(?:[^"\\\n]|\\.)*"'
_REGEX: Final = r"/(?!/)(?:[^/\\\n]|\\.)+/"
_TOKEN: Final = re.compile(
    rf"(?P<comment>//[^\n]*|\#[^\n]*)|(?P<low>{_STRING})\.\.(?P<high>{_STRING})"
    rf"|(?P<string>{_STRING})(?P<ignored_case>i?)|(?P<regex>{_REGEX})(?P<flags>[a-z]*)",
    re.S,
)
# These are more than terminals and rules, or mean something else of a text that is escaped.
_UNKNOWN: Final = re.compile(r"[~<>]|%(?!ignore)|\b(?:max_tokens|stop|temperature)\b")
_CLASS: Final = re.compile(r"\[\^?\]?(?:[^\]\\\[]|\\.|\[:\^?\w+:\])*\]", re.S)
_ESCAPE: Final = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[xu]\{[0-9A-Fa-f]+\}|[pP]\{|.)", re.S)
_ASSERTIONS: Final = ("\\b", "\\B", "\\A", "\\z", "\\p{", "\\P{")


# Lark's own terminals, as its grammar `common` has them.
_COMMON: Final = {
    "CR": "/\\r/",
    "DIGIT": "/[0-9]/",
    "INT": "/[0-9]+/",
    "LETTER": "/[a-zA-Z]/",
    "LF": "/\\n/",
    "NEWLINE": "/(\\r?\\n)+/",
    "WORD": "/[a-zA-Z]+/",
    "WS": "/[ \\t\\f\\r\\n]+/",
    "WS_INLINE": "/[ \\t]+/",
}
_IMPORT: Final = re.compile(r"^%import +common\.(\w+)(?: *-> *(\w+))? *$", re.M)


class _Unsupported(Exception):
    """Something that is not rewritten."""


def json_string_of(lark: str) -> str | None:
    """Lark of a JSON string whose text is of this grammar; None where that cannot be rewritten."""
    try:
        inner = _rewritten(_IMPORT.sub(_defined, lark), as_rules="%ignore" not in lark)
    except (_Unsupported, re.error, ValueError, OverflowError):
        return None
    return f'"\\"" %lark {{\n{inner}\n}} "\\""'


def _rewritten(lark: str, *, as_rules: bool) -> str:
    parts, at = [], 0
    for match in _TOKEN.finditer(lark):
        parts.append(_known(lark[at : match.start()], as_rules=as_rules))
        at = match.end()
        if match["comment"]:
            continue
        if match["low"]:
            ends = [json.loads(match[name]) for name in ("low", "high")]
            if any(len(end) != 1 for end in ends):
                raise _Unsupported
            low, high = map(_code, ends)
            parts.append(_written([_class(f"[{low}-{high}]")], as_rules=as_rules))
        elif match["string"]:
            escaped = _escaped(json.loads(match["string"]))
            if match["ignored_case"] and "\\" in escaped:
                raise _Unsupported
            parts.append((quoted(escaped) or '""') + match["ignored_case"])
        else:
            parts.append(_written(_atoms(match["regex"][1:-1], match["flags"]), as_rules=as_rules))
    return "".join([*parts, _known(lark[at:], as_rules=as_rules)])


def _defined(match: re.Match[str]) -> str:
    return f"{match[2] or match[1]}: {_COMMON[match[1]]}" if match[1] in _COMMON else match[0]


def _known(text: str, *, as_rules: bool) -> str:
    """What stands between strings and expressions, without names of alternatives; terminals as rules."""
    text = re.sub(r"->[ \t]*\w+", "", text)
    if _UNKNOWN.search(text) or (as_rules and "&" in text):
        raise _Unsupported
    return re.sub(r"\b_?[A-Z][A-Z0-9_]*\b", lambda name: f"{name[0].lower()}_t", text) if as_rules else text


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


@dataclass(frozen=True, slots=True)
class _Set:
    """One of some characters: a class of those that are written as they are, and those that are not."""

    plain: str
    escaped: tuple[str, ...]

    def rule(self, repeat: str = "") -> str:
        body = " | ".join([f"/{self._regex}{repeat}/", *(quoted(_ESCAPES[one]) for one in self.escaped)])
        return f"({body})"

    def regex(self) -> str:
        return f"(?:{'|'.join([self._regex, *(re.escape(_ESCAPES[one]) for one in self.escaped)])})"

    @property
    def _regex(self) -> str:
        return f"[{self.plain}&&{_PLAIN}]"


# A set, or what stands between sets as it is: brackets, bars and quantifiers.
_Atom = _Set | str


def _written(atoms: list[_Atom], *, as_rules: bool) -> str:
    if not as_rules:
        return f"/{''.join(atom if isinstance(atom, str) else atom.regex() for atom in atoms)}/"
    parts = []
    for at, atom in enumerate(atoms):
        if isinstance(atom, str):
            parts.append("(" if atom == "(?:" else atom)
            continue
        # A run at the end is one lexeme: nothing that follows could be a part of it.
        is_run = at == len(atoms) - 2 and atoms[at + 1] in ("*", "+")
        parts.append(f" {atom.rule('+' if is_run else '')}")
    return f"({''.join(parts)})"


def _atoms(pattern: str, flags: str) -> list[_Atom]:
    """A regular expression in pieces."""
    if set(flags) - {"s"}:
        raise _Unsupported
    # Whether a dot is a line break, too: as the flag says, and groups within.
    dots, atoms, at = ["s" in flags], list[_Atom](), 0
    while at < len(pattern):
        rest = pattern[at:]
        if group := re.match(r"\((?:\?(?:P?<\w+>|(\w*):))?", rest):
            if set(group[1] or "") - {"s"} or (group[0] == "(" and rest.startswith("(?")):
                raise _Unsupported
            dots.append(dots[-1] or "s" in (group[1] or ""))
            taken = group[0]
            atoms.append("(?:")
        elif quantifier := re.match(r"[*+?|)]|\{\d*,?\d*\}", rest):
            taken = quantifier[0]
            if taken == "?" and atoms and atoms[-1] in ("*", "+", "?"):
                raise _Unsupported  # as few as possible
            if taken == ")":
                dots.pop()
            atoms.append(taken)
        else:
            taken = _one(rest)
            if taken == ".":
                atoms.append(_class("[^\\x{10ffff}]" if dots[-1] else "[^\\n]"))
            elif taken[0] == "[":
                atoms.append(_class(taken))
            else:
                atoms.append(_class(f"[{taken}]" if taken[0] == "\\" else f"[{_code(taken)}]"))
        at += len(taken)
    return atoms


def _one(rest: str) -> str:
    """The class, the escape or the character that comes next."""
    match rest[0]:
        case "[":
            found = _CLASS.match(rest)
        case "\\":
            found = _ESCAPE.match(rest)
        case _:
            found = re.match(r"[^$^]", rest, re.S)
    if found is None or found[0] in _ASSERTIONS:
        raise _Unsupported
    return found[0]


def _code(character: str) -> str:
    return f"\\x{{{ord(character):x}}}"


def _class(written: str) -> _Set:
    """A class of characters, with those that are escaped taken out and put beside it."""
    if any(unknown in written for unknown in ("[:", "&&", "--", "~~", "\\p", "\\P")):
        raise _Unsupported
    pattern = _pythons(written)
    return _Set(written, tuple(one for one in _ESCAPES if re.fullmatch(pattern, one)))


def _pythons(written: str) -> str:
    """A class in Python's writing: code points are written in another way."""
    return re.sub(r"\\[xu]\{([0-9A-Fa-f]+)\}", lambda one: f"\\U{int(one[1], 16):08x}", written)
