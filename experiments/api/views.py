"""The API of experiments: the list, one with its history, its analyses and results."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.reader import Reader
from alerts.api.views import AlertPages
from core.api_errors import invalid_parameters
from core.api_models import json_response
from experiments.api.analysis_models import AnalysisList, AnalysisModel, ResultsModel
from experiments.api.filters import ExperimentFilterForm
from experiments.api.loading import one_of_reader
from experiments.api.permissions import MayReadExperiments
from experiments.api.response_models import (
    ExperimentDetail,
    ExperimentList,
    ExperimentModel,
    definitions,
)
from experiments.disclosure import disclosure_of
from experiments.models import Experiment
from experiments.result_rows import COLUMNS, csv_rows
from kpis.api.csv_response import csv_response
from kpis.api.views import CSV, JSON, PROBLEMS
from kpis.query.query_params import check_limit, reject_unknown, wants_csv

PAGES = [
    OpenApiParameter("cursor", str, description="From `next` or `previous`."),
    OpenApiParameter("limit", int, description="Per page. Default: 25, at most 100."),
]
FILTERS = [
    OpenApiParameter("state", str, enum=Experiment.State.values, description="Default: all."),
    OpenApiParameter("course", str, description="Key of a course."),
    OpenApiParameter("parameter", str, description="Key of a parameter that a variant changes."),
    *PAGES,
]
FORMAT = OpenApiParameter("format", str, enum=["json", "csv"], description="Default: json.")


class ExperimentPages(AlertPages):
    """Cursor pages, the latest draft first."""

    ordering = ("-created_at", "-pk")


class AnalysisPages(AlertPages):
    """Cursor pages, the latest analysis first."""

    ordering = ("-computed_at", "-pk")


class ExperimentListView(APIView):
    """List experiments, the latest first."""

    permission_classes = (IsAuthenticated, MayReadExperiments)

    @extend_schema(
        operation_id="experiment_list",
        parameters=FILTERS,
        responses={200: ExperimentList, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        reject_unknown(request, [one.name for one in FILTERS])
        check_limit(request, ExperimentPages.max_page_size)
        form = ExperimentFilterForm(request.query_params, reader=Reader.of(request.user))
        if not form.is_valid():
            raise invalid_parameters(form)
        pages, known = ExperimentPages(), definitions()
        found = pages.paginate_queryset(form.rows(), request, self) or []
        shown = [ExperimentModel.of(one, known) for one in found]
        return pages.get_paginated_response([one.as_json() for one in shown])


class ExperimentView(APIView):
    """Return one experiment with its checklist, latest analysis, deviations and history."""

    permission_classes = (IsAuthenticated, MayReadExperiments)

    @extend_schema(operation_id="experiment_read", responses={200: ExperimentDetail, **PROBLEMS})
    def get(self, request: Request, key: str) -> Response:
        reject_unknown(request, ())
        return detail_response(request, key)


class AnalysesView(APIView):
    """List all analyses of an experiment, the latest first."""

    permission_classes = (IsAuthenticated, MayReadExperiments)

    @extend_schema(
        operation_id="experiment_analyses",
        parameters=PAGES,
        responses={200: AnalysisList, **PROBLEMS},
    )
    def get(self, request: Request, key: str) -> Response:
        reject_unknown(request, [one.name for one in PAGES])
        check_limit(request, AnalysisPages.max_page_size)
        experiment, reader = one_of_reader(request, key)
        pages = AnalysisPages()
        rows = experiment.analyses.select_related("variant").prefetch_related("results__variant")
        found = pages.paginate_queryset(rows, request, self) or []
        # what a page may show depends on the later analyses, too
        disclosure = disclosure_of(
            experiment.analyses.only("experiment", "computed_at", "learners"),
            sees_small_groups=reader.sees_small_groups,
        )
        shown = [AnalysisModel.of(one, disclosure) for one in found]
        return pages.get_paginated_response([one.as_json() for one in shown])


class ResultsView(APIView):
    """Return the results of the latest analysis, as JSON or CSV."""

    permission_classes = (IsAuthenticated, MayReadExperiments)

    @extend_schema(
        operation_id="experiment_results",
        parameters=[FORMAT],
        responses={(200, JSON): ResultsModel, (200, CSV): str, **PROBLEMS},
    )
    def get(self, request: Request, key: str) -> HttpResponse:
        reject_unknown(request, (FORMAT.name,))
        is_csv = wants_csv(request)
        experiment, reader = one_of_reader(request, key)
        rows = experiment.analyses.select_related("variant").prefetch_related("results__variant")
        last = rows.first()
        disclosure = disclosure_of(
            [last] if last else [], sees_small_groups=reader.sees_small_groups
        )
        if is_csv:
            lines = csv_rows(last, disclosure) if last else ()
            return csv_response(lines, f"{experiment.key}.csv", COLUMNS)
        found = AnalysisModel.of(last, disclosure) if last else None
        return json_response(ResultsModel(experiment=experiment.key, analysis=found))


def detail_response(request: Request, key: str) -> Response:
    experiment, reader = one_of_reader(request, key)
    found = ExperimentDetail.of_one(experiment, sees_small_groups=reader.sees_small_groups)
    return json_response(found)
