"""What is stored counts after flags and the environment, and before defaults, but for what is at fault."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest
from pydantic import Field, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict

from mlx_manager.core.settings import EnvironmentSettings, SettingSource
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.flags import apply_flags


class Sample(EnvironmentSettings):
    """A few kinds of values, two of which belong together."""

    model_config = SettingsConfigDict(env_prefix="SAMPLE_", extra="ignore", validate_assignment=True)
    not_stored: ClassVar[frozenset[str]] = frozenset({"secret"})

    count: int = Field(default=1, ge=0)
    limit_s: float | None = None
    names: list[str] = Field(default_factory=lambda: ["a"])
    lock: str | None = None
    key: str | None = None
    secret: str | None = None

    @model_validator(mode="after")
    def _key_has_its_lock(self) -> Self:
        if self.key is not None and self.lock is None:
            raise ValueError("a key without a lock")
        return self


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Sample]:
    """Makes one from an environment."""

    def make(**variables: str) -> Sample:
        for name, value in variables.items():
            monkeypatch.setenv(f"SAMPLE_{name.upper()}", value)
        return Sample()

    return make


def state(settings: EnvironmentSettings, name: str) -> tuple[Any, SettingSource]:
    return getattr(settings, name), settings.source_of(name)


def test_the_database_counts_before_the_default(sample: Callable[..., Sample]) -> None:
    settings = sample()
    assert state(settings, "count") == (1, SettingSource.DEFAULT)
    assert settings.take_stored({"count": 5, "names": ["b"]}) == []
    assert state(settings, "count") == (5, SettingSource.DATABASE)
    assert state(settings, "names") == (["b"], SettingSource.DATABASE)
    assert state(settings, "limit_s") == (None, SettingSource.DEFAULT)
    assert settings.take_stored({"names": ["c"]}) == []
    assert state(settings, "count") == (1, SettingSource.DEFAULT)
    assert state(settings, "names") == (["c"], SettingSource.DATABASE)
    settings.names.append("d")
    settings.take_stored({})
    assert state(settings, "names") == (["a"], SettingSource.DEFAULT)
    assert Sample().names == ["a"]


def test_what_is_stored_may_equal_the_default(sample: Callable[..., Sample]) -> None:
    settings = sample()
    assert not settings.has_taken({"count": 1})
    settings.take_stored({"count": 1})
    assert state(settings, "count") == (1, SettingSource.DATABASE)
    assert settings.has_taken({"count": 1})


def test_the_environment_counts_before_the_database(sample: Callable[..., Sample]) -> None:
    settings = sample(count="7")
    assert state(settings, "count") == (7, SettingSource.ENVIRONMENT)
    assert settings.take_stored({"count": 5, "limit_s": 2}) == []
    assert state(settings, "count") == (7, SettingSource.ENVIRONMENT)
    assert state(settings, "limit_s") == (2.0, SettingSource.DATABASE)


def test_a_flag_counts_before_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_SERVER_MAX_MODELS", "2")
    monkeypatch.setenv("MLX_SERVER_LOAD_WAIT_S", "5")
    settings = MLXServerSettings()
    apply_flags(settings, ["--max-models", "3"])
    settings.take_stored({"max_models": 9, "load_wait_s": 9, "kv_concurrency": 9})
    assert state(settings, "max_models") == (3, SettingSource.FLAG)
    assert state(settings, "load_wait_s") == (5.0, SettingSource.ENVIRONMENT)
    assert state(settings, "kv_concurrency") == (9, SettingSource.DATABASE)
    assert state(settings, "kv_context_tokens") == (8192, SettingSource.DEFAULT)


def change(settings: Sample, **values: Any) -> None:
    """As the running program is changed."""
    for name, value in values.items():
        setattr(settings, name, value)
    settings.note_source(values.keys(), SettingSource.RUNNING)


def test_what_is_changed_in_the_running_program_counts_until_it_is_stored_otherwise(
    sample: Callable[..., Sample],
) -> None:
    settings = sample()
    settings.take_stored({"count": 5})
    change(settings, count=6, limit_s=3.0)
    settings.take_stored({"count": 5, "names": ["b"]})
    assert state(settings, "count") == (6, SettingSource.RUNNING)
    assert state(settings, "limit_s") == (3.0, SettingSource.RUNNING)
    settings.take_stored({"count": 8, "names": ["b"], "limit_s": None})
    assert state(settings, "count") == (8, SettingSource.DATABASE)
    assert state(settings, "limit_s") == (None, SettingSource.DATABASE)
    change(settings, count=6)
    settings.take_stored({})
    assert state(settings, "count") == (1, SettingSource.DEFAULT)


def test_what_is_stored_once_more_as_it_was_counts_again(sample: Callable[..., Sample]) -> None:
    settings = sample()
    settings.take_stored({"count": 5})
    change(settings, count=6, limit_s=3.0, names=["b"])
    settings.take_stored({"count": 5}, fixed={"names"}, restated={"count", "limit_s", "names", "nothing"})
    assert state(settings, "count") == (5, SettingSource.DATABASE)
    assert state(settings, "limit_s") == (None, SettingSource.DEFAULT)
    assert state(settings, "names") == (["b"], SettingSource.RUNNING)


def test_after_such_a_change_the_environment_counts_again(sample: Callable[..., Sample]) -> None:
    settings = sample(count="7")
    change(settings, count=6)
    settings.take_stored({"names": ["b"]})
    assert state(settings, "count") == (6, SettingSource.RUNNING)
    settings.take_stored({"count": 5})
    assert state(settings, "count") == (7, SettingSource.ENVIRONMENT)


def test_what_is_fixed_or_not_stored_stays(sample: Callable[..., Sample]) -> None:
    settings = sample()
    settings.take_stored({"count": 5})
    assert settings.take_stored({"count": 6, "limit_s": 2, "secret": "x"}, fixed={"count"}) == []
    assert state(settings, "count") == (5, SettingSource.DATABASE)
    assert state(settings, "limit_s") == (2.0, SettingSource.DATABASE)
    assert state(settings, "secret") == (None, SettingSource.DEFAULT)


def test_unknown_names_are_left_alone(sample: Callable[..., Sample]) -> None:
    settings = sample()
    before = settings.model_dump()
    assert settings.take_stored({"nothing": 1, "model_config": {}, "_stored": {}, "env_prefix": "x"}) == []
    assert settings.model_dump() == before
    assert settings.env_prefix() == "SAMPLE_"


def test_each_bad_value_is_one_line_and_its_default_counts(sample: Callable[..., Sample]) -> None:
    settings = sample()
    faults = settings.take_stored({"count": -1, "limit_s": "s3cret", "names": ["b"], "lock": "steel"})
    assert len(faults) == 2
    assert {fault.partition(":")[0] for fault in faults} == {
        "SAMPLE_COUNT as it is stored",
        "SAMPLE_LIMIT_S as it is stored",
    }
    assert not [fault for fault in faults if "\n" in fault or "s3cret" in fault]
    assert state(settings, "count") == (1, SettingSource.DEFAULT)
    assert state(settings, "limit_s") == (None, SettingSource.DEFAULT)
    assert state(settings, "names") == (["b"], SettingSource.DATABASE)
    assert state(settings, "lock") == ("steel", SettingSource.DATABASE)


def test_a_bad_value_does_not_leave_the_earlier_one(sample: Callable[..., Sample]) -> None:
    settings = sample()
    settings.take_stored({"count": 5})
    assert len(settings.take_stored({"count": "many"})) == 1
    assert state(settings, "count") == (1, SettingSource.DEFAULT)


@pytest.mark.parametrize(
    "value", [None, [], {}, True, "", "one", 1.5, -1, 2**60, math.inf, math.nan, [[["x"]]], {"count": 1}]
)
def test_no_stored_value_ends_the_program(sample: Callable[..., Sample], value: Any) -> None:
    settings = sample()
    taken = settings.take_stored(dict.fromkeys(Sample.model_fields, value))
    assert all("SAMPLE_" in line for line in taken)
    # What it has now is what JSON can say.
    json.dumps(settings.model_dump(mode="json"), allow_nan=False)


def test_what_is_at_fault_together_takes_nothing_else_along(sample: Callable[..., Sample]) -> None:
    settings = sample()
    faults = settings.take_stored({"count": 5, "key": "brass", "names": ["b"]})
    assert faults == ["SAMPLE_KEY as it is stored: a key without a lock"]
    assert state(settings, "key") == (None, SettingSource.DEFAULT)
    assert state(settings, "count") == (5, SettingSource.DATABASE)
    assert settings.take_stored({"key": "brass", "lock": "steel"}) == []
    assert (settings.key, settings.lock) == ("brass", "steel")


def test_a_stored_value_may_belong_to_one_of_the_environment(sample: Callable[..., Sample]) -> None:
    settings = sample(lock="steel")
    assert settings.take_stored({"key": "brass"}) == []
    assert state(settings, "key") == ("brass", SettingSource.DATABASE)


def test_a_key_goes_with_a_certificate_that_is_gone(tmp_path: Path) -> None:
    certificate, key = tmp_path / "a.pem", tmp_path / "b.pem"
    for file in (certificate, key):
        file.touch()
    stored = {"tls_certificate": str(certificate), "tls_key": str(key), "max_models": 2}
    settings = MLXServerSettings()
    assert settings.take_stored(stored) == []
    assert (settings.tls_certificate, settings.tls_key) == (certificate, key)
    certificate.unlink()
    assert len(settings.take_stored(stored)) == 2
    assert (settings.tls_certificate, settings.tls_key, settings.max_models) == (None, None, 2)


def test_a_fault_of_the_environment_that_came_later_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "a.pem"
    certificate.touch()
    monkeypatch.setenv("MLX_SERVER_TLS_CERTIFICATE", str(certificate))
    settings = MLXServerSettings()
    certificate.unlink()
    assert settings.take_stored({"max_models": 2}) == []
    assert (settings.max_models, settings.tls_certificate) == (2, certificate)
    assert settings.changed({"max_models": 3}).max_models == 3


def test_changed_is_a_copy_or_an_error(sample: Callable[..., Sample]) -> None:
    settings = sample(count="7")
    copy = settings.changed({"count": "8", "names": ["b"]})
    assert (copy.count, copy.names) == (8, ["b"])
    assert (settings.count, settings.names) == (7, ["a"])
    for values in ({"count": -1}, {"count": 2**53 + 1}, {"limit_s": math.inf}, {"key": "brass"}):
        with pytest.raises(ValidationError):
            settings.changed(values)
    assert settings.changed({"count": 2**53}).count == 2**53
