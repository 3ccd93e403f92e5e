"""The sum, the verdict, and that both are the server's own arithmetic."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_manager.library.machine import Device, MachineMemory, machine_memory
from mlx_manager.library.memory_fit import GivesWay, MemoryFit, Verdict, fit_of, fit_of_files
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.domain.request import SamplingParams
from mlx_manager.mlx_server.pool.budget import effective_budget_bytes
from mlx_manager.mlx_server.pool.estimate import need_of
from mlx_manager.mlx_server.pool.memory_ledger import MemoryLedger
from mlx_manager.mlx_server.pool.model_files import describe
from tests.pool.model_folders import CONFIG, write_listed

GB = 2**30
# Keys and values of 64 numbers in two layers, at two bytes each.
SHAPE: dict[str, Any] = {
    "model_type": "llama",
    "num_hidden_layers": 2,
    "num_attention_heads": 1,
    "hidden_size": 64,
    "max_position_embeddings": 32_768,
}
PER_TOKEN = 2 * 2 * 64 * 2
MODEL = ModelDescription(
    model_id="m",
    path=Path("/m"),
    family="llama",
    context_length=32_768,
    weight_bytes=8 * GB,
    has_half_weights=True,
    created=0,
    default_sampling=SamplingParams(),
    kv_bytes_per_token=2**17,
)
MAC = MachineMemory(
    setting=48 * GB,
    machine=36 * GB,
    cgroup=None,
    device=27 * GB,
    available=30 * GB,
    process=GB,
    prefixes=2 * GB,
)


def fit(machine: MachineMemory = MAC, **asked: Any) -> MemoryFit:
    defaults: dict[str, Any] = {"context_tokens": 8192, "num_requests": 4, "machine": machine}
    return fit_of(MODEL, **defaults | asked)


def test_each_term_of_the_sum() -> None:
    found = fit()
    assert (found.weights, found.process, found.kv, found.prefixes) == (8 * GB, GB, 4 * GB, 2 * GB)
    assert found.needed == 15 * GB
    assert found.verdict is Verdict.FITS
    assert found.gives_way == ()
    assert found.explanation == (
        "8.00 GB weights + 1.00 GB process + 4.00 GB KV cache (4 requests of 8192 tokens) + "
        "2.00 GB kept prompts = 15.00 GB of 27.00 GB"
    )


def test_a_cpu_holds_half_precision_as_fp32() -> None:
    found = fit(replace(MAC, widens_half=True))
    assert (found.weights, found.kv, found.kv_per_token) == (16 * GB, 8 * GB, 2**18)


def test_prompts_give_way_before_requests_do() -> None:
    assert fit(replace(MAC, device=14 * GB)).gives_way == (GivesWay.KEPT_PROMPTS,)
    assert fit(replace(MAC, device=13 * GB - 1)).gives_way == (GivesWay.CONTEXT, GivesWay.KEPT_PROMPTS)
    assert fit(replace(MAC, device=13 * GB - 1)).verdict is Verdict.TIGHT


def test_without_room_for_one_short_request_it_does_not_fit() -> None:
    least = 9 * GB + 2048 * 2**17
    assert fit().least == least
    assert fit(replace(MAC, device=least)).verdict is Verdict.TIGHT
    without = fit(replace(MAC, device=least - 1))
    assert (without.verdict, without.gives_way) == (Verdict.DOES_NOT_FIT, ())


def test_others_count_and_its_own_reservation_does_not() -> None:
    held = replace(MAC, held=20 * GB)
    assert fit(held).gives_way == (GivesWay.OTHER_MODELS,)
    assert fit(held).others == 20 * GB
    assert "other models hold 20.00 GB" in fit(held).explanation
    loaded = fit(held, reserved_bytes=20 * GB)
    assert (loaded.verdict, loaded.others) == (Verdict.FITS, 0)


def test_memory_that_other_programs_hold() -> None:
    busy = replace(MAC, available=10 * GB)
    assert fit(busy).gives_way == (GivesWay.OTHER_PROGRAMS,)
    assert fit(busy, reserved_bytes=15 * GB).verdict is Verdict.FITS, "it has its memory already"
    assert fit(replace(busy, held=8 * GB)).verdict is Verdict.FITS, "the other model can go"


def test_what_was_measured_counts() -> None:
    found = fit(measured_bytes=11 * GB)
    assert (found.weights, found.process) == (10 * GB, GB)


def test_the_longest_context() -> None:
    assert fit().max_context_tokens == 32_768
    assert fit(num_requests=8).max_context_tokens == 18 * GB // 2**20
    assert fit(replace(MAC, device=GB)).max_context_tokens == 0
    assert fit(context_tokens=10**6).context_tokens == 32_768


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", None])
@pytest.mark.parametrize("place", ["torch_dtype", "dtype", "nested"])
@pytest.mark.parametrize("is_quantised", [False, True])
def test_files_of_the_hub_are_reckoned_as_an_installed_model_is(
    tmp_path: Path, dtype: str | None, place: str, is_quantised: bool
) -> None:
    config = {**CONFIG, **SHAPE}
    del config["torch_dtype"]
    if dtype is not None:
        config["dtype" if place == "nested" else place] = dtype
    if place == "nested":
        config = {"model_type": "gemma3", "text_config": config}
    if is_quantised:
        config["quantization"] = {"bits": 4, "group_size": 64}
    installed = describe("m", write_listed(tmp_path / "m", config))
    assert isinstance(installed, ModelDescription)
    for machine in (MAC, replace(MAC, widens_half=True)):
        asked: dict[str, Any] = {"context_tokens": 4096, "num_requests": 2, "machine": machine}
        assert fit_of_files(json.loads(json.dumps(config)), 8, **asked) == fit_of(installed, **asked)
    assert installed.kv_bytes_per_token > 0


@pytest.mark.parametrize("config", [{}, {"max_position_embeddings": "long"}, {"text_config": [1]}])
def test_a_config_that_says_nothing(config: dict[str, Any]) -> None:
    found = fit_of_files(config, GB, context_tokens=4096, num_requests=1, machine=MAC)
    assert (found.kv, found.kv_per_token, found.max_context_tokens) == (0, 0, None)
    assert found.verdict is Verdict.FITS


@given(
    weight_gb=st.floats(0, 40),
    budget_gb=st.floats(0.1, 40),
    context=st.integers(1, 40_000),
    num_requests=st.integers(1, 64),
    widens=st.booleans(),
    measured_gb=st.sampled_from([0.0, 3.0]),
)
def test_the_verdict_is_what_the_servers_ledger_does(
    weight_gb: float, budget_gb: float, context: int, num_requests: int, widens: bool, measured_gb: float
) -> None:
    model = replace(MODEL, weight_bytes=int(weight_gb * GB))
    machine = replace(MAC, device=int(budget_gb * GB), widens_half=widens)
    found = fit_of(
        model,
        context_tokens=context,
        num_requests=num_requests,
        machine=machine,
        measured_bytes=int(measured_gb * GB),
        reserved_bytes=1,  # other programs are no matter of the ledger's
    )
    need = need_of(
        model,
        measured_bytes=int(measured_gb * GB),
        process_bytes=machine.process,
        widens_half=widens,
        kv_context_tokens=context,
        kv_concurrency=num_requests,
        prefix_cache_bytes=machine.prefixes,
    )
    ledger = MemoryLedger(machine.budget)
    assert found.needed == need.wanted.total
    assert (need.within(ledger.free_bytes) is None) == (found.verdict is Verdict.DOES_NOT_FIT)
    assert ledger.reserve("m", need.wanted) == (found.verdict is Verdict.FITS)


def test_this_machine() -> None:
    settings = MLXServerSettings(max_memory_gb=48, prefix_cache_gb=1)
    device = Device(limit_bytes=3 * GB, widens_half=True)
    found = machine_memory(settings, device)
    assert found.budget == effective_budget_bytes(settings.max_memory_bytes, 3 * GB)
    assert (found.held, found.prefixes, found.widens_half) == (0, GB, True)
    assert 0 < found.available <= found.machine


def test_what_a_running_server_says_counts() -> None:
    said = {"budget": GB, "reserved": 7, "spare_worker": 5}
    found = machine_memory(MLXServerSettings(), Device(None, widens_half=False), said)
    assert (found.budget, found.held, found.process) == (GB, 7, 5)
