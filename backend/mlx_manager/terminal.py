"""What commands need of the terminal and the database. A failure is one line on stderr and status 1."""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from mlx_manager.core.errors import ApiError
from mlx_manager.core.paths import ensure_home
from mlx_manager.core.security.passwords import fault_of

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from mlx_manager.db.session import Database

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
]

_HARMLESS: Final = frozenset("\n\t\u200c\u200d")

_Result = TypeVar("_Result")
_Schema = TypeVar("_Schema", bound=BaseModel)


def fail(message: str) -> NoReturn:
    """End the command."""
    note(" ".join(message.split()))
    raise typer.Exit(1)


def note(message: str) -> None:
    """Tell a person something that is not the command's result."""
    typer.echo(printable(message), err=True)


def printable(text: str) -> str:
    """The text without what could steer a terminal; lines and tabs stay, and what joins signs to one."""
    return "".join(sign for sign in text if sign.isprintable() or sign in _HARMLESS)


def dim(text: str) -> str:
    """The text as it is shown where it is not the point; only for a terminal."""
    return text if os.environ.get("NO_COLOR") else f"\x1b[2m{text}\x1b[0m"


def amount(num_bytes: float | None) -> str:
    """Bytes for a person, in powers of 1024."""
    if num_bytes is None:
        return "-"
    for unit in ("B", "KB", "MB"):
        if num_bytes < 1024:
            return f"{num_bytes:.0f} {unit}"
        num_bytes /= 1024
    return f"{num_bytes:.1f} GB"


def show(value: Mapping[str, Any], *, as_json: bool, text: str) -> None:
    """Print the result."""
    typer.echo(json.dumps(value, indent=2) if as_json else text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as what is in them."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = (zip(row, widths, strict=True) for row in [head, *rows])
    return "\n".join("  ".join(cell.ljust(width) for cell, width in line).rstrip() for line in lines)


def is_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def new_password(*, from_stdin: bool) -> tuple[str, bool]:
    """A password from stdin, from somebody at the terminal, or else made up; and whether it was made up."""
    if not from_stdin and not is_terminal():
        return secrets.token_urlsafe(18), True
    if from_stdin:
        try:
            password = sys.stdin.readline().rstrip("\r\n")
        except UnicodeDecodeError:
            fail("the password is not text in UTF-8")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    if fault := fault_of(password):
        fail(fault)
    return password, False


def checked(schema: type[_Schema], **values: Any) -> _Schema:
    """Options as a schema has them; a bad one is a usage error that does not repeat its value."""
    try:
        return schema(**values)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in fault["loc"])
        reason = fault["msg"].removeprefix("Value error, ")
        raise typer.BadParameter(f"{name}: {reason}" if name else reason) from None


def in_unit(work: "Callable[[AsyncSession], Awaitable[_Result]]") -> _Result:
    """Do the work in one unit on the database, whether or not the programs run."""

    async def unit(database: "Database") -> _Result:
        async with database.session() as session:
            return await work(session)

    return in_database(unit)


def in_database(work: "Callable[[Database], Awaitable[_Result]]", *, is_prepared: bool = True) -> _Result:
    """Do the work on the database, brought to this version first unless the work sees to that."""
    from sqlalchemy.exc import SQLAlchemyError

    from mlx_manager.db.errors import DatabaseFault
    from mlx_manager.db.migrate import prepare
    from mlx_manager.db.session import Database
    from mlx_manager.db.settings import DatabaseSettings

    async def opened() -> _Result:
        ensure_home()
        async with Database(DatabaseSettings().url()) as database:
            if is_prepared:
                await prepare(database)
            return await work(database)

    try:
        return asyncio.run(opened())
    except ApiError as error:
        fail(error.message)
    except DatabaseFault as error:
        fail(str(error))
    except SQLAlchemyError as error:
        # Its own text holds the statement's values; the driver's is about the connection.
        fail(f"the database failed: {getattr(error, 'orig', None) or type(error).__name__}")
    except OSError as error:
        fail(f"{error.filename or 'the database'}: {error.strerror or type(error).__name__}")
