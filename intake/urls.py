from __future__ import annotations

from django.urls import re_path

from intake import api

app_name = "intake"

urlpatterns = [re_path(r"^api/events/?$", api.EventsView.as_view(), name="api-events")]
