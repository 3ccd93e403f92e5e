"""Whether a model fits into this machine, with the sum that says so. Pure: it measures nothing.

The arithmetic is the server's own (`mlx_server.pool.estimate`), so that what is said here is what happens
when the model is loaded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from mlx_manager.library.machine import MachineMemory
from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.domain.request import SamplingParams
from mlx_manager.mlx_server.pool.estimate import Need, need_of
from mlx_manager.mlx_server.pool.kv_estimate import kv_bytes_per_token
from mlx_manager.mlx_server.pool.runtime import size
from mlx_manager.mlx_server.pool.watermarks import Watermarks

_HALF_DTYPES: Final = {"float16", "bfloat16"}


class Verdict(StrEnum):
    """How a model fits.

    Attributes:
        FITS: everything asked for fits beside what is held now, and the prompts that are kept.
        TIGHT: it can be loaded, with at least one short request, but something gives way: see `GivesWay`.
        DOES_NOT_FIT: weights and one short request are more than the budget; the server refuses to load it.
    """

    FITS = "fits"
    TIGHT = "tight"
    DOES_NOT_FIT = "does_not_fit"


class GivesWay(StrEnum):
    """What gives way so that a model fits.

    Attributes:
        KEPT_PROMPTS: fewer computed prompts are kept than the settings allow; long prompts are read again.
        CONTEXT: so many requests of that length do not run at once; they wait for one another, or are
            refused where even one is too long.
        OTHER_MODELS: models that are loaded now have to go, or to give back what their caches do not use.
        OTHER_PROGRAMS: other programs hold memory that the budget counts on.
    """

    KEPT_PROMPTS = "kept_prompts"
    CONTEXT = "context"
    OTHER_MODELS = "other_models"
    OTHER_PROGRAMS = "other_programs"


@dataclass(frozen=True, slots=True)
class MemoryFit:
    """A model's need against a machine: `weights + process + kv + prefixes = needed`. All in bytes.

    Attributes:
        weights: parameters as a worker holds them: as fp32 on a CPU where they are half precision.
        process: what the worker takes beside them.
        kv: caches of `num_requests` requests of `context_tokens` tokens each.
        prefixes: computed prompts that are kept.
        least: with a cache for one short request and nothing kept; more than the budget does not fit.
        others: what is promised to other models now.
        context_tokens: as asked for, within the model's own context.
        kv_per_token: of one request's cache; 0 where its config does not say, or where it does not grow.
        max_context_tokens: the longest that so many requests may be when it is alone and keeps no prompts,
            within the model's own context; None where nothing limits it.
        gives_way: why it is tight; empty otherwise.
    """

    verdict: Verdict
    weights: int
    process: int
    kv: int
    prefixes: int
    least: int
    others: int
    context_tokens: int
    num_requests: int
    kv_per_token: int
    max_context_tokens: int | None
    gives_way: tuple[GivesWay, ...]
    machine: MachineMemory

    @property
    def needed(self) -> int:
        """All of it together."""
        return self.weights + self.process + self.kv + self.prefixes

    @property
    def explanation(self) -> str:
        """The sum and what it is compared with, in a sentence."""
        requests = "1 request" if self.num_requests == 1 else f"{self.num_requests} requests"
        text = (
            f"{size(self.weights)} weights + {size(self.process)} process + {size(self.kv)} KV cache "
            f"({requests} of {self.context_tokens} tokens) + {size(self.prefixes)} kept prompts = "
            f"{size(self.needed)} of {size(self.machine.budget)}"
        )
        return f"{text}; other models hold {size(self.others)}" if self.others else text


def fit_of(
    model: ModelDescription,
    *,
    context_tokens: int,
    num_requests: int,
    machine: MachineMemory,
    measured_bytes: int = 0,
    reserved_bytes: int = 0,
) -> MemoryFit:
    """Whether a model fits.

    Args:
        context_tokens: prompt and answer together, of each request.
        num_requests: that run at once.
        measured_bytes: what its weights and its process took when the server last loaded it; 0 before that.
        reserved_bytes: what the server has promised to it now; 0 where it is not loaded.
    """
    need = need_of(
        model,
        measured_bytes=measured_bytes,
        process_bytes=machine.process,
        widens_half=machine.widens_half,
        kv_context_tokens=context_tokens,
        kv_concurrency=num_requests,
        prefix_cache_bytes=machine.prefixes,
    )
    context = min(context_tokens, model.context_length or context_tokens)
    others = max(machine.held - reserved_bytes, 0)
    kv_per_token = model.kv_bytes_per_token * (2 if machine.widens_half else 1)
    fits_at_all = need.least.total <= machine.budget
    gives_way = tuple(_gives_way(need, machine, others, reserved_bytes)) if fits_at_all else ()
    process = min(machine.process, need.wanted.weights)
    return MemoryFit(
        verdict=_verdict(fits_at_all, gives_way),
        weights=need.wanted.weights - process,
        process=process,
        kv=need.wanted.kv,
        prefixes=need.wanted.prefixes,
        least=need.least.total,
        others=others,
        context_tokens=context,
        num_requests=num_requests,
        kv_per_token=kv_per_token,
        max_context_tokens=_max_context(model, need, machine, kv_per_token * num_requests),
        gives_way=gives_way,
        machine=machine,
    )


def fit_of_files(
    config: Mapping[str, Any],
    weight_bytes: int,
    *,
    context_tokens: int,
    num_requests: int,
    machine: MachineMemory,
) -> MemoryFit:
    """Whether a model fits that is known by its `config.json` and the size of its safetensors files alone."""
    model = _described(config, weight_bytes)
    return fit_of(model, context_tokens=context_tokens, num_requests=num_requests, machine=machine)


def _verdict(fits_at_all: bool, gives_way: tuple[GivesWay, ...]) -> Verdict:
    if not fits_at_all:
        return Verdict.DOES_NOT_FIT
    return Verdict.TIGHT if gives_way else Verdict.FITS


def _gives_way(need: Need, machine: MachineMemory, others: int, reserved: int) -> Iterator[GivesWay]:
    budget, wanted = machine.budget, need.wanted
    if wanted.weights + wanted.kv > budget:
        yield GivesWay.CONTEXT
    if wanted.total > budget:
        yield GivesWay.KEPT_PROMPTS
    if others and wanted.total + others > budget:
        yield GivesWay.OTHER_MODELS
    # What other models hold would come back; below this share of the machine the server lets no work begin.
    floor = int(Watermarks().soft_available_share * machine.machine)
    if not reserved and wanted.total > max(machine.available + others - floor, 0):
        yield GivesWay.OTHER_PROGRAMS


def _max_context(
    model: ModelDescription, need: Need, machine: MachineMemory, bytes_per_token: int
) -> int | None:
    if not bytes_per_token:
        return model.context_length
    tokens = max(machine.budget - need.wanted.weights, 0) // bytes_per_token
    return min(tokens, model.context_length or tokens)


def _described(config: Mapping[str, Any], weight_bytes: int) -> ModelDescription:
    """As `pool.model_files` would describe a folder with this config, as far as memory is concerned."""
    nested = config.get("text_config")
    text_config = nested if isinstance(nested, dict) else config
    dtype = str(config.get("torch_dtype") or config.get("dtype") or text_config.get("dtype"))
    context = text_config.get("max_position_embeddings")
    return ModelDescription(
        model_id="",
        path=Path(),
        family=str(config.get("model_type")),
        context_length=context if type(context) is int and 0 < context < 2**63 else None,
        weight_bytes=weight_bytes,
        has_half_weights=dtype in _HALF_DTYPES and "quantization" not in config,
        created=0,
        default_sampling=SamplingParams(),
        kv_bytes_per_token=kv_bytes_per_token(text_config),
    )
