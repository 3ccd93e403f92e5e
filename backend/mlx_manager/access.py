"""Who may call the manager: its one table of routes."""

from typing import Final

from mlx_manager.core.access.rules import Rule, Wanted
from mlx_manager.web_ui.serving import FILES, PAGES

_POST: Final = frozenset({"POST"})
_GET: Final = frozenset({"GET", "HEAD"})

RULES: Final = (
    Rule("/health", Wanted.NOTHING, _GET, is_exact=True),
    # Pages hold nothing but how to ask.
    *(Rule(page, Wanted.NOTHING, _GET, is_exact=True) for page in PAGES),
    *(Rule(file, Wanted.NOTHING, _GET) for file in FILES),
    # How one comes in. Each proves by itself who is asking.
    Rule("/api/v1/auth/status", Wanted.NOTHING, _GET, is_exact=True),
    Rule("/api/v1/auth/setup", Wanted.NOTHING, _POST, is_exact=True),
    Rule("/api/v1/auth/register", Wanted.NOTHING, _POST, is_exact=True),
    Rule("/api/v1/auth/sign-in", Wanted.NOTHING, _POST, is_exact=True),
    Rule("/api/v1/auth/refresh", Wanted.NOTHING, _POST, is_exact=True),
    Rule("/api/v1/auth/sign-out", Wanted.NOTHING, _POST, is_exact=True),
    Rule("/api/v1/auth/password/reset", Wanted.NOTHING, _POST, is_exact=True),
    Rule("/api/v1/users", Wanted.ADMIN),
    Rule("/metrics", Wanted.ADMIN, is_exact=True),
    # What belongs to everybody who may come in is looked at by all and changed by administrators.
    Rule("/api/v1/settings", Wanted.ADMIN),
    Rule("/api/v1/server", Wanted.ANYBODY, _GET, is_exact=True),
    Rule("/api/v1/server", Wanted.ADMIN),
    Rule("/api/v1/library", Wanted.ANYBODY, _GET),
    Rule("/api/v1/library", Wanted.ADMIN),
    Rule("/api/v1/hub/token", Wanted.ADMIN),
    Rule("/api/v1/hub", Wanted.ANYBODY, _GET),
    Rule("/api/v1/downloads", Wanted.ANYBODY, _GET),
    Rule("/api/v1/downloads", Wanted.ADMIN),
    Rule("/api/v1/about/doctor", Wanted.ADMIN),
    Rule("/api/v1/about", Wanted.ANYBODY, _GET),
    # The inference server, through this port.
    Rule("/v1", Wanted.INFERENCE),
    Rule("/admin", Wanted.ADMIN),
    # What is one's own: keys and sessions.
    Rule("/api/v1", Wanted.ANYBODY),
)
