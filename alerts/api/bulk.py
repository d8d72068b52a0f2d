"""Act on many alerts with one request; each gets its own result."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import MayReadKpis
from accounts.models import User
from alerts import bulk
from alerts.api.permissions import MayActOnAlerts, service_of, signed, user_of
from alerts.api.request_bodies import TextField
from alerts.pages.forms import MAX_SNOOZE
from core.api_errors import InvalidParameters
from core.api_models import ApiModel, json_response
from kpis.api.views import PROBLEMS

ACTIONS = ("acknowledge", "snooze", "close")


class BulkBody(serializers.Serializer[None]):
    action = serializers.ChoiceField(choices=ACTIONS)
    alerts = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=10**18),
        min_length=1,
        max_length=bulk.MOST,
        help_text="Ids of alerts.",
    )
    owner = serializers.EmailField(
        required=False, help_text="To acknowledge. Default: yours; keys: none."
    )
    note = TextField(max_length=800, allow_blank=True, default="", help_text="To acknowledge.")
    until = serializers.DateTimeField(
        required=False, help_text="To snooze: within a year from now."
    )
    reason = TextField(
        max_length=800, allow_blank=True, default="", help_text="To snooze or close."
    )


class BulkResultModel(ApiModel):
    id: int
    status: str = Field(description="done or skipped.")
    code: str | None = Field(
        description="Why it was skipped: unknown, closed, acknowledged, snoozed, owner or invalid."
    )
    detail: str | None = Field(description="The same as a sentence.")


class BulkAnswer(ApiModel):
    done: int
    skipped: int
    results: list[BulkResultModel]


class BulkView(APIView):
    """Acknowledge, snooze or close many alerts; those that cannot be changed are skipped."""

    permission_classes = (IsAuthenticated, MayReadKpis, MayActOnAlerts)

    @extend_schema(
        operation_id="alert_bulk", request=BulkBody, responses={200: BulkAnswer, **PROBLEMS}
    )
    def post(self, request: Request) -> Response:
        sent = BulkBody(data=request.data)
        sent.is_valid(raise_exception=True)
        act = _action(sent.validated_data, request)
        results = bulk.act_on_each(sent.validated_data["alerts"], service_of(request).reader, act)
        done, skipped = bulk.split(results)
        answer = BulkAnswer(
            done=len(done), skipped=len(skipped), results=[_model(one) for one in results]
        )
        return json_response(answer)


def _model(one: bulk.BulkResult) -> BulkResultModel:
    status = "done" if one.is_done else "skipped"
    return BulkResultModel(
        id=one.pk, status=status, code=one.code or None, detail=one.reason or None
    )


def _action(given: dict[str, Any], request: Request) -> bulk.Act:
    by, action = user_of(request), given["action"]
    if action == "acknowledge":
        owner = _owner(given["owner"]) if given.get("owner") else by
        return bulk.acknowledging(by=by, owner=owner, note=signed(given["note"], request))
    if not given["reason"].strip():
        raise InvalidParameters("Enter a reason.", "reason")
    reason = signed(given["reason"], request)
    if action == "close":
        return bulk.closing(by=by, reason=reason)
    until, now = given.get("until"), timezone.now()
    if until is None or not now < until <= now + MAX_SNOOZE:
        raise InvalidParameters("Enter a moment within a year from now.", "until")
    return bulk.snoozing(by=by, until=until, reason=reason)


def _owner(email: str) -> User:
    """Return an account that may own some alerts; whether it may own one is checked for each."""
    owner = User.objects.filter(email__iexact=email, is_active=True).first()
    if owner is None:
        raise InvalidParameters(f"No account {email} may see these alerts.", "owner")
    return owner
