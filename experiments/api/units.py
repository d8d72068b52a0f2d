"""Assignments of learners, and the exposures that a learning platform reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import Field
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_authentication import ApiKeyAuthentication
from accounts.api_permissions import MaySendEvents
from accounts.api_throttling import BATCHES
from accounts.audit import Action, record
from accounts.models import ApiKey
from accounts.reader import Reader
from core.api_errors import InvalidParameters
from core.api_models import ApiModel, json_response
from core.external_keys import normalize_key
from curriculum.models import CourseRun, Enrollment, Learner
from experiments import exposing
from experiments.api.permissions import MayAssign
from experiments.api.request_bodies import MOST_LEARNERS, ExposureBody, LearnersBody
from experiments.assignment.cached import placements_of
from experiments.exposing import Exposed
from experiments.models import Assignment, Experiment
from intake.api.views import ReceiptAnswer, receipt_response
from intake.events.batch import REJECTED, EventOutcome
from intake.events.senders import sender_of
from kpis.api.views import PROBLEMS
from kpis.query.query_params import reject_unknown

LEARNER = OpenApiParameter("learner", str, required=True, description="Key of a learner.")
# learners of one lookup by key: SQLite limits the parameters of a statement
AT_ONCE = 5000


class AssignmentModel(ApiModel):
    learner: str = Field(description="As it was asked for.")
    experiment: str
    variant: str | None = Field(description="Null: in no variant, so the ordinary values apply.")
    course: str | None = Field(description="Of the run, if runs are assigned.")
    run: str | None


class AssignmentsModel(ApiModel):
    """The variants of learners in all running experiments of whose audience they are."""

    assignments: list[AssignmentModel]
    unknown: list[str] = Field(description="Learners that do not exist, or not for this reader.")


class AssignmentsView(APIView):
    """Assign learners to the running experiments, and return their variants.

    A learner who has a variant keeps it. Asking does not expose.
    """

    permission_classes = (IsAuthenticated, MayAssign)

    @extend_schema(
        operation_id="assignment_read",
        parameters=[LEARNER],
        responses={200: AssignmentsModel, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        reject_unknown(request, (LEARNER.name,))
        key = request.query_params.get(LEARNER.name)
        if key is None:
            raise InvalidParameters("Name a learner.", LEARNER.name)
        found = assignments_of([key], Reader.of(request.user))
        if found.unknown:
            shown = key.replace("\0", "�")
            raise InvalidParameters(f"Unknown learner “{shown}”.", LEARNER.name)
        record(request, Action.VIEWED, about=Assignment)
        return json_response(found)

    @extend_schema(
        operation_id="assignment_batch",
        request=LearnersBody,
        responses={200: AssignmentsModel, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        reject_unknown(request, ())
        sent = LearnersBody(data=request.data)
        if not sent.is_valid():
            sentence = f'Send {{"learners": […]}} with the keys of 1 to {MOST_LEARNERS} learners.'
            raise InvalidParameters(sentence, "learners")
        keys = sent.validated_data["learners"]
        found = assignments_of(keys, Reader.of(request.user))
        record(request, Action.VIEWED, about=Assignment, count=len(set(keys) - set(found.unknown)))
        return json_response(found)


def assignments_of(keys: Iterable[str], reader: Reader) -> AssignmentsModel:
    """Return the variants of learners in the experiments that a reader may see."""
    asked = list(dict.fromkeys(keys))
    known = _ids_of(asked, reader)
    by_key = {key: pk for key in asked if (pk := known.get(key, known.get(normalize_key(key))))}
    placed = placements_of(by_key.values())
    visible = _visible({one.experiment.pk for some in placed.values() for one in some}, reader)
    runs = CourseRun.objects.select_related("course").in_bulk(
        list({one.run_id for some in placed.values() for one in some if one.run_id})
    )
    found = []
    for key, pk in by_key.items():
        for one in placed.get(pk, []):
            if one.experiment.pk not in visible:
                continue
            run = runs.get(one.run_id or 0)
            found.append(
                AssignmentModel(
                    learner=key,
                    experiment=one.experiment.key,
                    variant=one.variant,
                    course=run.course.key if run else None,
                    run=run.key if run else None,
                )
            )
    return AssignmentsModel(assignments=found, unknown=[one for one in asked if one not in by_key])


def _visible(ids: set[int], reader: Reader) -> set[int]:
    rows = Experiment.objects.visible_to(reader).filter(pk__in=ids)
    return set(rows.values_list("pk", flat=True)) if ids else set()


def _ids_of(keys: list[str], reader: Reader) -> dict[str, int]:
    """Return the ids of learners by key; to limited readers, those in their courses exist."""
    forms = {form for key in keys for form in (key, normalize_key(key))}
    wanted = sorted(one for one in forms if "\0" not in one)
    rows = Learner.objects.order_by()
    if not reader.sees_every_course:
        there = Enrollment.objects.filter(run__in=reader.runs())
        rows = rows.filter(pk__in=there.order_by().values("learner"))
    found: dict[str, int] = {}
    for begin in range(0, len(wanted), AT_ONCE):
        some = rows.filter(key__in=wanted[begin : begin + AT_ONCE])
        found |= dict(some.values_list("key", "pk"))
    return found


class ExposuresView(APIView):
    """Record that learners, or runs, met their variants; one answer per exposure, in their order.

    One that is wrong is rejected and keeps no other from being recorded; 422 if all are.
    """

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (IsAuthenticated, MaySendEvents)
    throttle_scope = BATCHES

    @extend_schema(
        operation_id="exposure_send",
        request=ExposureBody(many=True),
        responses={**dict.fromkeys((200, 422), ReceiptAnswer), **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        sent: Any = request.data
        if not isinstance(sent, list) or not sent:
            raise InvalidParameters("Send an array of exposures.")
        if len(sent) > settings.KPI_MAX_BATCH:
            raise InvalidParameters(
                f"These are {len(sent)} exposures; the maximum is {settings.KPI_MAX_BATCH}."
            )
        # API keys are the only authentication here
        return receipt_response(reported(sent, cast("ApiKey", request.user)))


def reported(sent: list[Any], key: ApiKey) -> list[EventOutcome]:
    """Record the well-formed exposures; returns what became of each, in their order."""
    now = timezone.now()
    outcomes: dict[int, EventOutcome] = {}
    exposed: dict[int, Exposed] = {}
    for index, one in enumerate(sent):
        body = ExposureBody(data=one)
        if body.is_valid():
            exposed[index] = Exposed(**body.validated_data)
        else:
            outcomes[index] = _malformed(one, body)
    done = exposing.report(exposed.values(), sender_of(key), now=now) if exposed else []
    outcomes |= dict(zip(exposed, done, strict=True))
    return [outcomes[index] for index in range(len(sent))]


def _malformed(one: Any, body: ExposureBody) -> EventOutcome:
    field, problems = next(iter(body.errors.items()))
    sent_id = one.get("id") if isinstance(one, dict) else None
    return EventOutcome(
        id=sent_id[:200] if isinstance(sent_id, str) else "",
        status=REJECTED,
        code="malformed",
        reason=str(problems[0]),
        field="" if field == "non_field_errors" else str(field),
    )
