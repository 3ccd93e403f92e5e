"""The hub through the manager's routes: what it lists, shows and refuses."""

from typing import Any

import pytest

from mlx_manager.core.security.principal import Role
from mlx_manager.db.secrets import SecretVault
from mlx_manager.db.tables import StoredSecret
from mlx_manager.hub.tokens import SECRET
from tests.accounts import Client, House, code_of, param_of
from tests.hub_stand_in import HubStandIn, Kind, small_repository

MODELS = "/hub/models"
QWEN = "mlx-community/Qwen3-0.6B-4bit"
FAILURES: list[tuple[dict[str, Any], int, str]] = [
    ({"status": 500}, 503, "hub_unavailable"),
    ({"status": 503, "headers": {"Retry-After": "7"}}, 503, "hub_unavailable"),
    ({"status": 429, "headers": {"Retry-After": "7"}}, 429, "hub_rate_limited"),
    ({"status": 429, "headers": {"RateLimit": '"api";r=0;t=7'}}, 429, "hub_rate_limited"),
    ({"status": 403}, 403, "hub_access_denied"),
    ({"status": 404}, 404, "hub_not_found"),
]
NOT_THERE = [
    ("nobody/nothing", 404, "hub_not_found"),
    (f"{QWEN}?revision=v9", 404, "hub_not_found"),
    ("nobody/a..b", 400, "invalid_request"),
    ("no--body/x", 400, "invalid_request"),
    (f"{QWEN}?revision=../x", 400, "invalid_request"),
    (f"{QWEN}?revision=a//b", 400, "invalid_request"),
    ("%2e%2e/x", 400, "invalid_request"),
]
BAD_QUERIES = [
    ("limit=0", "limit"),
    ("limit=101", "limit"),
    ("sort=size", "sort"),
    ("min_size_bytes=-1", "min_size_bytes"),
    ("max_size_bytes=x", "max_size_bytes"),
    ("cursor=x", "cursor"),
    ("cursor=WzUsIDFd", "cursor"),
    ("cursor=W251bGwsIC0xXQ==", "cursor"),
    ("mlx_only=perhaps", "mlx_only"),
    ("search=" + "x" * 201, "search"),
]


async def test_what_is_said_of_each(admin: Client) -> None:
    (model,) = (await admin.get(f"{MODELS}?search=qwen3+4bit")).json()["data"]
    assert model["id"] == QWEN
    expected = {
        "author": "mlx-community",
        "downloads": 5000,
        "likes": 80,
        "task": "text-generation",
        "family": "qwen3",
        "quantization": "4-bit",
        "size_bytes": 4096,
        "is_gated": False,
        "is_mlx": True,
        "licence": "apache-2.0",
        "is_installed": None,
        "updated_at": "2026-02-03T04:05:06Z",
    }
    assert {name: model[name] for name in expected} == expected


async def test_bad_queries_name_the_field(admin: Client) -> None:
    for query, param in BAD_QUERIES:
        response = await admin.get(f"{MODELS}?{query}")
        assert response.status_code == 400, query
        assert param_of(response) == param


async def test_a_models_page(admin: Client, stand_in: HubStandIn) -> None:
    body = (await admin.get(f"{MODELS}/{QWEN}")).json()
    repo = stand_in.repositories[QWEN]
    assert body["commit_hash"] == repo.commit
    assert body["context_length"] == 32768
    assert body["card"].startswith(f"# {QWEN}")
    assert body["card_data"]["license"] == body["licence"] == "apache-2.0"
    assert body["refusal"] == {"needs_pickle": False, "needs_code": False, "reasons": []}
    assert body["has_access"]
    weights = repo.files["model.safetensors"]
    listed = {file["path"]: file for file in body["files"]}
    assert listed["model.safetensors"] == {
        "path": "model.safetensors",
        "size_bytes": len(weights.content),
        "sha256": weights.sha256,
        "git_sha1": None,
        "is_wanted": True,
    }
    assert not listed[".gitattributes"]["is_wanted"]
    assert body["download_bytes"] == sum(
        len(file.content) for path, file in repo.files.items() if path != ".gitattributes"
    )


async def test_the_page_says_what_a_download_refuses(admin: Client) -> None:
    refused = {"someone/Pickled": "needs_pickle", "someone/Own-Code-4bit": "needs_code"}
    for repo_id, refusal in refused.items():
        body = (await admin.get(f"{MODELS}/{repo_id}")).json()
        assert body["refusal"][refusal]
        assert len(body["refusal"]["reasons"]) == 1


async def test_a_gated_model_is_shown_without_its_files_contents(admin: Client) -> None:
    body = (await admin.get(f"{MODELS}/mlx-community/Gated-4bit")).json()
    assert (body["gated"], body["is_gated"], body["has_access"], body["card"]) == (
        "manual",
        True,
        False,
        None,
    )
    assert body["files"]
    assert (await admin.call("PUT", "/hub/token", {"token": "hf_good"})).status_code == 200
    body = (await admin.get(f"{MODELS}/mlx-community/Gated-4bit")).json()
    assert (body["has_access"], body["card"] is None) == (True, False)


async def test_what_is_not_there(admin: Client) -> None:
    for path, status, code in NOT_THERE:
        assert code_of(await admin.get(f"{MODELS}/{path}")) == (status, code), path


async def test_the_hubs_failures_are_told(admin: Client, stand_in: HubStandIn) -> None:
    for fault, status, code in FAILURES:
        stand_in.fail(Kind.STATUS, "/api/models", **fault)
        response = await admin.get(MODELS)
        assert code_of(response) == (status, code)
        if "headers" in fault:
            assert response.headers["retry-after"] == "7"
        assert (await admin.get(MODELS)).status_code == 200
    for kind in (Kind.CUT, Kind.RESET):
        stand_in.fail(kind, "/api/models", num_bytes=100)
        assert code_of(await admin.get(MODELS)) == (503, "hub_unavailable")


async def test_a_hub_that_is_not_there(admin: Client, house: House) -> None:
    house.app.state.hub._settings.hub_endpoint = "http://127.0.0.1:1"
    response = await admin.get(MODELS)
    assert code_of(response) == (503, "hub_unavailable")
    assert "127.0.0.1:1" in response.text


async def test_a_token_is_kept_once_the_hub_knows_it(
    admin: Client, house: House, stand_in: HubStandIn
) -> None:
    nothing = {"is_set": False, "source": None, "user_name": None, "fault": None}
    assert (await admin.get("/hub/token")).json() == nothing
    assert code_of(await admin.call("PUT", "/hub/token", {"token": "hf_bad"})) == (403, "hub_access_denied")
    assert (await admin.get("/hub/token")).json() == nothing
    expected = {"is_set": True, "source": "database", "user_name": "somebody", "fault": None}
    put = await admin.call("PUT", "/hub/token", {"token": "hf_good"})
    assert put.json() == (await admin.get("/hub/token")).json() == expected
    vault: SecretVault = house.app.state.vault
    assert await vault.get(SECRET) == "hf_good"
    (row,) = await house.rows(StoredSecret)
    assert "hf_good" not in row.sealed
    await admin.get(MODELS)
    assert stand_in.asked[-1].token == "hf_good"
    assert (await admin.call("DELETE", "/hub/token")).status_code == 204
    assert code_of(await admin.call("DELETE", "/hub/token")) == (404, "not_found")
    await admin.get(MODELS)
    assert stand_in.asked[-1].token is None


async def test_the_environments_token_counts_before(
    admin: Client, environ: dict[str, str], stand_in: HubStandIn
) -> None:
    stand_in.tokens["hf_env"] = "whoever started it"
    await admin.call("PUT", "/hub/token", {"token": "hf_good"})
    environ["HF_TOKEN"] = "hf_env"
    body = (await admin.get("/hub/token")).json()
    assert (body["source"], body["user_name"]) == ("environment", "whoever started it")
    environ["HF_TOKEN"] = "hf_\xe4 no token"
    assert (await admin.get("/hub/token")).json()["source"] == "database"
    stand_in.tokens.pop("hf_env")
    environ["HF_TOKEN"] = "hf_old"
    body = (await admin.get("/hub/token")).json()
    assert body["is_set"]
    assert body["user_name"] is None
    assert "hf_old" not in str(body)
    assert code_of(await admin.get(MODELS)) == (403, "hub_access_denied")


async def test_bad_tokens_are_refused_and_never_shown(admin: Client, stand_in: HubStandIn) -> None:
    for token in ("", "a b", "a\nX-Evil: 1", "hf_ä", "x" * 513, 5, None):
        response = await admin.call("PUT", "/hub/token", {"token": token})
        assert code_of(response) == (400, "invalid_request")
        assert param_of(response) == "token"
        assert not stand_in.asked
        assert "Evil" not in response.text


async def test_a_model_that_was_renamed_and_one_with_a_name_that_is_none(
    admin: Client, stand_in: HubStandIn
) -> None:
    stand_in.repositories["old/Name"] = stand_in.repositories[QWEN]
    assert (await admin.get(f"{MODELS}/old/Name")).json()["id"] == QWEN
    stand_in.repositories["old/Evil"] = small_repository("../../evil")
    assert code_of(await admin.get(f"{MODELS}/old/Evil")) == (503, "hub_unavailable")


async def test_who_may_ask(admin: Client, house: House) -> None:
    user = await house.signed_in("bob", Role.USER)
    assert (await user.get(MODELS)).status_code == 200
    assert (await user.get(f"{MODELS}/{QWEN}")).status_code == 200
    assert code_of(await user.get("/hub/token")) == (403, "permission_denied")
    stranger = house.client()
    for path in (MODELS, f"{MODELS}/{QWEN}", "/hub/token"):
        assert code_of(await stranger.get(path))[0] == 401


async def test_the_machines_own_token_is_never_sent(
    admin: Client, stand_in: HubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.utils._headers.get_token", lambda: "hf_of_the_login")
    await admin.get(MODELS)
    assert stand_in.asked[-1].token is None
    assert "agent/" not in stand_in.asked[-1].agent
