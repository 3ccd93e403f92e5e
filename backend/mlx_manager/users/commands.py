"""`mlx-manager users`: on the database itself, whether or not the programs run."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlx_manager.completion import complete_user
from mlx_manager.core.security.principal import Role
from mlx_manager.terminal import AsJson, PasswordStdin, in_unit, new_password, note, show, table

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from mlx_manager.db.tables import User
    from mlx_manager.users.schemas import UserView

app = typer.Typer(help="Make and manage users.", no_args_is_help=True, rich_markup_mode=None)

NewName = Annotated[str, typer.Argument(metavar="NAME", help="The user's name, in whatever case.")]
Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help="The user's name, in whatever case.", autocompletion=complete_user),
]


@app.command()
def create(
    name: NewName,
    role: Annotated[Role | None, typer.Option(help="The first user is an admin by default.")] = None,
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    """Make a user who may come in at once. Without a terminal or --password-stdin the password is made up."""
    from mlx_manager.core.security.passwords import hash_password
    from mlx_manager.db.tables import UserStatus
    from mlx_manager.users import service

    password, is_made_up = new_password(from_stdin=password_stdin)
    digest = hash_password(password)

    async def work(session: "AsyncSession") -> "User":
        default = Role.USER if await service.has_users(session) else Role.ADMIN
        return await service.add_user(
            session, name, role=role or default, status=UserStatus.ACTIVE, password_digest=digest
        )

    _show_with_password(in_unit(work), password if is_made_up else None, as_json=as_json)


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List the users."""
    from mlx_manager.users import service

    users = [_view(user) for user in in_unit(service.list_users)]
    rows = [[user.name, user.role, user.status, f"{user.created_at:%Y-%m-%dT%H:%M:%SZ}"] for user in users]
    text = table(["NAME", "ROLE", "STATUS", "CREATED"], rows)
    show({"data": [user.model_dump(mode="json") for user in users]}, as_json=as_json, text=text)


@app.command()
def approve(name: Name, as_json: AsJson = False) -> None:
    """Let in who registered."""
    from mlx_manager.users import service

    _change(name, service.approve, as_json=as_json)


@app.command()
def enable(name: Name, as_json: AsJson = False) -> None:
    """Let somebody in again."""
    from mlx_manager.users import service

    _change(name, service.enable, as_json=as_json)


@app.command()
def disable(name: Name, as_json: AsJson = False) -> None:
    """Keep somebody out from now on: their sessions end and their keys stop working."""
    from mlx_manager.core.times import utc_now
    from mlx_manager.users import service

    _change(name, lambda session, user: service.disable(session, user, utc_now()), as_json=as_json)


@app.command("reset-password")
def reset_password(name: Name, password_stdin: PasswordStdin = False, as_json: AsJson = False) -> None:
    """Set a new password and end the user's sessions."""
    from mlx_manager.core.security.passwords import hash_password
    from mlx_manager.core.times import utc_now
    from mlx_manager.users import service

    password, is_made_up = new_password(from_stdin=password_stdin)
    digest = hash_password(password)

    async def work(session: "AsyncSession") -> "User":
        user = await service.get_by_name(session, name)
        await service.set_password(session, user, digest, utc_now())
        return user

    _show_with_password(in_unit(work), password if is_made_up else None, as_json=as_json)


def _change(name: str, change: "Callable[[AsyncSession, User], Awaitable[None]]", *, as_json: bool) -> None:
    from mlx_manager.users import service

    async def work(session: "AsyncSession") -> "User":
        user = await service.get_by_name(session, name)
        await change(session, user)
        return user

    view = _view(in_unit(work))
    show(view.model_dump(mode="json"), as_json=as_json, text=f"{view.name}: {view.role}, {view.status}")


def _show_with_password(user: "User", made_up: str | None, *, as_json: bool) -> None:
    """Print the user; a password that was made up is all of the plain output, and is shown this once."""
    view = _view(user)
    shown: dict[str, Any] = view.model_dump(mode="json")
    summary = f"{view.name}: {view.role}, {view.status}"
    if made_up is None:
        show(shown, as_json=as_json, text=summary)
        return
    if not as_json:
        note(f"{summary}; the password is shown this once:")
    show(shown | {"password": made_up}, as_json=as_json, text=made_up)


def _view(user: "User") -> "UserView":
    from mlx_manager.users.schemas import UserView

    return UserView.model_validate(user)
