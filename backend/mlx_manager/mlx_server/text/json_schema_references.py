"""Where the references of a JSON schema lead: by its identifiers and anchors, within the schema alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urldefrag, urljoin

from mlx_manager.mlx_server.text.json_schema_keywords import BY_NAME, LISTS, ONE, Draft

# Relative references need something to be relative to.
_ROOT: Final = "http://root.invalid/"


class UnresolvedReference(ValueError):
    """A reference that leads nowhere within the schema; its message is the end of a sentence about it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A subschema where it stands.

    Attributes:
        pointer: JSON pointer from the root.
        base: URI that references within are relative to.
    """

    schema: Any
    pointer: str
    base: str


@dataclass(slots=True)
class References:
    """All identifiers and anchors of a schema.

    A reference is looked up as the specification says: its URI names a resource, by the `$id` of a
    subschema or as the root, its fragment a place in it. Nothing is ever fetched.
    """

    root: Any
    draft: Draft
    resources: dict[str, Place] = field(default_factory=dict)
    anchors: dict[tuple[str, str], Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.resources[_ROOT] = Place(self.root, "", _ROOT)
        self._collect(self.root, "", _ROOT)

    def root_place(self) -> Place:
        return Place(self.root, "", self.base_of(self.root, _ROOT))

    def base_of(self, schema: Any, base: str) -> str:
        """The base URI within a subschema that stands where `base` holds."""
        name = self._identifier(schema)
        return _joined(base, name.partition("#")[0]) if name else base

    def find(self, reference: str, base: str) -> Place:
        """The subschema that a reference means where `base` holds.

        Raises:
            UnresolvedReference: the schema has no such place.
        """
        uri, fragment = urldefrag(_joined(base, reference))
        resource = self.resources.get(uri)
        if resource is None:
            raise UnresolvedReference("leads out of the schema, and nothing is fetched")
        fragment = unquote(fragment)
        if not fragment:
            return resource
        if fragment.startswith("/"):
            return self._walk(resource, fragment)
        anchor = self.anchors.get((uri, fragment))
        if anchor is None:
            raise UnresolvedReference("names an anchor that the schema does not have")
        return anchor

    def _walk(self, start: Place, pointer: str) -> Place:
        schema, base = start.schema, start.base
        for part in pointer.removeprefix("/").split("/"):
            step = part.replace("~1", "/").replace("~0", "~")
            if isinstance(schema, dict) and step in schema:
                schema = schema[step]
            elif isinstance(schema, list) and step.isdecimal() and int(step) < len(schema):
                schema = schema[int(step)]
            else:
                raise UnresolvedReference("leads to nothing in the schema")
            base = self.base_of(schema, base)
        return Place(schema, start.pointer + pointer, base)

    def _identifier(self, schema: Any) -> str | None:
        if not isinstance(schema, dict):
            return None
        name = schema.get("id" if self.draft is Draft.DRAFT_4 else "$id")
        if not isinstance(name, str) or name.startswith("#"):
            return None
        # Up to draft 7 nothing beside a reference counts.
        return None if self.draft <= Draft.DRAFT_7 and "$ref" in schema else name

    def _collect(self, schema: Any, pointer: str, base: str) -> None:
        if not isinstance(schema, dict):
            return
        base = self.base_of(schema, base)
        here = Place(schema, pointer, base)
        if self._identifier(schema):
            self.resources.setdefault(base, here)
        for name in self._anchors(schema):
            self.anchors.setdefault((base, name), here)
        for key, value in _subschemas(schema):
            self._collect(value, f"{pointer}/{key}", base)

    def _anchors(self, schema: dict[str, Any]) -> Iterator[str]:
        if self.draft <= Draft.DRAFT_7:
            name = schema.get("id" if self.draft is Draft.DRAFT_4 else "$id")
            if isinstance(name, str) and name.startswith("#") and "$ref" not in schema:
                yield name[1:]
            return
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(schema.get(keyword), str):
                yield schema[keyword]


def _subschemas(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for keyword, value in schema.items():
        if keyword in LISTS and isinstance(value, list):
            yield from ((f"{keyword}/{index}", item) for index, item in enumerate(value))
        elif keyword in ONE and isinstance(value, dict):
            yield keyword, value
        elif keyword in BY_NAME and isinstance(value, dict):
            yield from ((f"{keyword}/{escaped(name)}", item) for name, item in value.items())


def _joined(base: str, reference: str) -> str:
    """`urljoin` that also knows fragments of URNs."""
    return base + reference if not reference or reference.startswith("#") else urljoin(base, reference)


def escaped(name: str) -> str:
    """A property's name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
