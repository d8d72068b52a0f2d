"""Who calls the alert API, and who may act."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import ApiKey, User
from accounts.reader import Reader
from kpis.query.query_service import KpiQueryService


class MayActOnAlerts(BasePermission):
    message = "Acting on alerts requires an account or an API key with the scope alerts:write."

    def has_permission(self, request: Request, view: APIView) -> bool:
        principal: object = request.user
        return isinstance(principal, User) or (
            isinstance(principal, ApiKey) and principal.may(ApiKey.Scope.ALERTS_WRITE)
        )


def service_of(request: Request) -> KpiQueryService:
    return KpiQueryService(Reader.of(request.user), timezone.now())


def user_of(request: Request) -> User | None:
    """Return the signed-in user; None for an API key."""
    principal: object = request.user
    return principal if isinstance(principal, User) else None


def signed(text: str, request: Request) -> str:
    """Append the name of the API key, which the history cannot show as a user."""
    principal: object = request.user
    by = f"(API key {principal})" if isinstance(principal, ApiKey) else ""
    return f"{text} {by}".strip()
