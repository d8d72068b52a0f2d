"""The page “System” of the admin: what manage.py doctor finds, for administrators."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from kpisite.doctor.examine import examine

# who manages accounts may know how the installation is; others could look for its weak places
PERMISSION = "accounts.change_user"


def may_see_system(account: Any) -> bool:
    return bool(account.has_perm(PERMISSION))


@require_safe
def system(request: HttpRequest) -> TemplateResponse:
    if not may_see_system(request.user):
        raise PermissionDenied
    findings = list(examine(with_slow=False))
    context = {
        **admin.site.each_context(request),
        "title": gettext("System"),
        "problems": [one for one in findings if one.level == "problem"],
        "others": [one for one in findings if one.level != "problem"],
    }
    return TemplateResponse(request, "admin/system.html", context)
