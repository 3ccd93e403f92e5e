"""`mlx-manager keys`: on the database itself, whether or not the programs run."""

from typing import TYPE_CHECKING, Annotated

import typer

from mlx_manager.completion import complete_key, complete_model, complete_user
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import Scope
from mlx_manager.terminal import AsJson, checked, in_unit, note, show, table

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from mlx_manager.db.tables import ApiKey, User
    from mlx_manager.keys.schemas import CreatedKey

app = typer.Typer(help="Make and manage API keys.", no_args_is_help=True, rich_markup_mode=None)

Owner = Annotated[
    str | None,
    typer.Option("--user", help="Whose; needed where it is not clear.", autocompletion=complete_user),
]


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="To tell it from others.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="Repeatable; inference by default.")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Repeatable; every model by default.", autocompletion=complete_model),
    ] = None,
    expires_in_days: Annotated[int | None, typer.Option(help="Never by default.")] = None,
    requests_per_minute: Annotated[int | None, typer.Option(help="No limit by default.")] = None,
    tokens_per_day: Annotated[int | None, typer.Option(help="No limit by default.")] = None,
    capture_days: Annotated[int | None, typer.Option(help="Keep its requests' text so long.")] = None,
    user: Owner = None,
    as_json: AsJson = False,
) -> None:
    """Make a key; it is printed this once. On a machine without users it belongs to the machine's owner."""
    from mlx_manager.core.times import utc_now
    from mlx_manager.keys import service
    from mlx_manager.keys.schemas import NewKey

    asked = checked(
        NewKey,
        name=name,
        **({"scopes": scope} if scope else {}),
        models=model or None,
        expires_in_days=expires_in_days,
        requests_per_minute=requests_per_minute,
        tokens_per_day=tokens_per_day,
        capture_days=capture_days,
    )

    async def work(session: "AsyncSession") -> "CreatedKey":
        return await service.create(session, await _owner(session, user), asked, utc_now())

    made = in_unit(work)
    if not as_json:
        note(f"{made.name} of {made.user_name}, for {', '.join(made.scopes)}; the key is shown this once:")
    show(made.model_dump(mode="json"), as_json=as_json, text=made.key)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys that have not been revoked."""
    from mlx_manager.keys import service

    keys = [service.view(row, user) for row, user in in_unit(service.list_valid)]
    rows = [
        [
            key.name,
            key.user_name,
            key.hint,
            ",".join(key.scopes),
            f"{key.expires_at:%Y-%m-%dT%H:%M:%SZ}" if key.expires_at else "never",
            key.id,
        ]
        for key in keys
    ]
    text = table(["NAME", "USER", "KEY", "SCOPES", "EXPIRES", "ID"], rows)
    show({"data": [key.model_dump(mode="json") for key in keys]}, as_json=as_json, text=text)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="NAME_OR_ID", autocompletion=complete_key)],
    user: Owner = None,
    as_json: AsJson = False,
) -> None:
    """Make a key worthless for good."""
    from mlx_manager.core.times import utc_now
    from mlx_manager.keys import service

    async def work(session: "AsyncSession") -> "tuple[ApiKey, User]":
        row, owner = await _named(session, key, user)
        service.revoke(session, row, utc_now())
        return row, owner

    row, owner = in_unit(work)
    shown = service.view(row, owner).model_dump(mode="json")
    show(shown, as_json=as_json, text=f"revoked {row.name} of {owner.name}")


async def _owner(session: "AsyncSession", name: str | None) -> "User":
    """Whom a new key belongs to."""
    from mlx_manager.db.tables.users import OWNER_ID, User
    from mlx_manager.users import service as users

    if name is not None:
        return await users.get_by_name(session, name)
    if not await users.has_users(session):
        owner = await session.get(User, OWNER_ID)
        assert owner is not None  # every database of ours has it
        return owner
    administrators = await users.active_administrators(session)
    if len(administrators) != 1:
        raise ApiError(ErrorCode.CONFLICT, "it is not clear whose key this is to be: say so with --user")
    return administrators[0]


async def _named(session: "AsyncSession", key: str, user_name: str | None) -> "tuple[ApiKey, User]":
    """The one key with this id or name."""
    from mlx_manager.keys import service
    from mlx_manager.users import service as users

    user_id = None if user_name is None else (await users.get_by_name(session, user_name)).id
    keys = await service.list_valid(session, user_id)
    found = [(row, owner) for row, owner in keys if row.id == key] or [
        (row, owner) for row, owner in keys if row.name == key
    ]
    match found:
        case []:
            raise ApiError(ErrorCode.NOT_FOUND, f"there is no key {key!r}")
        case [one]:
            return one
        case _:
            owners = ", ".join(owner.name for _, owner in found)
            raise ApiError(
                ErrorCode.CONFLICT, f"keys of {owners} are named {key!r}: add --user, or use an id"
            )
