"""An HTTP server that answers whatever a test wants."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

Answering = Callable[[int, bytes], int]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Starts servers on free ports that answer every request with this status and body; returns the port."""
    with ExitStack() as stack:

        def start(status: int, body: bytes) -> int:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(body)

                do_HEAD = do_GET

                def log_message(self, *_: object) -> None:
                    pass

            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return server.server_port

        yield start
