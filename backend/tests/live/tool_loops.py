"""A whole tool loop by each vendor's SDK: asks, runs what the model calls, returns the answer's text."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from anthropic import Anthropic
from openai import OpenAI

# Runs a tool by its name and returns what it has to say.
Run = Callable[[str, Mapping[str, Any]], str]
# A tool's name, its description and the JSON schema of its arguments.
Offer = tuple[str, str, Mapping[str, Any]]


def chat(client: OpenAI, question: str, offers: Sequence[Offer], run: Run, *, stream: bool) -> str:
    """By OpenAI's chat API."""
    tools = [
        {"type": "function", "function": {"name": name, "description": about, "parameters": schema}}
        for name, about, schema in offers
    ]
    messages: list[Any] = [{"role": "user", "content": question}]
    while True:
        choice = _chat_choice(client, messages, tools, stream)
        messages.append(
            choice.message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"})
        )
        if choice.finish_reason != "tool_calls":
            return str(choice.message.content)
        for call in choice.message.tool_calls:
            result = run(call.function.name, json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})


def _chat_choice(client: OpenAI, messages: list[Any], tools: list[Any], stream: bool) -> Any:
    fields: Any = {"model": "demo", "messages": messages, "tools": tools, "temperature": 0}
    if not stream:
        return client.chat.completions.create(**fields).choices[0]
    with client.chat.completions.stream(**fields) as events:
        return events.get_final_completion().choices[0]


def responses(client: OpenAI, question: str, offers: Sequence[Offer], run: Run, *, stream: bool) -> str:
    """By OpenAI's responses API."""
    tools = [
        {"type": "function", "name": name, "description": about, "parameters": schema, "strict": True}
        for name, about, schema in offers
    ]
    items: list[Any] = [{"role": "user", "content": question}]
    while True:
        response = _response(client, items, tools, stream)
        items += [item.model_dump(exclude_none=True) for item in response.output]
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            return str(response.output_text)
        for call in calls:
            result = run(call.name, json.loads(call.arguments))
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": result})


def _response(client: OpenAI, items: list[Any], tools: list[Any], stream: bool) -> Any:
    fields: Any = {"model": "demo", "input": items, "tools": tools, "temperature": 0, "store": False}
    if not stream:
        return client.responses.create(**fields)
    with client.responses.stream(**fields) as events:
        return events.get_final_response()


def messages(client: Anthropic, question: str, offers: Sequence[Offer], run: Run, *, stream: bool) -> str:
    """By Anthropic's messages API."""
    tools = [{"name": name, "description": about, "input_schema": schema} for name, about, schema in offers]
    turns: list[Any] = [{"role": "user", "content": question}]
    while True:
        message = _message(client, turns, tools, stream)
        turns.append({"role": "assistant", "content": message.content})
        if message.stop_reason != "tool_use":
            return "".join(block.text for block in message.content if block.type == "text")
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": run(block.name, block.input)}
            for block in message.content
            if block.type == "tool_use"
        ]
        turns.append({"role": "user", "content": results})


def _message(client: Anthropic, turns: list[Any], tools: list[Any], stream: bool) -> Any:
    fields: Any = {"model": "demo", "max_tokens": 100, "messages": turns, "tools": tools}
    fields["extra_body"] = {"temperature": 0}
    if not stream:
        return client.messages.create(**fields)
    with client.messages.stream(**fields) as events:
        return events.get_final_message()
