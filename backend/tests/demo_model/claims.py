"""What an answer of the demo model's claims about the product, and whether it is so.

A claim is a command, a path, a port, a URL, a variable, a setting or a number. Each kind has a pattern and a
check; what looks like a claim and has no kind fails, so that nobody can add a fact that nothing checks.
"""

import ast
import inspect
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final
from unittest import mock
from urllib.parse import urlsplit

import openai
import typer.main
from demo_model.records import MODEL_DIR
from pydantic_settings import BaseSettings

import mlx_manager
from mlx_manager.commands import app as command_line
from mlx_manager.config import ManagerSettings
from mlx_manager.core.paths import home_dir
from mlx_manager.db.settings import DatabaseSettings
from mlx_manager.main import app as manager_app
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.main import app as server_app
from mlx_manager.mlx_server.pool.safetensors_header import read_header
from mlx_manager.mlx_server.pool.sources import DEMO_ID, DEMO_PATH
from mlx_manager.mlx_server.protocols.openai_chat.schema import ChatCompletionRequest

BACKEND: Final = Path(mlx_manager.__file__).parents[1]
ROOT: Final = BACKEND.parent
_LOOKS_LIKE_ONE: Final = re.compile(r"[`\d~_$=/\\]|\b[Rr]un make\b|\bcurl\b|\bpip\b|MLX[-_]?[A-Z]{3,}|--\w")
# Not claims about the product: names of others' programs, and what we say without a number.
_HARMLESS: Final = ("OpenAI- and Anthropic-compatible",)

Check = Callable[[re.Match[str], str], None]
"""Raises AssertionError where the claim is false. Gets the text before it, too."""


class UnclassifiedError(AssertionError):
    """Something that looks like a claim and is of no known kind."""


def claims(answer: str) -> list[str]:
    """The claims of an answer, as they stand. Raises AssertionError unless all are true."""
    found: list[tuple[int, str]] = []
    rest = answer
    for pattern, check in _KINDS:
        for match in list(pattern.finditer(rest)):
            check(match, answer[: match.start()])
            found.append((match.start(), match[0]))
        # Blanks in its place, so that positions stay what they are.
        rest = pattern.sub(lambda match: " " * len(match[0]), rest)
    for harmless in _HARMLESS:
        rest = rest.replace(harmless, "")
    if left := _LOOKS_LIKE_ONE.search(rest):
        raise UnclassifiedError(f"{rest[max(left.start() - 20, 0) : left.end() + 20]!r} of {answer!r}")
    return [text for _, text in sorted(found)]


def _is_in(value: object, values: Any) -> None:
    assert value in values, f"{value!r} is not among {sorted(values)}"


# Commands


def _make(match: re.Match[str], _: str) -> None:
    """`make TARGET`, perhaps with variables that it gets from the environment."""
    *assignments, program, target = shlex.split(match[1])
    assert program == "make"
    _is_in(target, _make_targets())
    for assignment in assignments:
        name, _, value = assignment.partition("=")
        _check_value(name, value)


@cache
def _make_targets() -> frozenset[str]:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    recipes = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    return frozenset(set(phony[1].split()) & recipes)


def _mlx_manager(match: re.Match[str], _: str) -> None:
    """`mlx-manager COMMAND… NAME`: words in capitals stand for what it wants to be told."""
    words = match[1].split()[1:]
    command: Any = typer.main.get_command(command_line)  # of the click that typer carries with it
    while words and hasattr(command, "commands"):
        _is_in(words[0], command.commands)
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands"), f"{match[1]} is no whole command"
    arguments = [str(one.name) for one in command.params if one.param_type_name == "argument"]
    assert words == [name.upper() for name in arguments], (match[1], arguments)
    assert not [one for one in command.params if one.param_type_name == "option" and one.required]


def _hf_download(match: re.Match[str], _: str) -> None:
    """`hf download REPO --local-dir FOLDER`, by the program of the locked environment."""
    assert re.search(r"^huggingface-hub==", (BACKEND / "requirements.lock").read_text(), re.MULTILINE)
    words = shlex.split(match[1])
    usage = _help(words[1])
    assert f"hf {words[1]} [OPTIONS] REPO_ID" in usage
    options = [word for word in words if word.startswith("-")]
    for option in options:
        assert re.search(rf"^\s+{re.escape(option)}\b", usage, re.MULTILINE), f"no {option} in:\n{usage}"
    (repo,) = [word for word in words[2:] if "/" in word and not word.startswith("~")]
    folder = words[words.index("--local-dir") + 1]
    # The folder of folders is what the setting of the same answer names.
    assert Path(folder).name == repo.partition("/")[2]


@cache
def _help(command: str) -> str:
    program = Path(sys.executable).parent / "hf"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(
        [program, command, "--help"], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


def _claude(match: re.Match[str], _: str) -> None:
    """Claude Code asks `/v1/messages` below its base URL."""
    url = urlsplit(match[2])
    assert (url.port, url.path) == (_default(MLXServerSettings, "port"), "")
    _is_in("/v1/messages", _routes(server_app))


def _openai(match: re.Match[str], _: str) -> None:
    """A line of Python that makes a client."""
    (statement,) = ast.parse(match[1]).body
    assert isinstance(statement, ast.Assign)
    assert isinstance(statement.value, ast.Call)
    assert ast.unparse(statement.value.func) == "OpenAI"
    given = {str(word.arg): ast.literal_eval(word.value) for word in statement.value.keywords}
    assert given.keys() <= inspect.signature(openai.OpenAI).parameters.keys()
    with openai.OpenAI(**given) as client:
        url = urlsplit(str(client.base_url))
    assert (url.hostname, url.port) == (
        _default(MLXServerSettings, "host"),
        _default(MLXServerSettings, "port"),
    )
    _is_in(f"{url.path}chat/completions", _routes(server_app))


def _interrupt(_: re.Match[str], __: str) -> None:
    """What `make run` says of itself; that it is so is tested where it runs."""
    assert "Ctrl-C stops" in (ROOT / "Makefile").read_text()


# Places


def _url(match: re.Match[str], _: str) -> None:
    url = urlsplit(match["url"])
    programs: dict[int, tuple[type[BaseSettings], Any]] = {
        _default(MLXServerSettings, "port"): (MLXServerSettings, server_app),
        _default(ManagerSettings, "port"): (ManagerSettings, manager_app),
    }
    _is_in(url.port, programs)
    settings, app = programs[url.port or 0]
    assert (url.scheme, url.hostname) == ("http", _default(settings, "host"))
    _is_in(url.path or "/", _routes(app) | {"/"})
    if url.path in ("", "/"):
        # What a browser shows: the pages are the manager's alone.
        assert app is manager_app


def _route(match: re.Match[str], _: str) -> None:
    _is_in(match[1], _routes(server_app))


@cache
def _routes(app: Any) -> frozenset[str]:
    return frozenset(app.openapi()["paths"])


def _port(match: re.Match[str], before: str) -> None:
    """The program is the one that was named last before it."""
    is_manager = before.rfind("manager") > before.rfind("server")
    assert int(match[1]) == _default(ManagerSettings if is_manager else MLXServerSettings, "port"), match[0]


def _in_home(match: re.Match[str], before: str) -> None:
    """A place is where it is said to be: its name is in the sentence."""
    with _environment():
        home = home_dir()
        known = {
            home: "home",
            Path(DatabaseSettings().url().partition(":///")[2]): "database",
            home / "logs": "logs",
        }
        place = Path(match[1]).expanduser()
        _is_in(place, known)
        assert known[place] in before.rpartition(".")[2], f"{match[1]} is the place of the {known[place]}"
    if match[1].endswith("logs"):
        for program in ("main.py", "mlx_server/main.py"):
            assert 'home_dir() / "logs"' in (BACKEND / "mlx_manager" / program).read_text()


def _source(_: re.Match[str], __: str) -> None:
    assert urlsplit(str(_default(ManagerSettings, "hub_endpoint"))).hostname == "huggingface.co"


# Settings


def _variable(match: re.Match[str], _: str) -> None:
    _field(match[1])


def _field(name: str) -> tuple[type[BaseSettings], str]:
    """The settings that a variable belongs to, and its field there."""
    for settings in (MLXServerSettings, ManagerSettings):
        prefix = settings.env_prefix()
        if name.startswith(prefix):
            field = name.removeprefix(prefix).lower()
            _is_in(field, settings.model_fields)
            return settings, field
    raise AssertionError(f"{name} is a variable of neither program")


def _check_value(name: str, value: str) -> None:
    settings, field = _field(name)
    with _environment({name: value}):
        try:
            taken = getattr(settings(), field)
        except SystemExit as error:  # how the programs refuse a value
            raise AssertionError(f"{name}={value}: {error}") from None
    assert taken != settings.model_fields[field].get_default(call_default_factory=True)


def _tokens(match: re.Match[str], _: str) -> None:
    assert int(match[1]) == _default(MLXServerSettings, "default_max_tokens"), match[0]


def _default(settings: type[BaseSettings], field: str) -> Any:
    return settings.model_fields[field].default


@contextmanager
def _environment(variables: dict[str, str] | None = None) -> Iterator[None]:
    """As of somebody who has set nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("MLX_")}
    with mock.patch.dict(os.environ, kept | (variables or {}), clear=True):
        yield


# The demo, the licence, Python


def _model_id(match: re.Match[str], _: str) -> None:
    assert match[1] == DEMO_ID
    assert (DEMO_PATH / "config.json").is_file()


def _streams(match: re.Match[str], _: str) -> None:
    _is_in(match[1], ChatCompletionRequest.model_fields)


def _parameters(match: re.Match[str], _: str) -> None:
    count = sum(tensor.size for tensor in read_header(MODEL_DIR / "model.safetensors"))
    assert f"{count / 1e6:.1f}" == match[1]


def _python(match: re.Match[str], _: str) -> None:
    assert _project()["requires-python"] == f">={match[1]}"


def _licence(match: re.Match[str], _: str) -> None:
    assert (ROOT / "LICENSE").read_text().startswith(f"{match[1]} License")
    assert _project()["license"] == match[1]


@cache
def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((BACKEND / "pyproject.toml").read_text())["project"]
    return project


_URL: Final = r"https?://[\w.]+(?::\d+)?(?:/[\w/.-]*\w)?"
# In this order: what one has taken no other sees.
_KINDS: Final[tuple[tuple[re.Pattern[str], Check], ...]] = tuple(
    (re.compile(pattern), check)
    for pattern, check in (
        (r"`((?:[A-Z][A-Z_]+=[^`]+ )?make [^`]+)`", _make),
        (r"`(ANTHROPIC_BASE_URL)=(http\S+) claude`", _claude),
        (r"`(client = OpenAI\([^`]*\))`", _openai),
        (r"`(hf download [^`]+)`", _hf_download),
        (r"`(mlx-manager [^`]+)`", _mlx_manager),
        (rf"`curl (?P<url>{_URL})`", _url),
        (r'`model="(\w+)"`', _model_id),
        (r'`"(stream)": true`', _streams),
        (r"`(/[a-z0-9/_]+)`", _route),
        (r"`(MLX_[A-Z_]+)`", _variable),
        (r"`(~/\.mlx-manager[\w./-]*)`", _in_home),
        (r"`(demo)`", _model_id),
        (rf"(?P<url>{_URL})", _url),
        (r"\bport (\d+)", _port),
        (r"\b(\d+) tokens by default", _tokens),
        (r"\b(\d+\.\d+) million parameters", _parameters),
        (r"\bPython (\d+\.\d+) or newer", _python),
        (r"\b(\w+) licence\b", _licence),
        (r"\bCtrl-C\b", _interrupt),
        (r"\bHugging Face\b(?! cache)", _source),
    )
)
