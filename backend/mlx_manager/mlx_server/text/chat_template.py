"""A model's chat template: what it takes, and conversations as it wants them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from jinja2.exceptions import SecurityError

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt
from mlx_manager.mlx_server.domain.tools import ToolCall, ToolDefinition
from mlx_manager.mlx_server.text.mutable_template import write_mutable
from mlx_manager.mlx_server.text.reasoning_formats.base import ReasoningFormat
from mlx_manager.mlx_server.text.reasoning_formats.detection import (
    ShownReasoning,
    detect_reasoning,
    shown_reasoning,
)
from mlx_manager.mlx_server.text.template_hints import grant
from mlx_manager.mlx_server.text.template_use import TemplateUse, template_use
from mlx_manager.mlx_server.text.tool_formats.base import ToolFormat
from mlx_manager.mlx_server.text.tool_formats.detection import (
    TRIAL_CALLS,
    TRIAL_TOOLS,
    Detection,
    detect_told,
    detect_written,
)
from mlx_manager.mlx_server.text.turns import (
    as_users,
    has_late_system,
    has_several_calls,
    has_thought_and_said,
    late_systems,
    merged,
    one_call_each,
    repeats_users,
    said_as_thought,
)

# What templates call the reasoning of a message. They are given it by each of these names.
_REASONING_KEYS: Final = {"reasoning_content", "thinking", "reasoning"}
# Texts that no template writes by itself.
_FIRST, _SECOND, _LATE, _THIRD = "\uf8f1", "\uf8f2", "\uf8f3", "\uf8f4"


class ChatTemplate:
    """Renders conversations by the template of a transformers tokenizer.

    Some templates refuse conversations that clients have: a system message after others, two messages of
    one role in a row. What each one takes is tried once, with the template itself.

    Args:
        tokenizer: of transformers, with a template.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def adapted(self, prompt: ChatPrompt) -> tuple[ChatPrompt, list[str]]:
        """The conversation as this template takes it, and the paths of what it has no use for.

        Raises:
            ApiError: there are tools, and the template has no place for them.
        """
        if prompt.tools and "tools" not in self._use(has_tools=True).variables:
            message = "this model's chat template offers no tools; leave them out"
            raise ApiError(ErrorCode.UNSUPPORTED_FIELD, message, param="tools")
        messages, ignored = prompt.messages, []
        if has_late_system(messages) and not self.keeps_late_system:
            ignored += [f"{message.path}.role" for message in late_systems(messages) if message.path]
            messages = tuple(as_users(messages))
        if repeats_users(messages) and not self.keeps_repeated_users:
            messages = tuple(merged(messages))
        if has_several_calls(messages) and self.takes_one_call:
            messages = tuple(one_call_each(messages))
        if has_thought_and_said(messages) and self.refuses_text_beside_thought:
            messages = tuple(map(said_as_thought, messages))
        if self._shown_reasoning is None:
            ignored += [message.reasoning_path for message in messages if message.reasoning_path]
        kwargs, unknown = self._granted(prompt)
        return replace(prompt, messages=messages, template_kwargs=kwargs, hints=()), ignored + unknown

    def render(self, prompt: ChatPrompt, messages: Sequence[ChatMessage], *, for_answer: bool) -> str:
        """The messages as the template writes them. It is a program: it raises what it likes.

        Args:
            prompt: the whole conversation, adapted.
            messages: the first of its messages.
            for_answer: write what comes before the answer, too.
        """
        continues = for_answer and prompt.continues_last
        has_calls = any(message.tool_calls for message in messages)
        as_text = has_calls and self._detection is not None and self._detection.takes_text
        return self._write(prompt, messages, for_answer=for_answer, continues=continues, as_text=as_text)

    def _write(
        self,
        prompt: ChatPrompt,
        messages: Sequence[ChatMessage],
        *,
        for_answer: bool,
        continues: bool = False,
        as_text: bool = False,
    ) -> str:
        turns = [_for_template(message, as_text=as_text) for message in messages]
        tools = [_tool(tool) for tool in prompt.tools] or None
        try:
            rendered: str = self._tokenizer.apply_chat_template(
                turns,
                tools=tools,
                tokenize=False,
                add_generation_prompt=for_answer and not continues,
                continue_final_message=continues,
                **prompt.template_kwargs,
            )
        except SecurityError:  # it changes a list
            if continues:
                raise
            variables = {"messages": turns, "tools": tools, "add_generation_prompt": for_answer}
            variables |= self._tokenizer.special_tokens_map | dict(prompt.template_kwargs)
            return write_mutable(self._tokenizer.get_chat_template(None, tools), variables)
        return rendered

    @cached_property
    def keeps_late_system(self) -> bool:
        """Whether a system message that comes after others is written where it stands."""
        conversation = [
            ChatMessage("system", _FIRST),
            ChatMessage("user", _SECOND),
            ChatMessage("system", _LATE),
            ChatMessage("assistant", _THIRD),
            ChatMessage("user", _FIRST),
        ]
        rendered = self._try(conversation)
        places = [rendered.find(text) for text in (_SECOND, _LATE, _THIRD)]
        return -1 not in places and places == sorted(places)

    @cached_property
    def keeps_repeated_users(self) -> bool:
        """Whether two messages of users in a row are both written."""
        rendered = self._try([ChatMessage("user", _FIRST), ChatMessage("user", _SECOND)])
        return -1 < rendered.find(_FIRST) < rendered.find(_SECOND)

    @cached_property
    def takes_one_call(self) -> bool:
        """Whether a turn with several calls is not written with all of them, and turns of one call are."""
        asked, call = ChatMessage("user", _FIRST), ChatMessage("assistant", "", tool_calls=TRIAL_CALLS)
        results = [ChatMessage("tool", _LATE, name=one.name, tool_call_id=one.call_id) for one in TRIAL_CALLS]
        turns = [asked, call, *results]

        def is_whole(messages: Sequence[ChatMessage]) -> bool:
            rendered = self._try(messages)
            return all(one.name in rendered for one in TRIAL_CALLS)

        return not is_whole(turns) and is_whole([*one_call_each(turns)])

    @cached_property
    def refuses_text_beside_thought(self) -> bool:
        """Whether a turn that calls may have thought or text before that, but not both."""
        turn = ChatMessage("assistant", _SECOND, tool_calls=TRIAL_CALLS[:1], reasoning=_THIRD)
        both, one = ([ChatMessage("user", _FIRST), message] for message in (turn, said_as_thought(turn)))
        return not self._try(both) and _SECOND in self._try(one)

    @cached_property
    def tool_format(self) -> ToolFormat | None:
        """How the model writes calls; None where its template offers no tools.

        It is what the template writes of a call; else what its text speaks of; else a format that reads
        what is usual.
        """
        if "tools" not in self._use(has_tools=True).variables:
            return None
        if self._detection is not None:
            return self._detection.tool_format
        return detect_told(self._tokenizer.get_chat_template(None, [{}]))

    @cached_property
    def _detection(self) -> Detection | None:
        """What is known of the calls that the template writes."""
        prompt = ChatPrompt((), tools=TRIAL_TOOLS)

        def render(messages: Sequence[ChatMessage], *, for_answer: bool, as_text: bool) -> str:
            return self._write(prompt, messages, for_answer=for_answer, as_text=as_text)

        return detect_written(render)

    @cached_property
    def reasoning_format(self) -> ReasoningFormat | None:
        """How the model writes its reasoning; None where nothing tells that it has any."""
        plain, with_tools = (self._use(has_tools=has_tools) for has_tools in (False, True))
        use = TemplateUse({*plain.variables, *with_tools.variables}, {*plain.words, *with_tools.words})
        return detect_reasoning(self._shown_reasoning, use)

    @cached_property
    def _shown_reasoning(self) -> ShownReasoning | None:
        # Most templates have nothing of the kind, and need not be tried.
        if not self._speaks_of_reasoning:
            return None
        prompt = ChatPrompt(())
        return shown_reasoning(lambda messages: self.render(prompt, messages, for_answer=False))

    def _try(self, messages: Sequence[ChatMessage]) -> str:
        try:
            return self.render(ChatPrompt(tuple(messages)), messages, for_answer=True)
        except Exception:  # whatever the template has against it
            return ""

    @cached_property
    def _speaks_of_reasoning(self) -> bool:
        return not _REASONING_KEYS.isdisjoint(self._use(has_tools=False).words)

    def _granted(self, prompt: ChatPrompt) -> tuple[Mapping[str, Any], list[str]]:
        """The variables, with those of the hints that it reads; and paths of what it does not read."""
        use = self._use(has_tools=bool(prompt.tools))
        kwargs: dict[str, Any] = {}
        unknown = [
            f"chat_template_kwargs.{name}" for name in prompt.template_kwargs if name not in use.variables
        ]
        for hint in prompt.hints:
            granted = grant(hint, use, always_reasons=self.reasoning_format is not None)
            kwargs |= granted.variables
            if not granted.is_whole:
                unknown.append(hint.path)
        return kwargs | dict(prompt.template_kwargs), unknown

    def _use(self, *, has_tools: bool) -> TemplateUse:
        # A model may have a template of its own for conversations with tools.
        text = self._tokenizer.get_chat_template(None, [{}] if has_tools else None)
        found = self._uses.get(text)
        if found is None:
            found = self._uses[text] = template_use(text)
        return found

    @cached_property
    def _uses(self) -> dict[str, TemplateUse]:
        return {}


def _for_template(message: ChatMessage, *, as_text: bool) -> dict[str, Any]:
    """The message as chat templates expect it: optional keys are absent, not null."""
    turn: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.name is not None:
        turn["name"] = message.name
    if message.tool_call_id is not None:
        turn["tool_call_id"] = message.tool_call_id
    if message.reasoning:
        turn["reasoning_content"] = message.reasoning
    if message.tool_calls:
        turn["tool_calls"] = [
            {"id": call.call_id, "type": "function", "function": _function(call, as_text=as_text)}
            for call in message.tool_calls
        ]
    return turn


def _function(call: ToolCall, *, as_text: bool) -> dict[str, Any]:
    """A call's arguments are an object for most templates, where they are JSON."""
    if as_text:
        return {"name": call.name, "arguments": call.arguments}
    try:
        arguments: Any = json.loads(call.arguments)
    except (ValueError, RecursionError):
        arguments = call.arguments
    return {"name": call.name, "arguments": arguments}


def _tool(tool: ToolDefinition) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}
