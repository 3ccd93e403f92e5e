"""The models' list, names that are no models, and changing between models."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anthropic
import pytest
from anthropic.types import ModelInfo
from openai import OpenAI

from tests.live.conftest import StartServer
from tests.live.server import DEADLINE_S, ENDLESS, Server, clean_environment


def ask(server: Server, model: str, prompt: str = "Hello") -> tuple[int, Any]:
    """A short greedy completion."""
    body = {"model": model, "prompt": prompt, "max_tokens": 6, "temperature": 0}
    response = server.post("/v1/completions", body)
    return response.status_code, response.json()


def test_the_sdk_lists_and_retrieves(client: OpenAI) -> None:
    models = client.models.list().data
    assert [model.id for model in models] == ["demo", ENDLESS]
    for model in models:
        assert (model.object, model.owned_by) == ("model", "local")
        assert model.created > 1_500_000_000
        found = client.models.retrieve(model.id)
        assert (found.id, found.created) == (model.id, model.created)


def test_a_loaded_model_says_what_was_found(server: Server) -> None:
    assert ask(server, "demo")[0] == 200
    runtime = server.client.get("/v1/models/demo").json()["runtime"]
    assert runtime["can_batch"] is True
    assert "batches: logits differ by at most" in runtime["batching"]
    assert runtime["kv_bytes_per_token"] > 0
    assert (runtime["kv_bits"], runtime["prefix_cache"], runtime["prompt_lookup"]) == (None, "on", "off")


def test_options_of_a_model_are_honoured_or_refused(start_server: StartServer) -> None:
    options = {"endless": {"prompt_lookup": True}, "demo": {"kv_bits": 8}}
    server = start_server({"MLX_SERVER_MODEL_OPTIONS": json.dumps(options)})
    demo = server.client.get("/v1/models/demo").json()["runtime"]
    assert (demo["kv_bits"], demo["can_batch"]) == (8, False)
    assert "one row at a time" in demo["batching"]
    assert ask(server, "demo")[0] == 200
    assert ask(server, "endless")[0] == 200
    assert server.client.get("/v1/models/endless").json()["runtime"]["prompt_lookup"] == "on"


@pytest.mark.full
def test_the_doctor_says_the_same(server: Server, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mlx_manager", "doctor", "--offline", "demo", "no-such-model"]
    env = {"MLX_MANAGER_HOME": str(tmp_path), "MLX_SERVER_PORT": "0", "MLX_MANAGER_PORT": "0"}
    ran = subprocess.run(
        command, env=clean_environment(env), capture_output=True, text=True, timeout=DEADLINE_S
    )
    assert ran.returncode == 1, ran.stderr
    assert server.client.get("/v1/models/demo").json()["runtime"]["batching"].split(":")[0] in ran.stdout
    assert "model no-such-model: there is no model" in ran.stdout
    assert "1 problem," in ran.stdout


def test_two_models_at_once(server: Server) -> None:
    answers = {model: ask(server, model) for model in ("demo", ENDLESS)}
    for model, answer in answers.items():
        assert answer[0] == 200
        assert answer[1]["model"] == model
    states = {model["id"]: model["status"] for model in server.client.get("/v1/models").json()["data"]}
    assert states == {"demo": "loaded", ENDLESS: "loaded"}
    assert sorted(server.ready()[1]["models"]) == ["demo", ENDLESS]
    assert len(server.workers()) == 2
    assert ask(server, "demo")[1]["choices"] == answers["demo"][1]["choices"]


def test_requests_for_two_models_at_once_all_succeed(server: Server) -> None:
    prompts = [(model, f"Number {index}") for index in range(5) for model in ("demo", ENDLESS)]
    with ThreadPoolExecutor(len(prompts)) as threads:
        answers = list(threads.map(lambda asked: ask(server, *asked), prompts))
    assert [status for status, _ in answers] == [200] * len(prompts)
    assert [body["model"] for _, body in answers] == [model for model, _ in prompts]
    server.wait_idle()


@pytest.mark.parametrize(
    "name",
    [
        "nothing",
        "Demo",
        "demo ",
        "../../etc",
        "..",
        ".",
        "/",
        "/etc/passwd",
        "demo/../demo",
        "demo/",
        "%2e%2e",
        "demo\x00",
        "\x00",
        "C:\\models\\demo",
        "org/model",
        "~",
        "*",
        "ünï",
    ],
)
def test_names_that_are_no_models(server: Server, name: str) -> None:
    for path, body in (
        ("/v1/completions", {"prompt": "Hi"}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}], "stream": True}),
    ):
        response = server.post(path, {"model": name, **body})
        assert response.status_code == 404
        error = response.json()["error"]
        assert (error["code"], error["param"], error["type"]) == (
            "model_not_found",
            "model",
            "not_found_error",
        )


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "org/model",
        "org%2Fmodel",
        "../../etc",
        "%2e%2e",
        "%2e%2e/%2e%2e/etc/passwd",
        "%2Fetc%2Fpasswd",
        "demo%00",
        "demo%5C..",
        "%ff",
    ],
)
def test_paths_that_are_no_models(server: Server, path: str) -> None:
    status, headers, body = server.raw("GET", f"/v1/models/{path}")
    assert status == 404, body
    assert headers["content-type"] == "application/json"
    assert b"model_not_found" in body


def test_a_line_break_in_a_path_is_no_model(server: Server) -> None:
    status, headers, body = server.raw("GET", "/v1/models/demo%0d%0ax")
    assert status == 404
    assert headers["content-type"] == "application/json"
    assert json.loads(body)["error"]["type"] == "not_found_error"


ANTHROPIC = {"anthropic-version": "2023-06-01"}


def test_a_part_of_the_list_in_each_dialects_shape(server: Server) -> None:
    whole = [model["id"] for model in server.client.get("/v1/models").json()["data"]]
    assert len(whole) > 1
    first = server.client.get("/v1/models?limit=1").json()
    assert ([model["id"] for model in first["data"]], first["has_more"]) == (whole[:1], True)
    assert first["data"][0]["object"] == "model"
    page = server.client.get("/v1/models?limit=1", headers=ANTHROPIC).json()
    assert (page["first_id"], page["last_id"], page["has_more"]) == (whole[0], whole[0], True)
    assert page["data"][0]["type"] == "model"
    rest = server.client.get(f"/v1/models?limit=1000&after_id={whole[0]}", headers=ANTHROPIC).json()
    assert ([model["id"] for model in rest["data"]], rest["has_more"]) == (whole[1:], False)
    before = server.client.get(f"/v1/models?before_id={whole[1]}", headers=ANTHROPIC).json()
    assert [model["id"] for model in before["data"]] == whole[:1]


def test_anthropics_sdk_lists_models(server: Server) -> None:
    with anthropic.Anthropic(base_url=server.base_url, api_key="unused", max_retries=0) as client:
        listed = list(client.models.list(limit=1))
        assert [model.id for model in listed] == [
            model["id"] for model in server.client.get("/v1/models").json()["data"]
        ]
        one = client.models.retrieve("demo")
        raw = server.client.get("/v1/models/demo", headers=ANTHROPIC)
        ModelInfo.model_validate_json(raw.content, strict=True)
        assert one.created_at.tzinfo is not None
        with pytest.raises(anthropic.NotFoundError, match="there is no model 'none'"):
            client.models.retrieve("none")


@pytest.mark.parametrize(
    ("query", "param"),
    [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("after_id=none", "after_id")],
)
def test_a_part_that_there_cannot_be(server: Server, query: str, param: str) -> None:
    error = server.client.get(f"/v1/models?{query}").json()["error"]
    assert (error["code"], error["param"]) == ("invalid_request", param)
    theirs = server.client.get(f"/v1/models?{query}", headers=ANTHROPIC)
    assert (theirs.status_code, theirs.json()["error"]["type"]) == (400, "invalid_request_error")
