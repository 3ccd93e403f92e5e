"""Grammars of parameters that stand as bare text, each by its own schema."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from mlx_manager.mlx_server.domain.formats import LarkFormat, RegexFormat
from mlx_manager.mlx_server.text.tool_formats.base import HeldTool
from mlx_manager.mlx_server.text.tool_formats.grammar import Rules, any_of, json_of, optional, quoted
from mlx_manager.mlx_server.text.tool_formats.values import (
    is_closed,
    is_text,
    properties_of,
    resolved,
    types_of,
)

ANY_TEXT: Final = "/(?s:.*)/"
_ANY_KEY: Final = "/[A-Za-z_][A-Za-z0-9_.-]{0,63}/"

# Writes one parameter: its name's Lark, the Lark of its bare text or None, the Lark of its value else.
WriteParameter = Callable[[Rules, str, str | None, str], str]


def held_parameters(rules: Rules, tool: HeldTool, write: WriteParameter) -> str:
    """A call's parameters in the schema's order: each once at most, and those that it requires always.

    A parameter that the schema does not name cannot be written, even where the schema would allow it: nothing
    would say what it may be. Without a schema any may.
    """
    if tool.text_input is not None:
        return _text_input(rules, tool, write)
    schema = tool.schema
    if schema is None or not properties_of(schema):
        if schema is not None and is_closed(schema):
            return ""
        return f"({write(rules, rules.add('KEY', _ANY_KEY), ANY_TEXT, '')})*"
    required = frozenset(schema.get("required", ()))
    members = []
    for key, member in properties_of(schema).items():
        raw, value = _held_value(rules, member, schema)
        written = write(rules, quoted(key), raw, value)
        members.append(written if key in required else optional(written))
    return " ".join(members)


def _text_input(rules: Rules, tool: HeldTool, write: WriteParameter) -> str:
    assert tool.text_input is not None
    match tool.text_input.grammar:
        case None:
            return write(rules, quoted("input"), ANY_TEXT, "")
        case RegexFormat(pattern=pattern):
            return write(rules, quoted("input"), f"/{slashed(pattern)}/", "")
        case LarkFormat(grammar=lark):
            return write(rules, quoted("input"), None, f"%lark {{\n{lark}\n}}")


def _held_value(rules: Rules, schema: Any, root: Mapping[str, Any]) -> tuple[str | None, str]:
    """Lark of a value that is bare text, or else of one that is JSON."""
    types = types_of(schema, root)
    schema = resolved(schema, root)
    if "string" not in types:
        held = dict(schema) if isinstance(schema, Mapping) else {}
        held |= {key: root[key] for key in ("$defs", "definitions") if key in root}
        return None, rules.add("json", json_of(held))
    if not isinstance(schema, Mapping):
        return ANY_TEXT, ""
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(choices, list):
        written = (one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in choices)
        return any_of(quoted(one) or '""' for one in written), ""
    return (_text_terminal(schema) if is_text(types) else ANY_TEXT), ""


def _text_terminal(schema: Mapping[str, Any]) -> str:
    """Text as long as a schema of strings asks for, that its pattern is found in."""
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    found = ANY_TEXT
    if least or most is not None:
        found = f"/(?s:.){{{least},{'' if most is None else most}}}/"
    if isinstance(pattern := schema.get("pattern"), str):
        head = "" if pattern.startswith("^") else "(?s:.*)"
        tail = "" if re.search(r"(?<!\\)(\\\\)*\$$", pattern) else "(?s:.*)"
        inner = pattern.removeprefix("^")
        inner = inner if tail else inner[:-1]
        found = f"{found} & /{head}(?:{slashed(inner)}){tail}/"
    return found


def slashed(pattern: str) -> str:
    """A regular expression as it stands between Lark's slashes."""
    return re.sub(r"(\\.)|/", lambda match: match[1] or "\\/", pattern)
