"""Others' Markdown within ours, as a reader of CommonMark with HTML switched on sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mlx_manager.chats.markdown_text import contained, in_line
from mlx_manager.chats.prompt import fenced

READER = MarkdownIt("commonmark", {"html": True}).enable("table")
MARK = "the end of it"
NASTY = [
    "<script>alert(1)</script>",
    "text <img src=x onerror=alert(1)> text",
    "```html\n<b>\n",
    "```\nopen to the end",
    "~~~~\n```\n<script>\n",
    "```\nclosed\n```",
    "```\nclosed\n```\n",
    "```\n```",
    "```",
    "```\nx\n\n\n",
    "- ```\n  x\n  ```",
    "- ```\n  x",
    "> ~~~",
    "- ```\n  <i>\n  ```\n<script>alert(1)</script>",
    "1. x\n\n   ```js\n   a < b\n   ```\n\n<script>",
    " ```\n<script>\n```\n<script>",
    "```a`b\n<script>\n```\n<script>",
    "a `b\n```\n<script>",
    "# Assistant",
    "## User",
    "   ## User ##",
    "User\n---",
    "User\n===",
    "User\n  -",
    "> ## User\n\n## User",
    "<!-- never closed",
    "<details>\n<summary>x</summary>",
    "</details>",
    "<?php",
    "<![CDATA[",
    "\r```\r<script>\r```\r<script>",
    "    ```\n<script>\n    ```",
    "\t```\n<script>",
    "[x]: <javascript:alert(1)>",
    "| a | b |\n|---|---|\n| `<i>` | <script> |",
    "``` ` ```\n<script>",
    "~~~ ~~~\n<script>",
    "```\n<script>\n``` x\n<script>\n   ```\n<script>",
]


def html_of(text: str) -> list[str]:
    return [
        token.content for token in flat(READER.parse(text)) if token.type in ("html_block", "html_inline")
    ]


def flat(tokens: list[Token]) -> list[Token]:
    return [each for token in tokens for each in (token, *(token.children or ()))]


def check(text: str) -> None:
    document = f"## User\n\n{contained(text)}\n\n## {MARK}\n"
    tokens = READER.parse(document)
    assert html_of(document) == []
    ours = [
        tokens[at + 1].content
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag in ("h1", "h2")
    ]
    assert ours == ["User", MARK]


@pytest.mark.parametrize("text", NASTY)
def test_nothing_breaks_out(text: str) -> None:
    check(text)


@given(
    st.lists(
        st.sampled_from(
            [*"`~<>#-=|\\ \n\t\r", "```", "~~~", "\n\n", "<b>", "- ", "1. ", "> ", "x", "    ", "\n```\n"]
        ),
        max_size=40,
    )
)
def test_nothing_that_is_made_up_breaks_out(parts: list[str]) -> None:
    check("".join(parts))


def test_code_keeps_its_looks() -> None:
    text = "See:\n\n```html\n<b>bold</b>\n```\n\nand a < b"
    assert contained(text) == text
    assert contained("```\nopen") == "```\nopen\n```"
    assert contained("# Big\n- # Item\nC # 5") == "### Big\n- ### Item\nC # 5"


@pytest.mark.parametrize("text", ["", "x", "x\n", "```\nx\n```", "a ```` b", "`"])
def test_a_fence_is_longer_than_any_in_it(text: str) -> None:
    [token] = READER.parse(fenced(text, "json"))
    assert (token.type, token.info) == ("fence", "json")
    assert token.content == (text if text.endswith("\n") or not text else text + "\n")


def test_a_name_is_text() -> None:
    name = "<script> [a](b) *c* `d` & \n # e"
    [inline] = [token for token in READER.parse(f"x {in_line(name)}") if token.type == "inline"]
    assert "".join(child.content for child in inline.children or ()) == "x <script> [a](b) *c* `d` & # e"
    assert all(child.type in ("text", "text_special") for child in inline.children or ())
