from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer

from accounts.api_permissions import MayReadKpis
from accounts.reader import Reader
from core.api_errors import ProblemSchema
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


class CoursePages(CursorPagination):
    page_size = 100
    ordering = ("key",)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """ValidationError for a cursor that we did not give; no key has a NUL in it."""
        refused = ValidationError({"cursor": "This is no cursor of this list: take one from next."})
        try:
            cursor: Cursor | None = super().decode_cursor(request)
        except NotFound:
            raise refused from None
        if cursor and "\0" in str(cursor.position):
            raise refused
        return cursor


class CourseListView(ListAPIView[Course]):
    """The courses that the reader may see, with the keys of their runs and modules."""

    permission_classes = (IsAuthenticated, MayReadKpis)
    serializer_class = CourseSchema
    pagination_class = CoursePages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Course]:
        reader = Reader.of(self.request.user)
        return reader.courses().prefetch_related("runs", "modules")

    @extend_schema(
        operation_id="course_list",
        responses={200: CourseSchema, **dict.fromkeys((400, 401, 403, 404), ProblemSchema)},
    )
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        return super().get(request, *args, **kwargs)

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Refuse a parameter that there is none of: a slip must not pass for a wish."""
        super().initial(request, *args, **kwargs)
        for name in request.query_params:
            if name != CoursePages.cursor_query_param:
                raise ValidationError({name: f"There is no parameter {name}; there is cursor."})
