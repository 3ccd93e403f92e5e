"""The format of server-sent events (WHATWG HTML, 9.2), as far as it is written and read here."""

from collections.abc import AsyncGenerator, AsyncIterator


def event(name: str, payload: bytes) -> bytes:
    """One event with its data, which has no line breaks."""
    return b"event: " + name.encode() + b"\ndata: " + payload + b"\n\n"


async def read_events(parts: AsyncIterator[bytes]) -> AsyncGenerator[tuple[str, bytes]]:
    """Names and data of events whose lines end with LF, one line of data each; without a name it is empty.

    Lines are split here: a library that knows Unicode's other line ends would cut JSON in two.
    """
    name, rest = "", b""
    async for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                yield name, line[6:]
            elif line.startswith(b"event: "):
                name = line[7:].decode(errors="replace")
            elif not line:
                name = ""
