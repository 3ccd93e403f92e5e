"""Whose request it is: until keys exist, whoever sends the same credential."""

from hashlib import sha256
from typing import Final

from starlette.datastructures import Headers

_DIGEST_CHARS: Final = 32


def tenant_of(headers: Headers) -> str:
    """A name for the sender of the credential, by whichever header; empty where there is none.

    It is a digest: the credential itself is neither kept nor logged.
    """
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    credential = token.strip() if scheme.lower() == "bearer" else ""
    credential = credential or headers.get("x-api-key", "").strip()
    return sha256(credential.encode()).hexdigest()[:_DIGEST_CHARS] if credential else ""
