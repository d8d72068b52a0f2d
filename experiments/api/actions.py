"""Start, stop and decide experiments by the API."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.models import ApiKey, User
from alerts.api.views import user_of
from core.api_errors import InvalidParameters
from experiments import decisions, lifecycle
from experiments.api import request_bodies as bodies
from experiments.api.loading import one_of_reader
from experiments.api.permissions import MayReadExperiments, MayRunExperiments
from experiments.api.response_models import ExperimentDetail
from experiments.api.views import detail_response
from experiments.models import Experiment
from improvement.api.views import Decided
from kpis.api.views import PROBLEMS


class ActionView(APIView):
    """Act on an experiment and return it."""

    permission_classes = (IsAuthenticated, MayReadExperiments, MayRunExperiments)
    body: ClassVar[type[Serializer[None]]]

    def act(self, experiment: Experiment, by: User | None, given: dict[str, Any]) -> None:
        raise NotImplementedError

    def post(self, request: Request, key: str) -> Response:
        experiment, _ = one_of_reader(request, key)
        sent = self.body(data=request.data)
        sent.is_valid(raise_exception=True)
        given = dict(sent.validated_data)
        given["expected_version"] = given.pop("version", None)
        for name in ("reason", "underpowered_reason"):
            if given.get(name):
                given[name] = _signed(given[name], request)
        try:
            self.act(experiment, user_of(request), given)
        except ValidationError as error:
            raise _api_error(error) from None
        return detail_response(request, key)


def _described(action: str, body: type[Serializer[None]]) -> Any:
    responses = {200: ExperimentDetail, **PROBLEMS, 409: PROBLEMS[400]}
    schema = extend_schema(operation_id=f"experiment_{action}", request=body, responses=responses)
    return extend_schema_view(post=schema)


@_described("start", bodies.StartBody)
class StartView(ActionView):
    """Lock the plan of a draft that passes its checklist, and start assigning."""

    body = bodies.StartBody

    def act(self, experiment: Experiment, by: User | None, given: dict[str, Any]) -> None:
        lifecycle.start(experiment, by, **given)


@_described("stop", bodies.StopBody)
class StopView(ActionView):
    """Stop a running experiment; everybody gets the ordinary values."""

    body = bodies.StopBody

    def act(self, experiment: Experiment, by: User | None, given: dict[str, Any]) -> None:
        lifecycle.stop(experiment, by, **given)


@_described("decide", bodies.DecideBody)
class DecideView(ActionView):
    """Decide about an experiment, which stops it; shipping sets the variant's values."""

    body = bodies.DecideBody

    def act(self, experiment: Experiment, by: User | None, given: dict[str, Any]) -> None:
        variant = None
        if key := given.pop("variant", None):
            variant = experiment.variants.filter(key=key).first()
            if variant is None:
                raise ValidationError(
                    {"variant": gettext("There is no variant %(key)s.") % {"key": key}}
                )
        decisions.decide(experiment, by, variant=variant, **given)


ACTIONS = {"start": StartView, "stop": StopView, "decide": DecideView}


def _signed(reason: str, request: Request) -> str:
    """Append the name of the API key, which the history cannot show as a user."""
    principal: object = request.user
    by = f"(API key {principal})" if isinstance(principal, ApiKey) else ""
    return f"{reason} {by}".strip()


def _api_error(error: ValidationError) -> APIException:
    sentence = " ".join(error.messages)
    if getattr(error, "code", "") == "decided":
        return Decided(sentence)
    fields = list(getattr(error, "error_dict", ()))
    return InvalidParameters(sentence, fields[0] if fields else None)
