"""`mlx-manager load`, `unload` and `ps`: which models are in memory."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer

from mlx_manager.commands.asking import Url, asking
from mlx_manager.completion import complete_model
from mlx_manager.core.running_program import MANAGER
from mlx_manager.core.security.principal import Scope
from mlx_manager.terminal import AsJson, amount, note, printable, show, table

if TYPE_CHECKING:
    from mlx_manager.api_client import ApiClient
    from mlx_manager.commands.progress import Shown

Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="Its id or an alias.", autocompletion=complete_model)
]
_LOOK_EVERY_S: Final = 0.3
_HEAD: Final = ("MODEL", "STATUS", "MEMORY", "LEASES", "QUEUE", "RUNNING", "TOKENS/S", "UNLOADS IN")


def load(model: Model, url: Url = None, as_json: AsJson = False) -> None:
    """Load a model into memory, and wait until it is there."""
    from mlx_manager.commands.progress import share_of

    with asking(url, Scope.ADMIN) as client, share_of(f"Loading {model}") as shown:
        view = _load(client, model, shown)
    show(view, as_json=as_json, text=_summary(view))


def unload(
    model: Model,
    force: Annotated[
        bool, typer.Option("--force", help="End its requests with an error instead of waiting for them.")
    ] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Give a model's memory back, when its requests have ended."""
    from mlx_manager.api_client import LONG_TIMEOUT_S
    from mlx_manager.commands.progress import waiting

    path = f"/admin/models/{quote(model, safe='')}/unload" + ("?force=true" if force else "")
    with asking(url, Scope.ADMIN) as client, waiting(f"Unloading {model}"):
        view = client.json("POST", path, timeout_s=LONG_TIMEOUT_S)
    show(view, as_json=as_json, text=_summary(view))


def ps(
    every: Annotated[bool, typer.Option("--all", "-a", help="Also those that are not in memory.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show the inference server, the models in its memory, and what they do."""
    with asking(url, Scope.ADMIN) as client:
        server = _server_view(client)
        # Where it does not answer the manager has said why.
        is_there = server.get("is_answering", True)
        listed = client.json("GET", "/admin/models")["data"] if is_there else []
        memory = client.json("GET", "/admin/memory") if is_there else None
    models = listed if every else [view for view in listed if _is_of_interest(view)]
    lines = [_server_line(server)]
    if models:
        lines += ["", table(_HEAD, [_row(view) for view in models])]
    if memory is not None:
        lines += ["", _memory_line(memory)]
    show({"server": server, "data": models, "memory": memory}, as_json=as_json, text="\n".join(lines))
    if not as_json and is_there and not models:
        note("no model is in memory; a request for one loads it")


def _server_view(client: "ApiClient") -> Mapping[str, Any]:
    """What the manager knows of the server, or the little that the server says itself."""
    if client.program == MANAGER:
        view: Mapping[str, Any] = client.json("GET", "/api/v1/server")
        return view
    health = client.json("GET", "/health")
    return {"state": "running", "url": client.target.url, "version": health["version"]}


def _server_line(server: Mapping[str, Any]) -> str:
    line = f"inference server: {server['state']}"
    if server.get("url") is not None:
        line += f" at {server['url']}, version {server.get('version')}"
    if (ending := server.get("ending")) is not None and server["state"] in ("waiting", "failed"):
        line += f"; {ending['reason']}"
    return printable(line)


def _load(client: "ApiClient", model: str, shown: "Shown") -> Mapping[str, Any]:
    """Ask for the load and look at its progress beside it."""
    from mlx_manager.api_client import LONG_TIMEOUT_S

    path = f"/admin/models/{quote(model, safe='')}/load"
    with ThreadPoolExecutor(1) as thread:
        loading = thread.submit(client.json, "POST", path, timeout_s=LONG_TIMEOUT_S)
        while True:
            try:
                view: Mapping[str, Any] = loading.result(_LOOK_EVERY_S)
                return view
            except TimeoutError:
                shown.update(done=_progress_of(client, model))


def _progress_of(client: "ApiClient", model: str) -> float:
    for view in client.json("GET", "/admin/models")["data"]:
        if model in (view["id"], *view.get("aliases", ())):
            return float(view.get("progress") or 0.0)
    return 0.0


def _is_of_interest(view: Mapping[str, Any]) -> bool:
    return view["status"] in ("loading", "loaded", "draining") or bool(view.get("waiting"))


def _summary(view: Mapping[str, Any]) -> str:
    held = _memory_of(view)
    text = f"{view['id']}: {view['status']}" + (f", {amount(held)}" if held else "")
    return printable(text)


def _memory_of(view: Mapping[str, Any]) -> int | None:
    """What a model's process takes, or what is kept for it while nobody has measured."""
    held: Mapping[str, Any] = view.get("bytes") or {}
    reserved = held.get("reserved") or {}
    found: int | None = held.get("footprint") or reserved.get("total")
    return found


def _row(view: Mapping[str, Any]) -> Sequence[str]:
    progress, expiry = view.get("progress"), view.get("unloads_in_s")
    return (
        printable(view["id"]),
        view["status"] if progress is None else f"{view['status']} {progress:.0%}",
        amount(_memory_of(view)),
        str(view.get("leases", 0)),
        # Those that wait for the model's memory, and those that wait within it.
        str(view.get("waiting", 0) + view.get("queue", 0)),
        str(view.get("running", 0)),
        f"{view.get('tokens_per_second', 0):.1f}",
        "pinned" if view.get("pinned") else "-" if expiry is None else f"{expiry:.0f} s",
    )


def _memory_line(memory: Mapping[str, Any]) -> str:
    reserved, budget = amount(memory["reserved"]), amount(memory["budget"])
    return f"{reserved} of {budget} reserved, memory pressure: {memory['pressure']}"
