"""LoRA adapters: what they add is what the formula says, and what does not fit is refused in words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.models.cache import make_prompt_cache
from tiny_models import VOCAB, build, save_folder

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.backends.local import LocalWorker
from mlx_manager.mlx_server.engine.adapter import AdapterError
from mlx_manager.mlx_server.engine.fingerprint import fingerprint
from mlx_manager.mlx_server.engine.loader import load
from mlx_manager.mlx_server.engine.prefixes import open_prefix_cache
from mlx_manager.mlx_server.engine.wire import Load

SCALE, RANK = 3.0, 4
KEYS = ("self_attn.q_proj", "mlp.down_proj")
PROMPT = [5, 17, 3, 80, 41, 2]
WAIT_S = 60.0


def modules_of(model: Any) -> dict[str, Any]:
    """The layers that the adapter changes, by name."""
    return {
        f"model.layers.{index}.{key}": _within(layer, key)
        for index, layer in enumerate(model.layers)
        for key in KEYS
    }


def _within(module: Any, path: str) -> Any:
    for name in path.split("."):
        module = getattr(module, name)
    return module


def dense(module: Any) -> mx.array:
    """A layer's weights, (outputs, inputs), unpacked."""
    if "scales" not in module:
        return module.weight
    return mx.dequantize(
        module.weight, module.scales, module.biases, group_size=module.group_size, bits=module.bits
    )


def adapter_weights(model: Any, seed: int = 1) -> dict[str, mx.array]:
    random = np.random.default_rng(seed)
    weights = {}
    for name, module in modules_of(model).items():
        outputs, inputs = dense(module).shape
        weights[f"{name}.lora_a"] = mx.array(random.normal(0, 0.3, (inputs, RANK)).astype(np.float32))
        weights[f"{name}.lora_b"] = mx.array(random.normal(0, 0.3, (RANK, outputs)).astype(np.float32))
    return weights


def write_adapter(path: Path, weights: dict[str, mx.array], **changes: Any) -> Path:
    """As mlx-lm's training leaves it."""
    path.mkdir()
    config = {
        "model": "base",
        "fine_tune_type": "lora",
        "num_layers": 2,
        "lora_parameters": {"rank": RANK, "scale": SCALE, "dropout": 0.1, "keys": list(KEYS)},
    }
    entries = {key: value for key, value in (config | changes).items() if value is not None}
    (path / "adapter_config.json").write_text(json.dumps(entries))
    mx.save_safetensors(str(path / "adapters.safetensors"), weights)
    return path


def command(folder: Path, adapter: Path | None = None, **fields: Any) -> Load:
    path = str(adapter) if adapter is not None else ""
    return Load(str(folder), max_rows=1, prefill_chunk_tokens=16, adapter_path=path, **fields)


def logits(model: Any) -> np.ndarray[Any, Any]:
    return np.array(model(mx.array([PROMPT]))[0])


@pytest.mark.parametrize("family", ["llama", "llama-4bit"])
def test_the_adapter_adds_what_the_formula_says(tmp_path: Path, family: str) -> None:
    folder = save_folder(tmp_path / "base", family)
    reference = build(family)
    base = logits(reference)
    weights = adapter_weights(reference)
    adapter = write_adapter(tmp_path / "adapter", weights)

    loaded = load(command(folder, adapter))
    found = logits(loaded.model)

    # The low-rank part, added to what each layer gives without it.
    for name, module in modules_of(reference).items():
        added = SCALE * (weights[f"{name}.lora_a"] @ weights[f"{name}.lora_b"])
        parent, _, leaf = name.removeprefix("model.").rpartition(".")
        owner = reference.model.layers[int(parent.split(".")[1])][parent.split(".")[2]]
        setattr(owner, leaf, _Added(module, added))
    assert np.abs(found - logits(reference)).max() < 1e-3
    assert np.abs(found - base).max() > 0.1
    assert np.abs(logits(load(command(folder)).model) - base).max() < 1e-4
    size = sum(array.nbytes for array in weights.values())
    assert loaded.weight_bytes == load(command(folder)).weight_bytes + size
    # At work, nothing of it is drawn at random.
    assert (logits(loaded.model) == found).all()


class _Added:
    """A layer and a matrix beside it."""

    def __init__(self, module: Any, added: mx.array) -> None:
        self._weight, self._added = dense(module), added

    def __call__(self, x: mx.array) -> mx.array:
        return x @ self._weight.T + x @ self._added


def test_weights_of_which_the_adapter_says_all(tmp_path: Path) -> None:
    """DoRA gives each row of the sum a length of its own."""
    folder = save_folder(tmp_path / "base")
    reference = build("llama")
    weights = adapter_weights(reference)
    for name, module in modules_of(reference).items():
        weights[f"{name}.m"] = mx.random.uniform(0.5, 2.0, (module.weight.shape[0],))
    adapter = write_adapter(tmp_path / "adapter", weights, fine_tune_type="dora")
    found = logits(load(command(folder, adapter)).model)
    for name, module in modules_of(reference).items():
        total = module.weight + SCALE * (weights[f"{name}.lora_a"] @ weights[f"{name}.lora_b"]).T
        lengths = mx.linalg.norm(total, axis=1)
        module.weight = total * (weights[f"{name}.m"] / lengths)[:, None]
    assert np.abs(found - logits(reference)).max() < 1e-3


LORA = {"rank": RANK, "scale": SCALE, "dropout": 0.0, "keys": list(KEYS)}
Change = Callable[[dict[str, mx.array]], dict[str, mx.array]]


@pytest.mark.parametrize(
    ("change", "config", "reason"),
    [
        (lambda w: {name: array[:, :-1] for name, array in w.items()}, {}, "does not match model parameter"),
        (lambda w: {name: array for name, array in w.items() if "layers.0" in name}, {}, "lacks 4 of the 8"),
        (lambda w: w | {"model.layers.7.mlp.down_proj.lora_a": mx.zeros((1, 1))}, {}, "layers.7"),
        (lambda w: {}, {}, "lacks 8 of the 8"),
        (lambda w: w, {"lora_parameters": LORA | {"keys": ["no.such"]}}, "not an adapter parameter"),
        (lambda w: {}, {"lora_parameters": LORA | {"keys": ["no.such"]}}, "it holds no weights"),
        (lambda w: w, {"lora_parameters": {"rank": 4, "dropout": 0.0, "alpha": 16}}, "'scale'"),
        (lambda w: w, {"num_layers": None}, "adapter_config.json has no 'num_layers'"),
        (lambda w: w, {"lora_parameters": None}, "adapter_config.json has no 'lora_parameters'"),
    ],
)
def test_an_adapter_that_does_not_fit(
    tmp_path: Path, change: Change, config: dict[str, Any], reason: str
) -> None:
    folder = save_folder(tmp_path / "base")
    adapter = write_adapter(tmp_path / "poet", change(adapter_weights(build("llama"))), **config)
    with pytest.raises(AdapterError, match="the adapter poet cannot be applied") as caught:
        load(command(folder, adapter))
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["adapter_config.json", "adapters.safetensors"])
@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff" * 100])
def test_a_damaged_adapter(tmp_path: Path, name: str, content: bytes | None) -> None:
    folder = save_folder(tmp_path / "base")
    adapter = write_adapter(tmp_path / "poet", adapter_weights(build("llama")))
    if content is None:
        (adapter / name).unlink()
    else:
        (adapter / name).write_bytes(content)
    with pytest.raises(AdapterError, match="the adapter poet cannot be applied"):
        load(command(folder, adapter))


async def test_a_worker_says_why_it_cannot_load(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "base")
    adapter = write_adapter(tmp_path / "poet", {"x.lora_a": mx.zeros((2, 2))})
    worker = await LocalWorker.start()
    try:
        with pytest.raises(ApiError, match=r"x\.lora_a: not an adapter parameter") as caught:
            await worker.load(command(folder, adapter), max_waiting=1)
    finally:
        await worker.close()
    assert caught.value.code is ErrorCode.MODEL_LOAD_FAILED


def test_the_fingerprint_knows_the_adapter(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "base")
    weights = adapter_weights(build("llama"))
    one = write_adapter(tmp_path / "one", weights)
    other = write_adapter(tmp_path / "other", adapter_weights(build("llama"), seed=2))
    seen = [fingerprint(folder), fingerprint(folder, one), fingerprint(folder, other)]
    assert seen == [fingerprint(folder, None), fingerprint(folder, one), fingerprint(folder, other)]
    mx.save_safetensors(
        str(one / "adapters.safetensors"), {name: array + 1e-3 for name, array in weights.items()}
    )
    seen.append(fingerprint(folder, one))
    (one / "adapter_config.json").write_text("{}")
    seen.append(fingerprint(folder, one))
    assert len(set(seen)) == 5


def test_prefixes_of_a_model_and_of_its_adapted_self_are_kept_apart(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "base")
    adapter = write_adapter(tmp_path / "adapter", adapter_weights(build("llama")))
    prompt = list(range(VOCAB)) * 2

    def hits(adapter: Path | None, *, insert: bool) -> int:
        """Tokens of the prompt that are found on disk; then the prompt is kept there, if so wanted."""
        asked = command(
            folder,
            adapter,
            cache_budget_bytes=2**24,
            cache_dir=str(tmp_path / "prefixes"),
            cache_disk_budget_bytes=2**24,
        )
        model = load(asked).model
        prefixes, disk, reason = open_prefix_cache(model, asked, lambda: None)
        assert prefixes is not None, reason
        assert disk is not None
        for _ in range(5):
            if (hit := prefixes.lookup("", [*prompt, 1])) is not None:
                break
            assert disk.wait_idle(WAIT_S)
        assert hit is not None
        if insert:
            cache = make_prompt_cache(model)
            model(mx.array([prompt]), cache=cache)
            prefixes.insert("", prompt, cache, "user")
            assert prefixes.flush(WAIT_S)
        assert prefixes.close(WAIT_S)
        return hit.num_tokens

    assert hits(None, insert=True) == 0
    assert hits(adapter, insert=True) == 0
    assert hits(None, insert=False) == len(prompt)
    assert hits(adapter, insert=False) == len(prompt)
