"""What a request goes on with, from what is stored, and what is stored of its answer."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import Principal
from mlx_manager.mlx_server.protocols.openai_responses.items import RawItem, kept_form
from mlx_manager.mlx_server.protocols.openai_responses.objects import ResponseBody
from mlx_manager.mlx_server.protocols.openai_responses.parse import Earlier, referenced_ids
from mlx_manager.mlx_server.protocols.openai_responses.schema import ResponsesRequest
from mlx_manager.mlx_server.serving import Serving
from mlx_manager.mlx_server.stored_responses import KeptResponse

_RESPONSE_ID: Final = re.compile(r"resp_[0-9a-f]{32}")
_ITEM_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_MAX_REFERENCES: Final = 128
# A row must fit into a backup's line, where its JSON is quoted once more.
_MAX_STORED_BYTES: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is to be stored of one request.

    Attributes:
        items: its input.
        chain: ids of the responses that it goes on from.
    """

    items: Sequence[Mapping[str, Any]]
    chain: Sequence[str]

    @classmethod
    def of(cls, items: Iterable[RawItem], chain: Sequence[str], begun: ResponseBody) -> "Keeping":
        """For these items. Raises ApiError where they are more than can be stored."""
        kept = [kept_form(item) for item in items]
        if begun.store and len(_json(kept)) + len(_json(begun)) > _MAX_STORED_BYTES:
            message = f"it is over {_MAX_STORED_BYTES >> 20} MB and cannot be stored; send store: false"
            raise ApiError(ErrorCode.BODY_TOO_LARGE, message, param="input")
        return cls(kept, chain)

    async def store(self, serving: Serving, principal: Principal, response: ResponseBody) -> None:
        """Store the response as it has ended. Raises ApiError where the database is away."""
        names = [item["id"] for item in self.items] + [item.id for item in response.output]
        kept = KeptResponse(
            response.id,
            response.model,
            datetime.fromtimestamp(response.created_at, UTC),
            response.previous_response_id,
            response.status,
            [name for name in dict.fromkeys(names) if isinstance(name, str) and _ITEM_ID.fullmatch(name)],
            _json(self.items).decode(),
            _json(response).decode(),
        )
        await serving.stored_responses.add(principal, kept, self.chain)


def is_response_id(name: str) -> bool:
    """Whether a response of ours can have this id; nothing else is looked for."""
    return _RESPONSE_ID.fullmatch(name) is not None


async def earlier_of(serving: Serving, user_id: str, wire: ResponsesRequest) -> tuple[Earlier, list[str]]:
    """What a request goes on with, and the ids of the responses that this comes from.

    Raises:
        ApiError: it names a response that is not there or is not ready; or the database is away.
    """
    chain = await _chain(serving, user_id, wire.previous_response_id)
    items = [item for kept in chain for item in _items(kept)]
    wanted = dict.fromkeys(referenced_ids(wire))
    if len(wanted) > _MAX_REFERENCES:
        message = f"input: it refers to more than {_MAX_REFERENCES} items; send the items instead"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param="input")
    known: dict[str, RawItem] = {item["id"]: item for item in (*items, *wire.input) if _has_content(item)}
    unknown = [name for name in wanted if name not in known and _ITEM_ID.fullmatch(name)]
    if unknown:
        holding = await serving.stored_responses.holding(user_id, unknown)
        known = {item["id"]: item for kept in holding for item in _items(kept)} | known
    earlier = Earlier(items, {name: known[name] for name in wanted if name in known})
    return earlier, [kept.response_id for kept in chain]


async def _chain(serving: Serving, user_id: str, response_id: str | None) -> list[KeptResponse]:
    if response_id is None:
        return []
    param = "previous_response_id"
    if not is_response_id(response_id):
        message = f"{param}: no response has the id {response_id[:128]}"
        raise ApiError(ErrorCode.NOT_FOUND, message, param=param)
    if serving.running_responses.get(user_id, response_id) is not None:
        raise ApiError(ErrorCode.CONFLICT, f"{param}: {response_id} is still being made", param=param)
    return await serving.stored_responses.chain(user_id, response_id)


def _items(kept: KeptResponse) -> list[dict[str, Any]]:
    """What a response was given, and what it answered."""
    given: list[dict[str, Any]] = msgspec.json.decode(kept.input_items)
    return given + list(msgspec.json.decode(kept.response)["output"])


def _has_content(item: RawItem) -> bool:
    """Whether it is more than a reference."""
    return isinstance(item.get("id"), str) and (
        "role" in item or item.get("type") not in (None, "item_reference")
    )


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)
