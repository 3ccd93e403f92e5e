"""From what a request asks of its answers to what the engine holds them to, before anything is read."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.formats import AnswerFormat, JsonFormat
from mlx_manager.mlx_server.domain.guide import Guide, ReasoningGuide, Trigger
from mlx_manager.mlx_server.domain.request import ChatPrompt, GenerationRequest, Prompt
from mlx_manager.mlx_server.domain.tools import ToolDefinition
from mlx_manager.mlx_server.pool.entry import Resident
from mlx_manager.mlx_server.text.grammars import answer_grammar, either, opened_by
from mlx_manager.mlx_server.text.json_schema import SchemaRefused, explain, relaxed
from mlx_manager.mlx_server.text.reasoning import reasoning_guide
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt
from mlx_manager.mlx_server.text.tool_formats.base import HeldTool, ToolFormat

_ANYTHING: Final = "start: /(?s:.)*/\n"


@dataclass(frozen=True, slots=True)
class PromptGuide:
    """What a prompt's answers are held to.

    Attributes:
        guide: None where they are free.
        ignored: paths of what cannot be enforced and need not be.
    """

    guide: Guide | None = None
    ignored: tuple[str, ...] = ()


class GuideMaker:
    """Makes the guides of one request.

    Args:
        resident: the model; its worker says what it can enforce.
    """

    def __init__(self, request: GenerationRequest, resident: Resident) -> None:
        self._request = request
        self._resident = resident

    async def make(self, stated: Prompt, encoded: EncodedPrompt) -> PromptGuide:
        """The guide of one prompt.

        Raises:
            ApiError: what is asked for cannot be enforced, and must be; names the field.
        """
        reasoning = reasoning_guide(encoded.reasoning_format, encoded.text, self._request.reasoning_budget)
        ignored: list[str] = []
        if self._request.reasoning_budget is not None and reasoning is None:
            ignored.append(self._request.reasoning_budget_path)
        answer = await self._answer(encoded)
        chat = stated if isinstance(stated, ChatPrompt) and stated.tools else None
        triggers: tuple[Trigger, ...] = ()
        whole = answer
        if chat is not None:
            tool_format = encoded.tool_format
            assert tool_format is not None, "tools that cannot be called were to be refused before"
            held, unheld = await self._held_tools(chat, tool_format)
            ignored += unheld
            if answer or chat.tool_choice.is_required:
                calls = await self._forced(tool_format, held)
                whole = calls if chat.tool_choice.is_required else either([calls, answer])
            else:
                triggers, unheld = await self._triggers(chat, tool_format, held)
                ignored += unheld
        if whole and whole != answer:
            path = "tools" if self._request.answer_format is None else self._request.answer_format.path
            await self._must(whole, path, "")
        if reasoning is not None and reasoning.budget is not None:
            # A budget has no grammar to ask about, but the worker must know the vocabulary.
            await self._faults(())
        return self._guide(reasoning, whole, triggers, ignored)

    def _guide(
        self,
        reasoning: ReasoningGuide | None,
        whole: str,
        triggers: tuple[Trigger, ...],
        ignored: Sequence[str],
    ) -> PromptGuide:
        paths = tuple(dict.fromkeys(ignored))
        has_budget = reasoning is not None and reasoning.budget is not None
        if not (whole or triggers or has_budget):
            return PromptGuide(None, paths)
        ends_after_call = not self._request.parallel_calls
        return PromptGuide(Guide(reasoning, whole, triggers, ends_after_call), paths)

    async def _answer(self, encoded: EncodedPrompt) -> str:
        """The grammar of the answer's format, with what the model opens an answer with; empty for none."""
        wanted = self._request.answer_format
        if wanted is None:
            return ""
        grammar, fault = _grammar(wanted)
        await self._must(grammar, wanted.path, fault)
        if not _has_channels(encoded):
            return grammar
        assert encoded.reasoning_format is not None
        opening = self._resident.tokenizer.literals(encoded.reasoning_format.answer_opening)
        return opened_by(opening, grammar)

    async def _held_tools(self, chat: ChatPrompt, calls: ToolFormat) -> tuple[list[HeldTool], list[str]]:
        """The tools that may be called, as a grammar holds them, and the paths of schemas that it cannot."""
        tools = _callable(chat)
        # Agents have dozens of tools; other streams should not wait while they are read.
        inputs = await asyncio.to_thread(lambda: [_grammar(_input_format(tool)) for tool in tools])
        faults = await self._faults([grammar for grammar, _ in inputs])
        held: list[HeldTool] = []
        unheld: list[str] = []
        for tool, (_, refused), fault in zip(tools, inputs, faults, strict=True):
            reason = refused or (explain(fault) if fault and tool.text_input is None else fault)
            reason = reason or ("" if _takes_object(tool) else "/type permits no object")
            whole = HeldTool(tool.name, None if reason else _arguments(tool), tool.text_input)
            reason = reason or calls.unheld(whole)
            if reason and (_must_fit(tool) or chat.tool_choice.is_required):
                raise _not_enforceable(_input_format(tool).path, reason)
            if reason:
                unheld.append(tool.schema_path)
                whole = replace(whole, schema=whole.schema or await self._loose(tool))
            held.append(whole)
        return held, unheld

    async def _loose(self, tool: ToolDefinition) -> Mapping[str, Any] | None:
        """A tool's schema without what alone keeps it from being enforced; None where that is more."""
        loose = relaxed(tool.parameters)
        if loose == tool.parameters:
            return None
        grammar, refused = _grammar(JsonFormat({"type": "object", **loose}, tool.schema_path))
        return None if refused or any(await self._faults([grammar])) else loose

    async def _forced(self, calls: ToolFormat, held: Sequence[HeldTool]) -> str:
        """The grammar of an answer that is calls."""
        parallel = self._request.parallel_calls
        try:
            literal = self._resident.tokenizer.literals
            grammar = await asyncio.to_thread(calls.forced, held, parallel=parallel, literal=literal)
        except SchemaRefused as refused:
            raise _not_enforceable("tools", str(refused)) from None
        await self._must(grammar, "tools", "")
        return grammar

    async def _triggers(
        self, chat: ChatPrompt, calls: ToolFormat, held: Sequence[HeldTool]
    ) -> tuple[tuple[Trigger, ...], list[str]]:
        """What opens calls, and the paths of schemas not held to: all, where together they are too much.

        Raises:
            ApiError: a tool that must be held to its schema, or to some names, cannot be.
        """
        triggers, reason = await self._tried(calls, held)
        if not reason:
            return triggers, []
        tools = _callable(chat)
        lenient = [
            one if _must_fit(tool) else replace(one, schema=None)
            for tool, one in zip(tools, held, strict=True)
        ]
        paths = [tool.schema_path for tool in tools if not _must_fit(tool)]
        triggers, reason = await self._tried(calls, lenient)
        if not reason:
            return triggers, paths
        for tool, one in zip(tools, held, strict=True):
            if _must_fit(tool) and (reason_alone := (await self._tried(calls, [one]))[1]):
                raise _not_enforceable(_input_format(tool).path, reason_alone)
        if chat.tool_choice.names is not None or any(map(_must_fit, tools)):
            raise _not_enforceable("tools", reason)
        return (), paths

    async def _tried(self, calls: ToolFormat, held: Sequence[HeldTool]) -> tuple[tuple[Trigger, ...], str]:
        """What opens calls, and why that cannot be enforced; empty where it can."""
        literal = self._resident.tokenizer.literals
        try:
            parallel = self._request.parallel_calls
            triggers = await asyncio.to_thread(calls.triggers, held, parallel=parallel, literal=literal)
        except SchemaRefused as refused:
            return (), str(refused)
        faults = await self._faults([trigger.grammar for trigger in triggers])
        return triggers, next(filter(None, faults), "")

    async def _must(self, grammar: str, path: str, reason: str) -> None:
        if not reason:
            (reason,) = await self._faults([grammar])
        if reason:
            raise _not_enforceable(path, reason)

    async def _faults(self, grammars: Sequence[str]) -> list[str]:
        tokenizer = self._resident.tokenizer
        stop_ids = sorted(tokenizer.stop_ids)
        return await self._resident.worker.check_grammars(grammars, tokenizer.serialised, stop_ids)


def _callable(chat: ChatPrompt) -> list[ToolDefinition]:
    """The tools that may be called."""
    names = chat.tool_choice.names
    return [tool for tool in chat.tools if names is None or tool.name in names]


def _must_fit(tool: ToolDefinition) -> bool:
    """Whether a call of it must fit, whether or not there has to be one."""
    return tool.is_strict or tool.text_input is not None


def _arguments(tool: ToolDefinition) -> Mapping[str, Any]:
    """The schema of a tool's arguments, which are an object whatever else it would permit."""
    return {**tool.parameters, "type": "object"} if _takes_object(tool) else tool.parameters


def _takes_object(tool: ToolDefinition) -> bool:
    types = tool.parameters.get("type", "object")
    return types == "object" or (isinstance(types, list) and "object" in types)


def _input_format(tool: ToolDefinition) -> AnswerFormat:
    """What a tool takes, as a format of its own."""
    if tool.text_input is not None and tool.text_input.grammar is not None:
        return tool.text_input.grammar
    return JsonFormat(_arguments(tool), tool.schema_path or tool.path)


def _grammar(wanted: AnswerFormat) -> tuple[str, str]:
    """A format's grammar, and why it cannot be enforced, as far as that is known here."""
    try:
        return answer_grammar(wanted), ""
    except SchemaRefused as refused:
        return _ANYTHING, str(refused)


def _not_enforceable(path: str, reason: str) -> ApiError:
    return ApiError(ErrorCode.GRAMMAR_NOT_ENFORCEABLE, f"{path}: {reason}", param=path)


def _has_channels(encoded: EncodedPrompt) -> bool:
    return encoded.reasoning_format is not None and encoded.reasoning_format.has_channels
