"""The routes. None of them loads a model."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from fastapi import APIRouter
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.checks import check_kinds
from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.domain.request import GenerationRequest, TextPrompt
from mlx_manager.mlx_server.prompts import encode
from mlx_manager.mlx_server.protocols.body import read_object
from mlx_manager.mlx_server.protocols.call import check_model, principal_of
from mlx_manager.mlx_server.protocols.dependencies import ServingDep
from mlx_manager.mlx_server.protocols.fields import ignored_header, ignored_paths, validate
from mlx_manager.mlx_server.protocols.openai_chat.parse import parse_chat
from mlx_manager.mlx_server.protocols.openai_chat.schema import UNSUPPORTED
from mlx_manager.mlx_server.protocols.openapi import BodySchema
from mlx_manager.mlx_server.protocols.tokens.render import Piece, Rendered, Text, Tokens
from mlx_manager.mlx_server.protocols.tokens.schema import (
    ApplyTemplateRequest,
    DetokenizeRequest,
    TokenizeRequest,
    Wishes,
)
from mlx_manager.mlx_server.serving import Serving
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt, Tokenizer

router = APIRouter()


@router.post("/tokenize", openapi_extra=BodySchema(TokenizeRequest))
async def tokenize(request: Request, serving: ServingDep) -> Response:
    """A text, or a conversation's prompt, in tokens."""
    body = await read_object(request, serving.settings.max_request_body_bytes)
    if "messages" in body:
        wishes = validate(Wishes, {name: body[name] for name in Wishes.model_fields if name in body})
        model, tokenizer, prompt, paths = await _conversation(request, serving, body)
    else:
        wishes = wire = validate(TokenizeRequest, body)
        model, tokenizer = await _tokenizer(request, serving, wire.model)
        text = TextPrompt(_one_of(wire.prompt, wire.content, "prompt"))
        is_bare = False in (wire.add_special_tokens, wire.add_special)
        prompt = await asyncio.to_thread(tokenizer.encode, text, add_special_tokens=not is_bare)
        paths = list(ignored_paths(wire, {}))
    return _answer(_tokens(wishes, model, tokenizer, prompt.token_ids), paths)


@router.post("/detokenize", openapi_extra=BodySchema(DetokenizeRequest))
async def detokenize(request: Request, serving: ServingDep) -> Response:
    """Tokens as text, special tokens by name."""
    body = await read_object(request, serving.settings.max_request_body_bytes)
    wire = validate(DetokenizeRequest, body)
    _, tokenizer = await _tokenizer(request, serving, wire.model)
    text = await asyncio.to_thread(tokenizer.decode, wire.tokens)
    return _answer(Text(text, text), ignored_paths(wire, {}))


@router.post("/apply-template", openapi_extra=BodySchema(ApplyTemplateRequest))
async def apply_template(request: Request, serving: ServingDep) -> Response:
    """A conversation as the model's chat template writes it, which is what the model reads."""
    body = await read_object(request, serving.settings.max_request_body_bytes)
    model, _, prompt, paths = await _conversation(request, serving, body)
    return _answer(Rendered(prompt.text, len(prompt.token_ids), model.context_length), paths)


async def _conversation(
    request: Request, serving: Serving, body: Mapping[str, Any]
) -> tuple[ModelDescription, Tokenizer, EncodedPrompt, list[str]]:
    """A chat completion's prompt, and the paths of the body's fields that have no effect on it."""
    chat = {name: value for name, value in body.items() if name not in Wishes.model_fields}
    generation, wire = parse_chat(chat, request.state.request_id)
    model, tokenizer = await _tokenizer(request, serving, wire.model, generation)
    (prompt,) = await encode(generation, tokenizer, is_read=False)
    ignored = [*ignored_paths(wire, UNSUPPORTED), *wire.reasoning_wish.ignored]
    return model, tokenizer, prompt, [*ignored, *prompt.ignored]


async def _tokenizer(
    request: Request, serving: Serving, name: str, generation: GenerationRequest | None = None
) -> tuple[ModelDescription, Tokenizer]:
    """Raises ApiError where there is no such model, or the caller may not ask for it."""
    check_model(serving, principal_of(request), name)
    model = await asyncio.to_thread(serving.pool.describe, name)
    if generation is not None:
        check_kinds(generation, model)
    return model, await serving.pool.tokenizer(model)


def _tokens(wishes: Wishes, model: ModelDescription, tokenizer: Tokenizer, token_ids: list[int]) -> Tokens:
    wants_texts = wishes.return_token_strs or wishes.with_pieces
    texts = [tokenizer.show([token_id]) for token_id in token_ids] if wants_texts else []
    tokens: list[int] | list[Piece] = token_ids
    if wishes.with_pieces:
        tokens = [Piece(token_id, text) for token_id, text in zip(token_ids, texts, strict=True)]
    strings = texts if wishes.return_token_strs else UNSET
    return Tokens(len(token_ids), model.context_length, tokens, strings)


def _one_of(first: str | None, second: str | None, param: str) -> str:
    """The text, which may have either name."""
    if (first is None) == (second is None):
        message = "send one of prompt (or content, its other name) and messages"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param=param)
    return first or second or ""


def _answer(value: Any, ignored: Iterable[str]) -> Response:
    headers = ignored_header(iter(ignored))
    return Response(msgspec.json.encode(value), media_type="application/json", headers=headers)
