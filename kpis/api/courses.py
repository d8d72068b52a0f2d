"""The list of courses with the keys of their runs and modules."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer

from accounts.api_permissions import MayReadKpis
from accounts.reader import Reader
from core.api_errors import Problem
from core.cacheable import cacheable
from core.cursor_pages import CursorPages
from curriculum.models import Course, CourseRun, Module


class RunSchema(ModelSerializer[CourseRun]):
    class Meta:
        model = CourseRun
        fields = ("key", "title", "starts_on", "ends_on")


class ModuleSchema(ModelSerializer[Module]):
    class Meta:
        model = Module
        fields = ("key", "title", "position", "is_required", "planned_days", "effort_minutes")


class CourseSchema(ModelSerializer[Course]):
    runs = RunSchema(many=True, read_only=True)
    modules = ModuleSchema(many=True, read_only=True)

    class Meta:
        model = Course
        fields = ("key", "title", "nominal_days", "runs", "modules")


class CoursePages(CursorPages):
    page_size = 100
    page_size_query_param = None
    ordering = ("key",)


class CourseListView(ListAPIView[Course]):
    """The courses that the reader may see, with their runs and modules."""

    permission_classes = (IsAuthenticated, MayReadKpis)
    serializer_class = CourseSchema
    pagination_class = CoursePages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Course]:
        reader = Reader.of(self.request.user)
        runs = Prefetch("runs", reader.runs())
        return reader.courses_in_part().prefetch_related(runs, "modules")

    @extend_schema(
        operation_id="course_list",
        responses={200: CourseSchema, **dict.fromkeys((400, 401, 403, 404), Problem)},
    )
    @cacheable
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        return super().get(request, *args, **kwargs)

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        for name in request.query_params:
            if name != CoursePages.cursor_query_param:
                raise ValidationError({name: f"Unknown parameter “{name}”. Allowed: cursor."})
