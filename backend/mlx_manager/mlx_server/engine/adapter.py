"""A LoRA adapter in mlx-lm's format, put onto a model whose weights are not yet computed."""

import json
from pathlib import Path
from typing import Any, Final

import mlx.core as mx
from mlx.utils import tree_flatten

_WEIGHTS: Final = "adapters.safetensors"
_LEAVES: Final = ("lora_a", "lora_b")
# mlx-lm names every tensor that does not fit in a line of its own.
_MOST_LINES: Final = 3


class AdapterError(Exception):
    """The adapter does not fit the model, or is damaged; the message says how."""


def apply_adapter(model: Any, path: Path) -> None:
    """Change the model's layers into those of the adapter, with its weights.

    Layers that are changed hold their old weights beside the adapter's, lazily as they were.

    Raises:
        AdapterError: the adapter cannot be applied to this model.
    """
    from mlx_lm.tuner.utils import load_adapters  # optimisers and a training loop come with it

    try:
        load_adapters(model, str(path))
        weights: Any = mx.load(str(path / _WEIGHTS))
    except Exception as error:  # mlx-lm and MLX raise what they like
        raise AdapterError(f"the adapter {path.name} cannot be applied: {_reason(error)}") from error
    expected = {name for name, _ in tree_flatten(model.parameters()) if name.rpartition(".")[2] in _LEAVES}
    # What is left out would stay as it was made up, and change the model at random or not at all.
    if missing := sorted(expected - weights.keys()):
        raise AdapterError(
            f"the adapter {path.name} cannot be applied: it lacks {len(missing)} of the {len(expected)} "
            f"weights that its config speaks of, such as {missing[0]}"
        )
    if not weights:
        raise AdapterError(f"the adapter {path.name} cannot be applied: it holds no weights")


def _reason(error: Exception) -> str:
    """The error in words; a missing entry is named by mlx-lm as an attribute or a key."""
    match error:
        case AttributeError() if error.name:
            return f"its adapter_config.json has no {error.name!r}"
        case KeyError():
            return f"its adapter_config.json: {error.args[0] if error.args else error}"
        case json.JSONDecodeError():
            return f"its adapter_config.json is no JSON: {error}"
    lines = [line.strip() for line in str(error).splitlines()]
    more = f" and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else ""
    return " ".join(lines[:_MOST_LINES]) + more
