"""Settings of access that both programs have, each with its own prefix."""

import json
from ipaddress import ip_network
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from mlx_manager.core.settings import EnvironmentSettings

Names = Annotated[list[str], NoDecode]


class AccessSettings(EnvironmentSettings):
    """Who may call. Lists are JSON or separated by commas."""

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
