"""How a program listens: by which address it is called, and with which certificate."""

import ssl
from typing import Any

from mlx_manager.core.access.settings import AccessSettings


def own_url(settings: AccessSettings, host: str, port: int) -> str:
    """The address that it is called by, without a slash at its end."""
    scheme = "http" if settings.tls_certificate is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def trusting(certificate: str) -> ssl.SSLContext:
    """Trusts the very certificate that a program here shows; it is named for the world, not for loopback."""
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    return context


def tls_options(settings: AccessSettings) -> dict[str, Any]:
    """For `uvicorn.Config`: nothing without a certificate."""
    if settings.tls_certificate is None:
        return {}
    key = settings.tls_key or settings.tls_certificate
    return {"ssl_certfile": str(settings.tls_certificate), "ssl_keyfile": str(key)}
