"""Let pages of the site be shown in a frame of an LMS, for those who were opened there.

Browsers keep cookies of framed pages apart by the site around them (Partitioned), so that a
session in the LMS is no session elsewhere. All other visitors' pages stay out of frames, and so
does the admin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse

# of the session: the origins that may show its pages
FRAMED_BY = "lti_framed_by"
POLICY = "Content-Security-Policy"
NOWHERE = "frame-ancestors 'none'"


class LmsFrames:
    """Middleware outside of those that set cookies and forbid frames."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        origins = framing_origins(request)
        if origins and not request.path_info.startswith("/admin/"):
            allow_frames(response, origins)
        return response


def frame_in(request: HttpRequest, origins: Iterable[str]) -> None:
    """Let this one response be shown in a frame of these origins."""
    request.framed_by = list(origins)  # type: ignore[attr-defined]


def is_framed(request: HttpRequest) -> bool:
    """Return whether the browser says that the page is shown in a frame."""
    return request.headers.get("Sec-Fetch-Dest") in ("iframe", "frame")


def framing_origins(request: HttpRequest) -> list[str]:
    origins: list[str] = getattr(request, "framed_by", [])
    session = getattr(request, "session", None)
    if not origins and session is not None and session.accessed:
        origins = session.get(FRAMED_BY, [])
    return origins


def allow_frames(response: HttpResponse, origins: list[str]) -> None:
    response.headers.pop("X-Frame-Options", None)
    if POLICY in response.headers:
        allowed = f"frame-ancestors {' '.join(origins)}"  # not translated: a header
        response[POLICY] = response[POLICY].replace(NOWHERE, allowed)
    for cookie in response.cookies.values():
        cookie["samesite"] = "None"  # not translated: a header
        cookie["secure"] = True
        cookie["partitioned"] = True
