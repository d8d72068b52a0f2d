"""POST /caliper: the endpoint of Caliper sensors."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_authentication import ApiKeyAuthentication
from accounts.api_permissions import MaySendEvents
from accounts.api_throttling import BATCHES
from accounts.models import ApiKey
from core.api_errors import Problem
from core.api_models import ApiModel, may_be_absent, one_of
from core.database.outages import Unavailable, outage_of
from intake.api.request_body import InvalidBody, TooLarge, parse_events, read_request_body
from intake.events.senders import sender_of
from statements.caliper.envelope import BadEnvelope, open_envelope
from statements.caliper.receive import (
    ACCEPTED,
    DUPLICATE,
    REFUSED,
    counted,
    receive_envelope,
)

TRY_AGAIN = "Send the same envelope again; nothing is counted twice."


class WrongEnvelope(APIException):
    status_code = 400
    default_code = "bad_envelope"

    def __init__(self, wrong: BadEnvelope) -> None:
        super().__init__(str(wrong), "unsupported_version" if wrong.is_version else None)
        self.field = wrong.field or None
        if wrong.is_version:
            self.status_code = 422


class EnvelopeSchema(serializers.Serializer[None]):
    sensor = serializers.CharField(help_text="IRI of the sensor.")
    sendTime = serializers.DateTimeField(help_text="In UTC.")  # noqa: N815 - Caliper's name
    dataVersion = serializers.CharField(  # noqa: N815 - Caliper's name
        help_text="http://purl.imsglobal.org/ctx/caliper/v1p2"
    )
    data = serializers.ListField(  # type: ignore[assignment]
        child=serializers.DictField(), help_text="Events, and descriptions of entities."
    )


class ItemAnswer(ApiModel):
    id: str
    status: str = one_of((ACCEPTED, DUPLICATE, REFUSED))
    reason: str = may_be_absent()
    field: str = may_be_absent()


class EnvelopeAnswer(ApiModel):
    accepted: int
    duplicate: int
    refused: int = Field(
        description="They are stored with the reason; the others are not affected."
    )
    events: list[ItemAnswer]


class CaliperView(APIView):
    """Accept a Caliper 1.2 envelope.

    Answers 200 with one outcome per event, in their order; 422 if no event was accepted.
    """

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (IsAuthenticated, MaySendEvents)
    throttle_scope = BATCHES

    @extend_schema(
        operation_id="caliper_send",
        request={"application/json": EnvelopeSchema},
        responses={
            **dict.fromkeys((200, 422), EnvelopeAnswer),
            **dict.fromkeys((400, 401, 403, 411, 413, 415, 503), Problem),
        },
    )
    def post(self, request: Request) -> Response:
        body = _one_object(parse_events(read_request_body(request.META), "application/json"))
        try:
            envelope = open_envelope(body, settings.KPI_CALIPER_VERSIONS)
        except BadEnvelope as wrong:
            raise WrongEnvelope(wrong) from None
        if len(envelope.items) > settings.KPI_MAX_BATCH:
            raise TooLarge(
                f"The envelope has {len(envelope.items)} events; "
                f"the maximum is {settings.KPI_MAX_BATCH}."
            )
        # API keys are the only authentication here
        sender = sender_of(cast("ApiKey", request.user), door="caliper")
        outcomes = receive_envelope(envelope, sender, settings.KPI_CALIPER_VERSIONS)
        is_bad = all(outcome.wrong for outcome in outcomes)
        answers: dict[str, Any] = {**counted(outcomes), "events": [one.answer for one in outcomes]}
        return Response(answers, status=422 if is_bad else 200)

    def handle_exception(self, exc: Exception) -> Response:
        outage = outage_of(exc)
        return super().handle_exception(Unavailable(outage, TRY_AGAIN) if outage else exc)


def _one_object(parsed: list[Any]) -> Any:
    if len(parsed) != 1:
        raise InvalidBody("Send one Caliper envelope: a JSON object with a list of events.")
    return parsed[0]
