"""What runs for a request knows its id, and what outlives it does not."""

import asyncio

from mlx_manager.core.request_context import current_request_id, serving_request


async def test_tasks_and_threads_have_it() -> None:
    async def ask() -> str | None:
        return await asyncio.to_thread(current_request_id)

    with serving_request("req_1"):
        assert current_request_id() == "req_1"
        assert await ask() == "req_1"
        assert await asyncio.create_task(ask()) == "req_1"
    assert current_request_id() is None


async def test_requests_at_once_have_their_own() -> None:
    met = asyncio.Barrier(3)

    async def serve(request_id: str) -> str | None:
        with serving_request(request_id):
            await met.wait()
            return await asyncio.to_thread(current_request_id)

    names = ["a", "b", "c"]
    assert await asyncio.gather(*map(serve, names)) == names


async def test_what_outlives_the_request_does_not_keep_it() -> None:
    over = asyncio.Event()

    async def work() -> tuple[str | None, str | None]:
        before = current_request_id()
        await over.wait()
        return before, current_request_id()

    with serving_request("req_1"):
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
    over.set()
    assert await task == ("req_1", None)
