"""Mark the views whose responses may be served again while nothing has changed."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.http.response import HttpResponseBase

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)

MARK = "is_cacheable"

_has_failed: ContextVar[bool] = ContextVar("has_failed", default=False)


def note_failure() -> None:
    """Note that a part of the response could not be computed: the next request tries again."""
    _has_failed.set(True)


def has_failed() -> bool:
    return _has_failed.get()


def cacheable(view: Callable[P, R]) -> Callable[P, R]:
    """Let `kpisite.http.response_cache` keep the responses of a view or of a view's method.

    They may depend on all that is stored, on the reader, the address, the language and the minute,
    and on nothing else. The view may only read.
    """

    @wraps(view)
    def marked(*args: P.args, **kwargs: P.kwargs) -> R:
        token = _has_failed.set(False)
        try:
            response = view(*args, **kwargs)
            setattr(response, MARK, not has_failed())
        finally:
            _has_failed.reset(token)
        return response

    return marked
