"""`mlx-manager run`: one answer, or a chat in the terminal."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlx_manager.commands.asking import Url, asking_of, find_target
from mlx_manager.completion import complete_model
from mlx_manager.core.security.principal import Scope
from mlx_manager.terminal import AsJson, fail, note

if TYPE_CHECKING:
    from mlx_manager.api_client import ApiClient
    from mlx_manager.commands.conversation import Conversation


def run(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Its id or an alias.", autocompletion=complete_model)
    ],
    prompt: Annotated[
        str | None, typer.Argument(metavar="PROMPT", help="Without one: a chat, or what stdin says.")
    ] = None,
    system: Annotated[str | None, typer.Option(help="The system prompt.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A field of requests; repeatable."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell tokens and times.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Ask a model, or talk with it. Where no server runs, one is started for the time of the command."""
    from mlx_manager.commands.conversation import Conversation

    conversation = Conversation(model, system, _fields(settings or ()))
    prompt = _prompt(prompt, as_json=as_json)
    with _server(url, model) as client:
        if prompt is None:
            from mlx_manager.commands.chat import Chat

            Chat(client, conversation, is_verbose=verbose).talk()
        elif as_json:
            _print_whole(client, conversation, prompt)
        else:
            from mlx_manager.commands.answering import show_answer

            show_answer(client, conversation, prompt, is_verbose=verbose)


def _fields(settings: Any) -> dict[str, Any]:
    from mlx_manager.commands.conversation import field_of

    fields = {}
    for setting in settings:
        name, separator, value = setting.partition("=")
        try:
            if not separator:
                raise ValueError("write NAME=VALUE")
            name, fields[name] = field_of(name, value)
        except ValueError as error:
            raise typer.BadParameter(f"--set: {error}") from None
    return fields


def _prompt(stated: str | None, *, as_json: bool) -> str | None:
    """What is asked; None where somebody at the terminal will say."""
    if stated is None and not sys.stdin.isatty():
        try:
            stated = sys.stdin.read()
        except UnicodeDecodeError:
            fail("what stdin says is not text in UTF-8")
    if stated is None and (as_json or not sys.stdout.isatty()):
        raise typer.BadParameter("PROMPT is missing: a chat needs a terminal")
    if stated is not None and not stated.strip():
        fail("there is nothing to ask: the prompt is empty")
    return stated


@contextmanager
def _server(url: str | None, model: str) -> "Iterator[ApiClient]":
    """The program that runs, else one of the command's own."""
    target = find_target(url)
    if target is not None:
        with asking_of(target, Scope.INFERENCE) as client:
            yield client
        return
    from mlx_manager.commands.temporary_server import temporary_server

    note("No server runs: one is started, and ends with this command.")
    with temporary_server(model) as started, asking_of(started, Scope.INFERENCE) as client:
        yield client


def _print_whole(client: "ApiClient", conversation: "Conversation", prompt: str) -> None:
    from mlx_manager.commands.answering import note_ignored
    from mlx_manager.commands.conversation import Answer
    from mlx_manager.commands.progress import waiting

    answer = Answer()
    with waiting(f"Waiting for {conversation.model}"):
        for _ in conversation.ask(client, prompt, answer):
            pass
    note_ignored(answer)
    shown = {
        "model": conversation.model,
        "content": answer.content,
        "reasoning_content": answer.reasoning or None,
        "finish_reason": answer.finish_reason,
        "usage": answer.usage,
        "timings": answer.timings,
    }
    typer.echo(json.dumps(shown, indent=2))
