"""Lark grammars of text that Codex has its tools given: of its kind, in words of our own."""

from typing import Final

# In the words that the agents' grammars use: an import, an alias, optional and repeated rules, a line's rest.
PATCH_GRAMMAR: Final = r"""start: opening change+ closing
opening: "*** Begin" NL
closing: "*** End" NL?

change: added | removed | edited
added: "*** Add: " name NL new_line+
removed: "*** Delete: " name NL
edited: "*** Update: " name NL moved? lines?

name: /(.+)/
new_line: "+" /(.*)/ NL -> line

moved: "*** Move: " name NL
lines: (place | line)+ last?
place: ("@@" | "@@ " /(.+)/) NL
line: ("+" | "-" | " ") /(.*)/ NL
last: "*** Last" NL

%import common.LF -> NL
"""
SCRIPT_GRAMMAR: Final = r"""
start: with_note | plain
with_note: NOTE NEWLINE SOURCE
plain: SOURCE

NOTE: /[ \t]*\/\/ @note:[^\r\n]*/
NEWLINE: /\r?\n/
SOURCE: /[\s\S]+/
"""
