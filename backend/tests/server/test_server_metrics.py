"""What is counted of a request, and that no caller makes a series."""

import pytest

from mlx_manager.core.errors import ErrorCode
from mlx_manager.mlx_server.metrics import ServerMetrics
from mlx_manager.mlx_server.request_log import Phase, RequestLog, RequestRecord


def samples(metrics: ServerMetrics, name: str) -> dict[tuple[str, ...], float]:
    """A metric's values by those of its labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in metrics.app.registry.collect()
        for sample in family.samples
        if sample.name == f"mlx_server_{name}"
    }


def finished(**fields: object) -> RequestRecord:
    """A request that took 4 s: 1 in the queue, 0.5 until its first token, 2.5 for five more."""
    record = RequestRecord("req", "gpt", "openai_chat", model_id="demo")
    record.prompt_tokens, record.cached_tokens, record.completion_tokens = 10, 4, 6
    record.admitted_at, record.first_token_at = record.begun_at + 1.0, record.begun_at + 1.5
    record.end(Phase.FINISHED, "stop", 200)
    record.ended_at = record.begun_at + 4.0
    for name, value in fields.items():
        setattr(record, name, value)
    return record


def test_a_whole_request() -> None:
    metrics = ServerMetrics("1")
    metrics.ended(finished())
    assert samples(metrics, "requests_total") == {("demo", "openai_chat", "finished", ""): 1}
    tokens = ("prompt_tokens", "cached_tokens", "completion_tokens")
    assert [samples(metrics, f"{name}_total") for name in tokens] == [{("demo",): n} for n in (10, 4, 6)]
    for name, seconds in {
        "queue_time": 1.0,
        "prefill_time": 0.5,
        "time_to_first_token": 1.5,
        "request_duration": 4.0,
        "time_per_output_token": 0.5,
    }.items():
        assert samples(metrics, f"{name}_seconds_count") == {("demo",): 1}
        assert samples(metrics, f"{name}_seconds_sum")[("demo",)] == pytest.approx(seconds), name


def test_a_request_that_never_began_has_no_prompt_tokens() -> None:
    metrics = ServerMetrics("1")
    record = finished(admitted_at=None, first_token_at=None, completion_tokens=0)
    record.outcome, record.detail = Phase.FAILED, ErrorCode.QUEUE_FULL.value
    metrics.ended(record)
    assert samples(metrics, "requests_total") == {("demo", "openai_chat", "failed", "queue_full"): 1}
    assert samples(metrics, "prompt_tokens_total") == samples(metrics, "queue_time_seconds_count") == {}
    assert samples(metrics, "request_duration_seconds_count") == {("demo",): 1}


def test_an_answer_of_one_token_has_no_time_per_token() -> None:
    metrics = ServerMetrics("1")
    metrics.ended(finished(completion_tokens=1))
    assert samples(metrics, "time_per_output_token_seconds_count") == {}
    assert samples(metrics, "time_to_first_token_seconds_count") == {("demo",): 1}


def test_an_invented_model_has_no_name() -> None:
    metrics = ServerMetrics("1")
    for number in range(10):
        record = RequestRecord("req", f"invented-{number}", "openai_chat")
        record.end(Phase.FAILED, ErrorCode.MODEL_NOT_FOUND.value, 404)
        metrics.ended(record)
    assert samples(metrics, "requests_total") == {("", "openai_chat", "failed", "model_not_found"): 10}
    assert samples(metrics, "request_duration_seconds_count") == {}


def test_a_cancelled_request_has_no_code() -> None:
    metrics = ServerMetrics("1")
    metrics.ended(finished(outcome=Phase.CANCELLED, detail="by the client"))
    assert list(samples(metrics, "requests_total")) == [("demo", "openai_chat", "cancelled", "")]


def test_each_request_counts_once() -> None:
    metrics = ServerMetrics("1")
    log = RequestLog([metrics])
    record = log.begin(RequestRecord("req", "demo", "openai_chat"))
    assert log.running() == [record]
    for _ in range(2):
        log.end(record, Phase.CANCELLED, "by the client", 499)
    assert log.running() == []
    assert sum(samples(metrics, "requests_total").values()) == 1


@pytest.mark.parametrize(
    ("paths", "counted"),
    [
        (["user", "messages.0.name", "messages.12.name"], {"user", "messages.name"}),
        (["mine", "messages.0.mine", "x" * 10_000, "", "."], {"other"}),
        ([f"field-{number}" for number in range(1000)], {"other"}),
        (["1.2.3", "user\n", "USER"], {"other"}),
        ([], set()),
    ],
)
def test_ignored_fields_are_bounded(paths: list[str], counted: set[str]) -> None:
    metrics = ServerMetrics("1")
    metrics.note_ignored("openai_chat", paths)
    found = samples(metrics, "ignored_fields_total")
    assert found == {("openai_chat", name): 1 for name in counted}


def test_lost_rows_of_the_audit() -> None:
    metrics = ServerMetrics("1")
    assert samples(metrics, "audit_rows_lost_total") == {(): 0}
    metrics.note_lost_audit_rows(3)
    metrics.note_lost_audit_rows()
    assert samples(metrics, "audit_rows_lost_total") == {(): 4}
