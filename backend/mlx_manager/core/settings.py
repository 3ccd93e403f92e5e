"""One typed source of settings: flags, then the environment, then what is stored, then defaults.

A bad value is one line, an unknown name is a warning.
"""

import difflib
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Set
from enum import StrEnum
from pathlib import PurePath
from typing import Any, ClassVar, Final, NoReturn, Self

from pydantic import BaseModel, PrivateAttr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError


class SettingSource(StrEnum):
    """Where a setting's value comes from; an earlier one counts before a later one."""

    RUNNING = "running"
    """It was changed in the running program, and is forgotten when that ends or it is stored otherwise."""
    FLAG = "flag"
    ENVIRONMENT = "environment"
    DATABASE = "database"
    DEFAULT = "default"


_STATED: Final = (SettingSource.FLAG, SettingSource.ENVIRONMENT)
# The integers that every reader of JSON has exactly.
_LARGEST: Final = 2**53
_NOTHING: Final = object()


class InvalidSettings(SystemExit):
    """Ends the program with one line on stderr that names the variable; never a traceback."""


class EnvironmentSettings(BaseSettings):
    """Base of both programs' settings; a subclass sets `env_prefix`.

    Attributes:
        others: names with the prefix that something else reads.
        not_stored: settings that are read before there is a database, or that are secret.
    """

    model_config = SettingsConfigDict(use_attribute_docstrings=True, validate_assignment=True)

    not_stored: ClassVar[frozenset[str]] = frozenset()
    others: ClassVar[frozenset[str]] = frozenset()
    _sources: dict[str, SettingSource] = PrivateAttr(default_factory=dict)
    _stated: dict[str, tuple[SettingSource, Any]] = PrivateAttr(default_factory=dict)
    _stored: dict[str, Any] = PrivateAttr(default_factory=dict)

    def __init__(self, **values: Any) -> None:
        """Read the environment, but for values that are given here.

        Raises:
            InvalidSettings: a variable is at fault.
            ValidationError: values are given, and one is at fault.
        """
        try:
            super().__init__(**values)
        except ValidationError as error:
            if values:
                raise
            refuse(error, self.env_prefix())
        except SettingsError as error:
            # A value that is meant to be JSON and is not; the message names the field and shows no value.
            raise InvalidSettings(
                f"{self.env_prefix()}*: {error} (lists are JSON, such as '[\"a\"]')"
            ) from None
        self.note_source(self.model_fields_set - values.keys(), SettingSource.ENVIRONMENT)

    def source_of(self, name: str) -> SettingSource:
        """Where the value of a setting comes from."""
        return self._sources.get(name, SettingSource.DEFAULT)

    def note_source(self, names: Set[str], source: SettingSource) -> None:
        """Remember where the values of these come from."""
        self._sources.update(dict.fromkeys(names, source))
        if source in _STATED:
            self._stated.update({name: (source, getattr(self, name)) for name in names})

    def has_taken(self, stored: Mapping[str, Any]) -> bool:
        """Whether this is what was stored when it was looked at last."""
        return self._stored == stored

    def take_stored(
        self, stored: Mapping[str, Any], fixed: Set[str] = frozenset(), restated: Set[str] = frozenset()
    ) -> list[str]:
        """Take what is stored, where nothing that counts before it says otherwise.

        What was stored before and is no more has its default again. What was changed in the running program
        counts until it is stored otherwise.

        Args:
            stored: all that is, by names of settings.
            fixed: settings that stay as they are, because a program that runs cannot change them.
            restated: settings that somebody has just stored or reset, though perhaps as they were.

        Returns:
            A line for each value that cannot be used; its setting is as if nothing were stored.
        """
        for name in (stored.keys() | self._stored.keys() | restated) - fixed:
            if name in restated or stored.get(name, _NOTHING) != self._stored.get(name, _NOTHING):
                self._forget_running(name)
        self._stored = dict(stored)
        open_to = {name for name in type(self).model_fields if name not in fixed and self._is_open_to(name)}
        empty = self.model_copy()
        for name in open_to:
            empty.__dict__[name] = _default(type(self), name)
        fresh, faults = empty._with({name: value for name, value in stored.items() if name in open_to})
        for name in open_to:
            self.__dict__[name] = getattr(fresh, name)
            is_stored = name in stored and name not in faults
            self._sources[name] = SettingSource.DATABASE if is_stored else SettingSource.DEFAULT
        prefix = self.env_prefix()
        return [f"{prefix}{name.upper()} as it is stored: {_reason(faults[name])}" for name in faults]

    def _forget_running(self, name: str) -> None:
        """What a flag or the environment says counts again where the running program was told otherwise."""
        if self.source_of(name) is SettingSource.RUNNING:
            self._sources[name] = SettingSource.DEFAULT
            if name in self._stated:
                self._sources[name], self.__dict__[name] = self._stated[name]

    def _is_open_to(self, name: str) -> bool:
        return name not in self.not_stored and self.source_of(name) in (
            SettingSource.DATABASE,
            SettingSource.DEFAULT,
        )

    def changed(self, values: Mapping[str, Any]) -> Self:
        """These settings with other values, which may be as JSON has them; `self` stays as it is.

        Raises:
            ValidationError: a value is not allowed, by itself or beside the others.
        """
        fresh, faults = self._with(values)
        for fault in faults.values():
            raise fault
        return fresh

    def _with(self, values: Mapping[str, Any]) -> tuple[Self, dict[str, ValidationError]]:
        """These settings with those of the values that are allowed, and what is wrong with the others.

        What is not among the values is not looked at again: a file may have gone since.
        """
        fresh, left = self.model_copy(), dict(values)
        faults: dict[str, ValidationError] = {}
        while left:
            faults = {}
            for name, value in left.items():
                trial = fresh.model_copy()
                try:
                    setattr(trial, name, value)
                except ValidationError as fault:
                    faults[name] = fault
                else:
                    fresh = trial
            if len(faults) == len(left):
                break
            # What is allowed only beside others, such as a key beside its certificate, may be now.
            left = {name: left[name] for name in faults}
        return fresh, faults

    @field_validator("*")
    @classmethod
    def _as_json_has_it(cls, value: Any) -> Any:
        """What JSON in UTF-8 cannot hold, or readers of it round, can be neither stored nor shown."""
        for part in _parts(value):
            if isinstance(part, float) and not math.isfinite(part):
                raise ValueError("must be a finite number")
            if isinstance(part, int) and abs(part) > _LARGEST:
                raise ValueError(f"must be at most {_LARGEST}")
            if isinstance(part, str) and not _is_utf8(part):
                raise ValueError("must be text in UTF-8")
        return value

    @classmethod
    def env_prefix(cls) -> str:
        """The prefix of the environment variables, such as `MLX_SERVER_`."""
        return cls.model_config.get("env_prefix", "")

    @classmethod
    def unknown_variables(cls, environ: Mapping[str, str] = os.environ) -> Iterator[str]:
        """One warning for each variable with our prefix that no setting reads."""
        prefix = cls.env_prefix()
        known = [name.upper() for name in cls.model_fields]
        for name in sorted(environ):
            stated = name.upper().removeprefix(prefix)
            if stated != name.upper() and stated not in (*known, *cls.others):
                close = difflib.get_close_matches(stated, known, n=1)
                hint = f"; did you mean {prefix}{close[0]}?" if close else ""
                yield f"{name} is not a setting and has no effect{hint}"


def _parts(value: Any) -> Iterator[Any]:
    """Every scalar of a value."""
    match value:
        case Mapping():
            yield from value
            inner: Iterable[Any] = value.values()
        case list():
            inner = value
        case BaseModel():
            inner = [each for _, each in value]
        case PurePath():
            inner = [str(value)]
        case _:
            yield value
            return
    for each in inner:
        yield from _parts(each)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _default(settings: type[BaseSettings], name: str) -> Any:
    return settings.model_fields[name].get_default(call_default_factory=True)


def _reason(error: ValidationError) -> str:
    return error.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")


def refuse(error: ValidationError, prefix: str) -> NoReturn:
    """End the program with the first fault of `error`, without showing the value (it may be a secret)."""
    fault = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in fault["loc"])
    raise InvalidSettings(f"{prefix}{name.upper()}: {fault['msg']}") from None
