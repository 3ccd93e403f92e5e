"""One inference request from its arrival to its end: who makes it, what it may take, and its record."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

import msgspec
from starlette.requests import Request

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import OWNER, Principal
from mlx_manager.mlx_server.domain.request import GenerationRequest
from mlx_manager.mlx_server.limits import LimitState
from mlx_manager.mlx_server.protocols.dependencies import ServingDep
from mlx_manager.mlx_server.protocols.tenant import tenant_of
from mlx_manager.mlx_server.request_log import CLIENT_CLOSED_REQUEST, CapturedText, Phase, RequestRecord
from mlx_manager.mlx_server.serving import Serving

_PROMPT_FIELDS: Final = ("system", "instructions", "messages", "prompt", "suffix", "input")


class Call:
    """What a route of inference is given.

    Attributes:
        record: the request's; open until the generation has ended, or the request was refused.
        tenant: whose request it is, for fairness and kept prompts.
    """

    def __init__(self, serving: Serving, principal: Principal, record: RequestRecord, tenant: str) -> None:
        self._serving = serving
        self.principal = principal
        self.record = record
        self.tenant = tenant

    async def admit(
        self, generation: GenerationRequest, body: Mapping[str, object], *, is_stream: bool
    ) -> LimitState:
        """Take what was parsed into the record, and count it against the key's limits.

        Raises:
            ApiError: the key may not ask for this model, or has used up what it may take.
        """
        self.record.model, self.record.is_stream = generation.model, is_stream
        if (days := self.principal.capture_days) is not None:
            prompt = {name: body[name] for name in _PROMPT_FIELDS if name in body}
            self.record.captured = CapturedText(msgspec.json.encode(prompt).decode(), days)
        check_model(self._serving, self.principal, generation.model)
        return await self._serving.limiter.admit(self.principal)


def check_model(serving: Serving, principal: Principal, name: str) -> None:
    """Refuse a model that a key may not ask for. Raises ApiError."""
    if not may_ask(serving, principal, name):
        names = ", ".join(sorted(principal.limits.models or ())) or "none"
        message = f"this key may not ask for {name}; it may ask for: {names}"
        raise ApiError(ErrorCode.MODEL_NOT_ALLOWED, message, param="model")


def may_ask(serving: Serving, principal: Principal, name: str) -> bool:
    """Whether a caller may ask for a model. Each name that a key lists is good for all names of its model."""
    allowed, id_of = principal.limits.models, serving.pool.catalogue.id_of
    return allowed is None or name in allowed or id_of(name) in map(id_of, allowed)


def principal_of(request: Request) -> Principal:
    """Who calls, as the middleware found."""
    principal: Principal = request.state.principal
    return principal


def begins(dialect: str) -> Callable[[Request, Serving], AsyncIterator[Call]]:
    """The dependency of a route of this dialect.

    It opens the request's record, and closes it where the request ends before its generation has begun.
    """

    async def begin(request: Request, serving: ServingDep) -> AsyncIterator[Call]:
        principal = principal_of(request)
        record = RequestRecord(request.state.request_id, dialect=dialect, principal=principal)
        log = serving.generator.log
        log.begin(record)
        record.task = asyncio.current_task()
        try:
            yield Call(serving, principal, record, _tenant(request, principal))
        except ApiError as error:
            log.end(record, Phase.FAILED, error.code.value, error.code.status)
            raise
        except Exception:
            log.end(record, Phase.FAILED, ErrorCode.INTERNAL_ERROR.value, ErrorCode.INTERNAL_ERROR.status)
            raise
        except asyncio.CancelledError:
            if record.is_cancelled:
                raise serving.generator.cancelled(record) from None
            log.end(record, Phase.CANCELLED, "by the client", CLIENT_CLOSED_REQUEST)
            raise
        except BaseException:
            log.end(record, Phase.CANCELLED, "by the client", CLIENT_CLOSED_REQUEST)
            raise

    return begin


def _tenant(request: Request, principal: Principal) -> str:
    if principal.key_id is not None:
        return principal.key_id
    # In open mode clients are told apart by whatever key they send.
    return tenant_of(request.headers) if principal is OWNER else principal.user_id
