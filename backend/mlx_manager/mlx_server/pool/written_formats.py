"""How models write calls and reasoning, told by their templates while the models are not in memory."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from mlx_manager.mlx_server.domain.models import Capability, ModelDescription
from mlx_manager.mlx_server.pool.small_files import entries, read_object, read_text
from mlx_manager.mlx_server.text.bare_template import BareTemplate
from mlx_manager.mlx_server.text.chat_template import ChatTemplate
from mlx_manager.mlx_server.text.template_guard import TemplateBounds, TemplateGuard, TemplateOverrun

logger = logging.getLogger(__name__)

_MAX_KEPT: Final = 1024
# For all that is tried with one template; a prompt may take more.
_BOUNDS: Final = TemplateBounds(timeout_s=2.0)


class WrittenFormats(NamedTuple):
    """How a model writes what is no text.

    Attributes:
        calls: the name of its format of calls, or None where its template offers no tools.
        reasoning: the name of its format of reasoning, or None where nothing tells of one.
    """

    calls: str | None = None
    reasoning: str | None = None


class FormatFinder:
    """Tries templates, each once for as long as its model's files stay what they are. For several threads."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, str], WrittenFormats] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, model: ModelDescription) -> WrittenFormats:
        """What the model's template tells; nothing where it fails at everything that is tried."""
        if Capability.CHAT not in model.capabilities:
            return WrittenFormats()
        key = (model.key, model.revision)
        with self._lock:
            if (known := self._found.get(key)) is not None:
                self._found.move_to_end(key)
                return known
        found = _try(model)
        with self._lock:
            self._found[key] = found
            while len(self._found) > _MAX_KEPT:
                self._found.popitem(last=False)
        return found


def _try(model: ModelDescription) -> WrittenFormats:
    config = read_object(model.path / "tokenizer_config.json")
    templates = _templates(model.path, config)
    if "default" not in templates:
        return WrittenFormats()
    template = ChatTemplate(BareTemplate(templates, config))

    def look() -> WrittenFormats:
        calls, reasoning = template.tool_format, template.reasoning_format
        return WrittenFormats(
            None if calls is None else calls.name, None if reasoning is None else reasoning.name
        )

    try:
        return TemplateGuard(_BOUNDS).run(look)
    except (Exception, TemplateOverrun) as error:  # templates are programs: they raise what they like
        logger.warning("what the template of %s writes cannot be told: %s", model.model_id, error)
        return WrittenFormats()


def _templates(path: Path, config: Mapping[str, Any]) -> dict[str, str]:
    """By name, as transformers finds them."""
    extra = [file for file in entries(path / "additional_chat_templates") if file.suffix == ".jinja"]
    found = {file.stem: read_text(file) for file in extra}
    if template := read_text(path / "chat_template.jinja"):
        return found | {"default": template}
    match config.get("chat_template"):
        case str(template):
            return found | {"default": template}
        case [*named]:
            return found | {
                str(one["name"]): str(one["template"])
                for one in named
                if isinstance(one, dict) and one.keys() >= {"name", "template"}
            }
    return found
