"""`mlx-manager doctor [MODEL ...]`: load models and say what was found out about them on this machine."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Iterator, Sequence

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.domain.models import ModelRuntime
from mlx_manager.mlx_server.pool.pool import ModelPool
from mlx_manager.mlx_server.pool.sources import DEMO_ID


def findings(runtime: ModelRuntime) -> Iterator[str]:
    """One line for each thing that was found out, and what to do where it is not the best."""
    yield runtime.batching
    if not runtime.can_batch:
        yield "its requests run side by side, each in steps of its own: many at once will be slow"
    yield f"{runtime.kv_bytes_per_token:,} bytes of KV cache for each token of a request"
    yield f"prefix cache: {runtime.prefix_cache or 'on'}"
    if runtime.prompt_lookup != "off":
        yield f"prompt lookup: {runtime.prompt_lookup or 'on'}"


async def examine(model_ids: Sequence[str], settings: MLXServerSettings) -> int:
    """Load each model in turn and print its findings; returns how many could not be loaded."""
    pool = ModelPool(settings)
    failed = 0
    try:
        for model_id in model_ids:
            print(f"{model_id}: loading ...", flush=True)
            try:
                description = pool.describe(model_id)
                await pool.load(description)
            except ApiError as error:
                failed += 1
                print(f"  failed: {error.message}")
                continue
            runtime = pool.runtime(description)
            assert runtime is not None
            for line in findings(runtime):
                print(f"  {line}")
    finally:
        await pool.close()
    return failed


def main() -> None:
    """Examine the models that are named, or the demo. Ends with status 1 where one fails."""
    parser = argparse.ArgumentParser(prog="mlx-manager doctor", description=__doc__.partition(": ")[2])
    parser.add_argument("models", nargs="*", metavar="MODEL", help="ids as /v1/models lists them")
    parser.add_argument("--all", action="store_true", help="every model there is")
    arguments = parser.parse_args()
    logging.basicConfig(level="ERROR")
    settings = MLXServerSettings(spare_worker=False)
    model_ids = arguments.models or [DEMO_ID]
    if arguments.all:
        model_ids = [model.model_id for model in ModelPool(settings).catalogue.list()]
    sys.exit(1 if asyncio.run(examine(model_ids, settings)) else 0)


if __name__ == "__main__":
    main()
