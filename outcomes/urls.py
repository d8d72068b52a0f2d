from __future__ import annotations

from django.urls import path

from outcomes.surveys.views import survey

app_name = "outcomes"

urlpatterns = [
    path("surveys/<str:token>", survey, name="survey"),
]
