from __future__ import annotations

from django.urls import re_path

from intake.api import views

app_name = "intake"

urlpatterns = [re_path(r"^api/events/?$", views.EventsView.as_view(), name="api-events")]
