"""The framework as JSON and CSV, as the import reads it."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api_permissions import MayReadKpis
from accounts.reader import Reader
from core.api_errors import InvalidParameters
from curriculum.framework_files.exporting import export
from kpis.api.views import CSV, JSON, PROBLEMS
from kpis.query.query_params import reject_unknown, wants_csv

PARAMETERS = [
    OpenApiParameter("course", str, description="Key of a course. Default: all that you may see."),
    OpenApiParameter("format", str, enum=["json", "csv"], description="Default: json."),
]


class FrameworkView(APIView):
    """Courses, their modules in order, and skills with prerequisites: a file to import again."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="framework_read",
        parameters=PARAMETERS,
        responses={(200, JSON): OpenApiTypes.OBJECT, (200, CSV): str, **PROBLEMS},
    )
    def get(self, request: Request) -> HttpResponse:
        reject_unknown(request, [one.name for one in PARAMETERS])
        file_format = "csv" if wants_csv(request) else "json"
        courses = Reader.of(request.user).courses()
        key = request.query_params.get("course")
        if key is not None:
            courses = courses.none() if "\0" in key else courses.filter(key=key)
            if not courses:
                raise InvalidParameters(f"Unknown course “{key}”.", "course")
        text = export(list(courses), file_format)
        media_type = CSV if file_format == "csv" else JSON
        response = HttpResponse(text, content_type=f"{media_type}; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="framework.{file_format}"'
        return response
