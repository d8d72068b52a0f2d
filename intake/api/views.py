"""POST /api/events."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any, cast

from django.conf import settings
from django.db import OperationalError
from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework import serializers
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
from core.database.outages import BUSY, Unavailable, outage_of
from intake.api.request_body import (
    NEWLINE_JSON,
    InvalidBody,
    TooLarge,
    parse_events,
    read_request_body,
)
from intake.events.batch import STATUSES, EventOutcome
from intake.events.senders import Sender, sender_of
from intake.receiving.receive import receive

logger = logging.getLogger(__name__)

TRY_AGAIN = "Send the same batch again; nothing is counted twice."


class EventSchema(serializers.Serializer[None]):
    id = serializers.CharField(
        help_text="The sender's own id, unique within its kind; a repeated id is a duplicate."
    )
    kind = serializers.CharField(help_text="Such as video.watched; docs/events.md lists them.")
    occurred_at = serializers.DateTimeField(help_text="With a UTC offset.")
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
            "replace: replaces the stored event with this kind and id. retract: deletes the "
            "stored event; only id and kind are read."
        ),
    )


class OutcomeAnswer(ApiModel):
    id: str
    status: str = one_of(STATUSES)
    code: str = may_be_absent()
    reason: str = may_be_absent()
    field: str = may_be_absent()


class ReceiptAnswer(ApiModel):
    accepted: int
    duplicate: int
    rejected: int
    conflict: int = Field(
        description="Events that differ from the stored event with their id, which is unchanged."
    )
    replaced: int
    retracted: int
    events: list[OutcomeAnswer]


class EventsView(APIView):
    """Accept one event, an array of events, or one event per line (application/x-ndjson).

    Answers 200 with one outcome per event, in their order; 422 if no event was accepted.
    """

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (IsAuthenticated, MaySendEvents)
    throttle_scope = BATCHES

    @extend_schema(
        operation_id="events_send",
        request={"application/json": EventSchema(many=True), NEWLINE_JSON[0]: EventSchema},
        responses={
            **dict.fromkeys((200, 422), ReceiptAnswer),
            **dict.fromkeys((400, 401, 403, 411, 413, 415, 503), Problem),
        },
    )
    def post(self, request: Request) -> Response:
        payloads = parse_events(read_request_body(request.META), request.content_type)
        if len(payloads) > settings.KPI_MAX_BATCH:
            raise TooLarge(
                f"The batch has {len(payloads)} events; the maximum is {settings.KPI_MAX_BATCH}."
            )
        if not payloads:
            raise InvalidBody("The batch is empty; send one event or an array of events.")
        # API keys are the only authentication here
        sender = sender_of(cast("ApiKey", request.user))
        return receipt_response(receive_or_retry(payloads, sender))

    def handle_exception(self, exc: Exception) -> Response:
        outage = outage_of(exc)
        return super().handle_exception(Unavailable(outage, TRY_AGAIN) if outage else exc)


def receipt_response(outcomes: list[EventOutcome]) -> Response:
    """Answer with a ReceiptAnswer."""
    counts = Counter(outcome.status for outcome in outcomes)
    receipt = {status: counts[status] for status in STATUSES}
    is_bad = all(outcome.is_rejected for outcome in outcomes)
    return Response(
        receipt | {"events": [outcome.answer for outcome in outcomes]},
        status=422 if is_bad else 200,
    )


def receive_or_retry(payloads: list[Any], sender: Sender) -> list[EventOutcome]:
    """Receive a batch; try a second time if the database was busy with another writer."""
    try:
        return receive(payloads, sender)
    except OperationalError as error:
        if outage_of(error) is not BUSY:
            raise
        logger.warning("retrying a batch of %d events: %s", len(payloads), error)
    return receive(payloads, sender)
