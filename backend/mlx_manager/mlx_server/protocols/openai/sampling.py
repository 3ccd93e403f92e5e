"""Fields that chat and text completions share."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from mlx_manager.mlx_server.domain.request import SamplingOverrides
from mlx_manager.mlx_server.protocols.fields import WireModel

MAX_STOPS = 4

# More than any window or vocabulary holds means all of it, however large the number.
Count = Annotated[int, AfterValidator(lambda count: min(count, 2**31 - 1))]


def _stop_list(value: Any) -> tuple[str, ...]:
    stops = [value] if isinstance(value, str) else value
    if stops is None:
        return ()
    if not isinstance(stops, list) or not all(isinstance(stop, str) and stop for stop in stops):
        raise PydanticCustomError("stop", "must be a string or a list of strings, none of them empty")
    if len(stops) > MAX_STOPS:
        raise PydanticCustomError("stop", "takes at most {most} strings", {"most": MAX_STOPS})
    return tuple(stops)


class StreamOptions(WireModel):
    """Options of a stream."""

    include_usage: bool | None = None


class SamplingFields(WireModel):
    """How to draw, how much, and when to stop. Null is the same as absence."""

    model: str = Field(min_length=1, max_length=512)
    max_tokens: Count | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: Count | None = Field(default=None, ge=-1)
    min_p: float | None = Field(default=None, ge=0, le=1)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    stop: Annotated[tuple[str, ...], BeforeValidator(_stop_list)] = ()
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def include_usage(self) -> bool:
        """Whether a stream ends with a chunk of usage."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def sampling(self) -> SamplingOverrides:
        """What the request states of sampling; top_k -1 is some clients' way to say 0."""
        top_k = None if self.top_k is None else max(self.top_k, 0)
        return SamplingOverrides(self.temperature, top_k, self.top_p, self.min_p, self.seed)


# Fields that change the answer and are not built yet, with the values that ask for nothing.
UNSUPPORTED: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "presence_penalty": (0, 0.0),
    "frequency_penalty": (0, 0.0),
    "repetition_penalty": (1, 1.0),
    "repeat_penalty": (1, 1.0),
    "length_penalty": (1, 1.0),
    "typical_p": (1, 1.0),
    "xtc_probability": (0, 0.0),
    "mirostat": (0,),
    "min_tokens": (0,),
    "ignore_eos": (False,),
    "stop_token_ids": ([],),
    "bad_words": ([],),
    "use_beam_search": (False,),
    "guided_json": (),
    "guided_regex": (),
    "guided_choice": (),
    "guided_grammar": (),
    "structured_outputs": (),
    "grammar": (),
    "json_schema": (),
}
