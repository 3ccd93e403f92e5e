"""Question, call, real function, answer: the demo's whole loops, as each vendor's SDK goes through them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.live import tool_loops
from tests.live.tool_loops import Offer

CALLS_AT_MOST: Final = 3


def schema(**properties: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }


ADD: Final[Offer] = ("add_numbers", "Add two numbers", schema(a="integer", b="integer"))
READ: Final[Offer] = ("read_file", "Read a file", schema(path="string"))
SEARCH: Final[Offer] = ("search_files", "Search the files for a text", schema(query="string"))
WEATHER: Final[Offer] = ("get_weather", "Get the weather of a city", schema(city="string"))

# Each answer holds what only the function could tell.
LOOPS: Final = {
    "a sum": ("Add 17 and 25.", [ADD], ("add_numbers", {"a": 17, "b": 25}), "42"),
    "a sum, one of two": (
        "What is 731 plus 158?",
        [WEATHER, ADD],
        ("add_numbers", {"a": 731, "b": 158}),
        "889",
    ),
    "a file": ("Read the file notes.txt", [READ], ("read_file", {"path": "notes.txt"}), "buy seven lemons"),
    "a search, one of two": (
        "Search my files for lemons",
        [SEARCH, READ],
        ("search_files", {"query": "lemons"}),
        "notes.txt",
    ),
}


class Files:
    """A folder, and the functions that the tools stand for. Keeps what was called."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "notes.txt").write_text("buy seven lemons")
        (folder / "other.txt").write_text("nothing")
        self.calls: list[tuple[str, Mapping[str, Any]]] = []

    def run(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Do what was called."""
        self.calls.append((name, arguments))
        assert len(self.calls) <= CALLS_AT_MOST, self.calls
        match name:
            case "add_numbers":
                return str(arguments["a"] + arguments["b"])
            case "read_file":
                file: Path = self._folder / arguments["path"]
                return file.read_text()
            case "search_files":
                found = [file for file in self._folder.iterdir() if arguments["query"] in file.read_text()]
                return " ".join(file.name for file in found)
        raise AssertionError(name)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("loop", list(LOOPS))
@pytest.mark.parametrize("dialect", ["chat", "responses", "messages"])
def test_the_answer_uses_what_the_function_returned(
    client: OpenAI, claude: Anthropic, tmp_path: Path, dialect: str, loop: str, stream: bool
) -> None:
    question, offers, call, told = LOOPS[loop]
    files = Files(tmp_path)
    ask: Any = getattr(tool_loops, dialect)
    answer = ask(claude if dialect == "messages" else client, question, offers, files.run, stream=stream)
    assert files.calls == [call]
    assert told in answer
    assert told not in question
