"""Standard logging for both programs; logfire adds to it and replaces nothing."""

import logging
import sys

_ESCAPES = {
    code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)) if chr(code) not in "\t"
}


class EscapingFormatter(logging.Formatter):
    """Writes control characters as escapes, so that no caller can forge a line or steer a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without a traceback, which is ours and keeps its line breaks."""
        return super().formatMessage(record).translate(_ESCAPES)


def configure_logging(level: str = "INFO") -> None:
    """Send every record to stderr, a line each. Safe to call twice."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(EscapingFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # One line a request is our own business (with the request's id), not the socket layer's.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("httpx").setLevel(logging.WARNING)
