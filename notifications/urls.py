from __future__ import annotations

from django.urls import path

from notifications.unsubscribe import weekly_summary
from notifications.views import read_notices

app_name = "notifications"

urlpatterns = [
    path("alerts/read", read_notices, name="mark-read"),
    path("weekly-summary/<str:token>", weekly_summary, name="unsubscribe"),
]
