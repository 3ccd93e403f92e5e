"""What is said about API keys on the wire."""

from datetime import datetime
from typing import Annotated, Final, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, model_validator

from mlx_manager.core.security.principal import Scope
from mlx_manager.users.schemas import Body, Row

MAX_NAME_CHARS: Final = 64
MAX_DAYS: Final = 3650
# What an integer column of PostgreSQL holds.
_MAX_COUNT: Final = 2**31 - 1

_Item = TypeVar("_Item")


def _check_text(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("it holds control characters, or spaces at its ends")
    return text


def _distinct(items: list[_Item]) -> list[_Item]:
    return list(dict.fromkeys(items))


KeyName = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS), AfterValidator(_check_text)]
ModelName = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_check_text)]
ModelNames = Annotated[list[ModelName], Field(min_length=1, max_length=256), AfterValidator(_distinct)]
Scopes = Annotated[list[Scope], Field(min_length=1, max_length=8), AfterValidator(_distinct)]
Count = Annotated[int, Field(strict=True, ge=1, le=_MAX_COUNT)]
Days = Annotated[int, Field(strict=True, ge=1, le=MAX_DAYS)]


class NewKey(Body):
    """A key to be made. What is left out, or null, is without limit."""

    name: KeyName
    scopes: Scopes = Field(default_factory=lambda: [Scope.INFERENCE])
    models: ModelNames | None = None
    expires_at: AwareDatetime | None = None
    expires_in_days: Days | None = None
    requests_per_minute: Count | None = None
    tokens_per_day: Count | None = None
    capture_days: Days | None = None

    @model_validator(mode="after")
    def _one_expiry(self) -> Self:
        if self.expires_at is not None and self.expires_in_days is not None:
            raise ValueError("expires_at and expires_in_days say the same; send one of them")
        return self


class KeyChange(Body):
    """What can be changed about a key; null takes a limit away."""

    models: ModelNames | None = None
    requests_per_minute: Count | None = None
    tokens_per_day: Count | None = None
    capture_days: Days | None = None


class KeyView(Row):
    """A key, without what it is."""

    id: str
    name: str
    hint: str
    user_id: str
    user_name: str
    scopes: list[Scope]
    models: list[str] | None
    requests_per_minute: int | None
    tokens_per_day: int | None
    capture_days: int | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class CreatedKey(KeyView):
    """A key with what is to be sent, which is not shown again."""

    key: str


class KeyList(BaseModel):
    """Keys that have not been revoked."""

    data: list[KeyView]
