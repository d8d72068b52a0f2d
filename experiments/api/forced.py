"""Forced variants by the API: list them, force one, and remove one."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import Field
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.audit import Action, record
from accounts.reader import Reader
from core.api_errors import InvalidParameters
from core.api_models import ApiModel, json_response
from curriculum.models import CourseRun, Learner
from experiments import forcing
from experiments.api.actions import actor_of, api_error, signed
from experiments.api.loading import one_of_reader
from experiments.api.permissions import MayReadExperiments, MayRunExperiments
from experiments.api.request_bodies import ForceBody
from experiments.models import Experiment, ForcedVariant
from kpis.api.views import PROBLEMS
from kpis.query.query_params import reject_unknown

UNIT = [
    OpenApiParameter("learner", str, description="Key of the learner."),
    OpenApiParameter("course", str, description="Key of the run's course."),
    OpenApiParameter("run", str, description="Key of the run, if runs are assigned."),
]
RELEASE = [*UNIT, OpenApiParameter("reason", str, required=True)]


class ForcedVariantModel(ApiModel):
    learner: str | None
    course: str | None = Field(description="Of the run, if runs are assigned.")
    run: str | None
    variant: str
    reason: str
    by: str | None = Field(description="Null: an API key.")
    at: str

    @classmethod
    def of(cls, row: ForcedVariant) -> ForcedVariantModel:
        return cls(
            learner=row.learner.key if row.learner else None,
            course=row.run.course.key if row.run else None,
            run=row.run.key if row.run else None,
            variant=row.variant.key,
            reason=row.reason,
            by=row.by.email if row.by else None,
            at=row.at.isoformat(),
        )


class ForcedVariantsModel(ApiModel):
    """The forced variants of an experiment, as far as the reader may name their units."""

    forced: list[ForcedVariantModel]

    @classmethod
    def of_one(cls, experiment: Experiment, reader: Reader) -> ForcedVariantsModel:
        rows = forcing.visible_to(reader, experiment)
        return cls(forced=[ForcedVariantModel.of(one) for one in rows])


class ForcedView(APIView):
    """Force the variant of a learner or run, which no result counts any more."""

    permission_classes = (IsAuthenticated, MayReadExperiments, MayRunExperiments)

    @extend_schema(
        operation_id="experiment_forced", responses={200: ForcedVariantsModel, **PROBLEMS}
    )
    def get(self, request: Request, key: str) -> Response:
        reject_unknown(request, ())
        experiment, reader = one_of_reader(request, key)
        found = ForcedVariantsModel.of_one(experiment, reader)
        record(request, Action.VIEWED, about=ForcedVariant, count=len(found.forced))
        return json_response(found)

    @extend_schema(
        operation_id="experiment_force",
        request=ForceBody,
        responses={200: ForcedVariantsModel, **PROBLEMS, 409: PROBLEMS[400]},
    )
    def post(self, request: Request, key: str) -> Response:
        experiment, reader = one_of_reader(request, key)
        sent = ForceBody(data=request.data)
        sent.is_valid(raise_exception=True)
        given = sent.validated_data
        try:
            unit = _unit(experiment, reader, given)
            variant = forcing.variant_named(experiment, given["variant"])
            reason = signed(given["reason"], request)
            forcing.force(
                experiment, unit, variant, actor_of(request), reason=reason, now=timezone.now()
            )
        except ValidationError as error:
            raise api_error(error) from None
        return json_response(ForcedVariantsModel.of_one(experiment, reader))

    @extend_schema(
        operation_id="experiment_release",
        parameters=RELEASE,
        responses={200: ForcedVariantsModel, **PROBLEMS, 409: PROBLEMS[400]},
    )
    def delete(self, request: Request, key: str) -> Response:
        """Let chance decide about a unit again."""
        reject_unknown(request, [one.name for one in RELEASE])
        experiment, reader = one_of_reader(request, key)
        given = request.query_params
        reason = given.get("reason", "")
        if not reason.strip():
            raise InvalidParameters("Enter a reason.", "reason")
        try:
            forced = forcing.forced_variant_of(experiment, _unit(experiment, reader, given))
            reason = signed(reason, request)
            forcing.release(forced, actor_of(request), reason=reason, now=timezone.now())
        except ValidationError as error:
            raise api_error(error) from None
        return json_response(ForcedVariantsModel.of_one(experiment, reader))


def _unit(experiment: Experiment, reader: Reader, given: Any) -> Learner | CourseRun:
    keys = {name: given.get(name, "") for name in ("learner", "course", "run")}
    return forcing.unit_named(experiment, reader, **keys)
