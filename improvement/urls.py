from __future__ import annotations

from django.urls import re_path

from improvement.api import views as api

app_name = "improvement"

ADJUSTMENTS = r"^api/curriculum/adjustments"
ADJUSTMENT = ADJUSTMENTS + r"/(?P<pk>[0-9]{1,18})"

urlpatterns = [
    re_path(ADJUSTMENTS + r"/?$", api.AdjustmentListView.as_view(), name="api-adjustments"),
    re_path(ADJUSTMENT + r"/?$", api.AdjustmentView.as_view(), name="api-adjustment"),
    *(
        re_path(ADJUSTMENT + rf"/{decision}/?$", view.as_view(), name=f"api-{decision}")
        for decision, view in api.DECISIONS.items()
    ),
]
