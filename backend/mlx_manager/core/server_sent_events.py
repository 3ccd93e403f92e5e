"""The format of server-sent events (WHATWG HTML, 9.2), as far as it is written here."""


def event(name: str, payload: bytes) -> bytes:
    """One event with its data, which has no line breaks."""
    return b"event: " + name.encode() + b"\ndata: " + payload + b"\n\n"
