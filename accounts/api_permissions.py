"""Permissions of the API: who may read KPIs and who may send events."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rest_framework.permissions import BasePermission

from accounts.models import ApiKey, User
from accounts.reader import Reader

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class MayReadKpis(BasePermission):
    message = (
        "This account or key may not read KPIs. An account needs a course grant, "
        "a key the scope kpis:read."
    )

    def has_permission(self, request: Request, view: APIView) -> bool:
        return Reader.of(request.user).reads_kpis


class MayReadCurriculum(BasePermission):
    message = (
        "This account or key may not read parameters. An account needs a course grant, "
        "a key the scope curriculum:read or kpis:read."
    )

    def has_permission(self, request: Request, view: APIView) -> bool:
        principal: object = request.user
        if isinstance(principal, ApiKey):
            scopes = (ApiKey.Scope.CURRICULUM_READ, ApiKey.Scope.KPIS_READ)
            return any(principal.may(scope) for scope in scopes)
        return Reader.of(request.user).reads_kpis


class ScopeOrPermission(BasePermission):
    """A key needs the scope, an account the permission."""

    scope: ClassVar[ApiKey.Scope]
    permission: ClassVar[str]

    def has_permission(self, request: Request, view: APIView) -> bool:
        principal: object = request.user
        if isinstance(principal, ApiKey):
            return principal.may(self.scope)
        return isinstance(principal, User) and principal.has_perm(self.permission)


class MaySendEvents(BasePermission):
    message = "Sending events requires an API key with the scope events:write."

    def has_permission(self, request: Request, view: APIView) -> bool:
        principal: object = request.user
        return isinstance(principal, ApiKey) and principal.may(ApiKey.Scope.EVENTS_WRITE)
