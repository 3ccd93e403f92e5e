"""Who sends a request, told by a digest of the credential."""

import logging

import pytest
from starlette.datastructures import Headers

from mlx_manager.mlx_server.protocols.tenant import tenant_of

KEY = "sk-s3cret-1234567890"


def tenant(**headers: str) -> str:
    return tenant_of(Headers({name.replace("_", "-"): value for name, value in headers.items()}))


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer {KEY}"},
        {"Authorization": f"BEARER   {KEY} "},
        {"x_api_key": KEY},
        {"X_Api_Key": f" {KEY}"},
        {"authorization": f"Bearer {KEY}", "x_api_key": "another"},
        {"authorization": "Basic dTpw", "x_api_key": KEY},
        {"authorization": "Bearer ", "x_api_key": KEY},
    ],
)
def test_one_key_one_tenant(headers: dict[str, str]) -> None:
    assert tenant(**headers) == tenant(x_api_key=KEY)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Basic dTpw"},
        {"x_api_key": " "},
    ],
)
def test_without_a_credential(headers: dict[str, str]) -> None:
    assert tenant(**headers) == ""


def test_other_keys_are_other_tenants() -> None:
    keys = [KEY, KEY + "x", KEY.upper(), "ÿ", "'; DROP TABLE keys --", "x" * 10_000]
    tenants = {tenant(x_api_key=key) for key in keys}
    assert len(tenants) == len(keys)
    assert all(len(name) == 32 and set(name) <= set("0123456789abcdef") for name in tenants)


def test_the_key_cannot_be_read_from_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        name = tenant(authorization=f"Bearer {KEY}")
    assert KEY not in name
    assert KEY not in caplog.text
