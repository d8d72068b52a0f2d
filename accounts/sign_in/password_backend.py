"""Check passwords, but only a few at once."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def is_overloaded(request: HttpRequest) -> bool:
    """Return whether the password was not checked because of too many sign-ins at once."""
    return getattr(request, "sign_in_is_busy", False)


class PasswordBackend(ModelBackend):
    """Check few passwords at once: each takes about a second of CPU time, which pages need too."""

    checking = BoundedSemaphore(max(1, settings.WEB_THREADS // 4))
    # those being checked and as many waiting; the other threads keep serving pages
    waiting = BoundedSemaphore(max(2, settings.WEB_THREADS // 2))

    def authenticate(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Raise PermissionDenied, which is not counted as a try, when too many are waiting."""
        if not self.waiting.acquire(blocking=False):
            if request is not None:
                request.axes_locked_out = request.sign_in_is_busy = True
            raise PermissionDenied
        try:
            with self.checking:
                return super().authenticate(request, *args, **kwargs)
        finally:
            self.waiting.release()
