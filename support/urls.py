from __future__ import annotations

from django.urls import path, re_path

from support.api.views import LearnersToHelpView
from support.pages import views

app_name = "support"

urlpatterns = [
    path("learners-to-help", views.learners, name="learners"),
    path("learners-to-help/export.csv", views.learners_csv, name="learners-csv"),
    path("learners-to-help/model", views.model, name="model"),
    path("learners-to-help/<int:pk>", views.learner, name="learner"),
    re_path(r"^api/learners-to-help/?$", LearnersToHelpView.as_view(), name="api-learners"),
]
