"""What the API of alerts answers in, and what its acts take."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from alerts.models import Alert, AlertEvent, Severity
from kpis.models import Measurement


def _missing(sentence: str) -> dict[str, Any]:
    return dict.fromkeys(("required", "blank", "null"), sentence)


REASON, TEXT = _missing("Give a reason."), _missing("Write the comment first.")


class RuleSchema(serializers.Serializer[None]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class AlertSchema(serializers.Serializer[None]):
    id = serializers.IntegerField()
    rule = RuleSchema()
    kpi = serializers.CharField()
    metric = serializers.CharField(help_text="target, change or stale: what is judged.")
    scope = serializers.ChoiceField(choices=Measurement.Scope.choices)
    key = serializers.CharField(allow_null=True, help_text="Of the course, run or module.")
    course = serializers.CharField(allow_null=True, help_text="Key of its course; null: the site.")
    title = serializers.CharField(help_text="What it is about, in words.")
    severity = serializers.ChoiceField(choices=Severity.choices)
    state = serializers.ChoiceField(choices=Alert.State.choices, help_text="As last judged.")
    is_open = serializers.BooleanField()
    is_expected = serializers.BooleanField(help_text="Closed by somebody, though not recovered.")
    period = serializers.CharField(help_text="day, week, month or quarter: what is judged.")
    first_period_start = serializers.DateField(help_text="First day of the period it began in.")
    period_start = serializers.DateField(help_text="First day of the period of these figures.")
    value = serializers.FloatField(allow_null=True, help_text="In the KPI's unit; null: hidden.")
    target = serializers.FloatField(allow_null=True, help_text="Of a change 0; of stale data days.")
    ci_low = serializers.FloatField(allow_null=True)
    ci_high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(allow_null=True)
    is_suppressed = serializers.BooleanField(help_text="The figures tell of a small group.")
    sentence = serializers.CharField()
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    owner = serializers.EmailField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = serializers.EmailField(allow_null=True)
    note = serializers.CharField()
    snoozed_until = serializers.DateTimeField(allow_null=True)
    held_back_by = serializers.IntegerField(allow_null=True, help_text="The course's alert.")
    url = serializers.CharField(help_text="Its page.")


class AlertEventSchema(serializers.Serializer[None]):
    kind = serializers.ChoiceField(choices=AlertEvent.Kind.choices)
    at = serializers.DateTimeField()
    by = serializers.EmailField(allow_null=True)
    why = serializers.CharField()
    period_start = serializers.DateField(allow_null=True)
    is_told = serializers.BooleanField(help_text="People were told of it.")


class AlertDetailSchema(AlertSchema):
    history = AlertEventSchema(many=True)


class AlertPageSchema(serializers.Serializer[None]):
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = AlertSchema(many=True)


class TextField(serializers.CharField):
    """Text and nothing else: a number sent where words are wanted is a slip."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class AcknowledgeSchema(serializers.Serializer[None]):
    owner = serializers.EmailField(
        required=False, help_text="Who may see the alert; default: whoever asks, of a key nobody."
    )
    note = TextField(max_length=800, allow_blank=True, default="")


class SnoozeSchema(serializers.Serializer[None]):
    until = serializers.DateTimeField(help_text="In the future, within a year.")
    reason = TextField(max_length=800, error_messages=REASON)


class CommentSchema(serializers.Serializer[None]):
    text = TextField(max_length=800, error_messages=TEXT)


class CloseSchema(serializers.Serializer[None]):
    reason = TextField(max_length=800, error_messages=REASON)


class EmptySchema(serializers.Serializer[None]):
    """An act that takes nothing."""
