from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from curriculum.models import User
from kpis.desks import desk_of
from kpis.notices.inbox import mark_read


@login_required
@require_POST
def read_notices(request: HttpRequest) -> HttpResponse:
    """Mark all that the reader was told in the product as read."""
    desk_of(request)
    mark_read(cast("User", request.user))
    return HttpResponseRedirect(reverse("kpis:alerts"))
