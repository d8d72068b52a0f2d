from __future__ import annotations

from django.urls import path

from notifications.unsubscribe import weekly_summary
from notifications.views import mark_notifications_read

app_name = "notifications"

urlpatterns = [
    path("alerts/read", mark_notifications_read, name="mark-read"),
    path("weekly-summary/<str:token>", weekly_summary, name="unsubscribe"),
]
