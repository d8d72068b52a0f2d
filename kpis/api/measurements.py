"""The list of stored sums, for tools that keep their own copy."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import CharField, ModelSerializer
from rest_framework.views import APIView

from accounts.api_permissions import MayReadKpis
from accounts.reader import Reader
from core.cacheable import cacheable
from core.cursor_pages import CursorPages
from curriculum.models import CourseRun, Module
from kpis.api.views import PROBLEMS
from kpis.definitions.registry import REGISTRY
from kpis.models import Measurement, PeriodKind
from kpis.query.query_params import check_limit, reject_unknown

PAGING = ("cursor", "limit")


class MeasurementFilter(FilterSet):  # type: ignore[misc]
    """Filter by KPI, scope, course, run, module, period and whether late data changed the row."""

    kpi = django_filters.ChoiceFilter(choices=lambda: [(key, key) for key in REGISTRY])
    scope = django_filters.ChoiceFilter(choices=Measurement.Scope.choices)
    course = django_filters.CharFilter("course__key", max_length=100)
    run = django_filters.CharFilter(method="in_run", max_length=100)
    module = django_filters.CharFilter(method="in_module", max_length=100)
    period = django_filters.ChoiceFilter("period_kind", choices=PeriodKind.choices)
    restated = django_filters.BooleanFilter("restated_at", "isnull", exclude=True)

    class Meta:
        model = Measurement
        fields = ()

    def in_run(self, rows: QuerySet[Measurement], name: str, key: str) -> QuerySet[Measurement]:
        wanted = CourseRun.objects.filter(key=key, pk=OuterRef("scope_id"))
        return rows.filter(Exists(wanted), scope=Measurement.Scope.RUN)

    def in_module(self, rows: QuerySet[Measurement], name: str, key: str) -> QuerySet[Measurement]:
        wanted = Module.objects.filter(key=key, pk=OuterRef("scope_id"))
        return rows.filter(Exists(wanted), scope=Measurement.Scope.MODULE)


# `from` is a keyword, so it cannot be declared in the class.
MeasurementFilter.base_filters |= {
    "from": django_filters.DateFilter("period_start", "gte", input_formats=["%Y-%m-%d"]),
    "to": django_filters.DateFilter("period_start", "lte", input_formats=["%Y-%m-%d"]),
}


class MaySeeSmallGroups(BasePermission):
    message = "Stored sums include small groups and require kpis:small-groups."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return Reader.of(request.user).sees_small_groups


class MeasurementPages(CursorPages):
    page_size = 100
    max_page_size = 1_000
    ordering = ("pk",)


class MeasurementSchema(ModelSerializer[Measurement]):
    course = CharField(source="course.key", allow_null=True, default=None)

    class Meta:
        model = Measurement
        fields = (
            *("course", "kpi", "scope", "scope_id", "period_kind", "period_start"),
            *(*Measurement.SUMS, "definition_version", "computed_at", "restated_at"),
        )


class MeasurementListView(ListAPIView[Measurement]):
    """The stored sums by KPI, scope and period.

    The value is total ÷ weight, or the total if `is_total` of the KPI in `/api/kpi` is true. Shares
    are from 0 to 1, money is in the smallest unit of its currency.
    """

    permission_classes = (IsAuthenticated, MayReadKpis, MaySeeSmallGroups)
    serializer_class = MeasurementSchema
    pagination_class = MeasurementPages
    filterset_class = MeasurementFilter

    def get_queryset(self) -> QuerySet[Measurement]:
        rows = Measurement.objects.select_related("course")
        reader = Reader.of(self.request.user)
        if reader.sees_every_course:
            return rows
        return rows.filter(course__in=reader.courses())

    @extend_schema(operation_id="measurement_list", responses={200: MeasurementSchema, **PROBLEMS})
    @cacheable
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        reject_unknown(request, (*MeasurementFilter.base_filters, *PAGING))
        check_limit(request, MeasurementPages.max_page_size)
        return super().get(request, *args, **kwargs)
