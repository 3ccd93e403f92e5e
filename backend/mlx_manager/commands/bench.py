"""`mlx-manager bench`: how fast a model answers here, through the program that runs."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlx_manager.commands.asking import Url, asking
from mlx_manager.completion import complete_model
from mlx_manager.core.security.principal import Scope
from mlx_manager.terminal import AsJson, fail, note, printable, show

if TYPE_CHECKING:
    from mlx_manager.api_client import ApiClient
    from mlx_manager.commands.measuring import Report

Model = Annotated[
    str | None,
    typer.Argument(metavar="MODEL", help="One that is in memory, by default.", autocompletion=complete_model),
]


def bench(
    model: Model = None,
    requests: Annotated[int, typer.Option("--requests", "-n", min=1, max=1000, help="Of each round.")] = 8,
    concurrency: Annotated[int, typer.Option("--concurrency", "-c", min=1, max=64)] = 4,
    prompt_tokens: Annotated[int, typer.Option(min=8, max=1_000_000, help="About so many.")] = 128,
    completion_tokens: Annotated[int, typer.Option(min=2, max=100_000)] = 64,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 3,
    max_seconds: Annotated[float, typer.Option(min=1, max=3600, help="No round goes on for longer.")] = 300,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Measure how soon answers begin and how fast they come. One round before is not counted."""
    from mlx_manager.commands.measuring import Load, measure
    from mlx_manager.commands.progress import share_of

    with asking(url, Scope.INFERENCE) as client:
        model = model or _usual_model(client)
        load = Load(
            model=model,
            num_requests=requests,
            concurrency=min(concurrency, requests),
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            num_rounds=rounds,
            max_s=max_seconds,
        )
        with share_of(f"Measuring {model}") as shown:
            report = measure(client, load, lambda share: shown.update(done=share))
    if not report.rounds:
        fail(f"no round ended within {max_seconds:g} s; ask for fewer requests or tokens")
    show(_json(report), as_json=as_json, text=_text(report))
    if len(report.rounds) < rounds:
        note(f"only {len(report.rounds)} of {rounds} rounds ended within {max_seconds:g} s")


def _usual_model(client: "ApiClient") -> str:
    models = client.json("GET", "/v1/models")["data"]
    if not models:
        fail("there is no model")
    loaded = [model for model in models if model.get("status") == "loaded"]
    return str((loaded or models)[0]["id"])


def _json(report: "Report") -> dict[str, Any]:
    return {
        **asdict(report.load),
        "median": asdict(report.median),
        "rounds": list(map(asdict, report.rounds)),
    }


def _text(report: "Report") -> str:
    load, median = report.load, report.median
    return "\n".join(
        (
            printable(
                f"{load.model}: {load.num_requests} requests, {load.concurrency} at once, "
                f"{median.prompt_tokens:.0f} prompt and {median.completion_tokens:.0f} answer tokens each; "
                f"median of {len(report.rounds)} rounds"
            ),
            f"first token   {median.first_token_s:.3f} s, the slowest {median.slowest_first_token_s:.3f} s",
            f"each stream   {median.stream_tokens_per_second:.1f} tokens/s",
            f"in all        {median.tokens_per_second:.1f} tokens/s",
        )
    )
