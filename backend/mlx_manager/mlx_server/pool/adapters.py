"""LoRA adapters: folders beside the models, offered as `base+adapter`."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mlx_manager.mlx_server.domain.models import ModelDescription, UnusableModel
from mlx_manager.mlx_server.pool.small_files import read_object, revision, signature
from mlx_manager.mlx_server.pool.weight_files import UnusableError

_WEIGHTS = "adapters.safetensors"
# The format of Hugging Face's PEFT, which mlx-lm does not read.
_PEFT_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")


@dataclass(frozen=True, slots=True)
class Adapter:
    """A folder with an adapter_config.json.

    Attributes:
        adapter_id: the part after the plus.
        base: what it says that it was made for: an id, or the path of a folder.
        fault: why it cannot be used, or None where it can.
    """

    adapter_id: str
    path: Path
    base: str
    nbytes: int
    created: int
    revision: str
    fault: UnusableError | None = None


def read_adapter(adapter_id: str, path: Path, *, is_downloading: bool) -> Adapter | None:
    """Read a folder; None where it is no adapter, or does not say what for."""
    config_file = path / "adapter_config.json"
    changes = signature(path)
    config = read_object(config_file)
    base = config.get("model") or config.get("base_model_name_or_path")
    if not isinstance(base, str):
        return None
    weights = path / _WEIGHTS
    try:
        nbytes, created = weights.stat().st_size, int(config_file.stat().st_mtime)
        fault = None
    except OSError:
        nbytes = created = 0
        fault = _fault(path, is_downloading)
    return Adapter(adapter_id, path, base, nbytes, created, revision(changes), fault)


def _fault(path: Path, is_downloading: bool) -> UnusableError:
    if found := next((name for name in _PEFT_WEIGHTS if os.path.lexists(path / name)), None):
        reason = f"{found} is in PEFT's format, and adapters are read in mlx-lm's: {_WEIGHTS}"
        return UnusableError(reason, is_incomplete=False)
    missing = is_downloading or os.path.lexists(path / _WEIGHTS)
    return UnusableError(f"the adapter's {_WEIGHTS} is not there", is_incomplete=missing)


def adapted(
    adapters: Collection[Adapter], models: Mapping[str, ModelDescription]
) -> Iterator[ModelDescription | UnusableModel]:
    """Each adapter with each model that it was made for; what was made for others is left out."""
    for adapter in adapters:
        for model in _bases(adapter.base, models):
            model_id = f"{model.model_id}+{adapter.adapter_id}"
            if adapter.fault is not None:
                fault = adapter.fault
                yield UnusableModel(model_id, adapter.path, str(fault), fault.is_incomplete)
                continue
            yield replace(
                model,
                model_id=model_id,
                adapter_path=adapter.path,
                weight_bytes=model.weight_bytes + adapter.nbytes,
                disk_bytes=model.disk_bytes + adapter.nbytes,
                created=adapter.created,
                revision=revision(model.revision, adapter.revision),
            )


def _bases(base: str, models: Mapping[str, ModelDescription]) -> list[ModelDescription]:
    """The models of this id or in this folder; else one whose folder has the name that the id ends with."""
    folder = os.path.expanduser(base)
    is_folder = os.path.isabs(folder) and os.path.isdir(folder)
    exact = [
        model
        for model in models.values()
        if model.model_id == base or (is_folder and os.path.realpath(model.path) == os.path.realpath(folder))
    ]
    if exact:
        return exact
    name = os.path.basename(os.path.normpath(base))
    return [models[name]] if name in models else []
