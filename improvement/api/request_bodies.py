"""The request bodies of decisions about adjustments."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from rest_framework import serializers

from alerts.api.request_bodies import REASON, TextField
from improvement.first_days import MAX_AHEAD


class DecisionBody(serializers.Serializer[None]):
    reason = TextField(max_length=800, allow_blank=True, default="")
    version = serializers.IntegerField(
        required=False,
        min_value=1,
        help_text="As read: if the adjustment has changed since, nothing is done.",
    )


class ReasonedBody(DecisionBody):
    reason = TextField(max_length=800, error_messages=REASON)


class ApproveBody(DecisionBody):
    applies_from = serializers.DateTimeField(
        required=False,
        help_text="From when the value applies, within two years. Default: from now on.",
    )

    def validate_applies_from(self, begins: datetime) -> datetime:
        if begins > timezone.now() + MAX_AHEAD:
            raise serializers.ValidationError("The value must apply within two years.")
        return begins
