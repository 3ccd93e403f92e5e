"""Every command of `mlx-manager`. What needs the database imports it when the command runs."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from mlx_manager import __version__
from mlx_manager.commands import residency
from mlx_manager.commands.bench import bench
from mlx_manager.commands.logs import logs
from mlx_manager.commands.models import app as models_app
from mlx_manager.commands.run import run
from mlx_manager.core.paths import ensure_home
from mlx_manager.keys.commands import app as keys_app
from mlx_manager.programs import become
from mlx_manager.terminal import AsJson, fail, in_database, is_terminal, note, show
from mlx_manager.users.commands import app as users_app

app = typer.Typer(
    help="Run local MLX models.",
    no_args_is_help=True,
    rich_markup_mode=None,
    # A traceback would show the values of variables, a password among them.
    pretty_exceptions_enable=False,
)
app.add_typer(models_app, name="models")
app.add_typer(users_app, name="users")
app.add_typer(keys_app, name="keys")
app.command()(run)
app.command()(residency.load)
app.command()(residency.unload)
app.command()(residency.ps)
app.command()(bench)
app.command()(logs)

_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Run local MLX models."""


@app.command()
def version(as_json: AsJson = False) -> None:
    """Show the version, and what runs of this home."""
    from mlx_manager.core.running_program import MANAGER, SERVER, find_running

    running = {name: find_running(name) for name in (MANAGER, SERVER)}
    shown = {
        name: None if found is None else {"url": found.url, "version": found.version, "pid": found.pid}
        for name, found in running.items()
    }
    lines = [
        f"{name} {found.version}: {found.url}, pid {found.pid}"
        for name, found in running.items()
        if found is not None
    ]
    text = "\n".join([f"mlx-manager {__version__}", *lines])
    show({"version": __version__, "running": shown}, as_json=as_json, text=text)


@app.command(context_settings=_PASSED_ON)
def serve(context: typer.Context) -> NoReturn:
    """Start the manager, on port 8080."""
    become("serve", context.args)


@app.command(context_settings=_PASSED_ON)
def server(context: typer.Context) -> NoReturn:
    """Start the inference server, on port 8000."""
    become("server", context.args)


@app.command(context_settings=_PASSED_ON)
def doctor(context: typer.Context) -> NoReturn:
    """Look at this machine and at its models, and say what to do about what is found."""
    become("doctor", context.args)


@app.command()
def backup(
    file: Annotated[Path | None, typer.Argument(help="A .tar.gz; in this folder, with the time.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the database and the secrets to a file that only its owner may read."""
    from mlx_manager.core.security.secret_key import SecretKeyError, existing_key, system_keychain
    from mlx_manager.core.times import utc_now
    from mlx_manager.db.backup import back_up

    target = file or Path(f"mlx-manager-{utc_now():%Y%m%dT%H%M%SZ}.tar.gz")
    home = ensure_home()
    try:
        key = existing_key(home, system_keychain())
    except SecretKeyError as error:
        fail(str(error))
    # A keychain stays with its Mac; the file counts before it where the backup is restored.
    kept = {} if key is None else {"encryption.key": key.text.encode()}
    in_database(lambda database: back_up(database, target, home, extra_secrets=kept), is_prepared=False)
    show({"file": str(target.absolute())}, as_json=as_json, text=str(target))
    note("it holds every secret of this installation: keep it where nobody else reads it")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Replace the database and the secrets by those of a backup. Stop both programs first."""
    from mlx_manager.db.restore import restore as put_back

    if not file.is_file():
        fail(f"there is no file {file}")
    if not yes:
        if not is_terminal():
            fail("this replaces the database and the secrets; add --yes to do it")
        typer.confirm("Replace the database and the secrets?", abort=True, err=True)
    restored = in_database(lambda database: put_back(database, file, ensure_home()), is_prepared=False)
    before = None if restored.before is None else str(restored.before)
    show({"file": str(file.absolute()), "before": before}, as_json=as_json, text=f"restored {file}")
    if before is not None:
        note(f"what was there before is in {before}")
