"""The API of the learners to help."""

from __future__ import annotations

from typing import cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiKey, User
from accounts.reader import Reader
from alerts.api.views import AlertPages
from core.api_errors import invalid_parameters
from kpis.api.views import PROBLEMS
from kpis.query.query_params import check_limit, reject_unknown
from support.access import MaySeeLearners
from support.api.response_models import LearnersToHelp, LearnerToHelp
from support.filters import CONTACTED, LearnerFilterForm
from support.models import Ranking
from support.pages.cards import cards
from support.reading import note_list
from support.reasons import NAMES

FILTERS = [
    OpenApiParameter("course", str, description="Key of a course."),
    OpenApiParameter("run", str, description="Key of a run of the course."),
    OpenApiParameter("reason", str, enum=list(NAMES)),
    OpenApiParameter("contacted", str, enum=CONTACTED, description="Default: both."),
    OpenApiParameter("cursor", str, description="From `next` or `previous`."),
    OpenApiParameter("limit", int, description="Per page. Default: 25, at most 100."),
]


class LearnerPages(AlertPages):
    """Cursor pages, the highest score first."""

    ordering = ("-score", "enrollment")


class LearnersToHelpView(APIView):
    """List the learners of running runs, those who need help most first."""

    permission_classes = (IsAuthenticated, MaySeeLearners)

    @extend_schema(
        operation_id="learners_to_help",
        parameters=FILTERS,
        responses={200: LearnersToHelp, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        reject_unknown(request, [one.name for one in FILTERS])
        check_limit(request, LearnerPages.max_page_size)
        by = cast("User | ApiKey", request.user)
        form = LearnerFilterForm(request.query_params, reader=Reader.of(by))
        if not form.is_valid():
            raise invalid_parameters(form)
        pages, ranking = LearnerPages(), Ranking.objects.first()
        found = pages.paginate_queryset(form.rows(), request, self) or []
        course = form.cleaned_data["course"]
        note_list(by, len(found), course=course, is_export=True)
        is_chance = bool(ranking and ranking.model_id)
        shown = [
            LearnerToHelp.of(
                one.standing,
                one.last_contact.on.isoformat() if one.last_contact else None,
                is_chance=is_chance,
            )
            for one in cards(found, is_chance=is_chance)
        ]
        response = pages.get_paginated_response([one.as_json() for one in shown])
        as_of = ranking.as_of.isoformat() if ranking else None
        return Response({**response.data, "as_of": as_of})
