"""A real worker that checks grammars and holds jobs to them."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from guide_vocabulary import VOCAB_SIZE, json_grammar, token_id, tokenizer, vocabulary
from tiny_models import save_folder

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.backends.base import Broken, Token, TokenEvent, TokenJob
from mlx_manager.mlx_server.backends.local import LocalWorker
from mlx_manager.mlx_server.backends.worker_stream import WorkerStream
from mlx_manager.mlx_server.domain.events import FinishReason
from mlx_manager.mlx_server.domain.guide import Guide, ReasoningGuide, Trigger
from mlx_manager.mlx_server.domain.request import SamplingParams
from mlx_manager.mlx_server.engine import wire

STOP_IDS = [token_id("<eos>")]
# Slow to compile, never slow to draw.
LARGE = json_grammar({"type": "object", "properties": {"x": {"enum": [f"name{i}" for i in range(30_000)]}}})


# One worker for all tests but the last, which ends it.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalWorker]:
    """One with a model as wide as the guides' vocabulary."""
    folder = save_folder(tmp_path_factory.mktemp("guided") / "m", vocab_size=VOCAB_SIZE)
    started = await LocalWorker.start()
    try:
        await started.load(wire.Load(str(folder), max_rows=4, prefill_chunk_tokens=16), max_waiting=4)
        yield started
    finally:
        await started.close()


async def check(worker: LocalWorker, *grammars: str) -> list[str]:
    return await worker.check_grammars(grammars, tokenizer().to_str, STOP_IDS)


def job(guide: Guide | None, max_tokens: int = 40, **fields: Any) -> TokenJob:
    values: dict[str, Any] = {"sampling": SamplingParams(temperature=1.0), "seed": 3, "stop_ids": STOP_IDS}
    return TokenJob(prompt_ids=[5, 6, 7], max_tokens=max_tokens, guide=guide, **(values | fields))


async def read(stream: WorkerStream) -> tuple[str, TokenEvent]:
    """A job's text, and its last event."""
    ids: list[int] = []
    while True:
        for event in await stream.next():
            if isinstance(event, Token) and not event.is_mark:
                ids.append(event.token_id)
            if isinstance(event, Broken) or (isinstance(event, Token) and event.finish):
                return b"".join(map(vocabulary().bytes_of, ids)).decode(errors="replace"), event


async def test_grammars_are_checked_and_jobs_are_held(worker: LocalWorker) -> None:
    held = json_grammar({"type": "object", "properties": {"n": {"enum": [1, 2]}}, "required": ["n"]})
    first, fault, again = await check(worker, held, "start: nothing\n", held)
    assert (first, again) == ("", "")
    assert 'unknown name: "nothing"' in fault
    guide = Guide(ReasoningGuide("<think>", "</think>", True, budget=3), held)
    texts = await asyncio.gather(*(read(worker.submit(job(guide, seed=seed))) for seed in range(4)))
    for text, end in texts:
        assert json.loads(text.partition("</think>")[2])["n"] in (1, 2)
        assert isinstance(end, Token)
        assert end.finish is FinishReason.STOP
    text, end = await read(worker.submit(job(Guide(triggers=(Trigger("<tool_call>", 'start: "x"\n'),)))))
    assert isinstance(end, Token)


async def test_a_guided_job_that_is_cancelled_before_its_grammar_is_ready_never_runs(
    worker: LocalWorker,
) -> None:
    await check(worker, 'start: "a"\n')
    # Compiled for the first time when the job comes, so that it waits at the desk.
    cancelled = worker.submit(job(Guide(grammar=LARGE), 1_000))
    cancelled.cancel()
    text, _ = await read(worker.submit(job(Guide(grammar='start: "ab"\n'))))
    assert text == "ab"
    pong = await worker.ping()
    assert (pong.num_running, pong.num_waiting, pong.fault) == (0, 0, "")


async def test_free_rows_go_on_while_grammars_are_compiled(worker: LocalWorker) -> None:
    await check(worker, 'start: "a"\n')
    free = worker.submit(job(None, 100_000, stop_ids=[]))
    await free.next()
    checked = asyncio.create_task(check(worker, LARGE))
    num_tokens = 0
    while not checked.done():
        num_tokens += len(await free.next())
    free.cancel()
    assert await checked == [""]
    assert num_tokens > 0


async def test_a_grammar_that_cannot_be_enforced_fails_its_own_job(worker: LocalWorker) -> None:
    await check(worker, 'start: "a"\n')
    _, end = await read(worker.submit(job(Guide(grammar="start: nothing\n"))))
    assert isinstance(end, Broken)
    assert end.code is ErrorCode.ENGINE_ERROR
    text, _ = await read(worker.submit(job(Guide(grammar='start: "ab"\n'))))
    assert text == "ab"


async def test_a_worker_that_dies_answers_nobody(worker: LocalWorker) -> None:
    await check(worker, 'start: "a"\n')
    asked = asyncio.create_task(check(worker, LARGE.replace("name", "other")))
    await asyncio.sleep(0)
    await worker.close()
    with pytest.raises(ApiError) as caught:
        await asked
    assert caught.value.code is ErrorCode.WORKER_DIED
    with pytest.raises(ApiError):
        await check(worker, 'start: "b"\n')
