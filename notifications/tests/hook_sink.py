"""A real HTTP server on loopback that stores what is posted to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from django.test import override_settings


class Sink:
    """The requests received; the server answers with `status`."""

    def __init__(self) -> None:
        self.port = 0
        self.status = 204
        self.posts: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def body(self, at: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.posts[at][1])
        return found


@contextmanager
def hook_sink() -> Iterator[Sink]:
    """Run the server and allow requests to it."""
    sink = Sink()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(sink))
    sink.port = server.server_address[1]
    # checks for shutdown this often
    thread = Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        with override_settings(KPI_WEBHOOK_ALLOWED=["127.0.0.0/8"]):
            yield sink
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(sink: Sink) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sink.posts.append((dict(self.headers.items()), body))
            self.send_response(sink.status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Do not log."""

    return Handler
