"""Whether models could be downloaded."""

import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Final

from mlx_manager import __version__
from mlx_manager.doctor.finding import Finding, ok, warning

CHECK: Final = "hub"
_ANSWERS_WITHIN_S: Final = 3.0
_TRUE: Final = ("1", "true", "yes", "on")
_ADVICE: Final = (
    "Models that are here work all the same. For downloads look at the network, HTTPS_PROXY, "
    "MLX_MANAGER_HUB_ENDPOINT."
)


def check_hub(
    endpoint: str, *, is_offline: bool, environ: Mapping[str, str] = os.environ
) -> Iterator[Finding]:
    """Ask the hub for a sign of life.

    Args:
        endpoint: the manager's `hub_endpoint`.
        is_offline: do not ask.
    """
    if is_offline or environ.get("HF_HUB_OFFLINE", "").lower() in _TRUE:
        why = "as you wish" if is_offline else "HF_HUB_OFFLINE is set"
        yield ok(CHECK, f"{endpoint} was not asked: {why}")
        return
    fault: list[str] = ["it did not answer within 3 s"]

    def ask() -> None:
        fault[0] = _fault(endpoint)

    # A name that no server resolves takes longer than any timeout of a connection.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(2 * _ANSWERS_WITHIN_S)
    if fault[0]:
        yield warning(CHECK, f"{endpoint} cannot be reached: {fault[0]}", _ADVICE)
    else:
        yield ok(CHECK, f"{endpoint} answers")


def _fault(endpoint: str) -> str:
    """Why the hub cannot be reached; empty where it can."""
    try:
        agent = {"User-Agent": f"mlx-manager/{__version__}"}
        request = urllib.request.Request(endpoint, method="HEAD", headers=agent)
        with urllib.request.urlopen(request, timeout=_ANSWERS_WITHIN_S):
            return ""
    except urllib.error.HTTPError as error:
        # Whoever refuses is there.
        return f"it answers with {error.code}" if error.code >= 500 else ""
    except urllib.error.URLError as error:
        return str(getattr(error.reason, "strerror", None) or error.reason)
    except (OSError, ValueError) as error:
        return str(error) or type(error).__name__
