"""What only spans show of a setting."""

from pathlib import Path

import pytest

from tests.live.collector import Collector
from tests.live.pool_server import ALPHA, write_tiny
from tests.live.server import Server, wait_until
from tests.live.test_tracing import new_trace, tracing_env

PROMPT = " ".join(f"w{number % 7}" for number in range(300))


@pytest.mark.full
def test_prefill_chunk_tokens(tmp_path: Path) -> None:
    """It counts from the next load on."""
    write_tiny(tmp_path / "models" / ALPHA)
    stated = {"MLX_SERVER_MODEL_DIRS": f'["{tmp_path}/models"]', "MLX_SERVER_PRELOAD": "[]"}
    with Collector() as collector, Server(tmp_path, tracing_env(collector, **stated)) as server:

        def num_chunks() -> int:
            trace_id, headers = new_trace()
            body = {"model": ALPHA, "prompt": PROMPT, "max_tokens": 1, "cache_salt": trace_id}
            assert server.post("/v1/completions", body, headers=headers).status_code == 200
            span = wait_until(
                lambda: next((span for span in collector.trace(trace_id) if span.name == "prefill"), None),
                "the span of reading the prompt",
            )
            return int(span.attributes["mlx_manager.prefill_chunks"])

        before = num_chunks()
        change = {"prefill_chunk_tokens": 16}
        assert server.client.patch("/admin/settings", json=change).status_code == 200
        assert num_chunks() == before
        assert server.client.post(f"/admin/models/{ALPHA}/unload").status_code == 200
        assert num_chunks() >= 300 / 16 > before
