"""The text that a tool is given, out of the JSON that a model writes of it, piece by piece."""

import json
from typing import Any, Final

from mlx_manager.mlx_server.protocols.tools import INPUT

_HEAD: Final = f'{{"{INPUT}":"'
# Where JSON may have white space: before the brace, after it, and around the colon.
_GAPS: Final = frozenset({0, 1, len(_HEAD) - 2, len(_HEAD) - 1})
_SPACE: Final = " \t\r\n"
_ESCAPED: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_HEX_DIGITS: Final = 4
_REPLACEMENT: Final = "\ufffd"


class InputDecoder:
    """Reads `{"input": "…"}` as it is written, and gives the string's text as soon as it is certain.

    Arguments of another shape are held until they are whole. Then they are the text that they hold under
    `input`, or else, where they hold none, the text as the model wrote it.
    """

    def __init__(self) -> None:
        self._head = 0
        self._odd: list[str] | None = None
        self._seen: list[str] = []
        self._escape = ""
        self._high = ""
        self._is_over = False

    def push(self, piece: str) -> str:
        """Take the next piece of the arguments and return the next piece of the text, often nothing."""
        text: list[str] = []
        for index, char in enumerate(piece):
            if self._is_over:
                break
            if self._odd is not None:
                self._odd.append(piece[index:])
                break
            if self._head < len(_HEAD):
                self._read_head(char)
            else:
                text.append(self._read(char))
        return "".join(text)

    def finish(self) -> str:
        """What was held back. A call that was cut off stays as far as it came."""
        if self._odd is not None:
            return _input_of("".join(self._odd))
        high, self._high = self._high, ""
        return _REPLACEMENT if high and not self._is_over else ""

    def _read_head(self, char: str) -> None:
        self._seen.append(char)
        if char == _HEAD[self._head]:
            self._head += 1
        elif not (char in _SPACE and self._head in _GAPS):
            self._odd = self._seen

    def _read(self, char: str) -> str:
        """A character within the string, which may be one of an escape's."""
        if self._escape:
            return self._read_escape(self._escape + char)
        if char == "\\":
            self._escape = char
            return ""
        if char == '"':
            self._is_over = True
            return self._after_high("")
        return self._after_high(char)

    def _read_escape(self, escape: str) -> str:
        self._escape = ""
        kind, digits = escape[1], escape[2:]
        if kind != "u":
            # What JSON does not know stays as it was written.
            return self._after_high(_ESCAPED.get(kind, escape))
        if not _HEX.issuperset(digits):
            return self._after_high(escape)
        if len(digits) < _HEX_DIGITS:
            self._escape = escape
            return ""
        return self._unit(chr(int(digits, 16)))

    def _unit(self, unit: str) -> str:
        """A unit of UTF-16: a character, or half of one."""
        if "\ud800" <= unit <= "\udbff":
            before, self._high = self._after_high(""), unit
            return before
        if "\udc00" <= unit <= "\udfff":
            high, self._high = self._high, ""
            return (high + unit).encode("utf-16", "surrogatepass").decode("utf-16") if high else _REPLACEMENT
        return self._after_high(unit)

    def _after_high(self, text: str) -> str:
        """The text after a half of a character that nothing completed."""
        high, self._high = self._high, ""
        return _REPLACEMENT + text if high else text


def input_of(arguments: str) -> str:
    """The text of whole arguments, as `InputDecoder` gives it."""
    decoder = InputDecoder()
    return decoder.push(arguments) + decoder.finish()


def arguments_of(text: str) -> str:
    """The arguments that a model is shown for a text. Templates want an object."""
    return json.dumps({INPUT: text}, ensure_ascii=False)


def _input_of(arguments: str) -> str:
    try:
        decoded: Any = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    text = decoded.get(INPUT) if isinstance(decoded, dict) else None
    if not isinstance(text, str):
        return arguments
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
