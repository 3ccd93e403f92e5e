"""Answers that agree, part at a tie, and part where they must not."""

from dataclasses import replace
from pathlib import Path

import pytest

from mlx_manager.doctor.agreement import FP32_TOLERANCE
from mlx_manager.doctor.finding import Level
from mlx_manager.doctor.model_gate import compare, runtime_findings
from mlx_manager.mlx_server.backends.base import DrawnLogprobs, Token
from mlx_manager.mlx_server.domain.models import ModelDescription, ModelRuntime
from mlx_manager.mlx_server.domain.request import SamplingParams

MODEL = ModelDescription("m", Path("m"), "llama", 64, 1, False, 0, SamplingParams())
RUNTIME = ModelRuntime(True, "batches: well", 64, None, None, "off")


def token(token_id: int, logprob: float = -0.5, margin: float = 1.0) -> Token:
    top = ((token_id, logprob), (token_id + 1, logprob - margin))
    return Token(token_id, None, DrawnLogprobs(logprob, top))


def judge(alone: list[Token], together: list[Token]) -> tuple[Level, str]:
    finding = compare(MODEL, [alone], [together], (1.0, 1.0), tolerance=FP32_TOLERANCE)
    assert finding.check == "model m"
    return finding.level, finding.message


def test_the_same() -> None:
    level, message = judge([token(1), token(2)], [token(1), token(2, logprob=-0.50001)])
    assert level is Level.OK
    assert "the same, at 2 and 2 tokens/s" in message


@pytest.mark.parametrize(("margin", "level"), [(0.0, Level.OK), (9e-4, Level.OK), (2e-3, Level.PROBLEM)])
def test_parting(margin: float, level: Level) -> None:
    # What follows where they part is of another text, and is not compared.
    alone = [token(1), token(5, margin=margin), token(7)]
    together = [token(1), token(6), token(9, logprob=-4.0)]
    assert judge(alone, together)[0] is level


def test_the_same_tokens_with_other_probabilities() -> None:
    level, message = judge([token(1), token(2)], [token(1), token(2, logprob=-0.6)])
    assert level is Level.PROBLEM
    assert "1.0e-01" in message


def test_probabilities_that_are_no_numbers() -> None:
    assert judge([token(1)], [token(1, logprob=float("nan"))])[0] is Level.PROBLEM


def test_a_model_that_does_not_batch_is_a_warning() -> None:
    assert [finding.level for finding in runtime_findings("m", RUNTIME)] == [Level.OK, Level.OK]
    alone = replace(RUNTIME, can_batch=False, batching="one row at a time: because")
    findings = runtime_findings("m", alone)
    assert [finding.level for finding in findings] == [Level.WARNING, Level.OK]
    assert "because" in findings[0].message
