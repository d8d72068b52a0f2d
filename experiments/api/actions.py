"""Start, stop, change and decide experiments by the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.models import ApiKey, User
from core.api_errors import InvalidParameters
from experiments import decisions, deviations, forcing, lifecycle
from experiments.api import request_bodies as bodies
from experiments.api.loading import one_of_reader
from experiments.api.permissions import MayReadExperiments, MayRunExperiments
from experiments.api.response_models import ExperimentDetail
from experiments.api.views import detail_response
from experiments.history import Actor
from experiments.models import Experiment
from improvement.api.views import Decided
from kpis.api.views import PROBLEMS


class ActionView(APIView):
    """Act on an experiment and return it."""

    permission_classes = (IsAuthenticated, MayReadExperiments, MayRunExperiments)
    body: ClassVar[type[Serializer[None]]]

    def act(self, experiment: Experiment, by: Actor, given: dict[str, Any]) -> None:
        raise NotImplementedError

    def more(self, data: Any, sent: Serializer[None]) -> dict[str, Any]:
        """Return what else to act on of a body."""
        return {}

    def post(self, request: Request, key: str) -> Response:
        experiment, _ = one_of_reader(request, key)
        sent = self.body(data=request.data)
        sent.is_valid(raise_exception=True)
        given = {**sent.validated_data, **self.more(request.data, sent)}
        given["expected_version"] = given.pop("version", None)
        for name in ("reason", "underpowered_reason"):
            if given.get(name):
                given[name] = signed(given[name], request)
        try:
            self.act(experiment, actor_of(request), given)
        except ValidationError as error:
            raise api_error(error) from None
        return detail_response(request, key)


def _described(action: str, body: type[Serializer[None]]) -> Any:
    responses = {200: ExperimentDetail, **PROBLEMS, 409: PROBLEMS[400]}
    schema = extend_schema(operation_id=f"experiment_{action}", request=body, responses=responses)
    return extend_schema_view(post=schema)


@_described("start", bodies.StartBody)
class StartView(ActionView):
    """Lock the plan of a draft that passes its checklist, and start assigning."""

    body = bodies.StartBody

    def act(self, experiment: Experiment, by: Actor, given: dict[str, Any]) -> None:
        lifecycle.start(experiment, by, **given)


@_described("stop", bodies.StopBody)
class StopView(ActionView):
    """Stop a running experiment; everybody gets the ordinary values."""

    body = bodies.StopBody

    def act(self, experiment: Experiment, by: Actor, given: dict[str, Any]) -> None:
        lifecycle.stop(experiment, by, **given)


@_described("decide", bodies.DecideBody)
class DecideView(ActionView):
    """Decide about an experiment, which stops it; shipping sets the variant's values."""

    body = bodies.DecideBody

    def act(self, experiment: Experiment, by: Actor, given: dict[str, Any]) -> None:
        key = given.pop("variant", None)
        variant = forcing.variant_named(experiment, key) if key else None
        decisions.decide(experiment, by, variant=variant, **given)


@_described("deviate", bodies.DeviationBody)
class DeviationsView(ActionView):
    """Change the planned end or the weights of a running experiment, as a recorded deviation.

    Anything else in the body is refused: the plan locks it.
    """

    body = bodies.DeviationBody

    def more(self, data: Any, sent: Serializer[None]) -> dict[str, Any]:
        unknown = set(data) - set(sent.fields) if isinstance(data, Mapping) else set()
        return {name: data[name] for name in unknown}

    def act(self, experiment: Experiment, by: Actor, given: dict[str, Any]) -> None:
        about = {name: given.pop(name) for name in ("reason", "expected_version")}
        deviations.edit_running(experiment, by, given, **about)


ACTIONS = {
    "start": StartView,
    "stop": StopView,
    "decide": DecideView,
    "deviations": DeviationsView,
}


def actor_of(request: Request) -> Actor:
    """Return the signed-in account, or the API key."""
    principal: object = request.user
    return principal if isinstance(principal, User | ApiKey) else None


def signed(reason: str, request: Request) -> str:
    """Append the name of the API key, which the history cannot show as a user."""
    principal: object = request.user
    by = f"(API key {principal})" if isinstance(principal, ApiKey) else ""
    return f"{reason} {by}".strip()


def api_error(error: ValidationError) -> APIException:
    sentence = " ".join(error.messages)
    if getattr(error, "code", "") == "decided":
        return Decided(sentence)
    fields = list(getattr(error, "error_dict", ()))
    return InvalidParameters(sentence, fields[0] if fields else None)
