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

_may_be_kept: ContextVar[bool] = ContextVar("may_be_kept", default=True)


def keep_nothing() -> None:
    """Note that the next request needs a response of its own.

    A part of this one could not be computed, or it is recorded who sees it.
    """
    _may_be_kept.set(False)


def may_be_kept() -> bool:
    return _may_be_kept.get()


def cacheable(view: Callable[P, R]) -> Callable[P, R]:
    """Let `kpisite.http.response_cache` keep the responses of a view or of a view's method.

    They may depend on all that is stored, on the reader, the address, the language and the minute,
    and on nothing else. The view may only read.
    """

    @wraps(view)
    def marked(*args: P.args, **kwargs: P.kwargs) -> R:
        token = _may_be_kept.set(True)
        try:
            response = view(*args, **kwargs)
            setattr(response, MARK, may_be_kept())
        finally:
            _may_be_kept.reset(token)
        return response

    return marked
