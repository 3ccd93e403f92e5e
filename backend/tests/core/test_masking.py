"""No credential is left in text, and what is none stays."""

import pytest

from mlx_manager.core.security.api_keys import new_key
from mlx_manager.core.security.masking import mask_secrets

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyX293bmVyIn0.c2lnbmF0dXJl-_x"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("key sk-mlx-{s} refused", "key sk-mlx-*** refused"),
        ("'sk-mlx-{s}'", "'sk-mlx-***'"),
        ("xsk-mlx-{s}", "xsk-mlx-***"),
        ("/v1?key=sk-mlx-{s}&a=b", "/v1?key=sk-mlx-***&a=b"),
        ("Authorization: Bearer {s}", "Authorization: Bearer ***"),
        ("{{'authorization': 'bearer\t{s}'}}", "{{'authorization': 'bearer\t***'}}"),
        ("BEARER%20{s}", "BEARER%20***"),
        ("Bearer x", "Bearer ***"),
        ("x-api-key: {s}", "x-api-key: ***"),
        ("(b'x-api-key', b'{s}')", "(b'x-api-key', b'***')"),
        ("sk-proj-{s}", "sk-***"),
        ("token hf_{s}", "token hf_***"),
        ("postgresql://ada:{s}@db/x", "postgresql://ada:***@db/x"),
        ("postgresql+asyncpg://:{s}@db", "postgresql+asyncpg://:***@db"),
    ],
)
def test_credentials_are_masked(text: str, wanted: str) -> None:
    secret = "Zq3-_f81mVb7tYxWcPqLkJhG"
    assert mask_secrets(text.format(s=secret)) == wanted.format()
    assert secret not in mask_secrets(f"{text} {text}".format(s=secret))


@pytest.mark.parametrize("text", ["{}", "token={}", "a {}, b", '"{}"', "({}"])
@pytest.mark.parametrize("jwt", [JWT, JWT.rpartition(".")[0] + ".", JWT.rpartition(".")[0]])
def test_tokens_are_masked(text: str, jwt: str) -> None:
    assert mask_secrets(text.format(jwt)) == text.format("***")


def test_a_fresh_key_is_masked_and_its_hint_is_not() -> None:
    key = new_key()
    assert mask_secrets(f"{key.key} is {key.hint}") == f"sk-mlx-*** is {key.hint}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "streamed-77 demo: stop, 3 prompt tokens, 1 drawn",
        "http://127.0.0.1:8000/v1/models",
        "https://host:8080/a@b",
        "the task-force of risk-averse people",
        "eyJust a word. Another",
        "hf_home is /data",
        "sk-mlx-abcd…",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert mask_secrets(text) == text


@pytest.mark.parametrize(
    "piece", ["eyJ", "eyJ.", "sk-mlx-a ", "Bearer ", "bearer%20", "://a:", "x-api-key:  ", "hf_"]
)
def test_hostile_text_takes_no_longer_than_its_length(piece: str) -> None:
    """A pattern that looked at all the rest from each place would take minutes for this."""
    mask_secrets(piece * (2_000_000 // len(piece)))
