"""What a model can be asked for, read from its files and never guessed from its name."""

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from mlx_manager.mlx_server.domain.models import Capability
from mlx_manager.mlx_server.pool.small_files import read_text
from mlx_manager.mlx_server.text.infill import INFILL_MARKS
from mlx_manager.mlx_server.text.reasoning_formats.detection import SWITCHES
from mlx_manager.mlx_server.text.reasoning_formats.known import KNOWN
from mlx_manager.mlx_server.text.template_use import template_use

_REASONING_VARIABLES: Final = {*SWITCHES, "thinking_budget", "reasoning_effort"}
_REASONING_MARKS: Final = (*(sign for one in KNOWN for sign in one.signs), "reasoning_content")
_VISION_KEYS: Final = ("vision_config", "vision_tower", "mm_vision_tower", "img_processor", "image_token_id")
_VISION_WEIGHTS: Final = ("vision", "visual", "image", "img")
_AUDIO_KEYS: Final = ("audio_config", "audio_processor", "audio_token_id")
_AUDIO_WEIGHTS: Final = ("audio", "speech", "conformer")
_SENTENCE_FILES: Final = ("modules.json", "config_sentence_transformers.json", "1_Pooling")
_ADDED_TOKENS: Final = re.compile(r'"added_tokens"\s*:\s*(?=\[)')


class Files(Protocol):
    """What of a model's folder is looked at."""

    @property
    def path(self) -> Path: ...
    @property
    def config(self) -> Mapping[str, Any]: ...
    @property
    def tokenizer_config(self) -> Mapping[str, Any]: ...
    @property
    def chat_templates(self) -> Sequence[str]: ...


def capabilities(files: Files, tensor_names: Collection[str] = ()) -> tuple[Capability, ...]:
    """In a fixed order.

    Args:
        tensor_names: of its weights; where there are some, a part that has none of them is not there: a
            conversion may drop the eyes and leave the config as it was.
    """
    found = set(_found(files, tensor_names))
    return tuple(capability for capability in Capability if capability in found)


def _found(files: Files, tensor_names: Collection[str]) -> Iterator[Capability]:
    for template in files.chat_templates:
        yield Capability.CHAT
        use = template_use(template)
        if "tools" in use.variables:
            yield Capability.TOOLS
        if _REASONING_VARIABLES & set(use.variables) or any(
            mark in word for mark in _REASONING_MARKS for word in use.words
        ):
            yield Capability.REASONING
    if _has_part(files.config, _VISION_KEYS, tensor_names, _VISION_WEIGHTS):
        yield Capability.VISION
    if _has_part(files.config, _AUDIO_KEYS, tensor_names, _AUDIO_WEIGHTS):
        yield Capability.AUDIO
    if any(os.path.exists(files.path / name) for name in _SENTENCE_FILES):
        yield Capability.EMBEDDINGS
    tokens = _added_tokens(files)
    if any(tokens.issuperset(marks.tokens) for marks in INFILL_MARKS):
        yield Capability.INFILL


def _has_part(
    config: Mapping[str, Any], keys: Sequence[str], tensor_names: Collection[str], words: Sequence[str]
) -> bool:
    if all(config.get(key) is None for key in keys):
        return False
    return not tensor_names or any(word in name for name in tensor_names for word in words)


def _added_tokens(files: Files) -> set[str]:
    """Tokens beyond the trained vocabulary, from whichever file lists them."""
    listed = files.tokenizer_config.get("added_tokens_decoder")
    entries = [*listed.values()] if isinstance(listed, dict) else []
    if not entries:
        # The whole file has the vocabulary and takes long to parse.
        text = read_text(files.path / "tokenizer.json")
        if (start := _ADDED_TOKENS.search(text)) is not None:
            try:
                entries, _ = json.JSONDecoder().raw_decode(text, start.end())
            except (ValueError, RecursionError):
                entries = []
    return {str(entry.get("content")) for entry in entries if isinstance(entry, dict)}
