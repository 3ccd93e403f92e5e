"""The settings: whether they can be read, what nobody reads, and who could call without a key."""

import difflib
import importlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlx_manager.core.access.mode import check_bind
from mlx_manager.core.settings import InvalidSettings
from mlx_manager.doctor.finding import Finding, ok, problem, warning

if TYPE_CHECKING:
    from mlx_manager.config import ManagerSettings
    from mlx_manager.mlx_server.config import MLXServerSettings

CHECK: Final = "settings"
_PREFIXES: Final = ("MLX_SERVER_", "MLX_MANAGER_")
# Read by commands, by the server of a manager, or by our tests.
_FOREIGN: Final = ("MLX_MANAGER_TEST_DATA", "MLX_MANAGER_URL", "MLX_MANAGER_API_KEY", "MLX_SUPERVISED")
_CLOSE: Final = 0.85


@dataclass(frozen=True, slots=True)
class Settings:
    """Of both programs, as far as they can be read.

    Attributes:
        faults: what could not be read, and is left out.
        stored_faults: stored values that are of no use, for which defaults count.
    """

    server: "MLXServerSettings"
    manager: "ManagerSettings"
    faults: tuple[str, ...]
    stored_faults: tuple[str, ...] = ()


def read_settings() -> Settings:
    """Both programs' settings. A variable that says nonsense is noted, and removed from our environment."""
    faults: list[str] = []
    for name in ("mlx_manager.mlx_server.config", "mlx_manager.config"):
        while True:
            try:
                importlib.import_module(name)
                break
            except InvalidSettings as fault:
                sys.modules.pop(name, None)
                faults.append(str(fault))
                _forget(str(fault))
    from mlx_manager.config import ManagerSettings
    from mlx_manager.db.stored_settings import read_stored
    from mlx_manager.mlx_server.config import MLXServerSettings

    server, manager = MLXServerSettings(), ManagerSettings()
    stored_faults = [
        fault for one in (server, manager) for fault in one.take_stored(read_stored(one.env_prefix()))
    ]
    return Settings(server, manager, tuple(faults), tuple(stored_faults))


def check_settings(settings: Settings, environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Faults, unknown variables, and a public address without keys."""
    for fault in settings.faults:
        yield problem(CHECK, fault, "Neither program starts like this: correct the variable or remove it.")
    for fault in settings.stored_faults:
        yield warning(CHECK, f"{fault}; its default counts", "Store another value, or reset it.")
    names = list(_unknown(settings, environ))
    for text in names:
        yield warning(CHECK, text, "Correct its name, or remove it.")
    refusals = [fault for one in (settings.server, settings.manager) for fault in check_bind(one, one.host)]
    for fault in refusals:
        yield problem(CHECK, fault, "The program refuses to start like this.")
    if not (settings.faults or settings.stored_faults or names or refusals):
        stated = sorted(name for name in environ if name.upper().startswith(_PREFIXES))
        yield ok(CHECK, f"{', '.join(stated)}" if stated else "every setting has its default")


def _unknown(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """Variables with our prefixes, or nearly, that nothing reads."""
    known = {
        one.env_prefix() + name.upper()
        for one in (settings.server, settings.manager)
        for name in type(one).model_fields
    } | set(_FOREIGN)
    for name in sorted(environ):
        if not name.upper().startswith("MLX_") or name.upper() in known:
            continue
        close = difflib.get_close_matches(name.upper(), known, n=1, cutoff=_CLOSE)
        hint = f"; did you mean {close[0]}?" if close else ""
        # MLX itself has variables that begin alike.
        if close or name.upper().startswith(_PREFIXES):
            yield f"{name} is not a setting and has no effect{hint}"


def _forget(fault: str) -> None:
    """Take the variable that a fault names out of the environment; where it names none, all of its prefix."""
    name = re.split(r"[:.]", fault, maxsplit=1)[0]
    prefix = next(prefix for prefix in _PREFIXES if name.startswith(prefix))
    if (field := re.search(r'field "(\w+)"', fault)) is not None:
        name = prefix + field.group(1).upper()
    matching = [variable for variable in os.environ if variable.upper() == name]
    for variable in matching or [one for one in os.environ if one.upper().startswith(prefix)]:
        del os.environ[variable]
