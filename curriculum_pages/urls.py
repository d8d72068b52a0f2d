from __future__ import annotations

from django.urls import path, re_path

from curriculum_pages.adjustments import views as adjustments
from curriculum_pages.api.effective import EffectiveValuesView
from curriculum_pages.framework import views as framework
from curriculum_pages.framework.api import FrameworkView
from curriculum_pages.parameters import views as parameters

app_name = "curriculum_pages"

urlpatterns = [
    path(
        "api/curriculum/parameters/effective",
        EffectiveValuesView.as_view(),
        name="api-effective-parameters",
    ),
    path("curriculum-parameters", parameters.parameters, name="parameters"),
    # no key of a parameter is without a full stop
    path("curriculum-parameters/add", parameters.add_parameter, name="add-parameter"),
    path("curriculum-parameters/<str:key>", parameters.parameter, name="parameter"),
    path("curriculum-framework", framework.framework, name="framework"),
    path("curriculum-framework/versions", framework.versions, name="framework-versions"),
    path("curriculum-framework/import", framework.import_file, name="framework-import"),
    re_path(r"^api/curriculum/framework/?$", FrameworkView.as_view(), name="api-framework"),
    path("curriculum-adjustments", adjustments.adjustments, name="adjustments"),
    path("curriculum-adjustments/<int:pk>", adjustments.adjustment, name="adjustment"),
]
