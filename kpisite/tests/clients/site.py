"""A web site at an origin of its own, from which browsers get content: the LMS of these tests."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from werkzeug.security import safe_join
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

EMPTY = "<!doctype html><html lang=en><meta charset=utf-8><title>Content</title><main></main>"


@dataclass
class Site:
    """`folders` are served under their names, and `answers` to POST under theirs."""

    folders: dict[str, Path]
    answers: dict[str, str] = field(default_factory=dict)
    # the bodies of what was posted, by path
    posted: dict[str, list[str]] = field(default_factory=dict)
    url: str = ""

    def __call__(self, environ: object, start_response: object) -> object:
        request = Request(environ)  # type: ignore[arg-type]
        answer = self._post(request) if request.method == "POST" else self._get(request.path)
        return answer(environ, start_response)  # type: ignore[arg-type]

    def _post(self, request: Request) -> Response:
        self.posted.setdefault(request.path, []).append(request.get_data(as_text=True))
        body = self.answers.get(request.path)
        return Response(body or "", 200 if body else 404, content_type="application/json")

    def _get(self, path: str) -> Response:
        _, name, *rest = path.split("/")
        if name not in self.folders:
            return Response(EMPTY, content_type="text/html")
        found = safe_join(str(self.folders[name]), *rest)
        if not found or not Path(found).is_file():
            return Response(status=404)
        kind = mimetypes.guess_type(found)[0] or "application/octet-stream"
        return Response(Path(found).read_bytes(), content_type=kind)


class App(Protocol):
    """A site of these tests; it gets its address when it is served."""

    url: str

    def __call__(self, environ: object, start_response: object) -> object: ...


A = TypeVar("A", bound=App)


@contextmanager
def serving(site: A) -> Iterator[A]:
    server = make_server("127.0.0.1", 0, site, threaded=True)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
