"""One schema in the words that the grammar engine enforces in full; what these cannot say is refused."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from mlx_manager.mlx_server.text.json_schema_formats import DEFINED_FORMATS, ENGINE_FORMATS, FORMAT_DEMANDS
from mlx_manager.mlx_server.text.json_schema_keywords import TYPES, UNENFORCED, Draft
from mlx_manager.mlx_server.text.json_schema_patterns import PatternError, rust_pattern
from mlx_manager.mlx_server.text.json_schema_recursion import circle, without_the_endless
from mlx_manager.mlx_server.text.json_schema_references import Place, References, UnresolvedReference, escaped
from mlx_manager.mlx_server.text.json_schema_unions import Unions, settle_unions
from mlx_manager.mlx_server.text.json_schema_values import (
    ValueRefused,
    common_multiple,
    constant,
    count,
    is_multiple,
    number,
)

Json = Any
# What an array or object may be asked to have, and a string, before an automaton gets too large.
MAX_COUNT: Final = 1_000
MAX_LENGTH: Final = 10_000
# Whole multiples are counted by states of an automaton.
MAX_MULTIPLE: Final = 10_000

_APPLICATORS: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf", "const", "enum"})
_OF_TYPE: Final = {
    "uniqueItems": "array", "contains": "array", "minContains": "array", "maxContains": "array",
    "unevaluatedItems": "array", "dependencies": "object", "dependentRequired": "object",
    "dependentSchemas": "object", "propertyNames": "object", "unevaluatedProperties": "object", "format":
    "string",
}  # fmt: skip


class Unenforceable(Exception):
    """Ends a rewriting; `pointer` is where the schema has what cannot be enforced."""

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(f"{pointer or 'the schema'} {reason}")
        self.pointer = pointer
        self.reason = reason


class Rewriting:
    """Rewrites one root schema.

    Each step keeps the set of values that fit: it resolves references (into `$defs` of its own, so that no
    identifier, anchor or draft is left to be understood), gives older drafts' keywords by the newest one's,
    leaves out annotations and what is idle, and puts the keywords that know of each other beside each
    other, applicators last.

    Raises:
        Unenforceable: from `all`.
    """

    def __init__(self, root: Json, draft: Draft) -> None:
        self.draft = draft
        self.references = References(root, draft)
        self.names: dict[str, str] = {}
        self.waiting: list[Place] = []
        self.definitions: dict[str, Json] = {}
        # Any two of a schema's may come to hold for one number, whose remainders multiply then.
        self.factors: set[float] = set()

    def all(self) -> dict[str, Json]:
        root = self.schema(self.references.root_place())
        while self.waiting:
            place = self.waiting.pop()
            self.definitions[self.names[place.pointer]] = self.schema(place)
        if circle(root, self.definitions):
            raise Unenforceable("", "refers to itself before a value has begun")
        root, definitions = without_the_endless(root, self.definitions)
        unions = Unions(definitions)
        for schema in (root, *definitions.values()):
            settle_unions(schema, unions)
        if root is False:
            raise Unenforceable("", "fits no value")
        root = {} if root is True else root
        return {**root, "$defs": definitions} if definitions else root

    def schema(self, place: Place) -> Json:
        if isinstance(place.schema, bool):
            return place.schema
        if not isinstance(place.schema, dict):
            raise Unenforceable(place.pointer, "is no schema")
        return _Object(self, place).rewritten()

    def reference(self, place: Place, reference: Json) -> str:
        """`#/$defs/NAME` of where it leads."""
        pointer = f"{place.pointer}/$ref"
        if not isinstance(reference, str):
            raise Unenforceable(pointer, "is no text")
        try:
            target = self.references.find(reference, place.base)
        except UnresolvedReference as error:
            raise Unenforceable(pointer, str(error)) from None
        if target.pointer not in self.names:
            self.names[target.pointer] = f"{len(self.names)}"
            self.waiting.append(target)
        return f"#/$defs/{self.names[target.pointer]}"


class _Object:
    """Rewrites the keywords of one schema."""

    def __init__(self, rewriting: Rewriting, place: Place) -> None:
        self.rewriting = rewriting
        self.draft = rewriting.draft
        self.place = place
        self.source: dict[str, Json] = place.schema
        if self.draft <= Draft.DRAFT_7 and "$ref" in self.source:
            # There a reference stands for the whole schema, and what is beside it counts for nothing.
            self.source = {"$ref": self.source["$ref"]}
        self.types = self._types()
        self.out: dict[str, Json] = {}

    def rewritten(self) -> Json:
        for keyword, value in self.source.items():
            handler = _HANDLERS.get(keyword)
            if handler is not None:
                handler(self, keyword, value)
            elif keyword in UNENFORCED and not self._is_idle(keyword, value):
                raise self.refused(keyword, "cannot be enforced")
            if self.out.get("not") is False:
                return False
        self._names()
        self._check_counts()
        if not self._settle_multiples():
            return False
        first = {keyword: value for keyword, value in self.out.items() if keyword not in _APPLICATORS}
        return {**first, **self.out}

    def refused(self, keyword: str, reason: str) -> Unenforceable:
        return Unenforceable(f"{self.place.pointer}/{escaped(keyword)}", reason)

    def _types(self) -> frozenset[str]:
        named = self.source.get("type", sorted(TYPES))
        named = [named] if isinstance(named, str) else named
        if not isinstance(named, list) or not all(isinstance(name, str) and name in TYPES for name in named):
            raise self.refused("type", "is no type of JSON")
        return frozenset(named)

    def _sub(self, value: Json, *path: str) -> Json:
        pointer = "/".join((self.place.pointer, *map(escaped, path)))
        base = self.rewriting.references.base_of(value, self.place.base)
        return self.rewriting.schema(Place(value, pointer, base))

    def _has_applicators(self) -> bool:
        return not self.source.keys().isdisjoint(
            {"$ref", "allOf", "anyOf", "oneOf", "if", "not", "dependentSchemas", "dependencies"}
        )

    # What each keyword becomes

    def keep(self, keyword: str, value: Json) -> None:
        self.out[keyword] = value

    def reference(self, keyword: str, value: Json) -> None:
        self.out["$ref"] = self.rewriting.reference(self.place, value)

    def constant(self, keyword: str, value: Json) -> None:
        if keyword == "enum" and not isinstance(value, list):
            raise self.refused(keyword, "is no list")
        self._value(keyword, value, constant)

    def count(self, keyword: str, value: Json) -> None:
        most = MAX_LENGTH if keyword.endswith("Length") else MAX_COUNT
        self._value(keyword, value, lambda given: count(given, most))

    def bound(self, keyword: str, value: Json) -> None:
        if isinstance(value, bool) and self.draft is Draft.DRAFT_4 and keyword.startswith("exclusive"):
            plain = "minimum" if keyword.endswith("Minimum") else "maximum"
            if value and plain in self.source:
                self._value(keyword, self.source[plain], number)
            return
        self._value(keyword, value, number)

    def multiple(self, keyword: str, value: Json) -> None:
        self._value(keyword, value, number)
        if not self.out[keyword] > 0:
            raise self.refused(keyword, "is not above zero")
        factors = self.rewriting.factors
        factors.add(self.out[keyword])
        if common_multiple(factors) > MAX_MULTIPLE:
            raise self.refused(
                keyword, f"takes more than {MAX_MULTIPLE:,} remainders, with others of the schema"
            )

    def _value(self, keyword: str, value: Json, convert: Callable[[Json], Json]) -> None:
        try:
            self.out[keyword] = convert(value)
        except ValueRefused as error:
            raise self.refused(keyword, str(error)) from None

    def pattern(self, keyword: str, value: Json) -> None:
        self.out[keyword] = self._pattern(value, keyword)

    def _pattern(self, value: Json, *path: str) -> str:
        if not isinstance(value, str):
            raise self.refused(path[0], "is no text")
        try:
            return rust_pattern(value)
        except PatternError as error:
            pointer = "/".join((self.place.pointer, *map(escaped, path)))
            raise Unenforceable(pointer, f"cannot be enforced: the pattern {error}") from None

    def format(self, keyword: str, value: Json) -> None:
        if not isinstance(value, str):
            raise self.refused(keyword, "is no text")
        if "string" not in self.types or value not in DEFINED_FORMATS:
            return
        if value not in ENGINE_FORMATS and value not in FORMAT_DEMANDS:
            raise self.refused(keyword, f"cannot be enforced: there is no grammar of the format {value!r}")
        if value in ENGINE_FORMATS:
            self.out[keyword] = value
        if value in FORMAT_DEMANDS:
            self.out.setdefault("allOf", []).append(dict(FORMAT_DEMANDS[value]))

    def one(self, keyword: str, value: Json) -> None:
        self.out[keyword] = self._sub(value, keyword)

    def several(self, keyword: str, value: Json) -> None:
        if not isinstance(value, list) or not value:
            raise self.refused(keyword, "is no list of schemas")
        schemas = [self._sub(item, keyword, str(index)) for index, item in enumerate(value)]
        self.out[keyword] = [*self.out.get(keyword, ()), *schemas]

    def items(self, keyword: str, value: Json) -> None:
        if isinstance(value, list) and not value:
            return
        if not isinstance(value, list):
            self.one(keyword, value)
            return
        if "prefixItems" in self.source:
            raise self.refused(keyword, "is a list beside prefixItems")
        self.out["prefixItems"] = [self._sub(item, keyword, str(index)) for index, item in enumerate(value)]
        if "additionalItems" in self.source:
            self.out["items"] = self._sub(self.source["additionalItems"], "additionalItems")

    def additional_items(self, keyword: str, value: Json) -> None:
        """Handled by `items`, where that is a list; else it has no effect in the drafts that know it."""
        if "prefixItems" in self.source:
            raise self.refused(keyword, "is no keyword of the draft that has prefixItems")
        if self.draft is Draft.DRAFT_2020_12 and not isinstance(self.source.get("items"), list):
            raise self.refused(keyword, "is no keyword of draft 2020-12")

    def prefix_items(self, keyword: str, value: Json) -> None:
        if self.draft is not Draft.DRAFT_2020_12:
            raise self.refused(keyword, "is no keyword of the draft that the schema names")
        self.several(keyword, value)

    def by_name(self, keyword: str, value: Json) -> None:
        if not isinstance(value, dict):
            raise self.refused(keyword, "is no object of schemas")
        self.out[keyword] = {name: self._sub(schema, keyword, name) for name, schema in value.items()}

    def by_pattern(self, keyword: str, value: Json) -> None:
        if not isinstance(value, dict):
            raise self.refused(keyword, "is no object of schemas")
        schemas = {
            self._pattern(name, keyword, name): self._sub(schema, keyword, name)
            for name, schema in value.items()
        }
        if len(schemas) < len(value):
            raise self.refused(keyword, "has one pattern in two spellings")
        if schemas:
            self.out[keyword] = schemas

    def required(self, keyword: str, value: Json) -> None:
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise self.refused(keyword, "is no list of names")
        self.out[keyword] = list(dict.fromkeys(value))

    def negation(self, keyword: str, value: Json) -> None:
        if value is False:
            return
        if value is True or value == {}:
            self.out[keyword] = False
            return
        raise self.refused(keyword, "cannot be enforced")

    def unevaluated(self, keyword: str, value: Json) -> None:
        """Without applicators it is `additionalProperties` or `items`: only its neighbours evaluate."""
        plain = "additionalProperties" if keyword == "unevaluatedProperties" else "items"
        if self._is_idle(keyword, value) or (
            plain in self.source and not isinstance(self.source[plain], list)
        ):
            return
        if self.draft < Draft.DRAFT_2019_09 or self._has_applicators() or "contains" in self.source:
            raise self.refused(keyword, "cannot be enforced")
        if plain == "items" and "items" in self.source:
            raise self.refused(keyword, "cannot be enforced")
        self.out[plain] = self._sub(value, keyword)

    # What holds for several keywords together

    def _is_idle(self, keyword: str, value: Json) -> bool:
        """Whether a keyword that cannot be enforced demands nothing where it stands."""
        if keyword in _OF_TYPE and _OF_TYPE[keyword] not in self.types:
            return True
        if keyword == "if":
            return "then" not in self.source and "else" not in self.source
        if keyword in ("then", "else"):
            return "if" not in self.source
        if keyword in ("minContains", "maxContains"):
            return "contains" not in self.source
        if keyword == "uniqueItems":
            most = self.source.get("maxItems")
            return bool(value is False or (isinstance(most, int) and most <= 1))
        if keyword in ("dependencies", "dependentRequired", "dependentSchemas"):
            return bool(value == {})
        return keyword.startswith(("unevaluated", "propertyNames")) and bool(value is True or value == {})

    def _names(self) -> None:
        """`propertyNames` by the keywords for properties, where those say the same.

        A single `pattern`: each name fits it, so `additionalProperties` may be the schema of names that do,
        and no other name may come. An `enum`: those names are the properties, and no other may come. Both
        only where the schema has no other keyword for properties of certain names.
        """
        names = self.source.get("propertyNames", True)
        if self._is_idle("propertyNames", names) or names == {"type": "string"}:
            return
        if not isinstance(names, dict) or not self.source.keys().isdisjoint(
            {"properties", "patternProperties"}
        ):
            raise self.refused("propertyNames", "cannot be enforced beside keywords for certain properties")
        demands = {keyword: value for keyword, value in names.items() if not _says_nothing(keyword, value)}
        value = self.out.pop("additionalProperties", True)
        if list(demands) == ["pattern"]:
            self.out["patternProperties"] = {
                self._pattern(demands["pattern"], "propertyNames", "pattern"): value
            }
        elif list(demands) in (["enum"], ["const"]):
            given = demands["enum"] if "enum" in demands else [demands["const"]]
            if not isinstance(given, list):
                raise self.refused("propertyNames", "has an enum that is no list")
            self.out["properties"] = {name: value for name in given if isinstance(name, str)}
        elif demands and demands.keys() <= {"minLength", "maxLength"}:
            self.out["patternProperties"] = {self._length_pattern(demands): value}
        else:
            raise self.refused("propertyNames", "cannot be enforced but for a pattern, an enum or a length")
        self.out["additionalProperties"] = False

    def _length_pattern(self, demands: Mapping[str, Json]) -> str:
        try:
            least = count(demands.get("minLength", 0), MAX_COUNT)
            most = count(demands["maxLength"], MAX_COUNT) if "maxLength" in demands else None
        except ValueRefused as error:
            raise self.refused("propertyNames", f"has a length that {error}") from None
        if most is not None and most < least:
            raise self.refused("propertyNames", "permits no name")
        return f"^[\\x{{0}}-\\x{{10ffff}}]{{{least},{'' if most is None else most}}}$"

    def _settle_multiples(self) -> bool:
        """Leave only multiples in an enumeration: the engine writes 2.5 as 2.50 for multiples of 0.25, and
        nowhere else.

        Returns:
            Whether any value is left.
        """
        if "multipleOf" not in self.out or self.out.keys().isdisjoint({"const", "enum"}):
            return True
        factor = self.out.pop("multipleOf")
        if "const" in self.out and not is_multiple(self.out["const"], factor):
            return False
        if "enum" in self.out:
            self.out["enum"] = [value for value in self.out["enum"] if is_multiple(value, factor)]
        return bool(self.out.get("enum") != [])

    def _check_counts(self) -> None:
        """A name of the engine's open keys may come twice, and counts as one then."""
        least = self.out.get("minProperties", 0)
        if least > max(1, len(self.out.get("required", ())) + 1):
            raise self.refused(
                "minProperties", "cannot be enforced: a name that no keyword requires may come twice"
            )


def _says_nothing(keyword: str, value: Json) -> bool:
    """Of a keyword of `propertyNames`: names are strings anyway, and annotations demand nothing."""
    return (keyword == "type" and value == "string") or (
        keyword not in _HANDLERS and keyword not in UNENFORCED
    )


_HANDLERS: Final[dict[str, Callable[[_Object, str, Json], None]]] = {
    "type": _Object.keep,
    "$ref": _Object.reference,
    **dict.fromkeys(("const", "enum"), _Object.constant),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _Object.count
    ),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _Object.bound),
    "multipleOf": _Object.multiple,
    "pattern": _Object.pattern,
    "format": _Object.format,
    **dict.fromkeys(("additionalProperties",), _Object.one),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), _Object.several),
    "items": _Object.items,
    "additionalItems": _Object.additional_items,
    "prefixItems": _Object.prefix_items,
    "properties": _Object.by_name,
    "patternProperties": _Object.by_pattern,
    "required": _Object.required,
    "not": _Object.negation,
    "unevaluatedProperties": _Object.unevaluated,
    "unevaluatedItems": _Object.unevaluated,
    "propertyNames": lambda rewriting, keyword, value: None,
}
