from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.db import OperationalError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from curriculum.access import ApiKeyAuthentication, MaySendEvents, Reader
from curriculum.models import ApiKey
from intake.receive import ACCEPTED, DUPLICATE, REJECTED, Outcome, receive
from intake.resolve import Sender
from intake.wire import NEWLINE_JSON, BadBody, raw_events


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class BadRequest(APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "bad_body"


class TryAgain(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "try_again"
    default_detail = "The database is busy; send the same batch again, nothing is taken twice."


class BytesParser(BaseParser):
    """Hands the body over unread, whatever it calls itself."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        most = settings.KPI_MAX_BODY_MB * 1024 * 1024
        body = stream.read(most + 1)
        if len(body) > most:
            raise TooLarge(f"The body is larger than {settings.KPI_MAX_BODY_MB} MB; split it.")
        return body


class EventShape(serializers.Serializer[None]):
    id = serializers.CharField(help_text="The sender's own id; sent twice, taken once.")
    kind = serializers.CharField(help_text="Such as video.watched; docs/events.md lists them.")
    occurred_at = serializers.DateTimeField(help_text="With its offset.")
    learner = serializers.CharField(required=False)
    course = serializers.CharField(required=False)
    run = serializers.CharField(required=False)
    module = serializers.CharField(required=False)
    object = serializers.CharField(required=False)
    value = serializers.FloatField(required=False)
    data = serializers.DictField(required=False)  # type: ignore[assignment]


class OutcomeShape(serializers.Serializer[None]):
    id = serializers.CharField()
    status = serializers.ChoiceField(choices=(ACCEPTED, DUPLICATE, REJECTED))
    code = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)
    field = serializers.CharField(required=False)


class ReceiptShape(serializers.Serializer[None]):
    accepted = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    rejected = serializers.IntegerField()
    events = OutcomeShape(many=True)


class EventsView(APIView):
    """Take one event, an array of them, or one a line (application/x-ndjson).

    Answers 200 with one outcome per event, in their order; 422 when every one was rejected.
    """

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (IsAuthenticated, MaySendEvents)
    parser_classes = (BytesParser,)

    @extend_schema(
        operation_id="events_send",
        request={"application/json": EventShape(many=True), NEWLINE_JSON[0]: EventShape},
        responses={200: ReceiptShape, 422: ReceiptShape},
    )
    def post(self, request: Request) -> Response:
        try:
            # no parser is asked for an empty body, and DRF then gives an empty dict
            body = cast("bytes", request.data or b"")
            raws = raw_events(body, request.content_type)
        except BadBody as error:
            raise BadRequest(str(error)) from None
        if len(raws) > settings.KPI_MAX_BATCH:
            raise TooLarge(
                f"The batch holds {len(raws)} events; at most {settings.KPI_MAX_BATCH} are taken."
            )
        if not raws:
            raise BadRequest("The batch is empty; send one event or an array of them.")
        outcomes = take(raws, sender_of(request))
        is_bad = all(one.status == REJECTED for one in outcomes)
        return Response(receipt(outcomes), status=422 if is_bad else 200)


def sender_of(request: Request) -> Sender:
    # who comes here came by an API key: there is no other authentication at this door
    key = cast("ApiKey", request.user)
    reader = Reader.of(key)
    courses = None if reader.sees_every_course else reader.course_ids
    return Sender(key.name, key.creates_unknown, courses)


def take(raws: list[Any], sender: Sender) -> list[Outcome]:
    """Receive, and once more where the database gave way to another writer."""
    try:
        return receive(raws, sender)
    except OperationalError:
        pass
    try:
        return receive(raws, sender)
    except OperationalError:
        raise TryAgain from None


def receipt(outcomes: list[Outcome]) -> dict[str, Any]:
    counts = {
        status: sum(1 for one in outcomes if one.status == status)
        for status in (ACCEPTED, DUPLICATE, REJECTED)
    }
    return {**counts, "events": [one.as_json() for one in outcomes]}
