"""Settings of access."""

import pytest
from pydantic_settings import SettingsConfigDict

from mlx_manager.core.access.mode import check_bind, is_open
from mlx_manager.core.access.settings import AccessSettings
from mlx_manager.core.settings import InvalidSettings


class Settings(AccessSettings):
    model_config = SettingsConfigDict(env_prefix="MLX_TEST_", extra="ignore")


@pytest.mark.parametrize(
    ("text", "names"),
    [("", []), ("a", ["a"]), (" a , b,", ["a", "b"]), ('["a", "b"]', ["a", "b"])],
)
def test_lists_are_written_either_way(monkeypatch: pytest.MonkeyPatch, text: str, names: list[str]) -> None:
    monkeypatch.setenv("MLX_TEST_ALLOWED_HOSTS", text)
    assert Settings().allowed_hosts == names


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLOWED_HOSTS", "[broken"),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "chat.example.org"),
        ("ALLOWED_ORIGINS", "https://chat.example.org/"),
        ("TRUSTED_PROXIES", "proxy.example.org"),
        ("TRUSTED_PROXIES", "*"),
        ("REQUIRE_AUTH", "perhaps"),
    ],
)
def test_what_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"MLX_TEST_{name}", value)
    with pytest.raises(InvalidSettings, match=f"MLX_TEST_{name}"):
        Settings()


@pytest.mark.parametrize(
    ("require_auth", "host", "has_users", "opens"),
    [
        (None, "127.0.0.1", False, True),
        (None, "::1", False, True),
        (None, "localhost", False, True),
        (None, "127.0.0.1", True, False),
        (None, "0.0.0.0", False, False),
        (None, "box.local", False, False),
        (True, "127.0.0.1", False, False),
        (False, "127.0.0.1", True, True),
        (False, "0.0.0.0", False, False),
    ],
)
def test_open_or_closed(require_auth: bool | None, host: str, has_users: bool, opens: bool) -> None:
    settings = Settings(require_auth=require_auth)
    assert is_open(settings, host, has_users=has_users) is opens


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "box.local"])
def test_a_public_bind_cannot_be_open(host: str) -> None:
    (fault,) = check_bind(Settings(require_auth=False), host)
    assert "MLX_TEST_REQUIRE_AUTH" in fault
    assert host in fault
    assert not list(check_bind(Settings(require_auth=True), host))
    assert not list(check_bind(Settings(), host))
    assert not list(check_bind(Settings(require_auth=False), "127.0.0.1"))
