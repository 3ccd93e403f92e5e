"""KV caches in 8 or 4 bits: close to the plain ones, smaller, one row at a time; refused where impossible."""

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.models.cache import QuantizedKVCache, make_prompt_cache
from tiny_models import VOCAB, save_folder, tiny

from mlx_manager.mlx_server.engine.kv_bits import with_quantised_cache
from mlx_manager.mlx_server.engine.kv_size import measure_kv
from mlx_manager.mlx_server.engine.loader import load, untrimmable
from mlx_manager.mlx_server.engine.wire import Load


@pytest.mark.parametrize(("bits", "most"), [(8, 0.05), (4, 0.8)])
def test_logits_are_close_and_the_cache_is_smaller(bits: int, most: float) -> None:
    plain = tiny("llama_wide")
    quantised = with_quantised_cache(plain, bits)
    ids = mx.array([np.random.default_rng(3).integers(0, VOCAB, 90).tolist()])
    wanted = np.array(plain(ids, cache=make_prompt_cache(plain)))
    got = np.array(quantised(ids, cache=make_prompt_cache(quantised)))
    scale = float(np.abs(wanted).max())
    error = float(np.abs(wanted - got).max())
    assert 0 < error < most * scale
    sizes = [measure_kv(model, lambda model=model: make_prompt_cache(model)) for model in (plain, quantised)]  # type: ignore[misc]
    assert sizes[1].bytes_per_token < sizes[0].bytes_per_token / (3 if bits == 8 else 5) * 1.2
    assert all(type(layer) is QuantizedKVCache for layer in make_prompt_cache(quantised))
    assert untrimmable(quantised) == ""


def test_a_loaded_model_with_quantised_cache_runs_one_row_at_a_time(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "m", "llama_wide")
    loaded = load(Load(str(folder), 4, 16, kv_bits=8))
    assert not loaded.probe.can_batch
    assert "QuantizedKVCache" in loaded.probe.finding


@pytest.mark.parametrize(
    ("family", "words"),
    [("gemma3_text", "RotatingKVCache"), ("mamba2", "ArraysCache"), ("llama", "cannot be quantised")],
)
def test_what_cannot_be_quantised_is_refused_with_the_reason(family: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):  # the tiny Llama's heads are 8 wide
        with_quantised_cache(tiny(family), 8)
