"""Whose request it is in open mode: whoever sends the same credential."""

from typing import Final

from starlette.datastructures import Headers

from mlx_manager.core.access.credentials import Source, credential_of
from mlx_manager.core.security.api_keys import digest_of

_DIGEST_CHARS: Final = 32


def tenant_of(headers: Headers) -> str:
    """A name for the sender of the credential, by whichever header; empty where there is none.

    It is a digest: the credential itself is neither kept nor logged.
    """
    credential = credential_of(headers)
    if credential is None or credential.source is not Source.HEADER:
        return ""
    return digest_of(credential.text)[:_DIGEST_CHARS]
