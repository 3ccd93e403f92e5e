"""JSON of strangers, so that it can be sent on: without lone surrogates and numbers that are none."""

import json
import math
import re
from typing import Any, Final

_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def parse_plain(content: bytes) -> Any:
    """What it says; `NaN` and the infinities, which configurations do hold, are None. Raises ValueError."""
    text = content.decode("utf-8", errors="replace")
    try:
        parsed = json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
        if _SURROGATE.search(text):
            # Pairs have become characters; what is left of surrogates cannot be written as UTF-8.
            whole = json.dumps(parsed, ensure_ascii=False).encode("utf-8", errors="replace")
            parsed = json.loads(whole)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return parsed


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
