"""Who may see learners by name: a permission or scope, and the granted courses only."""

from __future__ import annotations

from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext

from accounts.api_permissions import ScopeOrPermission
from accounts.models import ApiKey, User
from accounts.reader import Reader
from curriculum.models import Enrollment

PERMISSION = "support.view_learners_to_help"


class MaySeeLearners(ScopeOrPermission):
    message = (
        "Reading which learners need help requires the permission “Can see which learners need "
        "help, by name”, or an API key with the scope learners:read."
    )
    scope, permission = ApiKey.Scope.LEARNERS_READ, PERMISSION


def reader_of(request: HttpRequest) -> tuple[User, Reader]:
    """Return who asks for a page; PermissionDenied without the permission or any course."""
    user = cast("User", request.user)
    reader = Reader.of(user)
    if not (user.has_perm(PERMISSION) and reader.reads_kpis):
        raise PermissionDenied(gettext("You may not see which learners need help."))
    return user, reader


def enrollment_of(reader: Reader, pk: int) -> Enrollment:
    """Http404 for one that does not exist or that the reader may not see."""
    found = (
        Enrollment.objects.counted()
        .filter(pk=pk, run__in=reader.runs())
        .select_related("learner", "run__course")
        .first()
    )
    if found is None:
        raise Http404(gettext("Unknown enrollment %(pk)s.") % {"pk": pk})
    return found
