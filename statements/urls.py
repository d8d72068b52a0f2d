from __future__ import annotations

from django.urls import re_path

from statements.caliper import views

app_name = "statements"

urlpatterns = [re_path(r"^caliper/?$", views.CaliperView.as_view(), name="caliper")]
