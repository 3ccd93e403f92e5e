"""What the hub says of a model, read with care: any of it may be missing or of another type."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from mlx_manager.hub.files import HubFile, file_of

# Bits of one number, by safetensors' names of types.
_BITS: Final = {
    "F64": 64, "I64": 64, "U64": 64,
    "F32": 32, "I32": 32, "U32": 32,
    "F16": 16, "BF16": 16, "I16": 16, "U16": 16,
    "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "I8": 8, "U8": 8, "BOOL": 8,
    "F4": 4,
}  # fmt: skip
_NAMED_BITS: Final = re.compile(r"(?<![a-z0-9])(\d{1,2})[-_ ]?bits?(?![a-z])", re.IGNORECASE)
_NAMED_FORMAT: Final = re.compile(
    r"(?<![a-z0-9])(mxfp4|mxfp8|nvfp4|bf16|bfloat16|fp16|float16|fp32|float32)(?![a-z0-9])", re.IGNORECASE
)
_FORMATS: Final = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}
_MAX_TAGS: Final = 64
_MAX_TEXT: Final = 256


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model on the hub.

    Attributes:
        commit_hash: of the revision that was asked for; None in a list.
        task: what the hub calls its pipeline, such as `text-generation`.
        family: config.json's `model_type`.
        quantization: such as `4-bit`, `mxfp4` or `bf16`.
        size_bytes: of its weights.
        gated: `auto`, `manual` or None.
        files: none in a list.
    """

    repo_id: str
    author: str
    commit_hash: str | None
    downloads: int
    likes: int
    created_at: datetime | None
    updated_at: datetime | None
    tags: Sequence[str]
    task: str | None
    family: str | None
    quantization: str | None
    size_bytes: int | None
    gated: str | None
    is_private: bool
    is_mlx: bool
    licence: str | None
    files: Sequence[HubFile] = field(default=())


def model_of(entry: Any) -> HubModel | None:
    """A model of the hub's list, or the answer about one; None where it is none."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("id"), str):
        return None
    repo_id: str = entry["id"]
    tags = [tag for tag in _list(entry.get("tags")) if isinstance(tag, str)][:_MAX_TAGS]
    stated = entry.get("config")
    config: Mapping[str, Any] = stated if isinstance(stated, Mapping) else {}
    gated = entry.get("gated")
    author = _text(entry.get("author")) or repo_id.partition("/")[0]
    files = [file for each in _list(entry.get("siblings")) if (file := _file_of(each)) is not None]
    return HubModel(
        repo_id=repo_id,
        author=author,
        commit_hash=_text(entry.get("sha")),
        downloads=_count(entry.get("downloads")),
        likes=_count(entry.get("likes")),
        created_at=_time(entry.get("createdAt")),
        updated_at=_time(entry.get("lastModified")),
        tags=tags,
        task=_text(entry.get("pipeline_tag")),
        family=_text(config.get("model_type")),
        quantization=quantization_of(config, tags, repo_id),
        size_bytes=_weights_bytes(entry.get("safetensors")),
        gated=gated if gated in ("auto", "manual") else ("manual" if gated is True else None),
        is_private=entry.get("private") is True,
        is_mlx="mlx" in tags or entry.get("library_name") == "mlx",
        licence=next((tag.removeprefix("license:") for tag in tags if tag.startswith("license:")), None),
        files=files,
    )


def quantization_of(config: Mapping[str, Any], tags: Sequence[str], repo_id: str) -> str | None:
    """As the configuration says, else the tags, else the name."""
    for key in ("quantization", "quantization_config"):
        stated = config.get(key)
        if not isinstance(stated, Mapping):
            continue
        mode = stated.get("mode") or stated.get("quant_method")
        if isinstance(mode, str) and mode.lower() in ("mxfp4", "mxfp8", "nvfp4"):
            return mode.lower()
        if isinstance(stated.get("bits"), int):
            return f"{stated['bits']}-bit"
    for text in (*tags, repo_id.partition("/")[2]):
        if (named := _NAMED_FORMAT.search(text)) is not None:
            return _FORMATS.get(named[1].lower(), named[1].lower())
        if (named := _NAMED_BITS.search(text)) is not None:
            return f"{int(named[1])}-bit"
    return None


def _weights_bytes(safetensors: Any) -> int | None:
    """Counts of numbers by their types, as the hub reads them from the headers of the files."""
    counts = safetensors.get("parameters") if isinstance(safetensors, Mapping) else None
    if not isinstance(counts, Mapping) or not counts:
        return None
    total = 0
    for dtype, count in counts.items():
        if dtype not in _BITS or not isinstance(count, int) or count < 0:
            return None
        total += count * _BITS[dtype] // 8
    return total


def _file_of(entry: Any) -> HubFile | None:
    return file_of(entry) if isinstance(entry, Mapping) else None


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _text(value: Any) -> str | None:
    return value[:_MAX_TEXT] if isinstance(value, str) and value else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _time(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
