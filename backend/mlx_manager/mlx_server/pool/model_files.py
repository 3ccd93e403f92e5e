"""One model's folder, read: what it is, or why it cannot be offered."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mlx_manager.mlx_server.domain.models import ModelDescription, Quantization, UnusableModel
from mlx_manager.mlx_server.pool.capabilities import capabilities
from mlx_manager.mlx_server.pool.default_sampling import default_sampling
from mlx_manager.mlx_server.pool.kv_estimate import kv_bytes_per_token
from mlx_manager.mlx_server.pool.safetensors_header import Tensor, WeightsError, num_parameters, read_header
from mlx_manager.mlx_server.pool.small_files import (
    dangles,
    entries,
    read_object,
    read_text,
    revision,
    signature,
)
from mlx_manager.mlx_server.pool.weight_files import UnusableError, weight_files

_HALF_DTYPES: Final = {"float16", "bfloat16"}
# Formats whose numbers are fixed; a config.json of Hugging Face's then gives the method's name only.
_METHODS: Final = {
    "mxfp4": Quantization(4, 32, "mxfp4"),
    "mxfp8": Quantization(8, 32, "mxfp8"),
}
_LICENCE: Final = re.compile(r"^license:\s*[\"']?([\w.+-]+)", re.MULTILINE)
_CARD_BYTES: Final = 65_536
_NEEDED_SUFFIXES: Final = (".json", ".jinja", ".model", ".txt")
_VOCABULARIES: Final = ("tokenizer.json", "tokenizer.model", "tokenizer_config.json")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The parsed files of a folder.

    Attributes:
        config: config.json.
        text_config: its part that describes the language model.
        chat_templates: the default one and any for special purposes; none where it has none.
    """

    path: Path
    config: Mapping[str, Any]
    text_config: Mapping[str, Any]
    tokenizer_config: Mapping[str, Any]
    chat_templates: Sequence[str]


def describe(model_id: str, path: Path) -> ModelDescription | UnusableModel | None:
    """Read a folder: a model, a model that cannot be offered, or None where it is no model.

    A model whose weights are damaged is described: that it cannot be loaded is said to who asks for it.
    """
    try:
        return _describe(model_id, path)
    except UnusableError as error:
        return UnusableModel(model_id, path, str(error), error.is_incomplete)
    except OSError as error:
        return UnusableModel(model_id, path, f"{error.filename}: {error.strerror}", is_incomplete=False)


def _describe(model_id: str, path: Path) -> ModelDescription | None:
    changes = signature(path)
    if nowhere := [file.name for file in entries(path) if _is_needed(file) and dangles(file)]:
        reason = f"{nowhere[0]} is a link to a file that is not there"
        raise UnusableError(reason, is_incomplete=True)
    weights = weight_files(path)
    if not weights:
        return None
    config = read_object(path / "config.json")
    if not isinstance(config.get("model_type"), str):
        raise UnusableError("its config.json names no model_type", is_incomplete=False)
    if not any(os.path.isfile(path / name) for name in _VOCABULARIES):
        raise UnusableError("it has no tokenizer", is_incomplete=False)
    nested = config.get("text_config")
    tokenizer_config = read_object(path / "tokenizer_config.json")
    files = ModelFiles(
        path=path,
        config=config,
        text_config=nested if isinstance(nested, dict) else config,
        tokenizer_config=tokenizer_config,
        chat_templates=_chat_templates(path, tokenizer_config),
    )
    return _description(model_id, files, weights, revision(changes))


def _is_needed(file: Path) -> bool:
    return file.name.endswith(_NEEDED_SUFFIXES)


def _chat_templates(path: Path, tokenizer_config: Mapping[str, Any]) -> list[str]:
    """Those that transformers' tokenizer would take, by its order of files."""
    found = [
        read_text(file) for file in entries(path / "additional_chat_templates") if file.suffix == ".jinja"
    ]
    if template := read_text(path / "chat_template.jinja"):
        return [template, *found]
    match tokenizer_config.get("chat_template"):
        case str(template):
            found = [template, *found]
        case [*named]:
            found = [str(one.get("template", "")) for one in named if isinstance(one, dict)] + found
    return [template for template in found if template]


def _description(
    model_id: str, files: ModelFiles, weights: Sequence[Path], revision: str
) -> ModelDescription:
    config, text_config = files.config, files.text_config
    tensors = _tensors(weights)
    dtype = str(config.get("torch_dtype") or config.get("dtype") or text_config.get("dtype"))
    return ModelDescription(
        model_id=model_id,
        path=files.path,
        family=str(config["model_type"]),
        context_length=_positive_int(text_config.get("max_position_embeddings")),
        weight_bytes=sum(file.stat().st_size for file in weights),
        disk_bytes=sum(file.stat().st_size for file in entries(files.path) if os.path.isfile(file)),
        num_parameters=num_parameters(tensors, _group_sizes(config)),
        quantization=_quantization(config),
        has_half_weights=dtype in _HALF_DTYPES and "quantization" not in config,
        kv_bytes_per_token=kv_bytes_per_token(text_config),
        capabilities=capabilities(files, {tensor.name for tensor in tensors}),
        licence=_licence(read_text(files.path / "README.md", _CARD_BYTES)),
        created=int((files.path / "config.json").stat().st_mtime),
        default_sampling=default_sampling(read_object(files.path / "generation_config.json")),
        revision=revision,
    )


def _tensors(weights: Sequence[Path]) -> list[Tensor]:
    try:
        return [tensor for file in weights for tensor in read_header(file)]
    except WeightsError:
        return []


def _quantization(config: Mapping[str, Any]) -> Quantization | None:
    """mlx-lm's own entry, or one of Hugging Face's whose meaning is fixed."""
    match config.get("quantization"):
        case {"bits": bits, "group_size": group_size, **others} if _positive_int(bits) and _positive_int(
            group_size
        ):
            return Quantization(bits, group_size, str(others.get("mode", "affine")))
    foreign = config.get("quantization_config")
    method = foreign.get("quant_method") if isinstance(foreign, dict) else None
    return _METHODS.get(method) if isinstance(method, str) else None


def _group_sizes(config: Mapping[str, Any]) -> dict[str, int]:
    """Weights that share a scale, by module; under the empty name those of all others."""
    found: dict[str, int] = {}
    if (general := _quantization(config)) is not None:
        found[""] = general.group_size
    entry = config.get("quantization")
    for module, own in entry.items() if isinstance(entry, dict) else ():
        if isinstance(own, dict) and (group_size := _positive_int(own.get("group_size"))):
            found[module] = group_size
    return found


def _licence(card: str) -> str | None:
    """The `license` of a model card's front matter."""
    if not card.startswith("---"):
        return None
    found = _LICENCE.search(card.partition("\n---")[0])
    return found[1] if found else None


def _positive_int(value: Any) -> int | None:
    return value if type(value) is int and 0 < value < 2**63 else None
