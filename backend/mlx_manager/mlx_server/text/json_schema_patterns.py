"""ECMA-262 regular expressions, which JSON Schema has, written as Rust's regex crate has them.

The two agree on little more than literals, groups and repetition. What differs is spelled out: `.` is not a
line separator in ECMA, `\\d` and `\\w` are ASCII there, `\\s` holds U+FEFF and not U+0085; Rust reads `[[`,
`&&`, `--` and `[:` within a class as operations, and letters after a backslash as anchors. So each
character comes out as a literal or as a code point, and what a finite automaton cannot match is refused.
"""

import re
from typing import Final

_DIGIT: Final = "0-9"
_WORD: Final = "0-9A-Za-z_"
# WhiteSpace and LineTerminator of ECMA-262.
_SPACE: Final = r"\x09-\x0d\x20\xa0\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"
_CLASSES: Final = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_NOT_LINE_END: Final = r"[^\x0a\x0d\x{2028}\x{2029}]"
_CONTROLS: Final = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}
# General categories, which Unicode names alike everywhere; scripts and binary properties are left out.
_CATEGORY: Final = re.compile(
    r"\{(Letter|L|Lu|Ll|Lt|Lm|Lo|M|Mn|Mc|Me|N|Nd|Nl|No|P|Pc|Pd|Ps|Pe|Pi|Pf|Po|S|Sm|Sc|Sk|So|Z|Zs)\}"
)
_COUNT: Final = re.compile(r"\{(\d{1,9})(,(\d{0,9}))?\}")
_HEX: Final = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|c([A-Za-z])|0(?!\d)")
_GROUP: Final = re.compile(r"\((\?:|\?P?<[A-Za-z_]\w*>|(?!\?))", re.ASCII)
MAX_REPETITION: Final = 1_000
MAX_SIZE: Final = 20_000


class PatternError(ValueError):
    """A pattern that is no ECMA regular expression, or that no automaton can match."""


def rust_pattern(pattern: str) -> str:
    """The same language in the syntax of Rust's regex crate.

    Raises:
        PatternError: with what cannot be had, as the end of a sentence that begins with the pattern.
    """
    return _Translation(pattern).all()


def _is_unspellable(code: int) -> bool:
    """Whether JSON writes a character only by its code, which is not permitted (`WHITE_SPACE_OPTIONS`)."""
    return (code < 0x20 and code not in (0x08, 0x09, 0x0A, 0x0C, 0x0D)) or code == 0x7F


def _spellable_literal(code: int) -> str:
    if _is_unspellable(code):
        raise PatternError("asks for a control character")
    return _literal(code)


def _literal(code: int) -> str:
    if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        raise PatternError("names half of a surrogate pair")
    character = chr(code)
    return character if character.isascii() and character.isalnum() else f"\\x{{{code:x}}}"


class _Translation:
    """One pass over a pattern; `at` is the next character to be read."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def all(self) -> str:
        out: list[str] = []
        sizes = [
            0
        ]  # of each group that is open: how many single characters it is when repetitions are written out
        last = 0  # size of what a repetition would repeat; nothing where it is zero
        while self.at < len(self.pattern):
            character = self.pattern[self.at]
            if character in "*+?{" and (repeated := self.repetition()):
                if not last:
                    raise PatternError("repeats what cannot be repeated")
                out.append(repeated[0])
                sizes[-1] += last * (repeated[1] - 1)
                last = 0
            else:
                out.append(self.atom(character))
                if character == "(":
                    sizes.append(0)
                last = self.size(character, sizes)
                sizes[-1] += last
            if sizes[-1] > MAX_SIZE:
                raise PatternError(
                    f"is longer than {MAX_SIZE:,} characters when its repetitions are written out"
                )
        if len(sizes) > 1:
            raise PatternError("leaves a group open")
        return "".join(out)

    def size(self, character: str, sizes: list[int]) -> int:
        """Of an atom that was just read; closes the innermost group where it ends one."""
        if character == ")":
            if len(sizes) == 1:
                raise PatternError("closes a group that it did not open")
            return max(1, sizes.pop())
        return 0 if character in "(|^$" else 1

    def repetition(self) -> tuple[str, int] | None:
        """Of what stands before, and how often that is written out; lazy or not is the same."""
        match = _COUNT.match(self.pattern, self.at)
        if match is None and self.pattern[self.at] == "{":
            if re.match(r"\{\d*,?\d*\}", self.pattern[self.at :]):
                raise PatternError("has a repetition without a lower bound, or too large a one")
            return None
        text = match.group() if match else self.pattern[self.at]
        most = 1
        if match:
            least, most = int(match[1]), int(match[3] or match[1])
            if max(least, most) > MAX_REPETITION:
                raise PatternError(f"repeats more than {MAX_REPETITION:,} times")
            if least > most:
                raise PatternError("has a repetition whose bounds are the wrong way round")
        self.at += len(text)
        if self.pattern[self.at : self.at + 1] == "?":
            self.at += 1
        return text, max(1, most)

    def atom(self, character: str) -> str:
        if character == "\\":
            self.at += 1
            return self.escape()
        if character == "[":
            self.at += 1
            return self.bracket()
        if character == "(":
            return self.opened()
        self.at += 1
        if character == ".":
            return _NOT_LINE_END
        return character if character in ")|^$" else _spellable_literal(ord(character))

    def opened(self) -> str:
        match = _GROUP.match(self.pattern, self.at)
        if match is None:
            kinds = {"(?=": "looks ahead", "(?!": "looks ahead", "(?<": "looks behind"}
            raise PatternError(
                kinds.get(self.pattern[self.at : self.at + 3], "has a group of an unknown kind")
            )
        self.at = match.end()
        return "(?:"

    def escape(self) -> str:
        """What a backslash outside of brackets stands for; `at` is behind the backslash."""
        character = self.pattern[self.at : self.at + 1]
        if character in ("b", "B"):
            raise PatternError("asks for a word's boundary")
        if (found := self.escaped_class()) is not None:
            return f"[{found}]" if len(found) != 1 else found
        return _spellable_literal(self.code_point())

    def escaped_class(self) -> str | None:
        """The inside of a bracket for `\\d`, `\\S`, `\\p{Lu}` and their like; None for a single character."""
        character = self.pattern[self.at : self.at + 1]
        if character and character in "dws":
            self.at += 1
            return _CLASSES[character]
        if character and character in "DWS":
            self.at += 1
            return f"[^{_CLASSES[character.lower()]}]"
        if character and character in "pP":
            match = _CATEGORY.match(self.pattern, self.at + 1)
            if match is None:
                raise PatternError("names a property of characters that is not known here")
            self.at = match.end()
            return f"\\{character}{match.group()}"
        return None

    def code_point(self) -> int:
        """Of one escaped character; `at` is behind the backslash."""
        character = self.pattern[self.at : self.at + 1]
        if match := _HEX.match(self.pattern, self.at):
            self.at = match.end()
            if match[4]:
                return ord(match[4]) % 32
            code = int(match[1] or match[2] or match[3] or "0", 16)
            low = re.compile(r"\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})").match(self.pattern, self.at)
            if match[2] and 0xD800 <= code < 0xDC00 and low:
                self.at = low.end()
                return 0x10000 + ((code - 0xD800) << 10) + (int(low[1], 16) - 0xDC00)
            return code
        if not character:
            raise PatternError("ends in a backslash")
        if character in _CONTROLS:
            self.at += 1
            return _CONTROLS[character]
        if character.isdigit() or character == "k":
            raise PatternError("refers back to a group")
        if character.isalpha():
            raise PatternError(f"escapes {character!r}, which means nothing")
        self.at += 1
        return ord(character)

    def bracket(self) -> str:
        """A class in brackets; `at` is behind the opening one."""
        is_negated = self.pattern[self.at : self.at + 1] == "^"
        self.at += is_negated
        out = ["[^" if is_negated else "["]
        is_spellable = is_negated
        while self.pattern[self.at : self.at + 1] != "]":
            first = self.member()
            last = first
            if self.pattern[self.at : self.at + 1] == "-" and self.pattern[self.at + 1 : self.at + 2] not in (
                "]",
                "",
            ):
                self.at += 1
                last = self.member()
                if not isinstance(first, int) or not isinstance(last, int) or first > last:
                    raise PatternError("has a range of characters without order")
            if isinstance(first, str) or isinstance(last, str):
                is_spellable = True
                out.append(str(first))
                continue
            is_spellable |= not all(map(_is_unspellable, range(first, min(last, 0x80) + 1)))
            out.append(_literal(first) + (f"-{_literal(last)}" if last != first else ""))
        self.at += 1
        if len(out) == 1:
            raise PatternError("has an empty class of characters")
        if not is_spellable:
            raise PatternError("asks for a control character")
        return "".join(out) + "]"

    def member(self) -> int | str:
        """One character of a class as its code point, or a class as the inside of a bracket."""
        character = self.pattern[self.at : self.at + 1]
        if not character:
            raise PatternError("leaves a class of characters open")
        self.at += 1
        if character != "\\":
            return ord(character)
        if self.pattern[self.at : self.at + 1] == "b":
            self.at += 1
            return 0x08
        found = self.escaped_class()
        return self.code_point() if found is None else found
