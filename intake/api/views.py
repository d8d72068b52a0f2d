from __future__ import annotations

import logging
from collections import Counter
from typing import Any, cast

from django.conf import settings
from django.db import OperationalError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import ApiKeyAuthentication, MaySendEvents
from accounts.models import ApiKey
from core.api_errors import Problem
from core.outages import BUSY, Unavailable, outage_of
from intake.api.request_body import TooLarge, Unsupported, read_request_body
from intake.event_parsing import NEWLINE_JSON, InvalidBody, WrongCharset, parse_events
from intake.events.outcomes import STATUSES, EventOutcome
from intake.events.senders import Sender, sender_of
from intake.receiving.receive import receive

logger = logging.getLogger(__name__)


class BadRequest(APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "bad_body"


AGAIN = "Send the same batch again; nothing is counted twice."


class EventSchema(serializers.Serializer[None]):
    id = serializers.CharField(
        help_text="The sender's own id, unique within its kind; sent twice, taken once."
    )
    kind = serializers.CharField(help_text="Such as video.watched; docs/events.md lists them.")
    occurred_at = serializers.DateTimeField(help_text="With its offset.")
    learner = serializers.CharField(required=False)
    course = serializers.CharField(required=False)
    run = serializers.CharField(required=False)
    module = serializers.CharField(required=False)
    object = serializers.CharField(required=False)
    value = serializers.FloatField(required=False)
    data = serializers.DictField(required=False)  # type: ignore[assignment]
    correction = serializers.ChoiceField(
        choices=("replace", "retract"),
        required=False,
        help_text=(
            "replace: instead of the event of this kind and id. retract: take that one back; "
            "only id and kind are read."
        ),
    )


class OutcomeSchema(serializers.Serializer[None]):
    id = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    code = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)
    field = serializers.CharField(required=False)


class ReceiptSchema(serializers.Serializer[None]):
    accepted = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    rejected = serializers.IntegerField()
    conflict = serializers.IntegerField(
        help_text="Other content under an id that is kept: not taken, the event kept stands."
    )
    replaced = serializers.IntegerField()
    retracted = serializers.IntegerField()
    events = OutcomeSchema(many=True)


class EventsView(APIView):
    """Take one event, an array of them, or one a line (application/x-ndjson).

    Answers 200 with one outcome per event, in their order; 422 when none was taken.
    """

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (IsAuthenticated, MaySendEvents)

    @extend_schema(
        operation_id="events_send",
        request={"application/json": EventSchema(many=True), NEWLINE_JSON[0]: EventSchema},
        responses={
            **dict.fromkeys((200, 422), ReceiptSchema),
            **dict.fromkeys((400, 401, 403, 411, 413, 415, 503), Problem),
        },
    )
    def post(self, request: Request) -> Response:
        payloads = payloads_of(request)
        # who comes here came by an API key: there is no other authentication at this door
        outcomes = receive_or_retry(payloads, sender_of(cast("ApiKey", request.user)))
        is_bad = all(one.is_rejected for one in outcomes)
        return Response(receipt(outcomes), status=422 if is_bad else 200)

    def handle_exception(self, exc: Exception) -> Response:
        outage = outage_of(exc)
        return super().handle_exception(Unavailable(outage, AGAIN) if outage else exc)


def payloads_of(request: Request) -> list[Any]:
    try:
        payloads = parse_events(read_request_body(request.META), request.content_type)
    except WrongCharset as error:
        raise Unsupported(str(error)) from None
    except InvalidBody as error:
        raise BadRequest(str(error)) from None
    if len(payloads) > settings.KPI_MAX_BATCH:
        raise TooLarge(
            f"The batch holds {len(payloads)} events; at most {settings.KPI_MAX_BATCH} are taken."
        )
    if not payloads:
        raise BadRequest("The batch is empty; send one event or an array of them.")
    return payloads


def receive_or_retry(payloads: list[Any], sender: Sender) -> list[EventOutcome]:
    """Receive, and once more where the database gave way to another writer."""
    try:
        return receive(payloads, sender)
    except OperationalError as error:
        if outage_of(error) is not BUSY:
            raise
        logger.warning("taking a batch of %d again: %s", len(payloads), error)
    return receive(payloads, sender)


def receipt(outcomes: list[EventOutcome]) -> dict[str, Any]:
    counts = Counter(one.status for one in outcomes)
    return {
        **{status: counts[status] for status in STATUSES},
        "events": [one.as_json() for one in outcomes],
    }
