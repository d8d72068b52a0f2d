from __future__ import annotations

from django.urls import path

from experiments.pages import draft_views, views

app_name = "experiment_pages"

urlpatterns = [
    path("experiments", views.experiments, name="experiments"),
    # no experiment can have these two keys: see draft_form.RESERVED
    path("experiments/new", draft_views.new, name="new"),
    path("experiments/power", views.power, name="power"),
    path("experiments/<str:key>", views.experiment, name="experiment"),
    path("experiments/<str:key>/edit", draft_views.edit, name="edit"),
    path("experiments/<str:key>/results.csv", views.results_csv, name="results-csv"),
]
