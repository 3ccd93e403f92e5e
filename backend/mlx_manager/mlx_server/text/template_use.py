"""What a chat template works with, read without running it."""

import re
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from jinja2 import TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

# The one statement that transformers adds to Jinja's own.
GENERATION: Final = re.compile(r"{%-?\s*(end)?generation\s*-?%}")


class TemplateUse(NamedTuple):
    """What a chat template works with.

    Attributes:
        variables: names that it expects from outside.
        words: every text, key and attribute in it; comments are none.
    """

    variables: Collection[str]
    words: Collection[str]


def template_use(template: str) -> TemplateUse:
    """Read a template without running it; of one that cannot be parsed nothing is known."""
    environment = ImmutableSandboxedEnvironment(extensions=["jinja2.ext.loopcontrols"])
    try:
        tree = environment.parse(GENERATION.sub("", template))
        words = {*_words(tree)}
        return TemplateUse(meta.find_undeclared_variables(tree), words)
    except (TemplateError, RecursionError):
        return TemplateUse((), ())


def _words(tree: nodes.Template) -> Iterator[str]:
    for node in tree.find_all((nodes.Const, nodes.TemplateData, nodes.Getattr)):
        match node:
            case nodes.Const(value=str(word)) | nodes.TemplateData(data=word) | nodes.Getattr(attr=word):
                yield word
