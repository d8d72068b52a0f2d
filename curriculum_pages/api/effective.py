"""The values in force, for the learning platform: `GET /api/curriculum/parameters/effective`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b

from django.utils import timezone
from django.utils.http import parse_etags
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import MayReadCurriculum
from accounts.audit import Action, record
from accounts.models import User
from core.api_errors import InvalidParameters
from core.api_models import json_response
from core.process_cache import ProcessCache
from curriculum import parameters
from curriculum.models import Learner, Parameter
from curriculum.parameters import (
    ARMS,
    FoundValue,
    ParameterDefinition,
    ParameterHistory,
    Question,
    Source,
)
from curriculum_pages.api.place import NAMES, Place, place_of
from curriculum_pages.api.response_models import EffectiveValue, EffectiveValues
from experiments import exposing, revision
from kpis.api.views import PROBLEMS
from kpis.query.query_params import reject_unknown

ROLES = (*Parameter.Role.values, "all")
DEFINITIONS: ProcessCache[Mapping[str, ParameterDefinition]] = ProcessCache(1000)
PARAMETERS = [
    OpenApiParameter("course", str, description="Key of a course. Without one: the whole site."),
    OpenApiParameter("run", str, description="Key of a run of the course."),
    OpenApiParameter("module", str, description="Key of a module of the course."),
    OpenApiParameter("learner", str, description="Key of a learner, for the arm of an experiment."),
    OpenApiParameter(
        "expose",
        bool,
        description="1: the learner sees these values now. Records the exposure to experiments.",
    ),
    OpenApiParameter("role", str, enum=ROLES, description="Default: curriculum."),
]


class EffectiveValuesView(APIView):
    """The values of parameters that apply now.

    Ask again with `If-None-Match`: as long as nothing has changed, the answer is a cheap 304.
    """

    permission_classes = (IsAuthenticated, MayReadCurriculum)

    @extend_schema(
        operation_id="effective_parameters",
        parameters=PARAMETERS,
        responses={200: EffectiveValues, 304: None, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        reject_unknown(request, (*NAMES, "role", "expose"))
        role = request.query_params.get("role", Parameter.Role.CURRICULUM.value)
        if role not in ROLES:
            sentence = f"Unknown role “{role}”. Choose {', '.join(ROLES)}."
            raise InvalidParameters(sentence, "role")
        now = timezone.now()
        place = place_of(request, now)
        of_arms = values_of_arms(place, now)
        if place.learner_id is not None and isinstance(request.user, User):
            record(request, Action.VIEWED, about=Learner, row=place.learner_id)
        if _is_exposing(request) and place.learner_id is not None:
            with revision.known(place.revision):
                exposing.expose(place.learner_id, place.scope, now)
        tag = _tag(place, role, of_arms)
        if tag in parse_etags(request.headers.get("If-None-Match", "")):
            response = Response(status=304)
        else:
            response = json_response(effective_values(place, role, of_arms, now))
        response["ETag"] = tag
        return response


def _is_exposing(request: Request) -> bool:
    """Return whether the learner sees the values; `InvalidParameters` without a learner."""
    text = request.query_params.get("expose", "0")
    if text not in ("0", "1"):
        raise InvalidParameters(f"“expose” should be 0 or 1, not “{text}”.", "expose")
    if text == "1" and not request.query_params.get("learner"):
        raise InvalidParameters("Name the learner who sees the values.", "learner")
    return text == "1"


def values_of_arms(place: Place, now: datetime) -> Mapping[str, Decimal]:
    """Return the values that an experiment gives the learner, by key."""
    if place.learner_id is None or not ARMS:
        return {}
    questions = {
        Question(key=key, at=now, scope=place.scope, learner_id=place.learner_id)
        for key, one in _definitions(place.version).items()
        if one.is_adjustable
    }
    with revision.known(place.revision):
        values = parameters.values_of_arms(questions, _definitions(place.version))
    return {one.key: value for one, value in values.items()}


def _definitions(version: str) -> Mapping[str, ParameterDefinition]:
    """Return all definitions; those that staff added come from memory until they change."""
    found = DEFINITIONS.get(version)
    return DEFINITIONS.keep(version, parameters.load_all()) if found is None else found


def _tag(place: Place, role: str, of_arms: Mapping[str, Decimal]) -> str:
    content = f"{place.keys} {place.version} {role} {sorted(of_arms.items())}"
    # weak: the moment in the answer differs
    return f'W/"{blake2b(content.encode(), digest_size=12).hexdigest()}"'


def effective_values(
    place: Place, role: str, of_arms: Mapping[str, Decimal], now: datetime
) -> EffectiveValues:
    history = ParameterHistory(
        None, scopes=[place.scope], modules=[place.module] if place.module else []
    )
    shown = [one for one in history.definitions.values() if role in (one.role, "all")]
    learner = {"learner": place.keys["learner"]} if place.learner_id is not None else {}
    return EffectiveValues(
        course=place.keys["course"] or None,
        run=place.keys["run"] or None,
        module=place.keys["module"] or None,
        **learner,
        at=now.isoformat(),
        parameters=_values(shown, history, place, of_arms, now),
    )


def _values(
    shown: Collection[ParameterDefinition],
    history: ParameterHistory,
    place: Place,
    of_arms: Mapping[str, Decimal],
    now: datetime,
) -> list[EffectiveValue]:
    found = [(one, _value(one, history, place, of_arms, now)) for one in shown]
    return [EffectiveValue.of(one, gettext(one.name), value) for one, value in found if value]


def _value(
    definition: ParameterDefinition,
    history: ParameterHistory,
    place: Place,
    of_arms: Mapping[str, Decimal],
    now: datetime,
) -> FoundValue | None:
    """Return the value; None for planned days where no module is asked for."""
    if definition.key in of_arms:
        return FoundValue(of_arms[definition.key], Source.EXPERIMENT)
    found = history.found(definition.key, now, place.scope)
    if found is None and definition.is_site_wide:
        return FoundValue(definition.default, Source.SITE)
    return found
