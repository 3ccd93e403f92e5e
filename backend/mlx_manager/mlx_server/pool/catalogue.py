"""Which models exist: the demo and every folder of `MLX_SERVER_MODEL_DIRS`, read from their files."""

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import mlx_manager
from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.domain.request import (
    MAX_REPETITION_PENALTY,
    MIN_REPETITION_PENALTY,
    SamplingParams,
)

logger = logging.getLogger(__name__)

DEMO_ID = "demo"
DEMO_PATH = Path(mlx_manager.__file__).parent / "demo_model"
_HALF_DTYPES = {"float16", "bfloat16"}


class Catalogue:
    """Looks afresh at each call, so that a new folder appears without a restart.

    Args:
        folders: each a model's folder, or a folder of model folders.
    """

    def __init__(self, folders: Sequence[Path], *, demo: Path = DEMO_PATH) -> None:
        self._folders = folders
        self._demo = demo
        self._warned: set[str] = set()

    def list(self) -> list[ModelDescription]:
        """Every usable model, the demo first; of two with one id the first counts."""
        found: dict[str, ModelDescription] = {}
        for model_id, path in self._candidates():
            description = describe(model_id, path)
            if description is None:
                continue
            if model_id in found:
                self._warn_once(f"{path} is hidden: {found[model_id].path} has the id {model_id!r}, too")
                continue
            found[model_id] = description
        return list(found.values())

    def get(self, model_id: str) -> ModelDescription | None:
        """The model with exactly this id. The id is compared, never joined to a path."""
        return next((model for model in self.list() if model.model_id == model_id), None)

    def _candidates(self) -> Iterator[tuple[str, Path]]:
        yield DEMO_ID, self._demo
        for folder in self._folders:
            if (folder / "config.json").is_file():
                yield folder.resolve().name, folder
            elif folder.is_dir():
                for child in sorted(folder.iterdir()):
                    yield child.name, child
            else:
                self._warn_once(f"{folder} of MLX_SERVER_MODEL_DIRS is not a folder")

    def _warn_once(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            logger.warning("%s", message)


def describe(model_id: str, path: Path) -> ModelDescription | None:
    """Read a folder's description, or None where it is not a complete model."""
    config_file = path / "config.json"
    # A link into a cache may point at a file that is not downloaded yet.
    weights = [file for file in path.glob("model*.safetensors") if file.is_file()]
    has_tokenizer = (path / "tokenizer.json").is_file() or (path / "tokenizer_config.json").is_file()
    config = _read_object(config_file)
    if not config or not weights or not has_tokenizer or "model_type" not in config:
        return None
    nested = config.get("text_config")
    text_config: dict[str, Any] = nested if isinstance(nested, dict) else config
    dtype = str(config.get("torch_dtype") or config.get("dtype") or text_config.get("dtype"))
    return ModelDescription(
        model_id=model_id,
        path=path,
        family=str(config["model_type"]),
        context_length=_positive_int(text_config.get("max_position_embeddings")),
        weight_bytes=sum(file.stat().st_size for file in weights),
        has_half_weights=dtype in _HALF_DTYPES and "quantization" not in config,
        created=int(config_file.stat().st_mtime),
        default_sampling=_default_sampling(_read_object(path / "generation_config.json")),
    )


def _default_sampling(config: dict[str, Any]) -> SamplingParams:
    """What the model's authors ask for. `do_sample: false` is greedy; silence is OpenAI's temperature 1."""
    penalty = _number(config.get("repetition_penalty"), 1.0)
    if not MIN_REPETITION_PENALTY <= penalty <= MAX_REPETITION_PENALTY:
        penalty = 1.0
    if config.get("do_sample") is False:
        return SamplingParams(temperature=0.0, repetition_penalty=penalty)
    return SamplingParams(
        repetition_penalty=penalty,
        temperature=_number(config.get("temperature"), 1.0),
        top_k=int(_number(config.get("top_k"), 0)),
        top_p=_number(config.get("top_p"), 1.0),
        min_p=_number(config.get("min_p"), 0.0),
    )


def _number(value: Any, default: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 2**31 else default


def _positive_int(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _read_object(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
