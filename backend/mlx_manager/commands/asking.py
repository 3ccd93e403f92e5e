"""Whom a command asks, and with what key."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mlx_manager.core.security.principal import Scope
from mlx_manager.terminal import fail

if TYPE_CHECKING:
    from mlx_manager.api_client import ApiClient, Target

KEY_VARIABLE: Final = "MLX_MANAGER_API_KEY"
NOTHING_RUNS: Final = (
    "neither the manager nor the inference server runs here; start one with `mlx-manager serve` or "
    "`mlx-manager server`, or name one with --url"
)

Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help=f"The program to ask; {KEY_VARIABLE} holds its key."),
]


def find_target(url: str | None) -> "Target | None":
    """The program that is to be asked, or None where none runs; a URL that is none is a usage error."""
    from mlx_manager.api_client import locate

    try:
        return locate(url or os.environ.get("MLX_MANAGER_URL") or None, os.environ.get(KEY_VARIABLE) or None)
    except ValueError as error:
        raise typer.BadParameter(f"--url: {error}") from None


@contextmanager
def asking(url: str | None, *scopes: Scope) -> "Iterator[ApiClient]":
    """The program to ask; what goes wrong ends the command with a line.

    Args:
        scopes: of the key that is lent where the program wants one.
    """
    target = find_target(url)
    if target is None:
        fail(NOTHING_RUNS)
    with asking_of(target, *scopes) as client:
        yield client


@contextmanager
def asking_of(target: "Target", *scopes: Scope) -> "Iterator[ApiClient]":
    """The same of a program that was found."""
    from mlx_manager.api_client import ApiClient, Refused

    try:
        with ApiClient(target, lambda: _lend(*scopes)) as client:
            yield client
    except Refused as error:
        fail(error.message)


def _lend(*scopes: Scope) -> tuple[str, Callable[[], None]]:
    import asyncio

    from sqlalchemy.exc import SQLAlchemyError

    from mlx_manager.db.errors import DatabaseFault
    from mlx_manager.keys.lending import lend_key, take_back

    try:
        key_id, key = asyncio.run(lend_key("a command", scopes))
    except (DatabaseFault, OSError) as error:
        fail(str(error))
    except SQLAlchemyError as error:
        # Its own text holds the statement's values; the driver's is about the connection.
        fail(f"the database failed: {getattr(error, 'orig', None) or type(error).__name__}")
    return key, lambda: asyncio.run(take_back(key_id))
