"""The manager's OpenAPI document is good enough to generate a client from."""

from collections.abc import Iterator
from typing import Any

import pytest

from mlx_manager.access import RULES
from mlx_manager.core.access.rules import Wanted, wanted_by
from mlx_manager.main import app

METHODS = {"get", "post", "put", "patch", "delete"}
# They answer with a file or a text of its own kind.
PLAIN = {"program_metrics", "chats_export_chat"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in app.openapi()["paths"].items():
        for method, operation in item.items():
            assert method in METHODS
            yield method, path, operation


OPERATIONS = sorted(operations(), key=lambda each: (each[1], each[0]))
IDS = [f"{method} {path}" for method, path, _ in OPERATIONS]


def references(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for inner in value.values():
                yield from references(inner)
        case list():
            for inner in value:
                yield from references(inner)


def test_names_are_short_and_used_once() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names), names


def test_schemas_are_named_by_what_they_are() -> None:
    """A client's types have these names: none tells in which module it is, or whether it comes or goes."""
    names = app.openapi()["components"]["schemas"].keys()
    assert not [name for name in names if not name.isidentifier() or "__" in name]
    assert {"SettingSource", "ModelSource", "Program", "ToolCall"} <= names


def test_what_events_carry_is_there() -> None:
    schemas = app.openapi()["components"]["schemas"]
    carried = {reference.rpartition("/")[2] for reference in references(schemas["LiveEvents"])}
    assert carried > {"ServerView", "DownloadView", "DownloadRemoved", "ChangeEvent", "ResyncEvent"}
    assert schemas.keys() > carried | {"PieceEvent", "PhaseEvent", "DeletedEvent", "LogEntry"}
    # What a schema calls required is what the events are checked for.
    assert set(schemas["LiveEvents"]["required"]) == schemas["LiveEvents"]["properties"].keys()


def test_what_is_sent_as_it_is_stored_is_described_all_the_same() -> None:
    schemas = app.openapi()["components"]["schemas"]
    assert list(references(schemas["ChatView"])) == ["#/components/schemas/GenerationParameters"]
    assert "#/components/schemas/ToolCall" in references(schemas["MessageView"]["properties"]["tool_calls"])
    view = schemas["MessageView"]
    assert set(view["required"]) == view["properties"].keys(), "every field is sent"


def test_every_reference_leads_somewhere() -> None:
    document = app.openapi()
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_each_route_says_what_it_takes_and_gives(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["tags"], "which room it is of"
    assert operation["summary"]
    assert operation["description"], "its docstring"
    successes = {code: answer for code, answer in operation["responses"].items() if code.startswith("2")}
    assert successes, operation["responses"]
    assert "422" not in operation["responses"]
    assert operation["responses"]["default"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/ErrorBody"
    }
    for code, answer in successes.items():
        if code == "204" or operation["operationId"] in PLAIN:
            continue
        content = answer.get("content", {})
        if "text/event-stream" in content:
            assert "vent" in operation["description"], "which events, with which data"
            continue
        schema = content["application/json"]["schema"]
        assert "$ref" in schema or schema.get("type") == "object", schema
    if (body := operation.get("requestBody")) is not None:
        assert "$ref" in body["content"]["application/json"]["schema"]


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_what_changes_what_is_everybodys_is_for_administrators(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    """What a user owns is theirs; the rest is looked at by all and changed by administrators."""
    rooms_of_ones_own = ("/api/v1/auth", "/api/v1/keys", "/api/v1/chats")
    if method == "get" or path.startswith(rooms_of_ones_own):
        return
    assert wanted_by(RULES, method.upper(), path) is Wanted.ADMIN
