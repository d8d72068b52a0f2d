from __future__ import annotations

from django.urls import path, re_path

from outcomes.api import FeedbackView
from outcomes.surveys.views import survey

app_name = "outcomes"

urlpatterns = [
    re_path(r"^api/kpi/outcome/feedback/?$", FeedbackView.as_view(), name="api-feedback"),
    path("surveys/<str:token>", survey, name="survey"),
]
