"""Settings of access that both programs have, each with its own prefix."""

import json
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode

from mlx_manager.core.settings import EnvironmentSettings

Names = Annotated[list[str], NoDecode]
_ROOT_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)*")


class AccessSettings(EnvironmentSettings):
    """Who may call, and by which address. Lists are JSON or separated by commas."""

    root_path: str = ""
    """Path under which a proxy shows the program to others, such as `/mlx`; empty for none."""
    tls_certificate: Path | None = None
    """File of a TLS certificate, with its chain, in PEM; with one the program speaks HTTPS alone."""
    tls_key: Path | None = None
    """File of that certificate's key in PEM; not given, it is in the certificate's file."""

    require_auth: bool | None = None
    """True wants a key or a session from everybody; False from nobody, on loopback only; None decides by
    whether there are users and where the program listens."""
    trusted_proxies: Names = Field(default_factory=list)
    """Addresses or networks whose `X-Forwarded-For` and `-Proto` are believed."""
    allowed_hosts: Names = Field(default_factory=list)
    """Names, beside this machine's own, by which the program may be called."""
    allowed_origins: Names = Field(default_factory=list)
    """Origins of web pages that may call and read the answers, such as `https://chat.example.org`."""

    @field_validator("trusted_proxies", "allowed_hosts", "allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            try:
                return json.loads(value)
            except ValueError:
                raise ValueError("must be a JSON list or names separated by commas") from None
        return [name.strip() for name in value.split(",") if name.strip()]

    @field_validator("root_path")
    @classmethod
    def _plain_path(cls, path: str) -> str:
        path = path.rstrip("/")
        if path and not path.startswith("/"):
            path = f"/{path}"
        if not _ROOT_PATH.fullmatch(path):
            raise ValueError("must be a path such as /mlx")
        return path

    @field_validator("tls_certificate", "tls_key")
    @classmethod
    def _readable(cls, file: Path | None) -> Path | None:
        if file is not None and not file.expanduser().is_file():
            raise ValueError(f"there is no file {file}")
        return None if file is None else file.expanduser()

    @model_validator(mode="after")
    def _key_has_its_certificate(self) -> Self:
        if self.tls_key is not None and self.tls_certificate is None:
            raise ValueError("a TLS key is given, and no certificate")
        return self

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, names: list[str]) -> list[str]:
        for name in names:
            try:
                ip_network(name, strict=False)
            except ValueError:
                raise ValueError(f"{name!r} is no address and no network such as 10.0.0.0/8") from None
        return names

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            if origin == "*":
                raise ValueError("'*' would let every web page use this server; name the origins")
            if "://" not in origin or origin.endswith("/"):
                raise ValueError(f"{origin!r} is no origin; write it as https://host or https://host:port")
        return [origin.lower() for origin in origins]
