from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.models import User
from core.post_only import post_only
from notifications.inbox import mark_read
from presentation.page_query import query_service_of


@post_only("alerts:alerts")
@login_required
def mark_notifications_read(request: HttpRequest) -> HttpResponse:
    """Mark all of the reader's notifications as read."""
    query_service_of(request)
    mark_read(cast("User", request.user))
    return HttpResponseRedirect(reverse("alerts:alerts"))
