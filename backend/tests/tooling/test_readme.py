"""Live: every example of the README is run, and what it shows as output is what comes out.

A ```bash or ```python block runs against a live server; the ```text or ```json block right after it,
with at most a paragraph between, is its output. Ids, times and speeds may differ.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.tooling.outside import ROOT, clean_environment

README = ROOT / "README.md"
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<body>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL
)

# Lines that are checked rather than run: they serve for ever, install, or leave this machine.
MAKE = re.compile(r"^(?:\w+=\S+ +)*make [\w-]+(?: +\w+=.*)?$")
MODULE = re.compile(r"^(?:\w+=\S+ +)*(?:\.venv/bin/)?python3? -m (mlx_manager[\w.]*)(?: --?\S+.*)?$")
PIP = re.compile(r"^(?:\.venv/bin/)?(?:python3? -m )?pip install (.+)$")
FETCH = re.compile(r"^(?:git clone \S+(?: \S+)?|cd [\w./-]+)(?: && cd [\w./-]+)?$")


@dataclass(frozen=True)
class Example:
    """A block that runs, and what the README says it prints, if it says so."""

    line: int
    language: str
    code: str
    output: str | None

    def __str__(self) -> str:
        return f"line {self.line}, {self.language}"


def examples(text: str) -> list[Example]:
    fences = list(FENCE.finditer(text))
    found = []
    for fence, following in zip_longest(fences, fences[1:]):
        if fence["language"] not in ("bash", "python"):
            continue
        output = None
        if following and following["language"] in ("text", "json"):
            between = text[fence.end() : following.start()].strip()
            if "\n\n" not in between and not re.search("^#", between, re.MULTILINE):
                output = textwrap.dedent(following["body"])
        line = text.count("\n", 0, fence.start()) + 1
        found.append(Example(line, fence["language"], textwrap.dedent(fence["body"]), output))
    return found


def readme() -> str:
    return README.read_text() if README.exists() else ""


EXAMPLES = examples(readme())


def run(command: list[str], url: str, home: Path, code: str) -> str:
    """Run code that says port 8000 against the live server; return what it printed, saying 8000 again."""
    port = url.rsplit(":", 1)[1]
    env = clean_environment(OPENAI_API_KEY="none", NO_PROXY="127.0.0.1,localhost", MLX_MANAGER_HOME=str(home))
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    result = subprocess.run(
        [*command, re.sub(r":8000\b", f":{port}", code)],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"exit code {result.returncode}\n{result.stdout}\n{result.stderr}"
    return result.stdout.replace(f":{port}", ":8000")


def check_unrun(line: str) -> bool:
    """Check a line that is not run; say whether it was such a line."""
    if MAKE.match(line):
        assignments = re.match(r"(?:\w+=\S+ +)*", line)
        words = shlex.split(line[assignments.end() if assignments else 0 :])
        subprocess.run(
            [*words, "--dry-run"], cwd=ROOT, env=clean_environment(), check=True, capture_output=True
        )
    elif module := MODULE.match(line):
        assert find_spec(module[1]) is not None, f"there is no module {module[1]}"
    elif packages := PIP.match(line):
        for name in shlex.split(packages[1]):
            metadata.version(name)
    elif not FETCH.match(line):
        return False
    return True


def with_the_usual_port(output: str) -> str:
    """What `make run` printed, as if nothing else had been on its ports."""
    manager = re.search(r"^  web UI +http://127\.0\.0\.1:(\d+)$", output, re.MULTILINE)
    assert manager is not None, output
    output = output.replace(f"//127.0.0.1:{manager[1]}", "//127.0.0.1:8080")
    return re.sub(r"(//127\.0\.0\.1):(?!8080)\d+", r"\1:8000", output)


VOLATILE_NUMBER = re.compile(r"^created|(?:^|_)(?:at|ms|s|seconds|per_second|time|pid|bytes|gb)$")
VOLATILE_TEXT = [
    (re.compile(r"\b(chatcmpl|cmpl|msg|resp|req|call)[-_][\w-]+"), r"\1-ID"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b"), "UUID"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "TIME"),
    (re.compile(r"\bsk-mlx-[\w.-]+"), "KEY"),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s|GB|MB|tokens/s)\b"), r"N \2"),
    (re.compile(r"\b\d\.\de[-+]\d\d\b"), "TINY"),
    (re.compile(r"^(Starting the manager|Starting the server|Loading the model)….*\n?", re.MULTILINE), ""),
]


def without_volatile(text: str) -> str:
    for pattern, replacement in VOLATILE_TEXT:
        text = pattern.sub(replacement, text)
    return text


def lasting(value: object) -> object:
    """The same JSON with what differs from run to run replaced by a name for it."""
    match value:
        case dict():
            return {
                key: "N" if VOLATILE_NUMBER.search(key) and isinstance(inner, int | float) else lasting(inner)
                for key, inner in value.items()
            }
        case list():
            return [lasting(inner) for inner in value]
        case str():
            return without_volatile(value)
        case _:
            return value


def normalised(text: str) -> object:
    """What of an output must be the same in every run: as JSON if it is JSON, else line by line."""
    try:
        return lasting(json.loads(text))
    except ValueError:
        pass
    lines = []
    for line in text.strip().splitlines():
        if line.startswith("data: {"):
            line = f"data: {lasting(json.loads(line.removeprefix('data: ')))}"
        lines.append(line.rstrip())
    return without_volatile("\n".join(lines)).strip()


def test_readme_has_examples() -> None:
    assert EXAMPLES, "README.md has no ```bash or ```python block"


def test_every_shell_example_is_one_that_is_run() -> None:
    languages = {fence["language"] for fence in FENCE.finditer(readme())}
    assert not languages & {"sh", "shell", "console", "zsh", ""}, "mark what can be run ```bash, else ```text"


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_example(example: Example, server_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if example.language == "python":
        printed = run([sys.executable, "-c"], server_url, tmp_path, example.code)
    else:
        to_run = "\n".join(line for line in example.code.splitlines() if not check_unrun(line.strip()))
        if re.sub(r"^\s*#.*", "", to_run, flags=re.MULTILINE).strip():
            printed = run(["bash", "-euo", "pipefail", "-c"], server_url, tmp_path, to_run)
        elif example.output is None:
            return
        else:
            assert "make run" in example.code, "shows an output that no test can compare"
            printed = with_the_usual_port(request.getfixturevalue("served").output)
    if example.output is not None:
        assert normalised(printed) == normalised(example.output)


def test_examples_are_found_with_their_outputs() -> None:
    text = (
        "```bash\nmake run\n```\nIt prints\n\n```text\nhello\n```\n"
        "1. In a list\n\n   ```python\n   print(1)\n   ```\n\n## Next\n\n```text\nnot its output\n```\n"
    )
    assert examples(text) == [
        Example(1, "bash", "make run\n", "hello\n"),
        Example(11, "python", "print(1)\n", None),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"id": "chatcmpl-1", "created": 1, "n": 2}', '{"created": 7, "id": "chatcmpl-2", "n": 2}'),
        ("took 1.5 s at 12:00:01", "took 20 s at 13:59:59"),
        ('data: {"id": "msg_1", "x": 1}\n\ndata: [DONE]', 'data: {"id": "msg_2", "x": 1}\n\ndata: [DONE]\n'),
    ],
)
def test_volatile_parts_are_not_compared(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"id": "x", "n": 2}', '{"id": "x", "n": 3}'),
        ("hello", "hullo"),
        ('{"object": "a"}', '{"object": "b"}'),
    ],
)
def test_everything_else_is_compared(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize(
    "line",
    [
        "make run",
        "MLX_SERVER_PORT=8001 make run",
        "make install PYTHON=python3.12",
        "cd mlx-manager",
        "git clone URL x",
    ],
)
def test_lines_that_are_checked_and_not_run(line: str) -> None:
    assert check_unrun(line)


def test_unknown_make_target_fails() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        check_unrun("make no-such-target")
