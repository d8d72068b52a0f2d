"""Create, replace and delete drafts by the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.reader import Reader
from core.api_errors import InvalidParameters
from experiments import drafts, lifecycle
from experiments.api.actions import actor_of, api_error
from experiments.api.draft_body import DraftBody, NewDraftBody
from experiments.api.loading import one_of_reader
from experiments.api.permissions import MayRunExperiments
from experiments.api.planned import Planned, invalid_body
from experiments.api.response_models import ExperimentDetail
from experiments.api.views import ExperimentListView, ExperimentView, detail_response
from experiments.models import Experiment
from kpis.api.views import PROBLEMS
from kpis.query.query_params import reject_unknown

CONFLICT = {409: PROBLEMS[400]}
VERSION = OpenApiParameter(
    "version", int, description="As read: if the draft has changed since, nothing is done."
)


class ExperimentsView(ExperimentListView):
    def get_permissions(self) -> Sequence[Any]:
        return [*super().get_permissions(), *_to_write(self.request)]

    @extend_schema(
        operation_id="experiment_create",
        request=NewDraftBody,
        responses={201: ExperimentDetail, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Create a draft; its checklist says what is missing before the start."""
        reject_unknown(request, ())
        return _saved(request, None, NewDraftBody(data=request.data))


class OneExperimentView(ExperimentView):
    def get_permissions(self) -> Sequence[Any]:
        return [*super().get_permissions(), *_to_write(self.request)]

    @extend_schema(
        operation_id="experiment_replace",
        request=DraftBody,
        responses={200: ExperimentDetail, **PROBLEMS, **CONFLICT},
    )
    def put(self, request: Request, key: str) -> Response:
        """Replace all of a draft; what the body leaves out gets its default."""
        reject_unknown(request, ())
        experiment, _ = one_of_reader(request, key)
        return _saved(request, experiment, DraftBody(data=request.data))

    @extend_schema(
        operation_id="experiment_delete",
        parameters=[VERSION],
        responses={204: None, **PROBLEMS, **CONFLICT},
    )
    def delete(self, request: Request, key: str) -> Response:
        """Delete a draft; what has started stays."""
        reject_unknown(request, (VERSION.name,))
        experiment, _ = one_of_reader(request, key)
        try:
            lifecycle.delete(experiment, expected_version=_version(request))
        except ValidationError as error:
            raise api_error(error) from None
        return Response(status=status.HTTP_204_NO_CONTENT)


def _to_write(request: Request) -> list[BasePermission]:
    return [] if request.method in SAFE_METHODS else [MayRunExperiments()]


def _version(request: Request) -> int | None:
    sent = request.query_params.get(VERSION.name)
    if sent is None:
        return None
    if not (sent.isascii() and sent.isdecimal() and 0 < len(sent) < 10):
        raise InvalidParameters("Enter the version as a whole number.", VERSION.name)
    return int(sent)


def _saved(request: Request, experiment: Experiment | None, sent: Serializer[None]) -> Response:
    """Save a draft and return it; InvalidBody, with nothing written, for what is wrong."""
    if not sent.is_valid():
        raise invalid_body(sent.errors)
    given = sent.validated_data
    plan = Planned(given, Reader.of(request.user))
    try:
        row = drafts.save(
            experiment,
            plan.fields,
            variants=plan.variants,
            metrics=plan.metrics,
            courses=plan.courses,
            runs=plan.runs,
            by=actor_of(request),
            expected_version=given.get("version"),
        )
    except ValidationError as error:
        raise _problem(error) from None
    response = detail_response(request, row.key)
    response.status_code = status.HTTP_200_OK if experiment else status.HTTP_201_CREATED
    return response


def _problem(error: ValidationError) -> APIException:
    return invalid_body(error.message_dict) if hasattr(error, "error_dict") else api_error(error)
