"""Responses that are being made, as another connection sees them."""

import pytest

from mlx_manager.mlx_server import running_responses
from mlx_manager.mlx_server.request_log import RequestRecord
from mlx_manager.mlx_server.running_responses import RunningResponse, RunningResponses


class Cancels:
    """A generator that is told what to end, and does not."""

    def __init__(self) -> None:
        self.cancelled: list[RequestRecord] = []

    def cancel(self, record: RequestRecord) -> bool:
        self.cancelled.append(record)
        return True


async def test_one_that_runs_is_its_users_until_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_responses, "_ENDS_WITHIN_S", 0.01)
    generator = Cancels()
    running = RunningResponses(generator)  # type: ignore[arg-type]
    response = RunningResponse("resp_1", "ada", RequestRecord("r"), [], lambda: b"{}")
    with running.holding(response):
        assert running.get("ada", "resp_1") is response
        assert running.get("bob", "resp_1") is None
        # Whoever reads the stream does not hold up who cancels it.
        await running.cancel(response)
        assert generator.cancelled == [response.record]
        assert not response.ended.is_set()
        response.ended.set()
        assert running.get("ada", "resp_1") is None
    other = RunningResponse("resp_2", "ada", RequestRecord("r"), [], lambda: b"{}")
    with running.holding(other):
        pass
    assert other.ended.is_set()
    assert running.get("ada", "resp_2") is None
