"""What a page may load and who may show it: nothing foreign, and no script but its own.

Source: Content Security Policy Level 3 (W3C). The one inline script, which starts a page, is named by its
hash; it is not the same in each page.
"""

import base64
import hashlib
import re
from typing import Final

# The router tells screen readers of each page in an element with this style, of which app.css says the same.
_ROUTER_STYLE: Final = (
    "position: absolute; left: 0; top: 0; clip: rect(0 0 0 0); clip-path: inset(50%); overflow: hidden; "
    "white-space: nowrap; width: 1px; height: 1px"
)
# Each row of a list that is searched stands in one of these.
_ROW_STYLE: Final = "display: contents;"
_INLINE_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def page_headers(page: str) -> dict[str, str]:
    """The headers of a page with this HTML."""
    scripts = " ".join(_hash_of(script) for script in _INLINE_SCRIPT.findall(page))
    policy = (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self'; "
        f"style-src-attr 'unsafe-hashes' {_hash_of(_ROUTER_STYLE)} {_hash_of(_ROW_STYLE)}; img-src 'self'; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types svelte-trusted-html dompurify sanitized"
    )
    return common_headers() | {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}


def common_headers() -> dict[str, str]:
    """The headers of everything that a browser is given."""
    return {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def _hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
