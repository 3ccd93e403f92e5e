"""Clients of messages that leave: their requests end, and nobody else's."""

import threading

import httpx
import pytest
from anthropic import Anthropic

from tests.live.conftest import StartServer
from tests.live.messages import (
    ENDLESSLY,
    HOT,
    PATH,
    sdk,
)
from tests.live.server import DEADLINE_S, ENDLESS, Server, wait_until


def test_leaving_a_stream_ends_it(server: Server, claude: Anthropic) -> None:
    with claude.messages.stream(**ENDLESSLY, extra_body=HOT) as stream:
        pieces = [piece for piece, _ in zip(stream.text_stream, range(5), strict=False)]
    assert len(pieces) == 5
    server.wait_idle()


def test_leaving_a_whole_answer_ends_it(server: Server) -> None:
    with pytest.raises(httpx.ReadTimeout):
        server.client.post(PATH, json=ENDLESSLY | HOT, timeout=httpx.Timeout(DEADLINE_S, read=0.5))
    server.wait_idle()


def test_one_who_leaves_the_queue_leaves_the_others_alone(start_server: StartServer) -> None:
    settings = {"MLX_SERVER_MAX_CONCURRENT_REQUESTS": "1", "MLX_SERVER_PRELOAD": f'["{ENDLESS}"]'}
    server = start_server(settings)
    with sdk(server) as client, client.messages.stream(**ENDLESSLY, extra_body=HOT) as stream:
        next(iter(stream.text_stream))

        def engine() -> tuple[int, int]:
            health = server.engine()
            assert health is not None
            return health["num_running"], health["num_waiting"]

        def wait_in_queue(*, streaming: bool) -> None:
            timeout = httpx.Timeout(DEADLINE_S, read=1)
            body = ENDLESSLY | HOT | {"stream": streaming}
            with (
                pytest.raises(httpx.ReadTimeout),
                httpx.Client(base_url=server.base_url, timeout=timeout, trust_env=False) as leaver,
                leaver.stream("POST", PATH, json=body) as response,
            ):
                assert "content_block_start" not in response.read().decode()

        for streaming in (False, True):
            waiter = threading.Thread(target=wait_in_queue, kwargs={"streaming": streaming})
            waiter.start()
            wait_until(lambda: engine() == (1, 1), "the second request is in the queue")
            waiter.join()
            wait_until(lambda: engine() == (1, 0), "the queue is empty")
        assert next(iter(stream.text_stream))
    server.wait_idle()
