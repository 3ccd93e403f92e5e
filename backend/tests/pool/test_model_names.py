"""What a name in a request stands for: an alias, an id, or nothing, and why."""

from pathlib import Path

import pytest
from model_folders import write_listed

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.pool.catalogue import Catalogue

NOWHERE = Path("/nonexistent")


def refusal(catalogue: Catalogue, name: str) -> ApiError:
    with pytest.raises(ApiError) as caught:
        catalogue.resolve(name)
    assert caught.value.param == "model"
    assert catalogue.get(name) is None
    return caught.value


def test_ids_and_aliases(tmp_path: Path) -> None:
    write_listed(tmp_path / "owner" / "name")
    write_listed(tmp_path / "b")
    aliases = {"fast": "b", "also/fast": "b", "b": "b"}
    catalogue = Catalogue([tmp_path], demo=NOWHERE, aliases=aliases)
    for name, model_id in {"owner/name": "owner/name", "b": "b", "fast": "b", "also/fast": "b"}.items():
        assert catalogue.resolve(name).model_id == model_id
        assert catalogue.get(name) == catalogue.resolve(name)
    assert list(catalogue.aliases_of("b")) == ["fast", "also/fast"]
    assert list(catalogue.aliases_of("owner/name")) == []


def test_an_id_is_no_path(tmp_path: Path) -> None:
    write_listed(tmp_path / "all" / "m")
    write_listed(tmp_path / "secret")
    catalogue = Catalogue([tmp_path / "all"], demo=NOWHERE)
    for name in ("../secret", "./m", "m/", str(tmp_path / "secret"), "", "M", "m\0", "/", ".", "~"):
        assert refusal(catalogue, name).code is ErrorCode.MODEL_NOT_FOUND


def test_an_unknown_name_is_told_what_there_is(tmp_path: Path) -> None:
    catalogue = Catalogue([tmp_path], demo=NOWHERE)
    assert refusal(catalogue, "x").message == "there is no model 'x'; there is: none"
    for index in range(12):
        write_listed(tmp_path / f"m{index:02}")
    wanted = "there is no model 'x'; there is: " + ", ".join(f"m{index:02}" for index in range(10))
    assert refusal(catalogue, "x").message == wanted


def test_an_alias_of_nothing(tmp_path: Path) -> None:
    write_listed(tmp_path / "m")
    aliases = {"fast": "gone", "chained": "other", "other": "m"}
    catalogue = Catalogue([tmp_path], demo=NOWHERE, aliases=aliases)
    for alias, model_id in (("fast", "gone"), ("chained", "other")):
        error = refusal(catalogue, alias)
        assert error.code is ErrorCode.MODEL_NOT_FOUND
        assert error.message.startswith(f"there is no model {model_id!r}, which {alias!r} is an alias of")
    assert catalogue.resolve("other").model_id == "m"


def test_a_name_that_stands_for_two_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_listed(tmp_path / "a")
    catalogue = Catalogue([tmp_path], demo=NOWHERE, aliases={"b": "a", "c": "a"})
    assert catalogue.resolve("b").model_id == "a"
    folder = write_listed(tmp_path / "b")
    for _ in range(2):
        assert catalogue.scan().collisions == {"b": "a"}
    assert caplog.text.count("'b' is refused") == 1
    error = refusal(catalogue, "b")
    assert (error.code, error.code.status) == (ErrorCode.MODEL_NAME_COLLIDES, 409)
    assert "'b'" in error.message
    assert "'a'" in error.message
    assert str(folder) in error.message
    assert list(catalogue.aliases_of("a")) == ["c"]
    assert catalogue.resolve("c").model_id == "a"


def test_a_model_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    (write_listed(tmp_path / "m") / "tokenizer.json").unlink()
    catalogue = Catalogue([tmp_path], demo=NOWHERE, aliases={"fast": "m"})
    for name in ("m", "fast"):
        error = refusal(catalogue, name)
        assert error.code is ErrorCode.MODEL_LOAD_FAILED
        assert error.message == "m cannot be used: it has no tokenizer"
