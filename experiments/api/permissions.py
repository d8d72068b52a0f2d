"""Who may read experiments, ask for assignments, and draft, start, stop and decide."""

from __future__ import annotations

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api_permissions import ScopeOrPermission
from accounts.models import ApiKey
from accounts.reader import Reader

RUN = "experiments.run_experiment"


class MayReadExperiments(BasePermission):
    message = (
        "This account or key may not read experiments. An account needs a course grant, "
        "a key the scope experiments:read."
    )

    def has_permission(self, request: Request, view: APIView) -> bool:
        principal: object = request.user
        if isinstance(principal, ApiKey):
            return principal.may(ApiKey.Scope.EXPERIMENTS_READ)
        return Reader.of(request.user).reads_kpis


class MayAssign(ScopeOrPermission):
    """Asking for an assignment makes it, so being able to read is not enough for an account."""

    message = (
        "Asking for assignments requires the permission “Can start, stop and decide experiments”, "
        "or an API key with the scope experiments:read."
    )
    scope, permission = ApiKey.Scope.EXPERIMENTS_READ, RUN


class MayRunExperiments(ScopeOrPermission):
    message = (
        "Drafting, starting, stopping and deciding requires the permission “Can start, stop and "
        "decide experiments”, or an API key with the scope experiments:write."
    )
    scope, permission = ApiKey.Scope.EXPERIMENTS_WRITE, RUN
