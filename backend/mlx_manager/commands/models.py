"""`mlx-manager models`: what is installed, and what the hub has.

Through the manager where one runs; else by the same code within this process.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Protocol
from urllib.parse import quote, urlencode

import typer

from mlx_manager.commands.asking import Url, asking_of, find_target
from mlx_manager.commands.model_text import details, hub_row, installed_row
from mlx_manager.completion import complete_model
from mlx_manager.core.running_program import MANAGER
from mlx_manager.core.security.principal import Scope
from mlx_manager.terminal import AsJson, amount, fail, is_terminal, note, printable, show, table

if TYPE_CHECKING:
    from mlx_manager.api_client import Target

app = typer.Typer(help="Find, get and keep models.", no_args_is_help=True, rich_markup_mode=None)

Model = Annotated[str, typer.Argument(metavar="MODEL", help="Its id.", autocompletion=complete_model)]
Context = Annotated[
    int | None, typer.Option("--context", min=1, help="Tokens of each request, for the fit into memory.")
]
Concurrency = Annotated[int | None, typer.Option(min=1, max=1024, help="Requests at once, for the fit.")]
_INSTALLED: tuple[str, ...] = ("MODEL", "STATUS", "SIZE", "PARAMETERS", "WEIGHTS", "CONTEXT", "FITS")
_ON_HUB: tuple[str, ...] = ("MODEL", "DOWNLOADS", "SIZE", "WEIGHTS", "UPDATED", "")


class Rooms(Protocol):
    """Whoever answers the manager's routes."""

    def json(self, method: str, path: str, body: Any = None, *, timeout_s: float = ...) -> Any:
        """The answer. Raises Refused."""
        ...


@contextmanager
def rooms(url: str | None) -> Iterator[tuple[Rooms, bool]]:
    """The manager's library, hub and downloads; and whether they are of this process."""
    target = _manager(url)
    if target is not None:
        with asking_of(target, Scope.ADMIN) as client:
            if client.program != MANAGER:
                fail("that is an inference server; models are kept by a manager")
            yield client, False
        return
    from mlx_manager.api_client import Refused
    from mlx_manager.commands.own_rooms import OwnRooms

    try:
        with OwnRooms() as own:
            yield own, True
    except Refused as error:
        fail(error.message)


def _manager(url: str | None) -> "Target | None":
    """The manager to ask; a server of this home has no library, and needs none to be asked about it."""
    target = find_target(url)
    return None if target is not None and target.is_own and target.program != MANAGER else target


@app.command("list")
def list_models(
    search: Annotated[str, typer.Argument(metavar="TEXT", help="Only those with it in their names.")] = "",
    context: Context = None,
    concurrency: Concurrency = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the installed models. Whether they fit into memory is told where a manager runs."""
    if _manager(url) is None:
        from mlx_manager.commands.installed_here import list_here

        listed: Mapping[str, Any] = {"data": list_here(search), "machine": None}
    else:
        query = _query(search=search, context_tokens=context, concurrency=concurrency)
        with rooms(url) as (asked, _):
            listed = asked.json("GET", f"/api/v1/library/models{query}")
    text = table(_INSTALLED, [installed_row(model) for model in listed["data"]])
    show(listed, as_json=as_json, text=text)


@app.command("show")
def show_model(
    model: Model,
    context: Context = None,
    concurrency: Concurrency = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show what is known of an installed model."""
    if _manager(url) is None:
        from mlx_manager.commands.installed_here import show_here

        shown: Mapping[str, Any] = show_here(model)
    else:
        query = _query(context_tokens=context, concurrency=concurrency)
        with rooms(url) as (asked, _):
            shown = asked.json("GET", _path(model) + query)
    show(shown, as_json=as_json, text=details(shown))


@app.command()
def rm(
    model: Model,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    unload: Annotated[bool, typer.Option("--unload", help="Unload it first where nobody uses it.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Delete a model's files for good."""
    if not yes:
        if not is_terminal():
            fail("this deletes the model's files; add --yes to do it")
        typer.confirm(f"Delete {printable(model)} for good?", abort=True, err=True)
    with rooms(url) as (asked, _):
        deleted = asked.json("DELETE", _path(model) + ("?unload=true" if unload else ""))
    freed = amount(deleted["freed_bytes"])
    show(deleted, as_json=as_json, text=printable(f"{deleted['id']}: deleted, {freed} freed"))


@app.command()
def verify(model: Model, url: Url = None, as_json: AsJson = False) -> None:
    """Compare a model's files with what the hub says they should be. Ends with 1 where one is damaged."""
    from mlx_manager.commands.verifying import verdict, verified

    with rooms(url) as (asked, _):
        found = verified(asked, model, _path(model))
    show(found, as_json=as_json, text=verdict(found))
    if found["status"] != "completed" or found["damaged"]:
        raise typer.Exit(1)


@app.command()
def search(
    words: Annotated[list[str] | None, typer.Argument(metavar="WORDS")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100)] = 20,
    family: Annotated[str | None, typer.Option(help="Such as qwen3.")] = None,
    weights: Annotated[str | None, typer.Option(help="Such as 4-bit or bf16.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also what is not in MLX's format.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Search the hub for models, those with the most downloads first."""
    from mlx_manager.commands.progress import waiting

    query = _query(
        search=" ".join(words or ()),
        limit=limit,
        family=family,
        quantization=weights,
        mlx_only="false" if every else None,
    )
    with rooms(url) as (asked, _), waiting("Asking the hub"):
        found = asked.json("GET", f"/api/v1/hub/models{query}")
    show(found, as_json=as_json, text=table(_ON_HUB, [hub_row(model) for model in found["data"]]))
    if not as_json and not found["data"]:
        note("nothing was found")


@app.command()
def pull(
    model: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="On the hub.")],
    revision: Annotated[str, typer.Option(help="A branch, a tag or a commit.")] = "main",
    allow_pickle: Annotated[
        bool, typer.Option("--allow-pickle", help="Let pickled weights come; reading them runs code.")
    ] = False,
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Let Python files come, and models that need them.")
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Start it in the manager and leave.")
    ] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Download a model, and wait until it is there. Ctrl-C leaves; in the manager it goes on."""
    from mlx_manager.commands.pulling import begin, follow, summary

    wanted = {
        "repo_id": model,
        "revision": revision,
        "allow_pickle": allow_pickle,
        "allow_code": allow_code,
    }
    with rooms(url) as (asked, is_own):
        if detach and is_own:
            fail("no manager runs that could go on with it; start one with `mlx-manager serve`")
        download = begin(asked, wanted, is_own=is_own)
        if not detach:
            download = follow(asked, download, is_own=is_own)
    show(download, as_json=as_json, text=summary(download))


def _path(model: str) -> str:
    return f"/api/v1/library/models/{quote(model, safe='')}"


def _query(**values: Any) -> str:
    stated = {name: value for name, value in values.items() if value not in (None, "")}
    return f"?{urlencode(stated)}" if stated else ""
