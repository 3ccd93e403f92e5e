"""Settings from the environment: a bad value is one line, an unknown name is a warning."""

import difflib
import os
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError


class InvalidSettings(SystemExit):
    """Ends the program with one line on stderr that names the variable; never a traceback."""


class EnvironmentSettings(BaseSettings):
    """Base of both programs' settings; a subclass sets `env_prefix`."""

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
