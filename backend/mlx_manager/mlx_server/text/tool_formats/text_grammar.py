"""Grammars of strings that stand as bare text."""

import re
from collections.abc import Mapping
from typing import Any, Final

from mlx_manager.mlx_server.domain.formats import LarkFormat, RegexFormat
from mlx_manager.mlx_server.domain.tools import TextInput
from mlx_manager.mlx_server.text.tool_formats.grammar import Rules, any_of
from mlx_manager.mlx_server.text.tool_formats.lark_text import quoted, slashed
from mlx_manager.mlx_server.text.tool_formats.values import target_of, types_of

ANY_TEXT: Final = "/(?s:.)*/"
_NO_TEXT: Final = "(/a/ & /b/)"


def text_terminal(rules: Rules, schema: Any, root: Mapping[str, Any], at: str) -> str:
    """The body of a terminal of the strings that fit a schema; formats are left out.

    Args:
        schema: in the grammar engine's words; what it says of other types counts for nothing here.
        at: JSON pointer to it.
    """
    if isinstance(schema, bool):
        return ANY_TEXT if schema else _NO_TEXT
    if "string" not in types_of(schema, root):
        return _NO_TEXT
    parts = _own(schema)
    for keyword in ("format", "oneOf"):
        if keyword in schema:
            rules.leave_out(at, keyword)
    if "$ref" in schema:
        target = target_of(schema, root)
        parts.append(rules.named("REF", target, lambda: text_terminal(rules, target, root, f"{at}/$ref")))
    parts += [
        text_terminal(rules, part, root, f"{at}/allOf/{index}")
        for index, part in enumerate(schema.get("allOf", ()))
    ]
    if "anyOf" in schema:
        written = [
            text_terminal(rules, part, root, f"{at}/anyOf/{index}")
            for index, part in enumerate(schema["anyOf"])
        ]
        parts.append(ANY_TEXT if ANY_TEXT in written else any_of(dict.fromkeys(written)))
    kept = [part for part in dict.fromkeys(parts) if part != ANY_TEXT] or [ANY_TEXT]
    return kept[0] if len(kept) == 1 else f"({' & '.join(kept)})"


def _own(schema: Mapping[str, Any]) -> list[str]:
    """Of what a schema's own keywords ask of a string."""
    parts = []
    for choices in ([schema["const"]] if "const" in schema else [], schema.get("enum", [])):
        texts = [quoted(one) or '""' for one in choices if isinstance(one, str)]
        if choices:
            parts.append(any_of(texts) if texts else _NO_TEXT)
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if least or most is not None:
        parts.append(f"/(?s:.){{{least},{'' if most is None else most}}}/")
    if isinstance(pattern := schema.get("pattern"), str):
        parts.append(f"/{'|'.join(map(_found_in_text, _branches(pattern)))}/")
    return parts


def _branches(pattern: str) -> list[str]:
    """A regular expression's alternatives: its anchors belong to these."""
    found, level, start = [], 0, 0
    for match in re.finditer(r"\\.|\[(?:\\.|[^\]\\])*\]|[()|]", pattern, re.S):
        level += (match[0] == "(") - (match[0] == ")")
        if match[0] == "|" and level == 0:
            found.append(pattern[start : match.start()])
            start = match.end()
    return [*found, pattern[start:]]


def _found_in_text(branch: str) -> str:
    """A regular expression of the texts that another is found in."""
    head = "" if branch.startswith("^") else "(?s:.)*"
    tail = "" if re.search(r"(?<!\\)(\\\\)*\$$", branch) else "(?s:.)*"
    inner = branch.removeprefix("^")
    return f"{head}(?:{slashed(inner if tail else inner[:-1])}){tail}"


def text_of_input(text_input: TextInput) -> str | None:
    """The body of a terminal of a tool's text; None where that is more than a terminal can say."""
    match text_input.grammar:
        case None:
            return ANY_TEXT
        case RegexFormat(pattern=pattern):
            return f"/{slashed(pattern)}/"
        case LarkFormat():
            return None
