"""The rule for fields: honoured; refused where they would change the answer; else named as ignored."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from mlx_manager.core.errors import ApiError, ErrorCode

_MAX_HEADER_CHARS: Final = 2048
_MAX_PATHS: Final = 64


class WireModel(BaseModel):
    """Base of every schema: types are taken as they are, and unknown fields are kept to be named."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)


Schema = TypeVar("Schema", bound=WireModel)


def validate(schema: type[Schema], body: Mapping[str, Any]) -> Schema:
    """Check a body against its schema. Raises ApiError that names the first field at fault."""
    try:
        return schema.model_validate(body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        path = _wire_path(fault["loc"], body, is_missing=fault["type"] == "missing")
        raise ApiError(ErrorCode.INVALID_REQUEST, f"{path}: {fault['msg']}", param=path) from None


def _wire_path(loc: Sequence[int | str], body: Mapping[str, Any], *, is_missing: bool) -> str:
    """Where the fault is in the body. Pydantic also names the member of a union that was tried."""
    steps: list[str] = []
    node: Any = body
    for part in loc:
        if _is_step(node, part):
            node = node[part]
            steps.append(str(part))
    return ".".join([*steps, str(loc[-1])] if is_missing else steps)


def _is_step(node: Any, part: int | str) -> bool:
    return part in node if isinstance(node, Mapping) else isinstance(node, list) and isinstance(part, int)


def refuse_unsupported(body: Mapping[str, Any], neutral: Mapping[str, tuple[Any, ...]]) -> None:
    """Refuse fields that would change the answer and cannot be honoured.

    Args:
        neutral: for each such field the values that ask for nothing; null and absence always do.

    Raises:
        ApiError: `unsupported_field`, naming the field.
    """
    for name, values in neutral.items():
        value = body.get(name)
        if value is not None and not any(value == ok and type(value) is type(ok) for ok in values):
            raise ApiError(
                ErrorCode.UNSUPPORTED_FIELD, f"{name} is not supported yet; leave it out", param=name
            )


def ignored_paths(model: WireModel, without: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Paths of the fields that the schema does not know, those of `without` left out (they were neutral)."""
    for name in model.model_extra or {}:
        if prefix or name not in without:
            yield prefix + name
    for name in type(model).model_fields:
        value = getattr(model, name)
        for key, item in enumerate(value) if isinstance(value, list | tuple) else [(None, value)]:
            if isinstance(item, WireModel):
                path = f"{prefix}{name}." if key is None else f"{prefix}{name}.{key}."
                yield from ignored_paths(item, {}, path)


def ignored_header(paths: Iterator[str]) -> dict[str, str]:
    """`X-Ignored-Fields`, where there is something to name. Names are the client's, so they are quoted."""
    named: list[str] = []
    length = 0
    for path in paths:
        quoted = quote(path, safe="._-[]$@")[:128]
        length += len(quoted) + 2
        if length > _MAX_HEADER_CHARS or len(named) == _MAX_PATHS:
            named.append("...")
            break
        named.append(quoted)
    return {"X-Ignored-Fields": ", ".join(named)} if named else {}
