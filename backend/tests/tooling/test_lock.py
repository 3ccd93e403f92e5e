"""The lock serves every supported Python and system, and tells nobody where it was made."""

import re
import tomllib
from itertools import product

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tooling.outside import BACKEND

LOCK = (BACKEND / "requirements.lock").read_text()
PROJECT = tomllib.loads((BACKEND / "pyproject.toml").read_text())["project"]
WANTED = [Requirement(line) for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]]
PINS = [Requirement(line) for line in re.findall(r"^([a-z0-9].*?) \\$", LOCK, re.MULTILINE)]

SYSTEMS = {
    "linux-x86_64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "linux-aarch64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    "macos-arm64": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
}


def applies(requirement: Requirement, environment: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(environment)


def pinned(system: str, python: str) -> dict[str, str]:
    """What the lock installs there: version by package."""
    environment = SYSTEMS[system] | {"python_version": python, "python_full_version": f"{python}.0"}
    chosen = [pin for pin in PINS if applies(pin, environment)]
    names = [canonicalize_name(pin.name) for pin in chosen]
    assert len(names) == len(set(names)), "a package is pinned twice"
    return {name: str(pin.specifier).removeprefix("==") for name, pin in zip(names, chosen, strict=True)}


@pytest.mark.parametrize(("system", "python"), list(product(SYSTEMS, ("3.11", "3.12", "3.13"))))
def test_lock_satisfies_every_requirement(system: str, python: str) -> None:
    versions = pinned(system, python)
    for requirement in WANTED:
        if applies(requirement, SYSTEMS[system] | {"python_version": python}):
            version = versions.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement} is not in the lock: run make lock"
            assert requirement.specifier.contains(version, prereleases=True), f"{requirement}: has {version}"
    # The backend of MLX hides behind an extra or a dependency of its wheel.
    assert ("mlx-metal" if system == "macos-arm64" else "mlx-cpu") in versions


def test_every_pin_has_hashes() -> None:
    entries = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == len(PINS) > 0
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry.splitlines()[0]


def test_lock_holds_no_address_and_no_option() -> None:
    assert "://" not in LOCK
    assert not re.findall(r"^\s*-(?!-hash=).*", LOCK, re.MULTILINE)


def test_lock_holds_no_torch_and_no_cuda() -> None:
    heavy = [pin.name for pin in PINS if re.match(r"torch|nvidia-|mlx-cuda", pin.name)]
    assert heavy == []
