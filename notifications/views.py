from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.models import User
from notifications.inbox import mark_read
from presentation.page_query import query_service_of


@login_required
@require_POST
def mark_notifications_read(request: HttpRequest) -> HttpResponse:
    """Mark all of the reader's notifications as read."""
    query_service_of(request)
    mark_read(cast("User", request.user))
    return HttpResponseRedirect(reverse("alerts:alerts"))
