"""A gap is filled by a model whose vocabulary has the tokens for it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from tests.live import server as live
from tests.live.conftest import StartServer
from tests.live.server import DEMO, Server

MARKS = {"<think>": "<fim_prefix>", "</think>": "<fim_suffix>", "<tool_call>": "<fim_middle>"}
PATH = "/v1/completions"
BODY: dict[str, Any] = {"model": "gaps", "prompt": "MLX Manager ", "suffix": " programs.", "max_tokens": 12}


@pytest.fixture
def gaps(tmp_path: Path, start_server: StartServer) -> Server:
    """A server with a copy of the demo, three of whose tokens mark gaps."""
    folder = tmp_path / "gaps"
    shutil.copytree(DEMO, folder, copy_function=shutil.copyfile)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        text = (folder / name).read_text()
        for old, new in MARKS.items():
            text = text.replace(json.dumps(old), json.dumps(new))
        (folder / name).write_text(text)
    env = {"MLX_SERVER_MODEL_DIRS": json.dumps([str(tmp_path)]), "MLX_SERVER_PRELOAD": "[]"}
    return start_server(env)


def test_a_gap(gaps: Server, tmp_path: Path) -> None:
    assert "infill" in gaps.client.get("/v1/models/gaps").json()["capabilities"]
    tokenizer = Tokenizer.from_file(str(tmp_path / "gaps" / "tokenizer.json"))
    prefix, suffix, middle = (tokenizer.token_to_id(mark) for mark in MARKS.values())
    before, after = (
        tokenizer.encode(BODY[name], add_special_tokens=False).ids for name in ("prompt", "suffix")
    )
    ids = [prefix, *before, suffix, *after, middle]
    whole = gaps.post(PATH, {**BODY, "temperature": 0}).json()
    assert whole["usage"]["prompt_tokens"] == len(ids)
    by_ids = {"model": "gaps", "prompt": ids, "max_tokens": 12, "temperature": 0}
    assert gaps.post(PATH, by_ids).json()["choices"] == whole["choices"]
    assert live.stream(gaps, PATH, {**BODY, "temperature": 0}).text == whole["choices"][0]["text"]
    plain = gaps.post(PATH, {**BODY, "suffix": "", "temperature": 0}).json()
    assert plain["usage"]["prompt_tokens"] == len(before)
