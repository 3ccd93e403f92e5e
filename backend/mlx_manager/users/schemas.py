"""What is said about users on the wire."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from mlx_manager.core.security import names, passwords
from mlx_manager.core.security.principal import Role
from mlx_manager.db.tables import UserStatus

MAX_TOKEN_CHARS: Final = 256


class Body(BaseModel):
    """Base of what is sent to us: an unknown field is refused, and no error repeats what was sent."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)


class Row(BaseModel):
    """Base of what we send, read from a row of the database. Fields with a default are sent, too."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)


def _check_name(name: str) -> str:
    if fault := names.fault_of(name):
        raise ValueError(fault)
    return name


def _check_new(password: SecretStr) -> SecretStr:
    if fault := passwords.fault_of(password.get_secret_value()):
        raise ValueError(fault)
    return password


def _check_sent(password: SecretStr) -> SecretStr:
    if fault := passwords.fault_of_sent(password.get_secret_value()):
        raise ValueError(fault)
    return password


NewName = Annotated[str, AfterValidator(_check_name)]
NewPassword = Annotated[SecretStr, AfterValidator(_check_new)]
SentPassword = Annotated[SecretStr, AfterValidator(_check_sent)]
SentToken = Annotated[SecretStr, Field(max_length=MAX_TOKEN_CHARS)]


class UserView(Row):
    """A user as others may see them."""

    id: str
    name: str
    role: Role
    status: UserStatus
    created_at: datetime
    last_sign_in_at: datetime | None


class UserList(BaseModel):
    """Every user but the built-in owner."""

    data: list[UserView]


class NewUser(Body):
    """A user to be made, active at once. Without a password they set one with the token in the answer."""

    name: NewName
    password: NewPassword | None = None
    role: Role = Role.USER


class PasswordToken(BaseModel):
    """Leave to set a new password once; `token` is not shown again."""

    token: str
    expires_at: datetime


class CreatedUser(UserView):
    """The user, and where no password was given leave to set one."""

    password_token: PasswordToken | None = None


class UserChange(Body):
    """What can be changed about a user."""

    role: Role


class NewInvitation(Body):
    """An invitation to be made."""

    role: Role = Role.USER
    expires_in_hours: Annotated[int, Field(strict=True, ge=1, le=720)] = 72


class InvitationView(Row):
    """An invitation that nobody has accepted yet."""

    id: str
    role: Role
    created_at: datetime
    expires_at: datetime


class CreatedInvitation(InvitationView):
    """An invitation with its token, which is not shown again."""

    token: str


class InvitationList(BaseModel):
    """The invitations that still hold."""

    data: list[InvitationView]
