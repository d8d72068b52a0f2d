from __future__ import annotations

from django.urls import path

from curriculum_pages.adjustments import views as adjustments
from curriculum_pages.parameters import views as parameters

app_name = "curriculum_pages"

urlpatterns = [
    path("curriculum-parameters", parameters.parameters, name="parameters"),
    path("curriculum-parameters/<str:key>", parameters.parameter, name="parameter"),
    path("curriculum-adjustments", adjustments.adjustments, name="adjustments"),
]
