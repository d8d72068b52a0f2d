"""Who may see what: one reader, one rule, for pages, API and exports."""

from __future__ import annotations

import hashlib
import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

from accounts.models import ApiKey, User
from core.database_wait import NO_WAIT, wait_at_most
from curriculum.models import Course

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

PREFIX_LENGTH = 12
LAST_USED_GRAIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Reader:
    """Somebody who asks for figures: a signed-in user or the holder of an API key."""

    reads_kpis: bool
    sees_every_course: bool
    sees_small_groups: bool
    course_ids: frozenset[int]

    @classmethod
    def of(cls, principal: User | ApiKey | AnonymousUser) -> Reader:
        if isinstance(principal, ApiKey):
            return cls._of_key(principal)
        if isinstance(principal, User) and principal.is_active:
            return cls._of_user(principal)
        return cls(False, False, False, frozenset())

    @classmethod
    def _of_key(cls, key: ApiKey) -> Reader:
        courses = frozenset(key.courses.values_list("pk", flat=True))
        return cls(
            reads_kpis=key.may(ApiKey.Scope.KPIS_READ),
            sees_every_course=not key.is_limited,
            sees_small_groups=key.may(ApiKey.Scope.SMALL_GROUPS),
            course_ids=courses,
        )

    @classmethod
    def _of_user(cls, user: User) -> Reader:
        courses = frozenset(user.course_grants.values_list("course_id", flat=True))
        return cls(
            reads_kpis=user.is_staff or bool(courses),
            sees_every_course=user.is_staff,
            sees_small_groups=user.has_perm("accounts.view_small_groups"),
            course_ids=courses,
        )

    def courses(self) -> QuerySet[Course]:
        """The courses this reader is granted: the one rule that pages, API and exports share."""
        courses = Course.objects.all()
        return courses if self.sees_every_course else courses.filter(pk__in=self.course_ids)

    def may_see(self, course_id: int) -> bool:
        return self.sees_every_course or course_id in self.course_ids


def digest_of(secret: str) -> str:
    """Hash a key's secret; it has 256 random bits, so a plain SHA-256 cannot be searched."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_api_key(
    name: str,
    scopes: Iterable[str],
    *,
    courses: Iterable[Course] = (),
    creates_unknown: bool = False,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which is shown this once and never kept.

    ValueError when a scope is unknown.
    """
    scopes, courses = list(scopes), list(courses)
    if unknown := sorted(set(scopes) - set(ApiKey.Scope.values)):
        raise ValueError(
            f"Unknown scope {', '.join(unknown)}; there are {', '.join(ApiKey.Scope.values)}."
        )
    secret = secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        name=name,
        prefix=secret[:PREFIX_LENGTH],
        digest=digest_of(secret),
        scopes=scopes,
        creates_unknown=creates_unknown,
        expires_at=expires_at,
        is_limited=bool(courses),
    )
    key.courses.set(courses)
    return key, secret


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY`."""

    def authenticate(self, request: Request) -> tuple[ApiKey, None] | None:
        word, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if word.lower() != "bearer":
            return None
        key = ApiKey.objects.filter(digest=digest_of(secret.strip())).first()
        if key is None or not key.is_valid:
            raise key_refused(key)
        record_use(key)
        return key, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def key_refused(key: ApiKey | None) -> AuthenticationFailed:
    """Say why, to the log too, which gets nothing of a key that is not ours."""
    logger.warning("API key refused: %s", f"{key} is not valid" if key else "unknown")
    if key and key.revoked_at is None and key.expires_at:
        day = timezone.localtime(key.expires_at)
        return AuthenticationFailed(f"This API key expired on {day:%Y-%m-%d at %H:%M %Z}.")
    return AuthenticationFailed("This API key is unknown or revoked.")


def record_use(key: ApiKey) -> None:
    """Remember when the key was used, to the minute: one write a minute, not one a request.

    Where another writer is in the way, a later request notes it: whoever reads does not wait.
    """
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at >= LAST_USED_GRAIN:
        with suppress(OperationalError), wait_at_most(NO_WAIT):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


class MayReadKpis(BasePermission):
    message = "This account or key may not read KPIs: it needs a course grant or kpis:read."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return Reader.of(request.user).reads_kpis


class MaySendEvents(BasePermission):
    message = "Sending events needs an API key with the scope events:write."

    def has_permission(self, request: Request, view: APIView) -> bool:
        principal: object = request.user
        return isinstance(principal, ApiKey) and principal.may(ApiKey.Scope.EVENTS_WRITE)
