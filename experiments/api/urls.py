"""The routes of the API of experiments; fixed names come before keys."""

from __future__ import annotations

from django.urls import re_path

from experiments.api import actions, drafts, units, views
from experiments.api.forced import ForcedView
from experiments.api.power import PowerView

app_name = "experiments_api"

EXPERIMENTS = r"^api/experiments"
EXPERIMENT = EXPERIMENTS + r"/(?P<key>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)"

urlpatterns = [
    re_path(EXPERIMENTS + r"/?$", drafts.ExperimentsView.as_view(), name="experiments"),
    re_path(EXPERIMENTS + r"/power/?$", PowerView.as_view(), name="power"),
    re_path(EXPERIMENTS + r"/assignments/?$", units.AssignmentsView.as_view(), name="assignments"),
    re_path(EXPERIMENTS + r"/exposures/?$", units.ExposuresView.as_view(), name="exposures"),
    re_path(EXPERIMENT + r"/?$", drafts.OneExperimentView.as_view(), name="experiment"),
    re_path(EXPERIMENT + r"/analyses/?$", views.AnalysesView.as_view(), name="analyses"),
    re_path(EXPERIMENT + r"/forced/?$", ForcedView.as_view(), name="forced"),
    re_path(EXPERIMENT + r"/results/?$", views.ResultsView.as_view(), name="results"),
    *(
        re_path(EXPERIMENT + rf"/{action}/?$", view.as_view(), name=action)
        for action, view in actions.ACTIONS.items()
    ),
]
