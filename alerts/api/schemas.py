"""The responses of the alert API, and the bodies of its actions."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from alerts.models import Alert, AlertEvent, Severity
from kpis.models import Measurement


def _missing(sentence: str) -> dict[str, Any]:
    return dict.fromkeys(("required", "blank", "null"), sentence)


REASON, TEXT = _missing("Enter a reason."), _missing("Enter a comment.")


class RuleSchema(serializers.Serializer[None]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class AlertSchema(serializers.Serializer[None]):
    id = serializers.IntegerField()
    rule = RuleSchema()
    kpi = serializers.CharField()
    metric = serializers.CharField(help_text="What the rule evaluates: target, change or stale.")
    scope = serializers.ChoiceField(choices=Measurement.Scope.choices)
    key = serializers.CharField(allow_null=True, help_text="Key of the course, run or module.")
    course = serializers.CharField(allow_null=True, help_text="Key of the course; null: the site.")
    title = serializers.CharField(help_text="Name of the course, run or module.")
    severity = serializers.ChoiceField(choices=Severity.choices)
    state = serializers.ChoiceField(choices=Alert.State.choices, help_text="As last evaluated.")
    is_open = serializers.BooleanField()
    is_expected = serializers.BooleanField(help_text="Closed by a person, not recovered.")
    period = serializers.CharField(help_text="Kind of period: day, week, month or quarter.")
    first_period_start = serializers.DateField(help_text="First day of the first period.")
    period_start = serializers.DateField(help_text="First day of the period of these figures.")
    value = serializers.FloatField(allow_null=True, help_text="In the KPI's unit; null if hidden.")
    target = serializers.FloatField(allow_null=True, help_text="Change: 0. Stale data: in days.")
    ci_low = serializers.FloatField(allow_null=True)
    ci_high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(allow_null=True)
    is_suppressed = serializers.BooleanField(help_text="Hidden to protect a small group.")
    sentence = serializers.CharField()
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    owner = serializers.EmailField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = serializers.EmailField(allow_null=True)
    note = serializers.CharField()
    snoozed_until = serializers.DateTimeField(allow_null=True)
    held_back_by = serializers.IntegerField(allow_null=True, help_text="Alert of the course.")
    url = serializers.CharField(help_text="The page of the alert.")


class AlertEventSchema(serializers.Serializer[None]):
    kind = serializers.ChoiceField(choices=AlertEvent.Kind.choices)
    at = serializers.DateTimeField()
    by = serializers.EmailField(allow_null=True)
    why = serializers.CharField(help_text="The reason, or the comment.")
    period_start = serializers.DateField(allow_null=True)
    is_told = serializers.BooleanField(help_text="People were notified.")


class AlertDetailSchema(AlertSchema):
    history = AlertEventSchema(many=True)


class AlertPageSchema(serializers.Serializer[None]):
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = AlertSchema(many=True)


class TextField(serializers.CharField):
    """Text that rejects numbers, which are likely mistakes."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class AcknowledgeSchema(serializers.Serializer[None]):
    owner = serializers.EmailField(
        required=False,
        help_text="Account that may see the alert. Default: yours; keys: none.",
    )
    note = TextField(max_length=800, allow_blank=True, default="")


class SnoozeSchema(serializers.Serializer[None]):
    until = serializers.DateTimeField(help_text="Within a year from now.")
    reason = TextField(max_length=800, error_messages=REASON)


class CommentSchema(serializers.Serializer[None]):
    text = TextField(max_length=800, error_messages=TEXT)


class CloseSchema(serializers.Serializer[None]):
    reason = TextField(max_length=800, error_messages=REASON)


class EmptySchema(serializers.Serializer[None]):
    """An empty body."""
