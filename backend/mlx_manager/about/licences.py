"""The distributions that the program needs, and their licences, by what is installed.

The fields are those of the core metadata specification (packaging.python.org): `License-Expression` is an
SPDX expression, `License` any text, and `Classifier` one of a list.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageMetadata, PackageNotFoundError, distribution
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OURS: Final = "mlx-manager-suite"
_MAX_CHARS: Final = 100
_LICENCE: Final = "License :: "
# The first that is there, of addresses that a distribution names.
_HOME_PAGES: Final = ("homepage", "home", "source", "sourcecode", "repository", "github", "documentation")


@dataclass(frozen=True, slots=True)
class Licence:
    """What a distribution says of itself; None is what it does not say.

    Attributes:
        licence: an SPDX expression, or a short text.
    """

    name: str
    version: str
    licence: str | None
    home_page: str | None


def licences(root: str = OURS) -> list[Licence]:
    """Of all that `root` needs here, by name; what is for development alone is left out."""
    found = [_licence(one.metadata) for one in _needed(root).values()]
    return sorted(found, key=lambda one: one.name.lower())


def _needed(root: str) -> dict[str, Distribution]:
    """By name; a requirement that is not installed belongs to another machine, or to nobody."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    # Each distribution is looked at once for itself and once for each extra that somebody asks for.
    waiting = [(root, "")]
    while waiting:
        name, extra = step = waiting.pop()
        if step in seen:
            continue
        seen.add(step)
        try:
            one = distribution(name)
        except PackageNotFoundError:
            continue
        if name != root:
            found[name] = one
        waiting += _requirements(one, extra)
    return found


def _requirements(one: Distribution, extra: str) -> Iterator[tuple[str, str]]:
    for text in one.requires or ():
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
            name = canonicalize_name(wanted.name)
            yield from ((name, one) for one in ("", *wanted.extras))


def _licence(metadata: PackageMetadata) -> Licence:
    return Licence(metadata["Name"], metadata["Version"], _text(metadata), _home_page(metadata))


def _text(metadata: PackageMetadata) -> str | None:
    if expression := _first(metadata, "License-Expression"):
        return expression
    classifiers = metadata.get_all("Classifier") or ()
    named = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith(_LICENCE)]
    if exact := [name for name in named if name != "OSI Approved"]:
        return ", ".join(exact)
    # Some put the whole licence there.
    text = _first(metadata, "License").strip()
    return text if text and len(text) <= _MAX_CHARS and "\n" not in text else None


def _home_page(metadata: PackageMetadata) -> str | None:
    pages = {"homepage": _first(metadata, "Home-page")}
    for line in metadata.get_all("Project-URL") or ():
        label, _, address = line.partition(",")
        pages[re.sub(r"[^a-z]", "", label.lower())] = address.strip()
    addresses = [pages.get(label, "") for label in _HOME_PAGES] + list(pages.values())
    return next((one for one in addresses if one.startswith(("https://", "http://"))), None)


def _first(metadata: PackageMetadata, field: str) -> str:
    return next(iter(metadata.get_all(field) or ()), "")
