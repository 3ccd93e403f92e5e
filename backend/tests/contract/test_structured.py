"""Structured output by the SDKs' own helpers: what they ask for is understood, what is answered is parsed."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import anthropic
import httpx
import httpx2
import openai
from pydantic import BaseModel

from mlx_manager.mlx_server.domain.events import Event, TextDelta
from mlx_manager.mlx_server.domain.formats import JsonFormat
from mlx_manager.mlx_server.domain.request import ChatPrompt, GenerationRequest
from mlx_manager.mlx_server.protocols.anthropic_messages.parse import parse_messages
from mlx_manager.mlx_server.protocols.anthropic_messages.render import MessagesRenderer
from mlx_manager.mlx_server.protocols.openai_chat.parse import parse_chat
from mlx_manager.mlx_server.protocols.openai_chat.render import ChatRenderer
from mlx_manager.mlx_server.protocols.openai_responses.output import Output
from mlx_manager.mlx_server.protocols.openai_responses.parse import parse_responses, read_request
from mlx_manager.mlx_server.protocols.openai_responses.render import ResponsesRenderer, begun_response
from mlx_manager.mlx_server.protocols.sse import encoded
from tests.contract.scripts import CALLED, STOP, call, play


class City(BaseModel):
    """A place."""

    name: str
    people: int


ROME: Final = City(name='R"o"me', people=3)
JSON: Final = ROME.model_dump_json()
ANSWER: Final[list[Event]] = [TextDelta(JSON[:9]), TextDelta(JSON[9:]), *STOP]
CALLS: Final[list[Event]] = [*call(0, "City", JSON[:9], JSON[9:]), *CALLED]
ASKED: Final[list[Any]] = [{"role": "user", "content": "Where?"}]
Parse = Callable[[dict[str, Any]], GenerationRequest]


class Wire:
    """Answers a client as the server would, and keeps what it was asked.

    Args:
        body: an answer, or a stream of it.
        parse: reads what is asked.
    """

    def __init__(self, body: bytes, parse: Parse) -> None:
        self._body = body
        self._parse = parse
        self.asked: list[GenerationRequest] = []

    def client(self, library: Any) -> Any:
        """Of one of the two libraries that the SDKs use."""

        def handler(request: Any) -> Any:
            asked = json.loads(request.content)
            self.asked.append(self._parse(asked))
            kind = "text/event-stream" if asked.get("stream") else "application/json"
            return library.Response(200, headers={"content-type": kind}, content=self._body)

        return library.Client(transport=library.MockTransport(handler))

    def openai(self) -> openai.OpenAI:
        """OpenAI's."""
        return openai.OpenAI(base_url="http://x/v1", api_key="x", http_client=self.client(httpx))

    def anthropic(self) -> anthropic.Anthropic:
        """Anthropic's."""
        return anthropic.Anthropic(base_url="http://x", api_key="x", http_client=self.client(httpx2))

    def is_held(self, path: str) -> None:
        """The one request asked for this schema, at this path of its body."""
        (request,) = self.asked
        assert isinstance(request.answer_format, JsonFormat)
        assert request.answer_format.path == path
        schema = request.answer_format.schema
        assert isinstance(schema, dict)
        assert set(schema["properties"]) == {"name", "people"}

    def is_strict(self, schema_path: str) -> None:
        """The one request offered a strict tool, whose schema is at this path of its body."""
        (request,) = self.asked
        (prompt,) = request.prompts
        assert isinstance(prompt, ChatPrompt)
        (tool,) = prompt.tools
        assert (tool.name, tool.is_strict, tool.schema_path) == ("City", True, schema_path)


async def stream_of(renderer: Any, events: Sequence[Event]) -> bytes:
    return b"".join([part async for part in encoded(renderer, play(events), 17)])


def responses_renderer() -> ResponsesRenderer:
    wire = read_request({"model": "m", "input": "x"})
    return ResponsesRenderer(
        begun_response(wire, is_stored=True),
        Output(parse_responses(wire, "r").names, encrypts_reasoning=False),
    )


def read_chat(body: dict[str, Any]) -> GenerationRequest:
    return parse_chat(body, "r")[0]


def read_responses(body: dict[str, Any]) -> GenerationRequest:
    return parse_responses(read_request(body), "r").generation


def read_messages(body: dict[str, Any]) -> GenerationRequest:
    return parse_messages(body, "r").generation


async def test_a_parsed_chat() -> None:
    wire = Wire(await ChatRenderer("m").fold(play(ANSWER)), read_chat)
    parsed = wire.openai().chat.completions.parse(model="m", messages=ASKED, response_format=City)
    assert parsed.choices[0].message.parsed == ROME
    wire.is_held("response_format.json_schema.schema")


async def test_a_parsed_stream_of_a_chat() -> None:
    wire = Wire(await stream_of(ChatRenderer("m"), ANSWER), read_chat)
    asked = wire.openai().chat.completions.stream(model="m", messages=ASKED, response_format=City)
    with asked as stream:
        assert stream.get_final_completion().choices[0].message.parsed == ROME
    wire.is_held("response_format.json_schema.schema")


async def test_a_chats_strict_tool() -> None:
    wire = Wire(await ChatRenderer("m").fold(play(CALLS)), read_chat)
    tools = [openai.pydantic_function_tool(City)]
    parsed = wire.openai().chat.completions.parse(
        model="m", messages=ASKED, tools=tools, tool_choice="required"
    )
    (made,) = parsed.choices[0].message.tool_calls or ()
    assert made.function.parsed_arguments == ROME
    wire.is_strict("tools.0.function.parameters")


async def test_a_parsed_response() -> None:
    wire = Wire(await responses_renderer().fold(play(ANSWER)), read_responses)
    parsed = wire.openai().responses.parse(model="m", input="Where?", text_format=City)
    assert parsed.output_parsed == ROME
    wire.is_held("text.format.schema")


async def test_a_parsed_stream_of_a_response() -> None:
    wire = Wire(await stream_of(responses_renderer(), ANSWER), read_responses)
    with wire.openai().responses.stream(model="m", input="Where?", text_format=City) as stream:
        assert stream.get_final_response().output_parsed == ROME
    wire.is_held("text.format.schema")


async def test_a_responses_strict_tool() -> None:
    wire = Wire(await responses_renderer().fold(play(CALLS)), read_responses)
    function = openai.pydantic_function_tool(City)["function"]
    tool: Any = {"type": "function", **function}
    parsed = wire.openai().responses.parse(model="m", input="Where?", tools=[tool], tool_choice="required")
    (made,) = parsed.output
    assert made.type == "function_call"
    assert json.loads(made.arguments) == ROME.model_dump()
    wire.is_strict("tools.0.parameters")


async def test_a_parsed_message() -> None:
    wire = Wire(await MessagesRenderer("m", "req_1").fold(play(ANSWER)), read_messages)
    parsed = wire.anthropic().messages.parse(model="m", max_tokens=9, messages=ASKED, output_format=City)
    assert parsed.parsed_output == ROME
    wire.is_held("output_config.format.schema")


async def test_a_parsed_stream_of_a_message() -> None:
    wire = Wire(await stream_of(MessagesRenderer("m", "req_1"), ANSWER), read_messages)
    asked = wire.anthropic().messages.stream(model="m", max_tokens=9, messages=ASKED, output_format=City)
    with asked as stream:
        assert stream.get_final_message().parsed_output == ROME
    wire.is_held("output_config.format.schema")


async def test_a_messages_strict_tool() -> None:
    wire = Wire(await MessagesRenderer("m", "req_1").fold(play(CALLS)), read_messages)
    tool: Any = {"name": "City", "input_schema": City.model_json_schema(), "strict": True}
    answer = wire.anthropic().messages.create(
        model="m",
        max_tokens=9,
        messages=ASKED,
        tools=[tool],
        tool_choice={"type": "tool", "name": "City", "disable_parallel_tool_use": True},
    )
    (block,) = answer.content
    assert block.type == "tool_use"
    assert (block.input, answer.stop_reason) == (ROME.model_dump(), "tool_use")
    wire.is_strict("tools.0.input_schema")


def test_the_format_is_given_back() -> None:
    stated = {"type": "json_schema", "name": "city", "schema": City.model_json_schema(), "strict": True}
    wire = read_request({"model": "m", "input": "x", "text": {"format": stated, "verbosity": "low"}})
    begun = begun_response(wire, is_stored=True)
    assert (begun.text.format, begun.text.verbosity) == (stated, "low")
