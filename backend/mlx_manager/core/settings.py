"""One typed source of settings: flags, then the environment, then what is stored, then defaults.

A bad value is one line, an unknown name is a warning.
"""

import difflib
import os
from collections.abc import Iterator, Mapping, Set
from enum import StrEnum
from typing import Any, ClassVar, NoReturn, Self

from pydantic import PrivateAttr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError


class Source(StrEnum):
    """Where a setting's value comes from; an earlier one counts before a later one."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    RUNNING = "running"
    """It was changed in the running program, and is forgotten when that ends."""
    DATABASE = "database"
    DEFAULT = "default"


_BEFORE_STORED = (Source.FLAG, Source.ENVIRONMENT, Source.RUNNING)


class InvalidSettings(SystemExit):
    """Ends the program with one line on stderr that names the variable; never a traceback."""


class EnvironmentSettings(BaseSettings):
    """Base of both programs' settings; a subclass sets `env_prefix`.

    Attributes:
        not_stored: settings that are read before there is a database, or that are secret.
    """

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    not_stored: ClassVar[frozenset[str]] = frozenset()
    _sources: dict[str, Source] = PrivateAttr(default_factory=dict)
    _stored: dict[str, Any] = PrivateAttr(default_factory=dict)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            refuse(error, self.env_prefix())
        except SettingsError as error:
            # A value that is meant to be JSON and is not; the message names the field and shows no value.
            raise InvalidSettings(
                f"{self.env_prefix()}*: {error} (lists are JSON, such as '[\"a\"]')"
            ) from None
        self.note_source(self.model_fields_set - values.keys(), Source.ENVIRONMENT)

    def source_of(self, name: str) -> Source:
        """Where the value of a setting comes from."""
        return self._sources.get(name, Source.DEFAULT)

    def note_source(self, names: Set[str], source: Source) -> None:
        """Remember where the values of these come from."""
        self._sources.update(dict.fromkeys(names, source))

    def take_stored(self, stored: Mapping[str, Any], fixed: Set[str] = frozenset()) -> list[str]:
        """Take what is stored, where nothing that counts before it says otherwise.

        What was stored before and is no more has its default again. What was changed in the running program
        counts until it is stored otherwise.

        Args:
            stored: all that is, by names of settings.
            fixed: settings that stay as they are, because a program that runs cannot change them.

        Returns:
            A line for each value that cannot be used; its setting is as if nothing were stored.
        """
        for name in {*stored, *self._stored} - fixed:
            if self.source_of(name) is Source.RUNNING and stored.get(name) != self._stored.get(name):
                self._sources[name] = Source.DEFAULT
        self._stored = dict(stored)
        open_to = {name for name in type(self).model_fields if name not in fixed and self._is_open_to(name)}
        fresh, faults = self._with_stored({name: stored[name] for name in open_to & stored.keys()}, open_to)
        for name in open_to:
            self.__dict__[name] = getattr(fresh, name)
            is_stored = name in stored and name not in faults
            self._sources[name] = Source.DATABASE if is_stored else Source.DEFAULT
        prefix = self.env_prefix()
        return [f"{prefix}{name.upper()} as it is stored: {reason}" for name, reason in faults.items()]

    def _is_open_to(self, name: str) -> bool:
        return name not in self.not_stored and self.source_of(name) not in _BEFORE_STORED

    def _with_stored(self, taken: dict[str, Any], open_to: Set[str]) -> tuple[Self, dict[str, str]]:
        """Settings with these values, but for those that are at fault, by name and reason."""
        stated = {name: getattr(self, name) for name in type(self).model_fields if name not in open_to}
        faults: dict[str, str] = {}
        while True:
            try:
                return type(self).model_validate({**stated, **taken}), faults
            except ValidationError as error:
                fault = error.errors(include_url=False, include_input=False)[0]
                # What is at fault together, such as a key without its certificate, goes together.
                names = {str(part) for part in fault["loc"][:1]} & taken.keys() or set(taken)
                faults |= dict.fromkeys(names, fault["msg"].removeprefix("Value error, "))
                taken = {name: value for name, value in taken.items() if name not in names}

    def changed(self, values: Mapping[str, Any]) -> Self:
        """These settings with other values, which may be as JSON has them; `self` stays as it is.

        Raises:
            ValidationError: a value is not allowed, by itself or beside the others.
        """
        return type(self).model_validate(
            {**{name: getattr(self, name) for name in type(self).model_fields}, **values}
        )

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
            if stated != name.upper() and stated not in known:
                close = difflib.get_close_matches(stated, known, n=1)
                hint = f"; did you mean {prefix}{close[0]}?" if close else ""
                yield f"{name} is not a setting and has no effect{hint}"


def refuse(error: ValidationError, prefix: str) -> NoReturn:
    """End the program with the first fault of `error`, without showing the value (it may be a secret)."""
    fault = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in fault["loc"])
    raise InvalidSettings(f"{prefix}{name.upper()}: {fault['msg']}") from None
