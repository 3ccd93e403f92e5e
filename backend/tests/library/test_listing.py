"""What is listed, without a server."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from mlx_manager.db.session import Database
from mlx_manager.db.tables import Download, DownloadStatus, InferenceRequest
from mlx_manager.library.last_used import LastUsed, by_id
from tests.accounts import code_of, param_of
from tests.library.conftest import Shelves

QUANTISED = {"quantization": {"bits": 4, "group_size": 64}}


async def listed(shelves: Shelves, query: str = "") -> list[dict[str, Any]]:
    answer = await shelves.user.get(f"/library/models{query}")
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


async def ids(shelves: Shelves, query: str = "") -> list[str]:
    return [model["id"] for model in await listed(shelves, query)]


async def test_each_field(shelves: Shelves) -> None:
    folder = shelves.add("small", **QUANTISED)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Small\n")
    (model,) = await listed(shelves, "?search=small")
    memory = model.pop("memory")
    assert model == {
        "id": "small",
        "path": str(folder),
        "adapter_path": None,
        "source": "folder",
        "commit": None,
        "status": "unknown",
        "progress": None,
        "reason": None,
        "pinned": None,
        "leases": None,
        "waiting": None,
        "family": "llama",
        "parameters": None,
        "quantization": {"bits": 4, "group_size": 64, "mode": "affine"},
        "context_length": 128,
        "capabilities": [],
        "license": "apache-2.0",
        "tool_format": None,
        "reasoning_format": None,
        "size_bytes": sum(file.stat().st_size for file in folder.iterdir()),
        "aliases": ["gpt-4o", "claude-*"],
        "duplicates": [],
        "last_used_at": None,
        "can_delete": True,
        "kept_by": None,
        "kept_by_code": None,
    }
    assert memory["verdict"] == "fits"
    assert memory["needed_bytes"] == (
        memory["weights_bytes"]
        + memory["process_bytes"]
        + memory["kv_cache_bytes"]
        + memory["kept_prompts_bytes"]
    )


async def test_the_demo_is_known_by_its_files(shelves: Shelves) -> None:
    (demo,) = await listed(shelves)
    assert (demo["id"], demo["source"], demo["family"]) == ("demo", "demo", "llama")
    assert {"chat", "tools", "reasoning"} <= set(demo["capabilities"])
    assert demo["tool_format"] is not None
    assert demo["reasoning_format"] is not None
    assert demo["parameters"] > 2_000_000
    assert (demo["can_delete"], demo["kept_by_code"]) == (False, "invalid_request")


async def test_the_fit_is_for_the_use_that_is_asked_for(shelves: Shelves) -> None:
    shelves.add("small", num_key_value_heads=1, max_position_embeddings=100_000)

    async def memory(query: str) -> Any:
        (model,) = await listed(shelves, f"?search=small{query}")
        return model["memory"]

    usual = await memory("")
    assert (usual["context_tokens"], usual["concurrency"]) == (8192, 4)
    assert usual["kv_cache_bytes"] == usual["kv_bytes_per_token"] * 8192 * 4 > 0
    long = await memory("&context_tokens=50000&concurrency=2")
    assert long["kv_cache_bytes"] == long["kv_bytes_per_token"] * 50_000 * 2


WRONG = {
    "context_tokens=0": "context_tokens",
    "concurrency=-1": "concurrency",
    "concurrency=99999": "concurrency",
    "sort=colour": "sort",
    "capability=flying": "capability",
    f"search={'x' * 500}": "search",
}


async def test_a_wrong_question_names_the_field(shelves: Shelves) -> None:
    for query, param in WRONG.items():
        answer = await shelves.user.get(f"/library/models?{query}")
        assert (*code_of(answer), param_of(answer)) == (400, "invalid_request", param)


async def test_searching_and_sorting(shelves: Shelves) -> None:
    shelves.add("small", num_hidden_layers=2)
    (shelves.add("large", model_type="qwen3") / "more.txt").write_text("x" * 10_000)
    shelves.add("owner/Middle", max_position_embeddings=10**6)
    assert await ids(shelves) == ["demo", "large", "owner/Middle", "small"]
    assert await ids(shelves, "?search=MIDDLE") == ["owner/Middle"]
    assert await ids(shelves, "?search=gpt-4") == ["small"]
    assert await ids(shelves, "?search=qwen") == ["large"]
    assert await ids(shelves, "?family=qwen3") == ["large"]
    assert await ids(shelves, "?capability=tools") == ["demo"]
    assert await ids(shelves, "?sort=context_length&family=llama") == ["owner/Middle", "demo", "small"]
    assert (await ids(shelves, "?sort=size"))[:2] == ["demo", "large"]
    assert (await ids(shelves, "?sort=parameters"))[0] == "demo"


async def test_what_cannot_be_used_says_why(shelves: Shelves) -> None:
    (shelves.add("broken") / "tokenizer.json").unlink()
    (shelves.add("partial") / "model.safetensors").rename(
        shelves.models / "partial" / "model-00001-of-00002.safetensors"
    )
    found = {model["id"]: model for model in await listed(shelves)}
    assert (found["broken"]["status"], found["broken"]["reason"]) == ("failed", "it has no tokenizer")
    assert found["partial"]["status"] == "incomplete"
    assert found["partial"]["memory"] is None
    assert found["partial"]["can_delete"]


async def test_the_cache_and_what_it_hides(shelves: Shelves) -> None:
    snapshot = shelves.add_to_hub("owner/name")
    folder = shelves.add("owner/name")
    shelves.add_to_hub("gpt2")
    found = {model["id"]: model for model in await listed(shelves)}
    assert found["owner/name"]["path"] == str(folder)
    assert found["owner/name"]["duplicates"] == [str(snapshot)]
    assert (found["gpt2"]["source"], found["gpt2"]["commit"]) == ("huggingface", "a" * 40)


async def test_a_blob_counts_once(shelves: Shelves) -> None:
    shelves.add_to_hub("owner/name", "a" * 40)
    (first,) = await listed(shelves, "?search=owner/name")
    repo = shelves.add_to_hub("owner/name", "b" * 40).parents[1]
    os.link(next((repo / "blobs").iterdir()), repo / "blobs" / "again")
    (both,) = await listed(shelves, "?search=owner/name")
    assert both["size_bytes"] == first["size_bytes"]


async def test_files_and_card_of_one(shelves: Shelves) -> None:
    folder = shelves.add("owner/small")
    (folder / "sub").mkdir()
    (folder / "sub" / "a.txt").write_text("abc")
    (folder / ".hidden").write_text("x")
    (folder / "lost").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    (folder / "README.md").write_text("# Hi\n" + "x" * 70_000)
    answer = await shelves.user.get("/library/models/owner/small")
    assert answer.status_code == 200, answer.text
    model = answer.json()
    sizes = {file["path"]: file["size_bytes"] for file in model["files"]}
    assert sizes.keys() == {
        *("README.md", "config.json", "lost", "model.safetensors", "pipe", "sub/a.txt", "tokenizer.json")
    }
    assert (sizes["sub/a.txt"], sizes["lost"], sizes["pipe"]) == (3, None, None)
    assert (len(model["card"]), model["card_is_cut"]) == (65_536, True)
    assert model["machine"]["budget_bytes"] > 0


async def test_downloads_under_way_keep_a_model(shelves: Shelves) -> None:
    shelves.add_to_hub("owner/name")
    async with shelves.house.accounts.database.session() as session:
        session.add(Download(repo_id="owner/name", status=DownloadStatus.PAUSED.value))
        session.add(Download(repo_id="gpt2", status=DownloadStatus.COMPLETED.value))
    (model,) = await listed(shelves, "?search=owner")
    assert (model["can_delete"], model["kept_by_code"]) == (False, "conflict")


async def test_nobody_looks_without_signing_in(shelves: Shelves) -> None:
    answer = await shelves.house.client().get("/library/models")
    assert code_of(answer) == (401, "authentication_required")


def asked(model: str | None, at: datetime, backend: str | None = "local") -> InferenceRequest:
    return InferenceRequest(
        request_id="r", server_id="s", dialect="openai", model=model, started_at=at, backend=backend
    )


async def test_when_a_model_was_last_used(database: Database) -> None:
    now = datetime.now(UTC)
    used = LastUsed(database)
    assert await used.read() == {}
    async with database.session() as session:
        session.add(asked("small", now - timedelta(days=2)))
        session.add(asked("gpt-4o", now - timedelta(days=1)))
        session.add(asked("other", now - timedelta(days=3)))
        session.add(asked("nonsense", now, backend=None))
        session.add(asked(None, now))
    first = await used.read()
    assert first.keys() == {"small", "gpt-4o", "other"}
    assert by_id(first, lambda name: {"gpt-4o": "small"}.get(name, name)) == {
        "small": now - timedelta(days=1),
        "other": now - timedelta(days=3),
    }
    async with database.session() as session:
        session.add(asked("other", now))
        # Written late, after a newer one has been read.
        session.add(asked("late", now - timedelta(days=1, minutes=5)))
    second = await used.read()
    assert second["other"] == now
    assert second["late"] == now - timedelta(days=1, minutes=5)


async def test_it_is_in_the_list(shelves: Shelves) -> None:
    shelves.add("small")
    shelves.add("unused")
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    async with shelves.house.accounts.database.session() as session:
        session.add(asked("claude-9", at))
    models = await listed(shelves, "?sort=last_used")
    assert (models[0]["id"], models[0]["last_used_at"]) == ("small", "2026-01-02T03:04:05Z")
    assert models[1]["last_used_at"] is None
