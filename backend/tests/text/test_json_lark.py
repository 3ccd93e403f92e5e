"""A Lark grammar holds a text in a JSON string as it holds it bare."""

import json

import pytest
from test_tool_grammars import accepts

from mlx_manager.mlx_server.domain.formats import LarkFormat
from mlx_manager.mlx_server.domain.tools import TextInput
from mlx_manager.mlx_server.text.tool_formats.base import HeldTool
from mlx_manager.mlx_server.text.tool_formats.json_lark import json_string_of
from mlx_manager.mlx_server.text.tool_formats.lark_text import quoted
from mlx_manager.mlx_server.text.tool_formats.registry import JSON_IN_TAGS

PATCH = """start: begin hunk+ end
begin: "*** Begin" LF
hunk: "*** Add: " filename LF add_line+
filename: /(.+)/
add_line: "+" /(.*)/ LF -> line
end: "*** End" LF?
%import common.LF
"""
CASES = [
    ('start: "a\\n" B\nB: /[a-z"]+/', ['a\nb"c'], ["a\nB", "ab", "a\\nb"]),
    ("start: LINE+\nLINE: /[^\\n]*\\n/", ['a "b" \\ c\n', "x\n\té\n"], ["abc"]),
    ("start: /.*/", ['a "b"', "é", ""], ["a\nb"]),
    ("start: /(?s:.)+/", ['a "b"\n', "é"], [""]),
    ("start: /.*END/", ["abEND", '"\\END', "ENDEND"], ["EN"]),
    ('start: /[a-z]+a{2,3}(b|"c)?/', ["xaa", 'aaaa"c'], ["a"]),
    ('start: "a".."c" " ".."~"', ['a"', "b\\", "c~"], ['d"', "a\n"]),
    ("start: /\\d{2,3}\\s\\S\\w*\\/x/", ['12 "ab/x', "123\n\\b/x"], ['1 "a/x']),
    ("start: /a\\.b\\\\c/", ["a.b\\c"], ["axb\\c"]),
    ("start: /\\x41\\u0042\\x{43}[\\x22a]/", ['ABC"', "ABCa"], ['abc"']),
    ('start: A | "x"i\nA: /[\\]\\-a]+/', ["x", "X", "]-a"], ["y"]),
    (
        "?start: expr\nexpr: NUMBER (/[-+*\\/]/ NUMBER)*\nNUMBER: /[0-9]+/\n%ignore /[ \\t\\n]+/",
        ["1+2", "1 / 2", "1\n*3"],
        ["1+"],
    ),
    ('start: "a" NL\n%import common.LF -> NL\n', ["a\n"], ["a", "aa"]),
    (
        PATCH,
        ['*** Begin\n*** Add: a "b".py\n+x = "\\n"\\\n+\n*** End\n'],
        ["*** Begin\n*** End", "*** Begin\n*** Add: \n+x\n*** End"],
    ),
]


@pytest.mark.parametrize(("lark", "good", "bad"), CASES)
def test_the_same_texts_pass(lark: str, good: list[str], bad: list[str]) -> None:
    held = json_string_of(lark)
    assert held is not None
    for text in good:
        assert accepts(lark, text) or "%ignore" in lark
        assert accepts(f"start: {held}", json.dumps(text, ensure_ascii=False)), text
    for text in bad:
        assert not accepts(lark, text)
        assert not accepts(f"start: {held}", json.dumps(text, ensure_ascii=False)), text


@pytest.mark.parametrize(
    "lark",
    ["start: %json {}", "start: ~/a/", "start: /^a$/", "start: /a+?/", "start: <think>", "%import common.X"],
)
def test_what_cannot_be_rewritten_is_said_so(lark: str) -> None:
    assert json_string_of(lark) is None


def test_a_call_holds_its_text() -> None:
    tools = [HeldTool("patch", None, TextInput(LarkFormat(PATCH, "")))]
    forced = JSON_IN_TAGS.forced(tools, parallel=False, literal=quoted)
    for text, passes in ((CASES[-1][1][0], True), ("*** Begin", False)):
        call = json.dumps({"name": "patch", "arguments": {"input": text}})
        assert accepts(forced, f"<tool_call>\n{call}\n</tool_call>") is passes
