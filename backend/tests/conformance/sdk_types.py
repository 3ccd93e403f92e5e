"""The fields that the vendors' own SDKs know, read from their parameter types."""

from collections.abc import Callable, Iterator
from typing import Any, Final, get_args, get_origin, get_type_hints

from typing_extensions import is_typeddict

_DISCRIMINATORS: Final = ("type", "role")

# Whether to look inside of what stands at a path.
Enters = Callable[[str], bool]


def sdk_paths(
    parameters: Any, enters: Enters, prefix: str = "", outer: tuple[Any, ...] = ()
) -> Iterator[str]:
    """Paths of a parameter type's fields, as the tables write them.

    Where an object may be of several types, each has a path that ends in its `type` or `role`.

    Args:
        parameters: a TypedDict.
        enters: of a path, whether its nested fields count one by one.
        outer: types that are being looked into, so that one in itself is looked into once.
    """
    for name, hint in get_type_hints(parameters).items():
        path = f"{prefix}{name}"
        yield path
        members = [member for member in dict.fromkeys(_objects(hint)) if member not in outer]
        if members and enters(path):
            inside = f"{path}.N." if _is_list(hint) else f"{path}."
            yield from _inside(members, enters, inside, (*outer, parameters))


def _inside(members: list[Any], enters: Enters, prefix: str, outer: tuple[Any, ...]) -> Iterator[str]:
    for member in members:
        kinds = [f"{prefix}{kind}" for kind in _kinds(member)] if len(members) > 1 else []
        yield from kinds
        if not kinds or any(map(enters, kinds)):
            yield from sdk_paths(member, enters, prefix, outer)


def _kinds(member: Any) -> list[str]:
    hints = get_type_hints(member)
    for name in _DISCRIMINATORS:
        values = [value for value in literals(hints.get(name)) if isinstance(value, str)]
        if len(values) == 1 or (values and name == "type"):
            return [f"{name}={value}" for value in values]
    return []


def _objects(hint: Any) -> Iterator[Any]:
    if is_typeddict(hint):
        yield hint
    for argument in get_args(hint):
        yield from _objects(argument)


def literals(hint: Any) -> Iterator[Any]:
    """The values that a type names, its own arguments included."""
    for argument in get_args(hint):
        if get_args(argument):
            yield from literals(argument)
        else:
            yield argument


def _is_list(hint: Any) -> bool:
    origin = get_origin(hint)
    is_sequence = isinstance(origin, type) and origin.__module__ in ("collections.abc", "builtins")
    return (is_sequence and origin is not dict) or any(map(_is_list, get_args(hint)))
