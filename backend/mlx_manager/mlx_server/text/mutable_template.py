"""Templates that change lists while they run, which transformers' sandbox does not let them."""

import copy
import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NoReturn

from jinja2 import Template, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from mlx_manager.mlx_server.text.template_use import GENERATION

_CACHED: Final = 16


def write_mutable(template: str, variables: Mapping[str, Any]) -> str:
    """A conversation as a template writes it that keeps a list of what it has met.

    It runs in Jinja's sandbox as the others do; the values that it may change are copies.

    Args:
        variables: as transformers gives them: messages, tools, add_generation_prompt, the special tokens.

    Raises:
        Exception: whatever the template raises.
    """
    return _compiled(template).render(copy.deepcopy(dict(variables)))


@lru_cache(_CACHED)
def _compiled(template: str) -> Template:
    environment = SandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = lambda pattern: datetime.now().strftime(pattern)
    return environment.from_string(GENERATION.sub("", template))


def _to_json(value: Any, ensure_ascii: bool = False, indent: int | None = None, **options: Any) -> str:
    """Jinja's own filter writes for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **options)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)
