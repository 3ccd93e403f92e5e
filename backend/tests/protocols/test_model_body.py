"""A model as `/v1/models` shows it."""

import json
from pathlib import Path

import msgspec

from mlx_manager.mlx_server.domain.models import Capability, ModelDescription, ModelRuntime, Quantization
from mlx_manager.mlx_server.domain.request import SamplingParams
from mlx_manager.mlx_server.pool.written_formats import WrittenFormats
from mlx_manager.mlx_server.protocols.openai.wire import ModelBody, model_body

BARE = ModelDescription(
    model_id="owner/name",
    path=Path("/models/name"),
    family="llama",
    context_length=None,
    weight_bytes=10,
    disk_bytes=12,
    has_half_weights=False,
    created=1_700_000_000,
    default_sampling=SamplingParams(),
)
FULL = ModelDescription(
    model_id="m",
    path=Path("/models/m"),
    family="qwen3",
    context_length=4096,
    weight_bytes=10,
    disk_bytes=12,
    has_half_weights=False,
    created=1_700_000_000,
    default_sampling=SamplingParams(),
    num_parameters=8_000_000_000,
    quantization=Quantization(4, 64),
    capabilities=(Capability.CHAT, Capability.TOOLS),
    licence="apache-2.0",
)


def on_the_wire(body: ModelBody) -> object:
    return json.loads(msgspec.json.encode(body))


def test_what_is_not_known_is_absent() -> None:
    body = model_body(
        BARE, None, status="unloaded", resident_bytes=None, aliases=(), formats=WrittenFormats()
    )
    assert on_the_wire(body) == {
        "id": "owner/name",
        "object": "model",
        "owned_by": "local",
        "created": 1_700_000_000,
        "family": "llama",
        "status": "unloaded",
        "aliases": [],
        "capabilities": [],
        "has_chat_template": False,
        "size_bytes": 12,
    }


def test_what_is_known() -> None:
    runtime = ModelRuntime(True, "batches", 1024, None, None, "off")
    body = model_body(
        FULL,
        runtime,
        status="loaded",
        resident_bytes=99,
        aliases=["fast"],
        formats=WrittenFormats("glm", "think"),
    )
    assert on_the_wire(body) == {
        "id": "m",
        "object": "model",
        "owned_by": "local",
        "created": 1_700_000_000,
        "family": "qwen3",
        "status": "loaded",
        "aliases": ["fast"],
        "capabilities": ["chat", "tools"],
        "has_chat_template": True,
        "size_bytes": 12,
        "resident_bytes": 99,
        "context_length": 4096,
        "parameters": 8_000_000_000,
        "quantization": {"bits": 4, "group_size": 64, "mode": "affine"},
        "license": "apache-2.0",
        "runtime": {
            "can_batch": True,
            "batching": "batches",
            "kv_bytes_per_token": 1024,
            "kv_bits": None,
            "prefix_cache": "on",
            "prompt_lookup": "off",
        },
        "tool_format": "glm",
        "reasoning_format": "think",
    }
