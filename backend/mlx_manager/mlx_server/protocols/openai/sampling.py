"""Fields that chat and text completions share."""

import math
import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from mlx_manager.mlx_server.domain.request import (
    MAX_REPETITION_PENALTY,
    MIN_REPETITION_PENALTY,
    GenerationRequest,
    Priority,
    Prompt,
    SamplingOverrides,
)
from mlx_manager.mlx_server.protocols.fields import WireModel
from mlx_manager.mlx_server.protocols.format_fields import FormatFields

MAX_STOPS: Final = 4
MAX_TOP_LOGPROBS: Final = 20
MAX_CHOICES: Final = 128
_MAX_BIASES: Final = 1024
_MAX_BIAS: Final = 100
_MAX_ID_DIGITS: Final = 9
_MAX_TIMEOUT_S: Final = 30 * 86_400.0
_UNIT_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PLAIN_NUMBER: Final = re.compile(r"\d{1,9}(\.\d{1,9})?")
_DURATION_PART: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)")
_DURATION: Final = re.compile(r"(\d{1,9}(\.\d{1,9})?(ms|s|m|h))+")

# More than any window or vocabulary holds means all of it, however large the number.
Count = Annotated[int, AfterValidator(lambda count: min(count, 2**31 - 1))]
# Longer than the server lets anything run; clocks overflow far beyond it.
Seconds = Annotated[
    float, Field(gt=0, allow_inf_nan=False), AfterValidator(lambda seconds: min(seconds, _MAX_TIMEOUT_S))
]
Penalty = Annotated[float, Field(ge=-2, le=2, allow_inf_nan=False)]
Repetition = Annotated[
    float, Field(ge=MIN_REPETITION_PENALTY, le=MAX_REPETITION_PENALTY, allow_inf_nan=False)
]


def _stop_list(value: Any) -> tuple[str, ...]:
    stops = [value] if isinstance(value, str) else value
    if stops is None:
        return ()
    if not isinstance(stops, list) or not all(isinstance(stop, str) and stop for stop in stops):
        raise PydanticCustomError("stop", "must be a string or a list of strings, none of them empty")
    if len(stops) > MAX_STOPS:
        raise PydanticCustomError("stop", "takes at most {most} strings", {"most": MAX_STOPS})
    return tuple(stops)


def _bias_table(value: Any) -> dict[int, float] | None:
    """JSON's keys are strings; each must be a token id as JSON would write it."""
    if value is None:
        return None
    if not isinstance(value, dict) or not all(map(_is_token_id, value)):
        raise PydanticCustomError("bias", "must be an object whose keys are token ids")
    if len(value) > _MAX_BIASES:
        raise PydanticCustomError("bias", "takes at most {most} token ids", {"most": _MAX_BIASES})
    if not all(map(_is_bias, value.values())):
        raise PydanticCustomError("bias", "takes numbers from -{most} to {most}", {"most": _MAX_BIAS})
    return {int(key): float(bias) for key, bias in value.items()}


def _is_token_id(key: Any) -> bool:
    """Whether it is a whole number without sign or leading zeros, so that no id comes twice."""
    is_number = isinstance(key, str) and len(key) <= _MAX_ID_DIGITS and key.isascii() and key.isdigit()
    return is_number and str(int(key)) == key


def _is_bias(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MAX_BIAS


def _keep_alive(value: Any) -> float | None:
    """Seconds: a number, or text such as `5m` or `1h30m`; below zero is for ever."""
    if value is None:
        return None
    if isinstance(value, str):
        value = _duration_s(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise PydanticCustomError("duration", "must be seconds or a duration such as 5m; -1 is for ever")
    return math.inf if value < 0 or value > _MAX_TIMEOUT_S else float(value)


def _duration_s(text: str) -> float | None:
    sign = -1 if text.startswith("-") else 1
    text = text.removeprefix("-")
    if _PLAIN_NUMBER.fullmatch(text):
        return sign * float(text)
    if not text or not _DURATION.fullmatch(text):
        return None
    return sign * sum(float(number) * _UNIT_S[unit] for number, unit in _DURATION_PART.findall(text))


KeepAlive = Annotated[float | None, BeforeValidator(_keep_alive)]


class StreamOptions(WireModel):
    """Options of a stream."""

    include_usage: bool | None = None


class SamplingFields(FormatFields):
    """How to draw, how much, and when to stop. Null is the same as absence."""

    model: str = Field(min_length=1, max_length=512)
    n: int | None = Field(default=None, ge=1, le=MAX_CHOICES)
    max_tokens: Count | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: Count | None = Field(default=None, ge=-1)
    min_p: float | None = Field(default=None, ge=0, le=1)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    logit_bias: Annotated[dict[int, float] | None, BeforeValidator(_bias_table)] = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    repetition_penalty: Repetition | None = None
    repeat_penalty: Repetition | None = None
    stop: Annotated[tuple[str, ...], BeforeValidator(_stop_list)] = ()
    ignore_eos: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    priority: Literal["interactive", "background"] | None = None
    cache_salt: str | None = Field(default=None, max_length=256)
    cache_debug: bool | None = None
    timeout: Seconds | None = None
    keep_alive: KeepAlive = None

    @field_validator("repeat_penalty")
    @classmethod
    def _one_penalty(cls, value: float | None, info: ValidationInfo) -> float | None:
        """Another name for `repetition_penalty`: both may be stated where they agree."""
        other = info.data.get("repetition_penalty")
        if value is not None and other is not None and value != other:
            raise PydanticCustomError("penalty", "is another name for repetition_penalty, which differs")
        return value

    @property
    def include_usage(self) -> bool:
        """Whether a stream ends with a chunk of usage."""
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def num_choices(self) -> int:
        """Answers to each prompt."""
        return 1 if self.n is None else self.n

    def request(
        self,
        prompts: tuple[Prompt, ...],
        request_id: str,
        tenant: str,
        *,
        max_tokens: int | None,
        top_logprobs: int | None,
        prompt_field: str = "messages",
        echo: bool = False,
    ) -> GenerationRequest:
        """The request, with what the dialect read in its own way."""
        return GenerationRequest(
            request_id=request_id,
            model=self.model,
            prompts=prompts,
            num_choices=self.num_choices,
            prompt_field=prompt_field,
            echo=echo,
            max_tokens=max_tokens,
            sampling=self._sampling(),
            stop=self.stop,
            top_logprobs=top_logprobs,
            tenant=tenant,
            priority=Priority(self.priority or Priority.INTERACTIVE),
            cache_salt=self.cache_salt or "",
            ignore_eos=bool(self.ignore_eos),
            explain_cache=bool(self.cache_debug),
            timeout_s=self.timeout,
            keep_alive_s=self.keep_alive,
        )

    def _sampling(self) -> SamplingOverrides:
        """What the request states of sampling; top_k -1 is some clients' way to say 0."""
        stated = self.repetition_penalty
        return SamplingOverrides(
            temperature=self.temperature,
            top_k=None if self.top_k is None else max(self.top_k, 0),
            top_p=self.top_p,
            min_p=self.min_p,
            seed=self.seed,
            logit_bias=self.logit_bias,
            repetition_penalty=self.repeat_penalty if stated is None else stated,
            presence_penalty=self.presence_penalty,
            frequency_penalty=self.frequency_penalty,
        )


# Fields that change the answer and are not built yet, with the values that ask for nothing.
UNSUPPORTED: dict[str, tuple[Any, ...]] = {
    "length_penalty": (1, 1.0),
    "typical_p": (1, 1.0),
    "xtc_probability": (0, 0.0),
    "mirostat": (0,),
    "min_tokens": (0,),
    "stop_token_ids": ([],),
    "bad_words": ([],),
    "use_beam_search": (False,),
    "guided_whitespace_pattern": (),
}
